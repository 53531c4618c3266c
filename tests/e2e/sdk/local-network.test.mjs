// The two ways to the app when CRM and centre are on the public internet: the browser asks
// the agent (allowed, denied, decided by policy), and the relay takes over when it must.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { until } from '../lib/process.mjs';
import { Bench } from './lib/bench.mjs';
import { Chrome } from './lib/chrome.mjs';
import { covers } from './lib/coverage.mjs';
import { Crm, crmServer } from './lib/crm.mjs';

let bench, phone, chrome;

before(async () => {
  bench = await Bench.open();
  phone = await bench.phone();
  phone.say(`allow ${bench.server.origin}`);
});

afterEach(async () => {
  await chrome?.close();
  chrome = null;
});

after(() => bench?.close());

async function page(options, server = bench.server) {
  chrome = await Chrome.open(bench.desktop, { publicPorts: [server.port, bench.centre.port], ...options });
  return Crm.open(chrome, server, bench.centre);
}

const user = async (crm) => assert.equal((await crm.ask('session.getCurrentUser')).userId, 'agent1');

/** The agent reads a code off the app's window and types it into the docked toolbar. */
async function pair(crm) {
  const shown = phone.wait('a pairing code', (e) => e.event === 'pairing' && e.code);
  phone.say('pair');
  const { code } = await shown;
  assert.match(code, /^\d{6}$/);
  await crm.toolbar('dock-code').fill(code);
  await crm.press('dock-pair');
}

test('the browser asks; Allow: the page reaches the app on this machine', async () => {
  const crm = await page({ windowed: true });
  await chrome.answer(crm.page, 'allow');
  await crm.docked();
  assert.equal((await crm.reaches((s) => s.state === 'open', 'open')).way, 'loopback');
  await user(crm);
});

test('Block: the words say so, and a code from the app leads through the centre, also after a reload', async () => {
  const crm = await page({ windowed: true });
  await chrome.answer(crm.page, 'block');
  const state = await crm.reaches((s) => s.state !== 'open' && /block|denied|allow|permission/i.test(s.words), 'told why', 20000);
  assert.ok(state.words.length > 20, state.words);
  await pair(crm);
  await crm.docked();
  assert.equal((await crm.reaches((s) => s.state === 'open', 'open')).way, 'relay');
  await user(crm);
  await crm.page.reload();
  await crm.docked();
  assert.equal((await crm.reaches((s) => s.state === 'open', 'open again')).way, 'relay');
  await user(crm);
});

test('a policy of the organisation allows: no question', async () => {
  const crm = await page({ policy: { LoopbackNetworkAllowedForUrls: [bench.server.origin] } });
  await crm.docked();
  assert.equal((await crm.reaches((s) => s.state === 'open', 'open')).way, 'loopback');
  await user(crm);
});

test('a policy of the organisation refuses: signing in from the page finds the app through the centre', async () => {
  const crm = await page({ policy: { LoopbackNetworkBlockedForUrls: [bench.server.origin] } });
  await crm.page.waitForFunction(() => window.states?.length > 0);
  await assert.rejects(crm.ask('session.login', 'agent1', 'wrong'), (error) => error.errorCode > 0);
  assert.equal(await crm.ask('session.login', 'agent1', 'demo'), 'Successfully Logged In');
  assert.equal((await crm.reaches((s) => s.state === 'open', 'open')).way, 'relay');
  await crm.docked();
  await user(crm);
  // Events come this way too.
  const from = await crm.mark();
  phone.say('ready');
  await crm.event('userAvailabilityChanged', (p) => p.isAvailable, { from });
  phone.say('break tea');
  covers('TB-08');
});

test('a page that signs in as soon as it has the module is signed in, though it says hello twice', async () => {
  await page({ policy: { LoopbackNetworkBlockedForUrls: [bench.server.origin] } });
  // Whether the frame's first word comes before or after its load differs from load to load.
  for (let round = 0; round < 6; round++) {
    const crm = await Crm.open(chrome, bench.server, bench.centre);
    await crm.page.waitForFunction(() => window.sdk);
    assert.equal(await crm.ask('session.login', 'agent1', 'demo'), 'Successfully Logged In');
    await crm.docked();
    await crm.close();
  }
});

test('a page that forbids its frames to ask is told what is missing', async () => {
  const strict = await bench.keep(crmServer(null, { 'permissions-policy': 'loopback-network=(), local-network-access=()' }));
  const crm = await page({ windowed: true }, strict);
  // First it says that it is looking.
  const why = /allow|page|site/i;
  const state = await crm.reaches((s) => s.state !== 'open' && why.test(s.words), 'told why', 20000);
  assert.notEqual(state.way, 'loopback');
});

test('a wrong code is refused', async () => {
  const crm = await page({ policy: { LoopbackNetworkBlockedForUrls: [bench.server.origin] } });
  await crm.toolbar('dock-code').waitFor();
  await crm.toolbar('dock-code').fill('000000');
  await crm.press('dock-pair');
  await until('the refusal', async () => /code/i.test(await crm.frame()?.locator('body').innerText() ?? ''));
  assert.notEqual((await crm.state()).state, 'open');
});
