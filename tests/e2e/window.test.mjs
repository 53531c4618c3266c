// What only a real window on a real desktop can show.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { once } from 'node:events';
import { App } from './lib/app.mjs';
import { Browser } from './lib/customer.mjs';
import { Centre } from './lib/centre.mjs';
import { binary, Desktop } from './lib/desktop.mjs';
import { Ear, RATE, strong, tone, play } from './lib/sound.mjs';
import { below, end, run, start, until } from './lib/process.mjs';

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

test('a remembered sign-in needs no password after a restart', async () => {
  let app = await App.open(desktop, { name: 'remember', centre: centre.url });
  try {
    await app.click('signin-remember');
    await app.begin({ user: 'agent3' });
    await until('the sign-in to be kept', async () =>
      /password = true/.test(await readFile(`${app.data}/signin.toml`, 'utf8')));
    const search = ['search', '--unlock', 'service', 'org.omnibar.app'];
    assert.match(await run('secret-tool', search, { env: desktop.env }), /secret = demo/);
    await app.close();
    app = await App.open(desktop, { name: 'remember', centre: centre.url });
    await app.click('signin-submit');
    await app.see('choose-next');
  } finally {
    await app.close();
  }
});

test('an incoming call is announced on the desktop', async () => {
  const bus = start('dbus-monitor', ['--session', "interface='org.freedesktop.Notifications'"], {
    env: desktop.env, pipe: true,
  });
  let said = '';
  bus.stdout.on('data', (text) => (said += text));
  const app = await App.open(desktop, { name: 'notify', centre: centre.url });
  try {
    await app.begin({ user: 'agent4' });
    await app.click('presence-menu');
    await app.click('presence-available');
    const customer = await browser.call(centre, { hertz: CUSTOMER, name: 'customer9' });
    await app.see('offer-accept');
    await until('the notification', () => /Incoming call: customer9/.test(said));
    await app.click('offer-reject');
    // Nobody else is there: the next check is to meet its own customer.
    await customer.hangUp();
  } finally {
    await end(bus);
    await app.close();
  }
});

/** Moments of a sound, in s, in which the customer's tone is missing for 50 ms. */
function gaps(heard) {
  const window = RATE / 20;
  const missing = [];
  for (let at = 0; at + window <= heard.length; at += window) {
    if (!strong(heard.subarray(at, at + window), CUSTOMER)) missing.push((at / RATE).toFixed(2));
  }
  return missing;
}

test('a reload, a second start and kill -9 of the web view: the call has no gap', async () => {
  const app = await App.open(desktop, { name: 'kill', centre: centre.url });
  try {
    await app.begin({ user: 'agent2' });
    await inCall(app);

    const reloading = ear.next(3);
    await app.driver.execute('location.reload()');
    await until('the page to show the call again', async () => /connected/i.test(await app.state()));
    assert.deepEqual(gaps(await reloading), [], 'a reload of the page');

    const starting = ear.next(3);
    const second = start(binary, ['--data', app.data], { env: desktop.env });
    await once(second, 'exit');
    assert.equal(second.exitCode, 0);
    assert.deepEqual(gaps(await starting), [], 'a second start');

    const [page] = await below(app.driver.driver.pid, 'WebKitWebProces');
    assert.ok(page, 'the web view has a process of its own');
    const dying = ear.next(4);
    process.kill(page, 'SIGKILL');
    assert.deepEqual(gaps(await dying), [], 'a killed web view');
    await until('the page to come back', async () =>
      (await below(app.driver.driver.pid, 'WebKitWebProces')).find((p) => p !== page));
  } finally {
    await app.close().catch(() => {});
  }
});
