// Pages that mean harm, or are merely broken: what they try, and what it costs others.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, test } from 'node:test';
import { until } from '../lib/process.mjs';
import { Ear } from '../lib/sound.mjs';
import { Admin } from './lib/admin.mjs';
import { Bench, CUSTOMER, DOCK_PORT } from './lib/bench.mjs';
import { covers } from './lib/coverage.mjs';
import { Crm, crmServer } from './lib/crm.mjs';
import { html, Server } from './lib/server.mjs';
import { idlers, Siege } from './lib/siege.mjs';

let bench, phone, crm, ear, siege, call;

// All of it happens in a call, whose voice must not notice.
before(async () => {
  bench = await Bench.open();
  ear = new Ear(bench.desktop, 'agent_speaker');
  phone = await bench.phone();
  crm = await bench.page(phone);
  const bystander = await (await Crm.open(bench.chrome, bench.server, bench.centre, { instance: 'quiet' })).docked();
  phone.say('ready');
  const customer = await bench.customer({ number: '+15550103', name: 'Paula Reyes' });
  call = (await crm.event('interactionInitiated')).payload.interactionId;
  phone.say('answer');
  await customer.state('connected');
  await ear.hears(CUSTOMER);
  const programs = [{ name: 'app', child: phone.child }, { name: 'centre', child: bench.centre.child }];
  siege = new Siege({ programs, ear, hertz: CUSTOMER, bystander });
});

after(async () => {
  await ear?.stop();
  await bench?.close();
});

const user = async (page = crm) => assert.equal((await page.ask('session.getCurrentUser')).userId, 'agent1');

/** A request as the tools of an attacker make it: any header. */
function raw(path, headers) {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port: DOCK_PORT, path, headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', reject).end();
  });
}

test('loopback: another host (DNS rebinding) or another origin gets nothing', async () => {
  const [host, origin] = [`127.0.0.1:${DOCK_PORT}`, bench.centre.page];
  assert.equal(await raw('/dock/hello', { host, origin }), 200);
  assert.equal(await raw('/dock/hello', { host: `evil.example:${DOCK_PORT}`, origin }), 421);
  assert.equal(await raw('/dock/hello', { host, origin: bench.server.origin }), 403);
  assert.equal(await raw('/dock/hello', { host, origin: 'null' }), 403);
  assert.equal(await raw('/dock/hello', { host }), 403);
  const upgrade = { host, connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==' };
  assert.equal(await raw('/dock', { ...upgrade, origin: bench.server.origin }), 403);
  const opened = await crm.page.evaluate((port) => new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/dock`);
    socket.onopen = () => resolve('open');
    socket.onclose = () => resolve('closed');
  }), DOCK_PORT);
  assert.equal(opened, 'closed', 'a CRM page itself has no way to the core');
});

test('a frame of another origin in the page forges hello, and forges answers: nobody listens', async () => {
  const evil = await bench.keep(Server.open((_, response) => html(response, `<script>
    window.got = [];
    addEventListener('message', (event) => got.push({ origin: event.origin, data: event.data, ports: event.ports.length }));
    const config = { context: 'crm', origin: ${JSON.stringify(bench.server.origin)}, instanceId: 'ameyoIframe', app: '', last: null };
    const toolbar = parent.frames[0];
    toolbar.postMessage({ omnibar: 1, say: 'hello', config }, '*');
    toolbar.postMessage({ omnibar: 1, say: 'hello', config: { ...config, origin: location.origin } }, '*');
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => got.push({ port: data });
    parent.postMessage({ omnibar: 1, say: 'port' }, '*', [port2]);
    parent.postMessage({ omnibar: 1, say: 'ready' }, '*');
  </script>`)));
  await crm.page.evaluate((src) => new Promise((resolve) => {
    const frame = document.createElement('iframe');
    frame.onload = resolve;
    frame.src = src;
    document.body.append(frame);
  }), evil.origin);
  await user();
  const frame = crm.page.frames().find((f) => f.url().startsWith(evil.origin));
  await user();
  assert.deepEqual(await frame.evaluate(() => got.filter((m) => m.ports || m.port || m.data?.say === 'port')), [], 'no port, no call');
  assert.deepEqual(await frame.evaluate(() => got.filter((m) => JSON.stringify(m).includes('agent1'))), []);
  covers('REST-10');
});

test('a page that lies about its origin to the frame is refused with INVALID_ORIGIN', async () => {
  const told = await crm.page.evaluate((centre) => new Promise((resolve) => {
    const frame = document.createElement('iframe');
    addEventListener('message', (event) => {
      if (event.source !== frame.contentWindow) return;
      if (event.data.say === 'port') {
        event.ports[0].onmessage = ({ data }) => data.say === 'refused' && resolve(data.error);
        return;
      }
      const config = { context: 'crm', origin: 'https://bank.example', instanceId: 'x', app: '', last: null };
      frame.contentWindow.postMessage({ omnibar: 1, say: 'hello', config }, centre);
    });
    frame.src = `${centre}/omniapp/toolbar/bridge.html`;
    document.body.append(frame);
  }), bench.centre.page);
  assert.equal(told.errorType, 'INVALID_ORIGIN');
  assert.equal(told.errorCode, 1003);
  covers('REST-10');
});

test('frame-ancestors: an origin that is not on the list cannot show the agent\'s toolbar', async () => {
  const admin = await Admin.open(bench.chrome, bench.centre);
  const before = (await admin.state()).frame_origins;
  await admin.send('PUT', '/frame-origins', ['https://crm.example']);
  const page = await Crm.open(bench.chrome, bench.server, bench.centre, { instance: 'unlisted' });
  // The hidden bridge asks and relays, and shows nothing that a click could be led to.
  await page.docked(40000);
  assert.equal((await page.reaches((s) => s.state === 'open', 'open')).frame, 'bridge');
  assert.equal(await page.frame().locator('button, input').count(), 0);
  const plain = await fetch(`${bench.centre.page}/omniapp/toolbar/index.html`);
  assert.match(plain.headers.get('content-security-policy'), /frame-ancestors https:\/\/crm\.example/);
  await admin.send('PUT', '/frame-origins', before);
  await page.close();
  await admin.close();
});

test('what one origin stores, another does not read', async () => {
  await crm.ask('store.set', 'secret', 'of the first');
  const other = await bench.keep(crmServer());
  phone.say(`allow ${other.origin}`);
  const page = await (await Crm.open(bench.chrome, other, bench.centre)).docked();
  await assert.rejects(page.ask('store.get', 'secret'), (error) => error.errorCode === 4000);
  await page.close();
});

test('names that mean something to JavaScript are names and nothing more', async () => {
  const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'];
  const found = await crm.page.evaluate(async (names) => {
    const answers = [];
    for (const name of names) {
      const registered = await sdk.session.register(name, () => {}).then(() => 'taken', (error) => error.errorCode);
      await sdk.store.set(name, `of ${name}`);
      answers.push([registered, await sdk.store.get(name)]);
    }
    const data = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}');
    await sdk.crm.sendDataToApp(data);
    await sdk.appInstance.sendDataToApp('__proto__', data).catch(() => {});
    return { answers, polluted: [{}.polluted, Object.keys(Object.prototype).length] };
  }, names);
  assert.deepEqual(found.answers, names.map((name) => [4000, `of ${name}`]));
  assert.deepEqual(found.polluted, [undefined, 0]);
  assert.equal(await crm.frame().evaluate(() => ({}).polluted ?? Object.keys(Object.prototype).length), 0);
  for (const url of ['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', '//evil.example']) {
    await assert.rejects(crm.ask('setBaseUrl', url), (error) => error.errorCode === 2001, url);
  }
  await user();
});

test('too long and too deep: refused, and the page goes on', () => siege.bear('too long and too deep', async () => {
  for (const size of [70_000, 300_000, 5_000_000]) {
    const error = await crm.page.evaluate((size) => sdk.store.set('k', 'x'.repeat(size)).then(() => null, (error) => error), size);
    assert.ok([1000, 2001, 3000].includes(error?.errorCode), `${size}: ${JSON.stringify(error)}`);
    await user();
  }
  for (const depth of [40, 1000, 20_000]) {
    const error = await crm.page.evaluate((depth) => {
      let value = 'end';
      for (let i = 0; i < depth; i++) value = [value];
      return sdk.crm.sendDataToApp(value).then(() => null, (error) => error);
    }, depth);
    assert.ok(error?.errorCode, `${depth} deep was taken: ${JSON.stringify(error)}`);
    await user();
  }
  for (const bad of [null, {}, [], { recordId: { toString: 1 } }, 'x'.repeat(1000)]) {
    const error = await crm.page.evaluate((bad) => sdk.crm.sendCurrentCRMRecordOpened(bad).then(() => null, (error) => error), bad);
    assert.ok(error?.errorCode, JSON.stringify(bad));
  }
}));

test('ten thousand calls a second: every promise is settled, and others feel nothing', async () => {
  const { done, failed } = await siege.bear('ten thousand calls', () => crm.page.evaluate(async () => {
    const answers = await Promise.allSettled(Array.from({ length: 10_000 }, () => sdk.session.getCurrentUser()));
    return { done: answers.filter((a) => a.status === 'fulfilled').length, failed: answers.filter((a) => a.status === 'rejected' && a.reason?.errorCode).length };
  }));
  assert.equal(done + failed, 10_000);
  assert.ok(failed > 0, 'it is bounded');
  await until('the page to be served again', () => user().then(() => true));
});

test('a page that goes round the SDK and floods the frame\'s port harms itself only', async () => {
  const loud = await (await Crm.open(bench.chrome, bench.server, bench.centre, { instance: 'loud' })).docked();
  const answered = await siege.bear('a flood past the SDK', () => loud.page.evaluate(async (centre) => {
    const frame = document.querySelector('iframe[title="Omnibar"]');
    const port = await new Promise((resolve) => {
      addEventListener('message', ({ source, data, ports }) => source === frame.contentWindow && data.say === 'port' && resolve(ports[0]));
      const config = { context: 'crm', origin: location.origin, instanceId: 'loud', app: '', last: null };
      frame.contentWindow.postMessage({ omnibar: 1, say: 'hello', config }, centre);
    });
    await new Promise((resolve) => { port.onmessage = ({ data }) => data.say === 'welcome' && resolve(); });
    const answers = new Promise((resolve) => {
      let count = 0;
      let timer;
      port.onmessage = () => {
        count++;
        clearTimeout(timer);
        timer = setTimeout(() => resolve(count), 1000);
      };
    });
    for (let id = 1; id <= 10_000; id++) port.postMessage({ id, api: 'session.getCurrentUser', arguments: [] });
    return answers;
  }, bench.centre.page), { patience: 4000 });
  assert.ok(answered > 1000, `${answered} answers: refusals are answers too`);
  await loud.close();
});

test('a page that never answers again: the core and the others go on', async () => {
  const stuck = await (await Crm.open(bench.chrome, bench.server, bench.centre, { instance: 'stuck' })).docked();
  stuck.page.evaluate(() => { for (;;); }).catch(() => {});
  await siege.bear('a page that is stuck', async () => {
    for (let n = 0; n < 20; n++) {
      const from = await crm.mark();
      await crm.ask('crm.setRecordInfoForInteraction', call, `${700 + n}`, 'Contact', `Try ${n}`);
      await crm.event('customerLinkedToInteraction', (p) => p.interactionId === call, { from });
    }
  });
  const devtools = await bench.chrome.context.newCDPSession(stuck.page);
  devtools.send('Page.crash').catch(() => {});
});

test('thousands of connections that never say anything whole: closed in time, and a page still docks', async () => {
  const begun = 'GET /dock/hello HTTP/1.1\r\nX: ';
  const body = 'POST /ameyorestapi/voice/manualdial HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{';
  const crowds = [];
  await siege.bear('thousands of connections', async () => {
    crowds.push(await idlers(bench.centre.port, 1000, begun), await idlers(bench.centre.port, 500, body), await idlers(DOCK_PORT, 300, begun));
    const late = await (await Crm.open(bench.chrome, bench.server, bench.centre, { instance: 'late' })).docked();
    await user(late);
    await late.close();
    await until('all of them to be closed', () => crowds.every((crowd) => crowd.open === 0), 25000);
  }, { patience: 4000 });
  for (const crowd of crowds) crowd.end();
});

test('a page without a right is refused by name of the right, and its events stop when it is revoked', async () => {
  phone.say(`allow ${bench.server.origin} events`);
  await until('fewer rights', async () => (await crm.ask('interaction.initiateInteraction', 'voice', { phone: '+15550104' }, 101).catch((e) => e)).errorCode === 1003);
  await assert.rejects(crm.ask('crm.getAllContacts', '1', 'Contact'), (error) => error.errorCode === 1003 && /customer/i.test(error.description));
  phone.say(`block ${bench.server.origin}`);
  await crm.reaches((s) => s.state === 'refused', 'refused');
  await assert.rejects(crm.ask('session.getCurrentUser'), (error) => error.errorCode === 1003);
});
