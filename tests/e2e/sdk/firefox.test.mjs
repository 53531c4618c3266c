// The same page in Firefox: by loopback, by the relay, through a call and a reload.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { until } from '../lib/process.mjs';
import { Bench, DOCK_PORT } from './lib/bench.mjs';
import { covers } from './lib/coverage.mjs';
import { Crm } from './lib/crm.mjs';
import { Firefox } from './lib/firefox.mjs';
import { html, Server } from './lib/server.mjs';

let bench, phone, firefox, crm;

before(async () => {
  bench = await Bench.open();
  await signIn();
});

afterEach(async () => {
  await firefox?.close();
  firefox = null;
});

after(() => bench?.close());

/** `dock`: the app's port, if not the first that a page looks at. */
async function signIn(dock) {
  await phone?.close();
  phone = await bench.phone({ dock });
  phone.say(`allow ${bench.server.origin}`);
}

async function page(options) {
  firefox = await Firefox.open(bench.desktop, options);
  crm = await Crm.open(firefox, bench.server, bench.centre);
  return crm;
}

const way = async (want) => {
  assert.equal((await crm.reaches((s) => s.state === 'open', 'open', 30000)).way, want);
  assert.equal((await crm.ask('session.getCurrentUser')).userId, 'agent1');
};

/** Dials, is answered, and disposes with words that come back in the event. */
async function dialAndDispose(words) {
  const from = await crm.mark();
  phone.say('ready');
  await crm.event('userAvailabilityChanged', (p) => p.isAvailable, { from });
  await crm.ask('interaction.initiateInteraction', 'voice', { phone: '+15550112' }, 103);
  const { payload } = await crm.event('interactionConnected', () => true, { from, timeout: 20000 });
  const [{ dispositionCodeBean: [code] }] = await crm.ask('configuration.getDispositionCodesWithDispositionClass', 103);
  await crm.ask('interaction.disposeInteraction', 'voice', payload.interactionId, code.dispositionCodeId, words);
  const over = await crm.event('interactionDisposed', (p) => p.interactionId === payload.interactionId, { from });
  assert.equal(over.payload.dispositionDetails.callNotes, words);
  phone.say('break tea');
}

test('loopback: docked, events, a call that is dialled and disposed, and all of it after a reload', async () => {
  await page();
  await crm.docked(30000);
  await way('loopback');
  await crm.toolbar('presence-menu').waitFor();
  await dialAndDispose('from Firefox');
  await crm.page.reload();
  await crm.docked(30000);
  await way('loopback');
  assert.deepEqual((await crm.told()).filter((e) => e.event === 'interactionDisposed'), [], 'what was handled is not sent again');
  await dialAndDispose('after a reload');
  assert.deepEqual(crm.faults, []);
});

test('a screen pop that comes during a reload is not lost', async () => {
  await page();
  await crm.docked(30000);
  phone.say('ready');
  const customer = await bench.customer({ number: '+15550103', name: 'Paula Reyes' });
  const { payload } = await crm.event('showCrm');
  await crm.press('offer-accept');
  await customer.state('connected');
  await crm.page.goto(`${bench.server.origin}/elsewhere`);
  phone.say('hangup');
  await customer.state('ended');
  await crm.page.goBack();
  await crm.docked(30000);
  await crm.event('interactionDisconnected', (p) => p.interactionId === payload.interactionId);
  const { data } = await crm.ask('interaction.getCurrentInteraction');
  const [{ dispositionCodeBean: [code] }] = await crm.ask('configuration.getDispositionCodesWithDispositionClass', 101);
  await crm.ask('interaction.disposeInteraction', 'voice', data.id, code.dispositionCodeId);
  phone.say('break tea');
});

test('relay: paired with the code of the app\'s window, and again by itself after a reload', async () => {
  // A port without an app: the first five are looked at.
  await signIn(DOCK_PORT + 10);
  await page();
  const shown = phone.wait('a pairing code', (e) => e.event === 'pairing' && e.code);
  await crm.toolbar('dock-code').waitFor();
  phone.say('pair');
  await crm.toolbar('dock-code').fill((await shown).code);
  await crm.press('dock-pair');
  await crm.docked(30000);
  await way('relay');
  await dialAndDispose('by the relay');
  await crm.page.reload();
  await crm.docked(30000);
  await way('relay');
  await signIn();
});

test('a public page: fetch waits for the agent\'s answer, a frame needs its page\'s word; by sockets nobody is asked', async () => {
  const app = await bench.keep(Server.open((request, response) => response.writeHead(200, { 'access-control-allow-origin': '*' }).end('hello')));
  const inner = await bench.keep(Server.open());
  const elsewhere = `http://localhost:${inner.port}`;
  const outer = await bench.keep(Server.open((request, response) => html(response, `<iframe src="${elsewhere}"></iframe><iframe src="${elsewhere}" allow="loopback-network"></iframe>`)));
  const preferences = { 'network.lna.address_space.public.override': [outer, inner].map(({ port }) => `127.0.0.1:${port}`).join(',') };
  firefox = await Firefox.open(bench.desktop, { preferences });
  const reach = (where) => where.evaluate(async (origin) => {
    const asked = (await navigator.permissions.query({ name: 'loopback-network' })).state;
    const fetched = await Promise.race([fetch(origin).then((r) => r.text(), () => 'refused'), new Promise((r) => setTimeout(r, 2000, 'waits'))]);
    return { asked, fetched };
  }, app.origin);
  const page = await firefox.page(outer.origin);
  const [, bare, delegated] = page.frames();
  assert.deepEqual(await reach(bare), { asked: 'denied', fetched: 'refused' });
  assert.deepEqual(await reach(delegated), { asked: 'prompt', fetched: 'waits' });
  await firefox.close();

  firefox = await Firefox.open(bench.desktop, {
    preferences: { 'network.lna.address_space.public.override': [bench.server, bench.centre].map(({ port }) => `127.0.0.1:${port}`).join(',') },
  });
  crm = await Crm.open(firefox, bench.server, bench.centre);
  await crm.docked(30000);
  await way('loopback');
  assert.ok(!(await crm.page.evaluate(() => states.some((s) => /asks/.test(s.words)))), 'nobody was asked');
});

test('the demo CRM docks, dials from its list and logs the events', async () => {
  const origin = await bench.demo();
  phone.say(`allow ${origin}`);
  phone.say('ready');
  firefox = await Firefox.open(bench.desktop);
  const page = await firefox.page(`${origin}/plain/`);
  await page.locator('.tab[data-tab="bench"]').click();
  const says = (word) => until(`the log to say ${word}`, () => page.$eval('[aria-label="Event log"]', (log, word) => log.textContent.includes(word), word), 20000);
  const press = (label) => page.locator(`#bench ::-p-text(${label})`).click();
  await page.locator('#bench input[name="campaignId"]').fill('103');
  await page.locator('#bench input[name="phone"]').fill('+15550112');
  await press('Populate');
  await press('Dial');
  await says('interactionConnected');
  covers('TB-16');
});
