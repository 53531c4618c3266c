// As it is in an office: the CRM on its own https site, the centre on another, the app on the
// agent's machine. Certificates of an authority that browser and app are told to trust.
import assert from 'node:assert/strict';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { Centre } from '../lib/centre.mjs';
import { Browser } from '../lib/customer.mjs';
import { Desktop } from '../lib/desktop.mjs';
import { until } from '../lib/process.mjs';
import { Admin } from './lib/admin.mjs';
import { Authority, resolving } from './lib/authority.mjs';
import { Bench } from './lib/bench.mjs';
import { Chrome } from './lib/chrome.mjs';
import { covers } from './lib/coverage.mjs';
import { Crm, crmAnswer } from './lib/crm.mjs';
import { Firefox } from './lib/firefox.mjs';
import { Secure } from './lib/secure.mjs';

const NAMES = ['centre.test', 'crm.test', 'other.test', 'proxy.test'];
const ARGS = ['--host-resolver-rules=MAP *.test 127.0.0.1'];

let bench, authority, program, phone, chrome, crm;

before(async () => {
  bench = new Bench();
  bench.opened = [];
  const { desktop } = Object.assign(bench, { desktop: await bench.keep(Desktop.open()) });
  authority = await Authority.open(desktop);
  await authority.enter(join(desktop.env.HOME, '.pki/nssdb'));
  bench.args = ARGS;
  bench.centre = await bench.keep(Centre.open(desktop, { tls: await authority.issue('centre.test') }));
  bench.server = await site('crm');
  program = await resolving(desktop, NAMES);
  await open();
  const admin = await Admin.open(chrome, bench.centre);
  await admin.send('PUT', '/frame-origins', ['https://crm.test:*']);
  await chrome.close();
  chrome = null;
  phone = await bench.phone({ program, args: ['--ca', authority.file] });
  phone.say(`allow ${bench.server.origin}`);
});

afterEach(async () => {
  await chrome?.close();
  chrome = null;
});

after(() => bench?.close());

const site = async (name, headers) => bench.keep(Secure.open(bench.desktop, crmAnswer(null, headers), name, await authority.identity(`${name}.test`)));

/** A browser for which CRM and centre are on the public internet. */
async function open(options = {}, ports = [bench.server.port, bench.centre.port]) {
  chrome = await Chrome.open(bench.desktop, { publicPorts: ports, ...options, args: ARGS });
}

async function page(options, { server = bench.server, centre = bench.centre, ...query } = {}) {
  if (options) await open(options, [server.port, centre.port]);
  crm = await Crm.open(chrome, server, centre, query);
  crm.said = [];
  crm.page.on('console', (line) => crm.said.push(line.text()));
  return crm;
}

const BLOCKED = { LoopbackNetworkBlockedForUrls: ['https://*'] };
const way = async (want) => {
  assert.equal((await crm.reaches((s) => s.state === 'open', 'open')).way, want);
  assert.equal((await crm.ask('session.getCurrentUser')).userId, 'agent1');
};
/** The browser had nothing to refuse: no mixed content, no policy of ours in our own way. */
const nothingRefused = () => {
  const refused = crm.said.filter((line) => /mixed content|content security policy|refused to/i.test(line));
  assert.deepEqual(refused, []);
};

async function pair() {
  const shown = phone.wait('a pairing code', (e) => e.event === 'pairing' && e.code);
  phone.say('pair');
  const { code } = await shown;
  await crm.toolbar('dock-code').fill(code);
  await crm.press('dock-pair');
}

/** A customer calls; the page shows him, and takes the call through to its disposition. */
async function call() {
  const from = await crm.mark();
  phone.say('ready');
  const customer = await bench.customer({ number: '+15550103', name: 'Paula Reyes' });
  const { payload } = await crm.event('showCrm', (p) => p.customerDetails.phone === '+15550103', { from });
  const id = payload.interactionId;
  await crm.press('offer-accept');
  await crm.event('interactionConnected', (p) => p.interactionId === id, { from });
  await customer.state('connected');
  await crm.press('hold');
  await customer.state('held');
  await crm.press('resume');
  await customer.state('connected');
  const [{ dispositionCodeBean: [code] }] = await crm.ask('configuration.getDispositionCodesWithDispositionClass', 101);
  await crm.ask('interaction.disposeInteraction', 'voice', id, code.dispositionCodeId, 'over https');
  await customer.state('ended');
  const over = await crm.event('interactionDisposed', (p) => p.interactionId === id, { from });
  assert.equal(over.payload.dispositionDetails.callNotes, 'over https');
}

test('loopback from a secure page: asked once, no mixed content, a call from screen pop to disposition', async () => {
  await page({ windowed: true });
  assert.equal(await crm.page.evaluate(() => isSecureContext), true);
  await chrome.answer(crm.page, 'allow');
  await crm.docked();
  await way('loopback');
  assert.equal(new URL(crm.frame().url()).origin, bench.centre.page);
  await call();
  nothingRefused();
  await crm.page.reload();
  await crm.docked();
  await way('loopback');
  covers('TB-08', 'TB-10');
});

test('relay by wss: paired once; a call; the token is its site\'s alone', async () => {
  await page({ policy: { ...BLOCKED, BlockThirdPartyCookies: false } });
  await pair();
  await crm.docked();
  await way('relay');
  await call();
  nothingRefused();
  await crm.page.reload();
  await crm.docked();
  await way('relay');

  const kept = () => crm.frame().evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('omnibar.dock.')));
  assert.deepEqual(await kept(), [`omnibar.dock.${bench.server.origin}`]);
  const inPage = await crm.page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
  const token = await crm.frame().evaluate((key) => localStorage.getItem(key), `omnibar.dock.${bench.server.origin}`);
  assert.ok(token.length > 20 && !inPage.includes(token), 'the page has no token');
  assert.deepEqual(await chrome.context.cookies(), [], 'nothing of it is a cookie');

  // The same frame in another site's page has a storage of its own, and so has the centre alone.
  const other = await site('other');
  await page(null, { server: other });
  const frame = await until('the bridge in the other site', () => crm.frame(), 20000);
  await crm.reaches((s) => s.frame === 'bridge' && /pair|code/i.test(s.words), 'not let in', 20000);
  assert.deepEqual(await frame.evaluate(() => Object.keys(localStorage)), [], 'a storage of its own');
  const alone = await chrome.page(`${bench.centre.page}/omniapp/workspace/`);
  assert.equal(await alone.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('omnibar.dock.')).length), 0);
});

test('third-party cookies blocked: paired once all the same', async () => {
  await page({ policy: { ...BLOCKED, BlockThirdPartyCookies: true } });
  await pair();
  await crm.docked();
  await way('relay');
  await crm.page.reload();
  await crm.docked();
  await way('relay');
  assert.deepEqual(await chrome.context.cookies(), []);
  nothingRefused();
});

test('a browser that gives frames of other sites no storage: paired once, by a cookie of that site alone', async () => {
  await page({ policy: { ...BLOCKED, BlockThirdPartyCookies: true }, partitioned: false });
  await pair();
  await crm.docked();
  await way('relay');
  assert.equal(await crm.frame().evaluate(() => { try { return !!localStorage; } catch { return false; } }), false, 'the browser refuses it');
  await crm.page.reload();
  await crm.docked();
  await way('relay');
  const kept = await chrome.context.cookies();
  assert.deepEqual(kept.map(({ domain, path, secure, sameSite, partitionKey }) => ({ domain, path, secure, sameSite, partitionKey })),
    [{ domain: 'centre.test', path: '/omniapp/toolbar', secure: true, sameSite: 'None', partitionKey: 'https://crm.test' }]);
  phone.say(`forget ${bench.server.origin}`);
  phone.say(`allow ${bench.server.origin}`);
  await crm.page.reload();
  await crm.reaches((s) => s.state === 'loading' && /code|pair/i.test(s.words), 'a stranger again', 20000);
  nothingRefused();
});

test('a site that is not on the centre\'s list is shown no toolbar, and the browser says whose word that is', async () => {
  const other = await site('other');
  phone.say(`allow ${other.origin}`);
  await page({ policy: { LoopbackNetworkAllowedForUrls: ['https://*'] } }, { server: other });
  await crm.docked();
  const state = await crm.reaches((s) => s.state === 'open', 'open');
  assert.deepEqual([state.frame, state.way], ['bridge', 'loopback'], 'the SDK works, without the agent\'s own controls');
  assert.ok(crm.said.some((line) => /frame-ancestors/.test(line)), JSON.stringify(crm.said));
  phone.say(`forget ${other.origin}`);
});

test('a CRM with a strict policy of its own names the centre twice, and that is enough', async () => {
  const centre = bench.centre.page;
  const strict = await site('crm', {
    // The page's own script is inline in this test; a CRM's is its own file.
    'content-security-policy': `default-src 'none'; script-src 'unsafe-inline' ${centre}; frame-src ${centre}; connect-src 'self'; style-src 'unsafe-inline'; base-uri 'none'`,
    'cross-origin-opener-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'strict-transport-security': 'max-age=600',
  });
  phone.say(`allow ${strict.origin}`);
  await page({ policy: { LoopbackNetworkAllowedForUrls: ['https://*'] } }, { server: strict });
  await crm.docked();
  await way('loopback');
  nothingRefused();
  const { headers } = await headersOf(`${centre}/omniapp/toolbar/index.html`);
  assert.match(headers['content-security-policy'], new RegExp(`wss://centre\\.test:${bench.centre.port}`));
  assert.match(headers['content-security-policy'], /frame-ancestors https:\/\/crm\.test:\*/);
});

test('a CRM whose policy forgets the frame is told so in words', async () => {
  const forgetful = await site('crm', { 'content-security-policy': `default-src 'none'; script-src 'unsafe-inline' ${bench.centre.page}; style-src 'unsafe-inline'` });
  await page({ policy: { LoopbackNetworkAllowedForUrls: ['https://*'] } }, { server: forgetful });
  const state = await crm.reaches((s) => s.state === 'unreachable', 'told', 20000);
  assert.match(state.words, /policy/i);
});

test('Firefox: by loopback from a secure page, by relay, both without a question', async () => {
  const publicPorts = [bench.server.port, bench.centre.port].map((port) => `127.0.0.1:${port}`).join(',');
  const firefox = async (preferences) => {
    const profile = await mkdtemp(join(bench.desktop.dir, 'firefox-'));
    await authority.enter(profile);
    chrome = await Firefox.open(bench.desktop, {
      profile,
      preferences: { 'network.dns.localDomains': NAMES.join(','), 'network.lna.address_space.public.override': publicPorts, ...preferences },
    });
    return page(null);
  };
  await firefox({});
  await crm.docked(30000);
  await way('loopback');
  assert.equal(await crm.page.evaluate(() => isSecureContext), true);
  nothingRefused();
  await chrome.close();
  // As the organisation would forbid it; sockets are guarded then too.
  await firefox({ 'permissions.default.loopback-network': 2, 'network.lna.websocket.enabled': true });
  await pair();
  await crm.docked(30000);
  await way('relay');
  await crm.page.reload();
  await crm.docked(30000);
  await way('relay');
  nothingRefused();
});

test('a proxy with the certificate in front of the centre: loopback and relay under its name', async () => {
  const { desktop } = bench;
  await phone.close();
  const hidden = await bench.keep(Centre.open(desktop, { name: 'hidden', args: ['--public-url', 'https://proxy.test'] }));
  const front = await bench.keep(Secure.before(desktop, hidden.port, 'proxy', await authority.identity('proxy.test')));
  await hidden.close();
  hidden.args[hidden.args.indexOf('--public-url') + 1] = front.origin;
  await hidden.start();
  const centre = { page: front.origin, url: front.origin.replace('https', 'wss'), port: front.port };
  await open({}, [front.port]);
  const admin = await Admin.open(chrome, centre);
  await admin.send('PUT', '/frame-origins', ['https://crm.test:*']);
  await chrome.close();
  phone = await bench.phone({ program, centre: centre.url, args: ['--ca', authority.file] });
  phone.say(`allow ${bench.server.origin}`);
  await page({ policy: { LoopbackNetworkAllowedForUrls: ['https://*'] } }, { centre });
  await crm.docked();
  await way('loopback');
  nothingRefused();
  await chrome.close();
  await page({ policy: BLOCKED }, { centre });
  await pair();
  await crm.docked();
  await way('relay');
  nothingRefused();
});

const headersOf = async (url) => {
  const tab = await chrome.page();
  const response = await tab.goto(url).catch(() => null) ?? await tab.waitForResponse(url);
  const headers = await response.allHeaders();
  await tab.close();
  return { headers };
};
