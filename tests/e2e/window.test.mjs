// What only a real window on a real desktop can show.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { once } from 'node:events';
import { App } from './lib/app.mjs';
import { Browser } from './lib/customer.mjs';
import { Centre } from './lib/centre.mjs';
import { binary, Desktop } from './lib/desktop.mjs';
import { Ear, RATE, strong, tone, play } from './lib/sound.mjs';
import { run, start, until } from './lib/process.mjs';

const CUSTOMER = 700;
let desktop, centre, browser, ear, voice;

before(async () => {
  desktop = await Desktop.open();
  centre = await Centre.open(desktop);
  browser = await Browser.open(desktop);
  ear = new Ear(desktop, 'agent_speaker');
  voice = play(desktop, 'mic_cable', tone(1100));
});

after(async () => {
  await browser?.close();
  await voice?.stop();
  await ear?.stop();
  await centre?.close();
  await desktop?.close();
});

/** x, y, width, height that the window manager leaves to others. */
async function workArea() {
  const text = await run('xprop', ['-root', '_NET_WORKAREA'], { env: desktop.env });
  return text.match(/\d+/g).slice(0, 4).map(Number);
}

async function inCall(app) {
  await app.click('presence-menu');
  await app.click('presence-available');
  const customer = await browser.call(centre, { hertz: CUSTOMER });
  await app.click('offer-accept');
  await customer.state('connected');
  await ear.hears(CUSTOMER);
  return customer;
}

test('a docked panel reserves its edge, is remembered, and gives the edge back', async () => {
  let app = await App.open(desktop, { name: 'dock', centre: centre.url });
  try {
    assert.deepEqual(await workArea(), [0, 0, 1280, 800]);
    await app.click('shape-menu');
    await app.click('shape-panel');
    await until('a narrower work area', async () => (await workArea())[2] === 1280 - 375);
    await app.close();
    await until('the whole work area', async () => (await workArea())[2] === 1280);
    app = await App.open(desktop, { name: 'dock', centre: centre.url });
    await app.see('signin-submit');
    await until('the panel again', async () => (await workArea())[2] === 1280 - 375);
    await app.click('shape-menu');
    await app.click('shape-bar');
    await until('a lower work area', async () => (await workArea())[3] === 800 - 48);
  } finally {
    await app.close();
  }
});

test('Alt keys work system-wide while a call is up, and a tel: link dials', async () => {
  const app = await App.open(desktop, { name: 'keys', centre: centre.url });
  try {
    await app.begin();
    const customer = await inCall(app);
    const press = (key) => run('xdotool', ['key', '--clearmodifiers', key], { env: desktop.env });
    await press('alt+m');
    await customer.hears({ 1100: false });
    await press('alt+m');
    await customer.hears({ 1100: true });
    await press('alt+h');
    await customer.state('held');
    await press('alt+h');
    await customer.state('connected');
    await press('alt+e');
    await customer.state('ended');
    await app.click('disposition-class');
    await app.click('disposition-code');
    await app.click('dispose');
    await until('the card to go', async () => !(await app.is('dispose')));

    const second = start(binary, ['--data', app.data, 'tel:+15550102'], { env: desktop.env });
    await once(second, 'exit');
    assert.equal(second.exitCode, 0);
    await until('the link to be dialled', async () => /55\s*50102|5550102|555\s*0102/.test(await app.text('call-number')));
    await app.click('end');
  } finally {
    await app.close();
  }
});

/** Processes below this one whose name fits. */
async function below(pid, name) {
  const found = [];
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = await readFile(`/proc/${entry}/stat`, 'utf8');
      const [, comm, parent] = stat.match(/\((.*)\) \S (\d+)/);
      if (Number(parent) !== pid) continue;
      if (comm.startsWith(name)) found.push(Number(entry));
      found.push(...(await below(Number(entry), name)));
    } catch {
      // The process has ended meanwhile.
    }
  }
  return found;
}

test('kill -9 of the web view: the call has no gap and the page comes back', async () => {
  const app = await App.open(desktop, { name: 'kill', centre: centre.url });
  try {
    await app.begin({ user: 'agent2' });
    await inCall(app);
    const [page] = await below(app.driver.driver.pid, 'WebKitWebProces');
    assert.ok(page, 'the web view has a process of its own');
    const sound = ear.next(4);
    process.kill(page, 'SIGKILL');
    const heard = await sound;
    const window = RATE / 20;
    const gaps = [];
    for (let at = 0; at + window <= heard.length; at += window) {
      if (!strong(heard.subarray(at, at + window), CUSTOMER)) gaps.push((at / RATE).toFixed(2));
    }
    assert.deepEqual(gaps, [], 'every 50 ms of the call has the customer in it');
    const back = await until('the page to come back', async () =>
      (await below(app.driver.driver.pid, 'WebKitWebProces')).find((p) => p !== page));
    assert.ok(back);
  } finally {
    await app.close().catch(() => {});
  }
});
