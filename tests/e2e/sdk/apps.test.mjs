// Custom apps that mean harm, and what each may do: apart from the workspace, from the centre,
// from each other, and from every right that nobody granted.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '../lib/process.mjs';
import { Admin } from './lib/admin.mjs';
import { Bench, DOCK_PORT } from './lib/bench.mjs';
import { covers } from './lib/coverage.mjs';
import { html, Server } from './lib/server.mjs';
import { zip } from './lib/zip.mjs';

const page = (script) => `<!doctype html><meta charset="utf-8"><title>app</title><body>app<script type="module">
const { default: omni } = await import('../../../omniapp/sdk/ameyo-sdk.js');
window.omni = omni;
window.sdk = omni.initialize({ context: 'app', origin: location.origin });
window.states = [];
sdk.session.register('omnibar:dock', (state) => states.push(state));
window.ask = async (api, ...args) => {
  const [namespace, name] = api.split('.');
  return sdk[namespace][name](...args).then((value) => ({ value }), (error) => ({ error: { ...error } }));
};
${script ?? ''}
</script>`;
const FIELDS = [{ key: 'Order.Id', label: 'Order', type: 'id' }, { key: 'Order.Total', label: 'Total', type: 'number' }];
const packed = (name, script) => ({
  base64: zip([['index.html', page(script)], ['manifest.json', JSON.stringify({ name, version: '1.0', crmIntegrationConfig: FIELDS })]]).toString('base64'),
});
const EVENTS = { events: true, control: false, customers: false, dial: false };

let bench, admin, phone, elsewhere;
const ids = {};

before(async () => {
  bench = await Bench.open();
  admin = await Admin.open(bench.chrome, bench.centre);
  elsewhere = await bench.keep(Server.open((_, response) => html(response, 'elsewhere')));
  for (const [name, slot] of [['orders', 'panel-4'], ['hostile', 'screen-1']]) {
    ids[name] = (await admin.send('POST', '/apps', packed(name))).id;
    await admin.send('PUT', `/apps/${ids[name]}`, { slot, fields: FIELDS });
  }
  ids.loose = (await admin.send('POST', '/apps', packed('loose'))).id;
  phone = await bench.phone();
});

after(() => bench?.close());

async function workspace(...apps) {
  const place = new URLSearchParams(apps.map((name) => ['app', `${name}/1.0/${name}`]));
  const page = await bench.chrome.page(`${bench.centre.page}/omniapp/workspace/#${place}`);
  const frames = {};
  for (const name of apps) {
    frames[name] = await until(`the app ${name}`, () => page.frames().find((f) => f.url().includes(`/si/${name}/1.0/`)), 15000);
    await frames[name].waitForFunction(() => window.ask, null, { timeout: 15000, polling: 100 });
  }
  return { page, frames };
}
const reaches = (frame, state) => frame.waitForFunction((state) => window.states.at(-1)?.state === state, state, { timeout: 20000, polling: 100 });
const asks = (frame, api, ...args) => frame.evaluate(([api, args]) => ask(api, ...args), [api, args]);

test('an app has the rights that an administrator granted it, and no others', async () => {
  const { page, frames: { orders } } = await workspace('orders');
  await reaches(orders, 'open');
  assert.deepEqual(await orders.evaluate(() => states.at(-1).rights), EVENTS);
  assert.equal((await asks(orders, 'session.getCurrentUser')).value.userId, 'agent1');
  for (const [api, ...args] of [
    ['interaction.initiateInteraction', 'voice', { phone: '+15550104' }, 101],
    ['session.logout'],
    ['session.login', 'agent2', 'demo'],
    ['crm.getAllContacts', '1', 'Contact'],
    ['http.invokeThirdPartyAPI', `${elsewhere.origin}/`, 'GET'],
    ['http.invokeECCAPI', 'customer-manager', '/customers', 'GET'],
  ]) {
    const { error } = await asks(orders, api, ...args);
    assert.deepEqual([error?.errorType, error?.errorCode], ['INVALID_ORIGIN', 1003], `${api}: ${JSON.stringify(error)}`);
    assert.match(error.description, /orders may not .*administrator/, api);
  }
  // Granted now, it holds for the page that is loaded next, and is taken back likewise.
  await admin.send('PUT', `/apps/${ids.orders}`, { slot: 'panel-4', fields: FIELDS, rights: { ...EVENTS, dial: true, customers: true } });
  await page.close();
  const again = await workspace('orders');
  await reaches(again.frames.orders, 'open');
  assert.deepEqual(await again.frames.orders.evaluate(() => states.at(-1).rights), { ...EVENTS, dial: true, customers: true });
  assert.ok(Array.isArray((await asks(again.frames.orders, 'crm.getAllContacts', '1', 'Contact')).value));
  const calls = phone.events.length;
  const [campaign] = (await asks(again.frames.orders, 'session.getSelectedCampaigns')).value;
  await asks(again.frames.orders, 'interaction.initiateInteraction', 'voice', { phone: '+15550104' }, campaign.campaignId);
  await phone.wait('a call', (e) => e.event === 'call' && e.call.conversation.state !== 'ended', { from: calls });
  assert.equal((await asks(again.frames.orders, 'session.logout')).error.errorCode, 1003);
  phone.say('hangup');
  await again.page.close();
  await admin.send('PUT', `/apps/${ids.orders}`, { slot: 'panel-4', fields: FIELDS, rights: EVENTS });
});

test('an app that is in no slot is not let in, whatever a link says', async () => {
  const { page, frames: { loose } } = await workspace('loose');
  await reaches(loose, 'refused');
  assert.match(await loose.evaluate(() => states.at(-1).words), /no slot/);
  await page.close();
});

test('an app reads the fields of the CRM that are configured for it', async () => {
  const { page, frames: { orders } } = await workspace('orders');
  await reaches(orders, 'open');
  const { value } = await asks(orders, 'configuration.getCrmConfiguration');
  assert.equal(value.crm_type, 'directory');
  assert.deepEqual(value.crmIntegrationConfig, FIELDS);
  const [own] = (await asks(orders, 'appInstance.getAllInfo', 'orders')).value;
  assert.deepEqual(own.crmIntegrationConfig, FIELDS);
  const crm = await bench.page(phone);
  assert.equal((await crm.ask('configuration.getCrmConfiguration')).crmIntegrationConfig, undefined, 'a CRM page has none');
  covers('TB-14');
  await crm.close();
  await page.close();
});

test('a hostile app reaches neither the workspace nor the centre, its neighbours or the agent’s app', async () => {
  // The administrator is signed in in this browser.
  assert.ok((await admin.state()).user);
  const { page, frames: { orders, hostile } } = await workspace('orders', 'hostile');
  await reaches(orders, 'open');
  await reaches(hostile, 'open');
  const sync = await hostile.evaluate((elsewhere) => {
    const tries = {
      'the workspace’s DOM': () => parent.document.body,
      'its storage': () => parent.localStorage.length,
      'a neighbour': () => parent.frames[0].document.body,
      'a neighbour’s sdk': () => parent.frames[0].sdk,
      'its own storage': () => localStorage.length,
      'its session’s storage': () => sessionStorage.length,
      cookies: () => document.cookie,
      'set a cookie': () => { document.cookie = 'omnibar_admin=x; path=/admin'; },
      'lead the top elsewhere': () => { top.location.href = elsewhere; },
      'lead the top by replace': () => top.location.replace(elsewhere),
      'lead a neighbour elsewhere': () => { parent.frames[0].location.href = elsewhere; },
    };
    return Object.entries(tries).flatMap(([what, attempt]) => {
      try {
        attempt();
        return [what];
      } catch {
        return [];
      }
    });
  }, elsewhere.origin);
  assert.deepEqual(sync, [], 'each of these throws');
  assert.equal(await hostile.evaluate((url) => window.open(url), `${bench.centre.page}/admin/`), null, 'no window');

  const later = await hostile.evaluate(async ([centre, port]) => {
    const after = (ms, value) => new Promise((resolve) => setTimeout(resolve, ms, value));
    const tries = {
      'read what the administrator sees': () => fetch(`${centre}/admin/api/state`, { credentials: 'include' }).then((r) => r.text()),
      'make a token': () => fetch(`${centre}/admin/api/tokens`, { method: 'POST', credentials: 'include', headers: { 'x-omnibar-admin': '1', 'content-type': 'application/json' }, body: JSON.stringify({ name: 'evil', days: 1, once: false }) }).then((r) => r.text()),
      'the relay': () => new Promise((resolve, reject) => {
        const socket = new WebSocket(`${centre.replace('http', 'ws')}/ws/dock`);
        socket.onopen = resolve;
        socket.onerror = reject;
      }),
      'the app’s port': () => new Promise((resolve, reject) => {
        const socket = new WebSocket(`ws://127.0.0.1:${port}/dock`);
        socket.onopen = resolve;
        socket.onerror = reject;
      }),
      'the app’s greeting': () => fetch(`http://127.0.0.1:${port}/dock/hello`).then((r) => r.text()),
      'a service worker': () => navigator.serviceWorker.register('index.html'),
      'a database': () => new Promise((resolve, reject) => {
        const opening = indexedDB.open('x');
        opening.onsuccess = resolve;
        opening.onerror = reject;
      }),
      caches: () => caches.open('x'),
      // A frame of its own for the centre's pages: not shown, or deaf.
      ...Object.fromEntries(['/admin/', '/omniapp/toolbar/index.html', '/omniapp/workspace/', '/omniapp/toolbar/bridge.html', '/si/orders/1.0/'].map((path) => [`a frame of ${path}`, async () => {
        const frame = document.createElement('iframe');
        frame.src = `${centre}${path}`;
        const port = new Promise((resolve) => addEventListener('message', (event) => {
          if (event.source === frame.contentWindow && event.data?.say === 'port') resolve('port');
        }));
        const loaded = new Promise((resolve) => { frame.onload = resolve; });
        document.body.append(frame);
        await Promise.race([loaded, after(3000)]);
        if (frame.contentDocument?.body?.textContent) return 'its document';
        frame.contentWindow.postMessage({ omnibar: 1, say: 'hello', config: { context: 'crm', origin: centre, instanceId: 'a', app: '', last: null } }, '*');
        frame.contentWindow.postMessage({ omnibar: 1, say: 'hello', config: { context: 'crm', origin: 'null', instanceId: 'a', app: '', last: null } }, '*');
        if (await Promise.race([port, after(700, '')])) return 'a port';
        throw new Error('deaf');
      }])),
    };
    const done = await Promise.all(Object.entries(tries).map(([what, attempt]) => Promise.race([(async () => attempt())().then(() => what, () => ''), after(8000, `${what}: never`)])));
    // What is sent without an answer must not do anything either.
    await fetch(`${centre}/admin/api/tokens`, { method: 'POST', mode: 'no-cors', credentials: 'include', body: JSON.stringify({ name: 'evil', days: 1, once: false }) }).catch(() => {});
    await fetch(`${centre}/admin/api/session`, { method: 'POST', mode: 'no-cors', credentials: 'include', body: '{"user":"admin","password":"demo"}' }).catch(() => {});
    // The workspace and a neighbour, told lies.
    const { port1, port2 } = new MessageChannel();
    parent.frames[0].postMessage({ omnibar: 1, say: 'port' }, '*', [port2]);
    port1.postMessage({ seq: 1, namespace: 'interaction', event: 'showCrm', payload: { forged: true } });
    parent.postMessage({ omnibar: 1, say: 'hello', config: { context: 'crm', origin: centre, instanceId: 'workspace', app: 'orders', last: null } }, '*');
    await after(500);
    return done.filter(Boolean);
  }, [bench.centre.page, DOCK_PORT]);
  assert.deepEqual(later, []);
  assert.equal(page.url().startsWith(`${bench.centre.page}/omniapp/workspace/`), true);
  assert.deepEqual((await admin.state()).tokens, [], 'nothing was made with the administrator’s session');
  assert.equal((await asks(orders, 'session.getCurrentUser')).value.userId, 'agent1', 'the neighbour works on');
  assert.ok(!elsewhere.asked.some((r) => r.url !== '/favicon.ico'), 'nobody went elsewhere');

  // It says that it is another app: what counts is who frames it.
  await hostile.evaluate((centre) => {
    window.got = [];
    addEventListener('message', (event) => {
      if (event.data?.say !== 'port') return;
      event.ports[0].onmessage = ({ data }) => got.push(data);
    });
    parent.postMessage({ omnibar: 1, say: 'hello', config: { context: 'crm', origin: 'null', instanceId: 'x', app: 'orders', last: null } }, '*');
  }, bench.centre.page);
  const welcome = await until('an answer', () => hostile.evaluate(() => got.find((frame) => frame.say === 'welcome')));
  assert.deepEqual(welcome.rights, EVENTS);
  const infos = (await asks(orders, 'appInstance.getAllInfo', 'hostile')).value;
  assert.deepEqual(infos.map((info) => [info.appId, info.instanceId]), [['hostile', 'hostile']]);
  await page.close();
});
