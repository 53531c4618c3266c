import { ask } from './ask.js';
import { day, doing, el } from './parts.js';

export function tokens(section, state, reload) {
  const list = state.tokens.map((token) => card(token, reload));
  const none = el('p', { class: 'quiet' }, 'There is no token.');
  section.querySelector('.list').replaceChildren(...(list.length > 0 ? list : [none]));
}

/** Once: the form outlives what it makes. */
export function making(section, reload) {
  const form = section.querySelector('form');
  const fresh = section.querySelector('.fresh');
  const text = fresh.querySelector('code');
  fresh.querySelector('button').addEventListener('click', () => navigator.clipboard.writeText(text.textContent));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    fresh.hidden = true;
    doing(section, async () => {
      const { name, days, once } = form.elements;
      const made = await ask('POST', 'tokens', {
        name: name.value,
        days: days.value === '' ? null : Number(days.value),
        once: once.checked,
      });
      form.reset();
      text.textContent = made.token;
      fresh.hidden = false;
      await reload();
    });
  });
}

function card(token, reload) {
  const until = token.expires_at === null ? 'until removed' : `until ${day(token.expires_at)}`;
  const used = token.used_at === null ? 'never used' : `last used ${day(token.used_at)}`;
  const once = token.once ? ', one request only' : '';
  const item = el(
    'div',
    { class: 'item' },
    el(
      'header',
      {},
      el('h3', {}, token.name),
      el('span', { class: 'quiet' }, `${until}${once}, ${used}, made by ${token.made_by} on ${day(token.made_at)}`),
    ),
    el('p', { class: 'fault', role: 'alert', hidden: true }),
    el(
      'div',
      { class: 'bar' },
      el('button', { class: 'danger', type: 'button', onclick: () => doing(item, remove) }, 'Remove'),
    ),
  );
  async function remove() {
    if (!confirm(`Remove the token ${token.name}? The server that has it is locked out at once.`)) return;
    await ask('DELETE', `tokens/${token.id}`);
    await reload();
  }
  return item;
}
