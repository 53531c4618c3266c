import { apps, uploads } from './apps.js';
import { ask } from './ask.js';
import { campaigns } from './campaigns.js';
import { adding, connectors } from './connectors.js';
import { doing } from './parts.js';
import { making, tokens } from './tokens.js';

const get = (id) => document.getElementById(id);
const door = get('door');
const house = get('house');

/** One section anew: what is being written in another stays. */
const again = {
  connectors: async () => connectors(get('connectors'), await ask('GET', 'state'), again.connectors),
  apps: async () => apps(get('apps'), await ask('GET', 'state'), again.apps),
  tokens: async () => tokens(get('tokens'), await ask('GET', 'state'), again.tokens),
};

async function load() {
  const state = await ask('GET', 'state');
  get('centre').textContent = state.centre;
  get('who').textContent = state.user;
  document.title = `${state.centre} · Administration`;
  campaigns(get('campaigns'), state);
  connectors(get('connectors'), state, again.connectors);
  apps(get('apps'), state, again.apps);
  tokens(get('tokens'), state, again.tokens);
  get('origins-text').value = state.frame_origins.join('\n');
  get('hosts-text').value = state.outside_hosts.join('\n');
  door.hidden = true;
  house.hidden = false;
}

function outside() {
  house.hidden = true;
  door.hidden = false;
  get('user').focus();
}

function lines(section, text, path) {
  const form = get(section).querySelector('form');
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    doing(form, async () => {
      const kept = await ask('PUT', path, get(text).value.split('\n'));
      get(text).value = kept.join('\n');
    });
  });
}

get('sign-in').addEventListener('submit', (event) => {
  event.preventDefault();
  const form = event.currentTarget;
  doing(form, async () => {
    await ask('POST', 'session', { user: form.elements.user.value, password: form.elements.password.value });
    form.reset();
    await load();
  });
});

get('sign-out').addEventListener('click', async () => {
  await ask('DELETE', 'session').catch(() => undefined);
  outside();
});

document.addEventListener('signed-out', outside);
lines('origins', 'origins-text', 'frame-origins');
lines('hosts', 'hosts-text', 'outside-hosts');
adding(get('connectors'), again.connectors);
uploads(get('apps'), again.apps);
making(get('tokens'), again.tokens);
load().catch(outside);
