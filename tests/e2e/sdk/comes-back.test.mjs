// The agent signs out, in, and closes the app, while a page that reaches it through the
// centre stays open: what the page is told, what comes back by itself, and what is kept.
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { App } from '../lib/app.mjs';
import { until } from '../lib/process.mjs';
import { Bench } from './lib/bench.mjs';
import { covers } from './lib/coverage.mjs';
import { Crm } from './lib/crm.mjs';

let bench, app, crm;

// No port of the machine: pages come through the centre only.
const open = () => App.open(bench.desktop, { name: 'agent', centre: bench.centre.url, args: ['--no-dock'] });

before(async () => {
  bench = await Bench.open();
  app = await open();
  await app.see('signin-submit');
});

after(async () => {
  await app?.close();
  await bench?.close();
});

const begin = () => app.begin({ campaigns: ['support'] });
const isOpen = async () => {
  const state = await crm.reaches((s) => s.state === 'open', 'open by itself', 40000);
  assert.equal(state.way, 'relay');
  assert.equal((await crm.ask('session.getCurrentUser')).userId, 'agent1');
};

test('nobody is signed in: a sign-in from the page is refused in words that say what to do', async () => {
  crm = await Crm.open(bench.chrome, bench.server, bench.centre);
  await crm.reaches((s) => s.state !== 'open' && s.words, 'told why', 20000);
  await assert.rejects(crm.ask('session.login', 'agent1', 'demo'), (error) => /not signed in as agent1/.test(error.description) && /Start it and sign in/.test(error.description));
  await begin();
  const signedIn = crm.ask('session.login', 'agent1', 'demo');
  await app.driver.element(`[data-testid="dock-ask"][data-origin="${bench.server.origin}"]`, 20000);
  await app.click('dock-rights-all');
  await app.click('dock-allow');
  assert.equal(await signedIn, 'Successfully Logged In');
  await isOpen();
});

test('the agent signs out: the page says so, and is back as soon as he signs in', async () => {
  await app.click('presence-menu');
  await app.click('sign-out');
  await app.see('signin-submit');
  await crm.reaches((s) => s.state !== 'open' && /not signed in/.test(s.words) && /by itself/.test(s.words), 'told that nobody is signed in', 20000);
  await begin();
  await isOpen();
});

test('the store: kept when the app is closed, gone when its origin is forgotten', async () => {
  await crm.ask('store.set', 'cart', 'three lamps, "quoted"\n');
  await crm.ask('store.set', 'gone', 'x');
  await crm.ask('store.delete', 'gone');
  await app.close();
  app = await open();
  await begin();
  await isOpen();
  assert.equal(await crm.ask('store.get', 'cart'), 'three lamps, "quoted"\n');
  await assert.rejects(crm.ask('store.get', 'gone'), (error) => error.errorCode === 4000);
  const files = () => readdir(join(app.data, 'stores'));
  assert.equal((await files()).length, 1);
  await app.click('settings');
  await app.click('settings-pages');
  await app.click('dock-page-open').catch(() => {});
  await app.click('dock-page-forget');
  await until('the file to go', async () => (await files()).length === 0);
  covers('API-41', 'API-42', 'API-43');
});
