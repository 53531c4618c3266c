// What docs/dock-browsers.md says of Chromium, without anything of ours in between: when
// one of these fails, the browser has changed, not the app.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, afterEach, before, test } from 'node:test';
import { Desktop } from '../lib/desktop.mjs';
import { until } from '../lib/process.mjs';
import { Chrome, permission } from './lib/chrome.mjs';
import { html, Server } from './lib/server.mjs';
import { Secure } from './lib/secure.mjs';

let desktop, app, frame, page, secure, chrome;

before(async () => {
  desktop = await Desktop.open();
  app = await Server.open((request, response) => {
    response.setHeader('access-control-allow-origin', request.headers.origin ?? '*');
    response.end('hello');
  });
  app.server.on('upgrade', (request, socket) => {
    const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    socket.on('error', () => {});
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
  });
  frame = await Server.open();
  const answer = (request, response) => html(response, {
    '/bare': `<iframe src="${frame.origin}"></iframe>`,
    '/delegated': `<iframe src="${frame.origin}" allow="loopback-network; local-network-access"></iframe>`,
    '/loopback': `<iframe src="${app.origin}"></iframe>`,
  }[request.url] ?? '');
  page = await Server.open(answer);
  secure = await Secure.open(desktop, answer);
});

afterEach(() => chrome?.close());

after(async () => {
  for (const each of [app, frame, page, secure, desktop]) await each?.close();
});

const open = async (options) => {
  chrome = await Chrome.open(desktop, { publicPorts: [page.port, frame.port, secure.port], args: secure.args, ...options });
  return chrome;
};

/** What a page or frame comes to when it reaches for the app. */
const reach = (where) => where.evaluate(async (origin) => {
  const asked = (await navigator.permissions.query({ name: 'loopback-network' })).state;
  const fetched = await fetch(`${origin}/hello`).then((r) => r.text(), (error) => error.message);
  const socket = await new Promise((resolve) => {
    const ws = new WebSocket(`${origin.replace('http', 'ws')}/dock`);
    ws.onopen = () => resolve('open');
    ws.onclose = (event) => resolve(event.code);
  });
  return { asked, fetched, socket, now: (await navigator.permissions.query({ name: 'loopback-network' })).state };
}, app.origin);

const OPEN = { fetched: 'hello', socket: 'open' };
const SHUT = { fetched: 'Failed to fetch', socket: 1006 };

test('the prompt: Allow lets fetch and socket through, and is remembered', async () => {
  await open({ windowed: true });
  const tab = await chrome.page(page.origin);
  const reaching = reach(tab);
  await chrome.answer(tab, 'allow');
  assert.deepEqual(await reaching, { asked: 'prompt', ...OPEN, now: 'granted' });
  await tab.reload();
  assert.deepEqual(await reach(tab), { asked: 'granted', ...OPEN, now: 'granted' });
});

test('the prompt: Block refuses both at once, and is remembered', async () => {
  await open({ windowed: true });
  const tab = await chrome.page(page.origin);
  const reaching = reach(tab);
  await chrome.answer(tab, 'block');
  assert.deepEqual(await reaching, { asked: 'prompt', ...SHUT, now: 'denied' });
  assert.deepEqual(await reach(tab), { asked: 'denied', ...SHUT, now: 'denied' });
});

test('a frame with allow asks in the name of its page, over https too', async () => {
  await open({ windowed: true });
  const tab = await chrome.page(`${secure.origin}/delegated`);
  const reaching = reach(tab.frames()[1]);
  await chrome.answer(tab, 'allow');
  assert.deepEqual(await reaching, { asked: 'prompt', ...OPEN, now: 'granted' });
  assert.equal(await permission(tab), 'granted');
});

test('a frame without allow is refused although its page is allowed', async () => {
  await open({ policy: { LoopbackNetworkAllowedForUrls: [page.origin] } });
  const tab = await chrome.page(`${page.origin}/bare`);
  assert.deepEqual(await reach(tab), { asked: 'granted', ...OPEN, now: 'granted' });
  const inner = tab.frames()[1];
  assert.deepEqual(await reach(inner), { asked: 'denied', ...SHUT, now: 'denied' });
  assert.equal(await inner.evaluate(() => document.featurePolicy.allowsFeature('loopback-network')), false);
});

for (const name of ['LoopbackNetworkAllowedForUrls', 'LocalNetworkAccessAllowedForUrls']) {
  test(`policy ${name} allows page and delegated frame without a prompt`, async () => {
    await open({ policy: { [name]: [page.origin] } });
    const tab = await chrome.page(`${page.origin}/delegated`);
    for (const each of tab.frames()) {
      assert.deepEqual(await reach(each), { asked: 'granted', ...OPEN, now: 'granted' });
    }
  });
}

test('policy LoopbackNetworkBlockedForUrls refuses without a prompt', async () => {
  await open({ policy: { LoopbackNetworkBlockedForUrls: [page.origin] } });
  assert.deepEqual(await reach(await chrome.page(page.origin)), { asked: 'denied', ...SHUT, now: 'denied' });
});

test('policy LocalNetworkAccessPermissionsPolicyDefaultEnabled spares frames the attribute', async () => {
  await open({ policy: { LoopbackNetworkAllowedForUrls: [page.origin], LocalNetworkAccessPermissionsPolicyDefaultEnabled: true } });
  const tab = await chrome.page(`${page.origin}/bare`);
  assert.deepEqual(await reach(tab.frames()[1]), { asked: 'granted', ...OPEN, now: 'granted' });
});

test('an insecure public page is refused, policy or not', async () => {
  const origin = `http://crm.test:${page.port}`;
  await open({ policy: { LoopbackNetworkAllowedForUrls: [origin] } });
  assert.deepEqual(await reach(await chrome.page(origin)), { asked: 'denied', ...SHUT, now: 'denied' });
});

test('a headless browser refuses what was not granted', async () => {
  await open();
  assert.deepEqual(await reach(await chrome.page(page.origin)), { asked: 'prompt', ...SHUT, now: 'denied' });
});

test('a frame that comes from loopback is not loaded into a public page', async () => {
  await open();
  const tab = await chrome.page(`${page.origin}/loopback`);
  await until('the refusal', async () => /ERR_BLOCKED_BY_LOCAL_NETWORK_ACCESS_CHECKS/.test(await tab.frames()[1].content()));
});

test('pages from loopback and from private addresses are not asked', async () => {
  chrome = await Chrome.open(desktop, { args: [`--ip-address-space-overrides=127.0.0.1:${frame.port}=local`] });
  for (const from of [page, frame]) {
    const { fetched, socket } = await reach(await chrome.page(from.origin));
    assert.deepEqual({ fetched, socket }, OPEN);
  }
});
