// What goes wrong is said in words, and nothing crashes.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { App } from './lib/app.mjs';
import { Centre } from './lib/centre.mjs';
import { centreBinary, Desktop } from './lib/desktop.mjs';
import { Phone } from './lib/phone.mjs';
import { freePort, run } from './lib/process.mjs';

let desktop, centre;

before(async () => {
  desktop = await Desktop.open();
  centre = await Centre.open(desktop);
});

after(async () => {
  await centre?.close();
  await desktop?.close();
});

test('the window says what is wrong with a sign-in, and the next try works', async () => {
  const app = await App.open(desktop, { name: 'signin', centre: centre.url });
  try {
    await app.signIn('agent1', 'not the password');
    assert.match(await app.text('signin-fault'), /password/i);
    await app.type('signin-centre', `ws://127.0.0.1:${await freePort()}`);
    await app.signIn();
    assert.match(await app.text('signin-fault'), /reach|connect/i);
    await app.type('signin-centre', centre.url);
    await app.signIn();
    await app.see('choose-next');
  } finally {
    await app.close();
  }
});

test('without a sound server the toolbar works and says what is missing', async () => {
  const env = { ...desktop.env, PULSE_SERVER: `unix:${desktop.dir}/nobody` };
  const app = await App.open({ ...desktop, env }, { name: 'mute', centre: centre.url });
  try {
    await app.begin();
    assert.match(await app.text('banner-audio'), /sound/i);
    await app.click('presence-menu');
    await app.click('presence-available');
  } finally {
    await app.close();
  }
});

test('without a keychain the password is kept for the session only, and that is said', async () => {
  const env = { ...desktop.env, DBUS_SESSION_BUS_ADDRESS: `unix:path=${desktop.dir}/nobody` };
  const app = await App.open({ ...desktop, env }, { name: 'nokey', centre: centre.url });
  try {
    await app.click('signin-remember');
    await app.signIn();
    assert.match(await app.text('notice'), /keychain/i);
    for (const file of await readdir(app.data, { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue;
      const text = await readFile(join(file.parentPath ?? file.path, file.name), 'latin1');
      assert.ok(!/"demo"/.test(text), `${file.name} holds no password`);
    }
  } finally {
    await app.close();
  }
});

test('a second sign-in of the same user is refused until it takes over', async () => {
  const first = await Phone.open(desktop, { centre: centre.url, user: 'agent3' });
  await first.signedIn();
  const second = await Phone.open(desktop, { centre: centre.url, user: 'agent3' });
  const refused = await second.wait('a refusal', (e) => e.event === 'session' && e.fault, { from: 0 });
  assert.equal(refused.fault.fault, 'elsewhere');
  const third = await Phone.open(desktop, { centre: centre.url, user: 'agent3', args: ['--take-over'] });
  await third.signedIn();
  const ended = await first.wait('the end', (e) => e.event === 'session' && e.fault, { from: 0 });
  assert.equal(ended.fault.fault, 'taken_over');
  for (const phone of [first, second, third]) await phone.close();
});

async function refusedStart(args) {
  const out = join(desktop.dir, `refused-${args.length}-${Math.random()}.log`);
  await assert.rejects(run(centreBinary, args, { env: desktop.env, log: out }));
  return readFile(out, 'utf8');
}

test('a centre whose port is taken, or whose database is corrupt, says so and stops', async () => {
  const data = join(desktop.dir, 'second');
  await mkdir(data);
  const taken = await refusedStart(['--listen', `127.0.0.1:${centre.port}`, '--data', data]);
  assert.match(taken, /another program uses/i);
  const corrupt = join(desktop.dir, 'corrupt');
  await mkdir(corrupt);
  for (const name of await readdir(centre.data)) {
    if (/\.(db|sqlite)/.test(name)) await writeFile(join(corrupt, name), 'this is not a database, whatever its name says');
  }
  const port = await freePort();
  const said = await refusedStart(['--listen', `127.0.0.1:${port}`, '--data', corrupt]);
  assert.match(said, /corrupt|not a database/i);
});
