// A real call at TRACE: a browser as customer, the phone and its centre with a switch
// of its own. Nothing that any of them writes down tells a password, a token or the
// customer's number.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { App } from './lib/app.mjs';
import { Centre } from './lib/centre.mjs';
import { Browser } from './lib/customer.mjs';
import { centreBinary, Desktop } from './lib/desktop.mjs';
import { Phone } from './lib/phone.mjs';
import { start } from './lib/process.mjs';

const PASSWORD = 'heliotrope-quarry-5581';
const WRONG = 'marzipan-lantern-7720';
const NOTE = 'a private note about a tortoise';
const DIGITS = '8642975310';
/** The customer's, and the one that the agent calls. */
const NUMBERS = ['15550110', '15550111', '5550110', '5550111'];

let desktop, browser, centre, agent;

before(async () => {
  desktop = await Desktop.open();
  desktop.env.OMNIBAR_LOG = 'trace';
  centre = await Centre.open(desktop, { args: ['--switch', 'process'] });
  await addAccount('agent9', PASSWORD);
  browser = await Browser.open(desktop);
});

after(async () => {
  for (const each of [browser, agent, centre]) await each?.close();
  await desktop?.close();
});

async function addAccount(user, password) {
  const child = start(centreBinary, ['account', 'add', user, '--name', 'Quinn Idle', '--data', centre.data], {
    env: desktop.env, log: join(desktop.dir, 'account.log'), stdin: 'pipe',
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.stdin.end(`${password}\n`);
  assert.equal(await ended, 0, 'the account is added');
}

/** Log files and standard errors of our programs; a browser's own files are its own. */
async function logs(dir = desktop.dir) {
  const found = [];
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) {
      if (!entry.name.startsWith('chromium-')) found.push(...(await logs(path)));
    } else if (entry.isFile() && /\.log(\.|$)/.test(entry.name)) {
      found.push({ path, text: (await readFile(path, 'latin1')).toLowerCase() });
    }
  }
  return found;
}

/** As itself, and as bytes: in hex, and as a list of numbers. */
function spellings(secret) {
  const bytes = Buffer.from(secret);
  return [secret, bytes.toString('hex'), bytes.toString('base64').replace(/=+$/, ''), [...bytes].join(', ')]
    .map((text) => text.toLowerCase());
}

test('a call at TRACE leaves no password, token or number in any log', async () => {
  const wrong = await Phone.open(desktop, { centre: centre.url, user: 'agent9', password: WRONG });
  await wrong.wait('a refusal', (e) => e.event === 'session' && e.state === 'signed_out' && e.fault, { from: 0 });
  await wrong.close();

  agent = await Phone.open(desktop, {
    centre: centre.url, user: 'agent9', password: PASSWORD, mic: 'agent_mic', speaker: 'agent_speaker',
  });
  await agent.signedIn();
  const customer = await browser.call(centre, { number: '+15550110', name: 'Rosa Lindt' });
  await agent.take();
  await customer.state('connected');
  agent.say(`dtmf ${DIGITS}`);
  const consulting = agent.wait('a consultation', (e) =>
    e.event === 'call' && e.call.legs.some((leg) => leg.consult && leg.state.state === 'connected'));
  agent.say('consult +15550111');
  await consulting;
  const held = agent.wait('the customer alone', (e) =>
    e.event === 'call' && !e.call.legs.some((leg) => leg.consult && leg.state.state === 'connected'));
  agent.say('hangup');
  await held;
  const gone = agent.wait('the end', (e) => e.event === 'gone');
  agent.say(`dispose resolved ${NOTE}`);
  await gone;
  // What is buffered is written when they end.
  for (const each of [agent, centre]) await each.close();

  const names = await nothingIsTold();
  assert.ok(names.some(([name, text]) => name.endsWith('switch.log') && text.includes('info')), `${names}`);
  for (const wanted of [/^centre\.log$/, /stderr\.log$/, /logs\/omnibar/]) {
    assert.ok(names.some(([name, text]) => wanted.test(name) && text.includes('trace')), `${wanted} was written at TRACE`);
  }
});

test('neither does a call in the window', async () => {
  const centre = await Centre.open(desktop, { name: 'second' });
  const app = await App.open(desktop, { name: 'window', centre: centre.url });
  try {
    await app.signIn('agent1', WRONG);
    await app.see('signin-fault');
    await app.begin();
    await app.click('presence-menu');
    await app.click('presence-available');
    const customer = await browser.call(centre, { number: '+15550110', name: 'Rosa Lindt' });
    await app.click('offer-accept');
    await customer.state('connected');
    await app.type('note', NOTE);
    await customer.hangUp();
    await app.see('wrap-up');
  } finally {
    await app.close();
    await centre.close();
  }
  const names = await nothingIsTold();
  assert.ok(
    names.some(([name, text]) => name.startsWith('window/') && text.includes('trace') && text.includes('session opened')),
    'the window’s log was written at TRACE',
  );
});

/** Looks through all logs; gives their names and texts. */
async function nothingIsTold() {
  const all = await logs();
  for (const { path, text } of all) {
    for (const secret of [PASSWORD, WRONG, NOTE, DIGITS, ...NUMBERS]) {
      for (const spelling of spellings(secret)) {
        assert.ok(!text.includes(spelling), `${path} tells ${secret}: ${around(text, spelling)}`);
      }
    }
    const token = text.match(/token[^a-z0-9]{0,12}([a-z0-9_\-+/]{40,})/);
    assert.equal(token, null, `${path} tells a token`);
  }
  return all.map(({ path, text }) => [path.slice(desktop.dir.length + 1), text]);
}

function around(text, what) {
  const at = text.indexOf(what);
  return text.slice(Math.max(0, at - 200), at + 100);
}
