// Voice where only a relay works: real TURN server, real centre, real phone and window.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { App } from './lib/app.mjs';
import { Authority } from './sdk/lib/authority.mjs';
import { Browser } from './lib/customer.mjs';
import { Centre } from './lib/centre.mjs';
import { Desktop } from './lib/desktop.mjs';
import { Phone } from './lib/phone.mjs';
import { Ear, play, tone } from './lib/sound.mjs';
import { until } from './lib/process.mjs';
import { Turn } from './lib/turn.mjs';

const CUSTOMER = 700;
const AGENT = 1100;
const PASSWORD = 'sesame-opens-the-relay';

let desktop, turn, voice, ear;
const open = [];
const later = (thing) => {
  open.push(thing);
  return thing;
};

before(async () => {
  desktop = await Desktop.open();
  turn = await Turn.open(desktop, { password: PASSWORD });
  voice = play(desktop, 'mic_cable', tone(AGENT));
  ear = new Ear(desktop, 'agent_speaker');
});

afterEach(async () => {
  for (const thing of open.splice(0).toReversed()) await thing.close();
});

after(async () => {
  await voice?.stop();
  await ear?.stop();
  await turn?.close();
  await desktop?.close();
});

const phone = (centre, args) =>
  Phone.open(desktop, {
    centre: centre.url, user: 'agent1', mic: 'agent_mic', speaker: 'agent_speaker',
    args: ['--relay-only', ...args],
  });

const line = (agent, state) =>
  agent.wait(`voice that is ${state}`, (e) => e.event === 'line' && e.line === state,
    { from: 0, timeout: 60000 });

/** Everything that a process has written under its directory. */
async function written(dir) {
  const names = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = names.filter((n) => n.isFile()).map((n) => join(n.parentPath ?? n.path, n.name));
  return Promise.all(files.map(async (f) => [f, (await readFile(f)).toString('latin1')]));
}

/** A call over the centre's relay, heard both ways; `more`: of the agent's own command line. */
async function carries(centre, more = []) {
  const browser = later(await Browser.open(desktop));
  const agent = later(await phone(centre, ['--auto-answer', ...more]));
  await agent.signedIn();
  await line(agent, 'up');
  const customer = await browser.call(centre, { hertz: CUSTOMER });
  agent.say('ready');
  await agent.call('connected', { from: 0 });
  await Promise.all([ear.hears(CUSTOMER), customer.hears({ [AGENT]: true })]);
  await customer.hangUp();
  await agent.call('wrapping', { from: 0 });
}

for (const [name, place] of [['inside the centre', []], ['in a process of its own', ['--switch', 'process']]]) {
  test(`the centre's relay carries a call both ways, with the switch ${name}`, async () => {
    const centre = later(await Centre.open(desktop, {
      name: `centre-${place.length}`, args: [...turn.args, ...place],
    }));
    await carries(centre);
    for (const [file, text] of await written(centre.data)) {
      assert.ok(!text.includes(PASSWORD), `the relay's password is in ${file}`);
    }
  });
}

for (const over of ['tcp', 'tls']) {
  test(`a relay that takes nothing but ${over.toUpperCase()} carries it too`, async () => {
    const authority = await Authority.open(desktop);
    const server = later(await Turn.open(desktop, {
      name: `turn-${over}`, password: PASSWORD, over, tls: await authority.issue('localhost'),
    }));
    const centre = later(await Centre.open(desktop, { name: `centre-${over}`, args: server.args }));
    await carries(centre, ['--ca', authority.file]);
  });
}

test('without a relay nothing else is tried', async () => {
  const centre = later(await Centre.open(desktop, { name: 'centre-bare' }));
  const agent = later(await phone(centre, []));
  await agent.signedIn();
  await line(agent, 'failed');
  assert.ok(!agent.events.some((e) => e.event === 'line' && e.line === 'up'));
});

test('an agent’s own relay works with the password from the keychain, and no file holds it', async () => {
  const centre = later(await Centre.open(desktop, { name: 'centre-own' }));
  const window = () =>
    App.open(desktop, { name: 'own', centre: centre.url, args: ['--relay-only'] });
  let app = await window();
  await app.begin();
  await app.click('settings');
  await app.click('settings-connection');
  await app.type('ice-server-url', turn.url);
  await app.type('ice-server-user', turn.user);
  await app.type('ice-server-password', `${PASSWORD}\uE007`);
  assert.equal(await app.text('ice-server-saved'), 'Password saved');
  await app.close();

  app = later(await window());
  await app.begin();
  await app.click('settings');
  await app.click('settings-connection');
  await until('voice over the relay', async () => (await app.text('voice-line')) === 'Ready', 30000);
  assert.ok(!(await app.driver.execute('return document.documentElement.outerHTML')).includes(PASSWORD), 'the page does not have it');
  for (const [file, text] of [...(await written(app.data)), [app.log, await readFile(app.log, 'utf8')]]) {
    assert.ok(!text.includes(PASSWORD), `the relay's password is in ${file}`);
  }
});

test('the check before calls tells a TURN server that works from one that refuses or is silent', async () => {
  const wrong = join(desktop.dir, 'wrong-password');
  await writeFile(wrong, 'not-the-password\n', { mode: 0o600 });
  const silent = createSocket('udp4').bind(0, '127.0.0.1');
  await once(silent, 'listening');
  later({ close: () => silent.close() });
  const unheard = `turn:127.0.0.1:${silent.address().port}`;
  const cases = [
    [turn.args, `TURN server answers: ${turn.url}`],
    [['--turn', turn.url, '--turn-user', turn.user, '--turn-password-file', wrong],
      `TURN server refuses name or password: ${turn.url}`],
    [['--turn', unheard, '--turn-user', turn.user, '--turn-password-file', wrong],
      `TURN server does not answer: ${unheard}`],
  ];
  for (const [n, [args, expected]] of cases.entries()) {
    const centre = await Centre.open(desktop, { name: `centre-check-${n}`, args });
    const app = await App.open(desktop, { name: `check-${n}`, centre: centre.url });
    try {
      await app.begin();
      await app.click('settings');
      await app.click('settings-audio');
      await until('the check in the settings', () => app.is('check'));
      await app.driver.execute('document.querySelector(\'[data-testid="check"]\').scrollIntoView()');
      await until(expected, async () => (await app.text('check')).includes(expected), 30000);
    } finally {
      await app.close();
      await centre.close();
    }
  }
});
