// What only the app's own window decides: who may dock, and with which rights. And a session
// from its beginning to its end, driven by the page.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { App } from '../lib/app.mjs';
import { Phone } from '../lib/phone.mjs';
import { end, start, until } from '../lib/process.mjs';
import { Bench } from './lib/bench.mjs';
import { covers } from './lib/coverage.mjs';
import { Crm, crmServer } from './lib/crm.mjs';

let bench, app, crm;

before(async () => {
  bench = await Bench.open();
  app = await bench.keep(App.open(bench.desktop, { centre: bench.centre.url }));
  await app.see('signin-submit');
});

after(() => bench?.close());

/** The card about an origin; only the one who sits at the app can press in it. */
const card = (origin) => app.driver.element(`[data-testid="dock-ask"][data-origin="${origin}"]`, 20000);

test('an unknown origin is asked about in the window, and has no rights until then', async () => {
  crm = await Crm.open(bench.chrome, bench.server, bench.centre);
  const waiting = await crm.reaches((s) => s.state === 'asking', 'asked about', 20000);
  assert.deepEqual(waiting.rights, { events: false, control: false, customers: false, dial: false });
  await card(bench.server.origin);
  assert.ok((await app.text('dock-ask-origin')).includes(`127.0.0.1:${bench.server.port}`));
  assert.equal(await app.enabled('dock-allow'), false, 'nothing is given that was not chosen');
  await app.click('dock-rights-all');
  await app.click('dock-allow');
  await crm.docked();
  const open = await crm.reaches((s) => s.state === 'open', 'open');
  assert.deepEqual(open.rights, { events: true, control: true, customers: true, dial: true });
});

test('a session from the page: in, chosen, out; taken over from another desk', async () => {
  const from = await crm.mark();
  await crm.ask('ui.setLoginInfo', 'agent1', 'not-a-password');
  await until('the name in the form', async () => app.driver.execute('return document.querySelector(\'[data-testid="signin-user"]\').value === "agent1"'));
  assert.ok(!(await app.driver.execute('return document.documentElement.outerHTML')).includes('not-a-password'));
  covers('API-36');
  await assert.rejects(crm.ask('session.login', 'agent1', 'wrong'), (error) => error.errorCode === 3000 && /password/i.test(error.description));
  assert.equal(await crm.ask('session.login', 'agent1', 'demo'), 'Successfully Logged In');
  await crm.event('loginStatus', (p) => p === 'loggedIn', { from });
  covers('API-05', 'EVT-01');
  if (!(await app.is('presence-menu'))) {
    await app.see('choose-next');
    await crm.ask('ui.setExtensionInfo', 101, 'desk-12');
    await until('the words about it', async () => (await app.text('choose-filled')).includes('“desk-12”'));
    assert.match(await crm.toolbar('choose-filled').innerText(), /desk-12/, 'in the docked toolbar too');
    await crm.ask('ui.setExtensionInfo', 101, 'centre');
    await until('no more of it', async () => !(await app.is('choose-filled')));
    assert.ok(await app.driver.checked(await app.see('extension-centre')), 'the one that the page named is chosen');
    covers('API-38');
    for (const campaign of ['support', 'sales', 'outreach']) {
      const box = await app.see(`campaign-${campaign}`);
      if (!(await app.driver.checked(box))) await app.click(`campaign-${campaign}`);
    }
    await app.click('choose-next');
  }
  const chosen = await crm.event('campaignSelected', (p) => p.some((c) => c.campaignId === 101), { from });
  assert.ok(chosen.payload.every((c) => c.campaignName && c.processId === 1));
  covers('EVT-03');
  await crm.event('extensionSelected', (p) => !!p.userCrtObjectId, { from });
  covers('EVT-04');
  assert.equal(await crm.ask('session.logout'), 'Logout successful');
  await crm.event('loginStatus', (p) => p === 'loggedOut', { from });
  covers('API-08');

  const rival = await bench.keep(Phone.open(bench.desktop, {
    centre: bench.centre.url, user: 'agent1', mic: 'second_mic', speaker: 'agent_headset', args: ['--no-dock'],
  }));
  await rival.signedIn();
  await assert.rejects(crm.ask('session.login', 'agent1', 'demo'), (error) => error.errorCode === 3000);
  assert.equal(await crm.ask('session.forceLogin', 'agent1', 'demo'), 'Successfully Logged In');
  assert.equal((await crm.ask('session.getCurrentUser')).userId, 'agent1');
  covers('API-06');
});

test('a desktop notification of a page says whose it is', async () => {
  const bus = start('dbus-monitor', ['--session', "interface='org.freedesktop.Notifications'"], { env: bench.desktop.env, pipe: true });
  await bench.keep({ close: () => end(bus) });
  let said = '';
  bus.stdout.on('data', (text) => (said += text));
  await until('the monitor', () => said.includes('NameAcquired') || said.length > 0);
  await crm.ask('ui.triggerDesktopNotification', 'note', 'order', 'Order 7', 'It is paid');
  await until('the notification', () => /Order 7/.test(said) && /It is paid/.test(said) && said.includes(bench.server.origin));
  covers('API-40');
});

test('rights that are taken away are gone at once, and an origin that is blocked is out', async () => {
  await app.click('settings');
  await app.click('settings-pages');
  await app.click('dock-page-open').catch(() => {});
  await app.click('dock-page-block');
  const state = await crm.reaches((s) => s.state === 'refused', 'refused');
  assert.match(state.words, /not allowed/i);
  await assert.rejects(crm.ask('session.getCurrentUser'), (error) => error.errorCode === 1003);
  await crm.page.reload();
  await crm.reaches((s) => s?.state === 'refused', 'refused after a reload');
  await app.click('dock-page-forget');
  await crm.page.reload();
  await crm.reaches((s) => s?.state === 'asking', 'unknown again');
  await card(bench.server.origin);
});

test('two origins are asked about one after the other; one that goes away asks no more', async () => {
  const other = await bench.keep(crmServer());
  const second = await Crm.open(bench.chrome, other, bench.centre, { instance: 'second' });
  await second.reaches((s) => s.state === 'asking', 'asked about');
  await app.click('dock-not-now');
  await app.click('dock-not-now');
  await until('no card', async () => !(await app.is('dock-ask')));
  await second.close();
});
