// The centre as host: the CRM and custom apps inside the workspace, opened by the real app in
// a window of its own, and the same page in Chromium where the frames can be looked into.
import assert from 'node:assert/strict';
import { createPublicKey, verify as checkSignature } from 'node:crypto';
import { after, before, test } from 'node:test';
import { App } from '../lib/app.mjs';
import { until } from '../lib/process.mjs';
import { Admin } from './lib/admin.mjs';
import { Bench } from './lib/bench.mjs';
import { covers } from './lib/coverage.mjs';
import { crmServer } from './lib/crm.mjs';
import { html, Server } from './lib/server.mjs';
import { zip } from './lib/zip.mjs';

const LANDING = ['userId', 'userName', 'sessionId', 'userType', 'iframeId', 'campaignId', 'crmSessionId',
  'userCrtObjectIds', 'instanceId', 'locale', 'origin', 'contactCenterId', 'processId'];
const CALL = ['crm_push_generated_time', 'userCrtObjectId', 'phone', 'disableDispositionOnActiveCall', 'campaignId',
  'associationType', 'crtObjectId', 'sessionId', 'userId', 'isOriginalPhoneRequiredInCRM', 'callType', 'displayPhone',
  'instanceId', 'session-id', 'locale', 'origin', 'interactionId', 'iframeId', 'contactCenterId', 'customerId'];
const template = (names) => names.map((name) => `${name}={${name}}`).join('&');

let bench, admin, crm, passive, told;

before(async () => {
  bench = await Bench.open();
  admin = await Admin.open(bench.chrome, bench.centre);
  told = [];
  crm = await bench.keep(crmServer((report) => told.push(report)));
  passive = await bench.keep(Server.open((request, response) => html(response, 'the CRM', {
    'set-cookie': `seen=${passive.asked.length}; Max-Age=86400`,
  })));
});

after(() => bench?.close());

const configure = (more) => admin.send('PUT', '/campaigns/support', {
  landing_url: '', call_url: '', session_policy: 'none', mask_numbers: false, record: false, ...more,
});
const window = (name, args = []) => App.open(bench.desktop, { name, centre: bench.centre.url, args });
const asked = (path) => until(`the CRM to be asked for ${path}`, () => passive.asked.findLast((r) => r.url.startsWith(path)), 20000);
const parameters = (request) => new URL(request.url, passive.origin).searchParams;

test('Knowledge Base URL at sign-in, call URL on arrival: every placeholder is filled', async () => {
  await configure({
    landing_url: `${passive.origin}/home?${template(LANDING)}`,
    call_url: `${passive.origin}/pop?${template(CALL)}`,
  });
  const app = await window('pages');
  try {
    await app.begin({ campaigns: ['support'] });
    const home = parameters(await asked('/home'));
    assert.deepEqual([...home.keys()], LANDING);
    assert.ok(LANDING.every((name) => home.get(name)), home.toString());
    assert.equal(home.get('userId'), 'agent1');
    assert.equal(home.get('userName'), 'Ada Palmer');
    assert.equal(home.get('campaignId'), '101');
    assert.equal(home.get('origin'), bench.centre.page);
    covers('REST-06');
    await app.click('presence-menu');
    await app.click('presence-available');
    const customer = await bench.customer({ number: '+15550103', name: 'Paula Reyes' });
    const pop = parameters(await asked('/pop'));
    assert.deepEqual([...pop.keys()], CALL);
    assert.ok(CALL.every((name) => pop.get(name)), pop.toString());
    assert.equal(pop.get('phone'), '+15550103');
    assert.equal(pop.get('sessionId'), home.get('sessionId'));
    assert.equal(pop.get('session-id'), home.get('sessionId'));
    assert.ok(Number(pop.get('customerId')) > 0);
    assert.ok(Math.abs(Date.now() - Number(pop.get('crm_push_generated_time'))) < 60000);
    covers('REST-07', 'REST-12');
    await customer.hangUp();
  } finally {
    await app.close();
  }
});

/** The CRM on another site than the centre, as it is in life. */
const elsewhere = () => `http://localhost:${passive.port}`;
const cookieOf = (request) => /seen=(\d+)/.exec(request.headers.cookie ?? '')?.[1] ?? null;
const landed = (from) => until('the CRM to be opened', () => passive.asked.slice(from).find((r) => r.url.startsWith('/policy?')), 20000);

/** Signs in and gives what the CRM was asked for. */
async function begin(app, user = 'agent1') {
  const from = passive.asked.length;
  await app.begin({ user, campaigns: ['support'] });
  return landed(from);
}

async function signOut(app) {
  await app.click('presence-menu');
  await app.click('sign-out');
  await app.see('signin-submit');
}

const policy = (session_policy) => configure({
  landing_url: `${elsewhere()}/policy?u={userId}`, call_url: `${elsewhere()}/pop?i={interactionId}`, session_policy,
});

test('session policy none: nothing of the CRM is kept, nor is it told who the agent is', async () => {
  await policy('none');
  for (const start of ['first', 'second']) {
    const app = await window('policy-none');
    try {
      const home = await begin(app);
      assert.equal(cookieOf(home), null, `${start} start`);
      assert.equal(parameters(home).has('ssoToken'), false);
    } finally {
      await app.close();
    }
  }
});

test('session policy cookie: kept over calls and starts of the app, and for this agent alone', async () => {
  await policy('cookie');
  let app = await window('policy-cookie');
  let kept;
  try {
    assert.equal(cookieOf(await begin(app)), null, 'a new agent has none');
    await app.click('presence-menu');
    await app.click('presence-available');
    const customer = await bench.customer({ number: '+15550104', name: 'Ken Ito' });
    const pop = await asked('/pop');
    kept = cookieOf(pop);
    assert.ok(kept, 'the call\'s page has the landing page\'s cookie');
    assert.equal(parameters(pop).has('ssoToken'), false);
    await customer.hangUp();
  } finally {
    await app.close();
  }
  app = await window('policy-cookie');
  try {
    const again = cookieOf(await begin(app));
    assert.ok(Number(again) >= Number(kept), `after a start of the app: ${again}`);
    await signOut(app);
    assert.ok(cookieOf(await begin(app)), 'after signing out and in again');
    await signOut(app);
    assert.equal(cookieOf(await begin(app, 'agent2')), null, 'another agent is nobody to the CRM');
    await signOut(app);
    assert.equal(cookieOf(await begin(app)), null, 'and has left nothing of the first behind');
  } finally {
    await app.close();
  }
});

test('session policy sso: the CRM learns the agent from a token that the centre answers for, once', async () => {
  await policy('sso');
  const verify = async (token, audience) => {
    const answer = await fetch(`${bench.centre.page}/omniapp/identity/verify`, { method: 'POST', body: JSON.stringify({ token, audience }) });
    assert.equal(answer.status, 200);
    return answer.json();
  };
  const app = await window('policy-sso');
  try {
    const home = parameters(await begin(app));
    const token = home.get('ssoToken');
    assert.equal((await verify(token, 'https://other.example')).active, false, 'not for another page');
    assert.equal((await verify(`${token}x`, elsewhere())).active, false);
    const said = await verify(token, elsewhere());
    assert.deepEqual([said.active, said.sub, said.name, said.aud], [true, 'agent1', 'Ada Palmer', elsewhere()]);
    assert.ok(said.exp - Date.now() / 1000 <= 60, 'for a minute');
    assert.equal((await verify(token, elsewhere())).active, false, 'once');

    const { keys: [jwk] } = await (await fetch(`${bench.centre.page}/omniapp/identity/keys.json`)).json();
    const [head, claims, signature] = token.split('.');
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    assert.ok(checkSignature(null, Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, 'base64url')), 'the CRM can check it alone');
    assert.deepEqual(Object.keys(JSON.parse(Buffer.from(claims, 'base64url'))).sort(), ['aud', 'exp', 'iat', 'iss', 'jti', 'name', 'sid', 'sub']);
    const rest = await fetch(`${bench.centre.page}/ameyorestapi/voice/manualdial`, {
      method: 'POST', headers: { authorization: `Bearer ${token}`, sessionid: said.sid, 'content-type': 'application/json' }, body: '{}',
    });
    assert.ok([400, 401].includes(rest.status), `it opens nothing: ${rest.status}`);
    await app.click('presence-menu');
    await app.click('presence-available');
    const customer = await bench.customer({ number: '+15550105', name: 'Lea Roth' });
    const pop = await until('the call\'s page', () => passive.asked.findLast((r) => r.url.startsWith('/pop') && r.url.includes('ssoToken')), 20000);
    assert.ok(cookieOf(pop), 'the CRM\'s own session lasts');
    const fresh = parameters(pop).get('ssoToken');
    assert.notEqual(fresh, token);
    await customer.hangUp();
    const [, body] = fresh.split('.');
    assert.equal(JSON.parse(Buffer.from(body, 'base64url')).sub, 'agent1');
    await signOut(app);
    const over = await verify(fresh, elsewhere());
    assert.equal(over.active, false);
    assert.match(over.reason, /signed out/);
  } finally {
    await app.close();
  }
  covers('REST-11');
});

test('a page of the CRM is asked for over https, unless it is of this machine', async () => {
  await assert.rejects(configure({ landing_url: 'http://crm.example/home' }), (error) => error.status === 400 && /https/.test(error.message));
  await assert.rejects(configure({ call_url: 'http://192.168.1.5/pop?{phone}' }), (error) => error.status === 400);
  await configure({ landing_url: 'https://crm.example/home' });
  covers('REST-08');
});

test('the CRM in the workspace speaks the SDK in context app; one that forbids framing is not shown', async () => {
  await configure({});
  const phone = await bench.phone();
  phone.say(`allow ${crm.origin}`);
  const query = new URLSearchParams({ centre: bench.centre.page, context: 'app', report: '1' });
  const place = new URLSearchParams({ crm: `${crm.origin}/?${query}` });
  const page = await bench.chrome.page(`${bench.centre.page}/omniapp/workspace/#${place}`);
  const frame = await until('the CRM in its frame', () => page.frames().find((f) => f.url().startsWith(crm.origin)), 15000);
  await frame.waitForFunction(() => window.states?.at(-1)?.state === 'open', null, { timeout: 20000, polling: 200 });
  assert.equal(await frame.evaluate(() => states.at(-1).frame), 'workspace');
  assert.equal((await frame.evaluate(() => sdk.session.getCurrentUser())).userId, 'agent1');
  phone.say('ready');
  const customer = await bench.customer({ number: '+15550103', name: 'Paula Reyes' });
  await until('the screen pop', () => told.find((e) => e.event === 'showCrm' && e.payload.customerDetails.phone === '+15550103'), 20000);
  covers('REST-13', 'TB-08');
  phone.say('reject');
  await customer.hangUp();
  phone.say('break tea');

  const closed = await bench.keep(Server.open((request, response) => html(response, 'closed', { 'x-frame-options': 'SAMEORIGIN' })));
  const open = await bench.keep(Server.open((request, response) => html(response, 'open', { 'content-security-policy': `frame-ancestors ${bench.centre.page}` })));
  await page.goto('about:blank');
  await page.goto(`${bench.centre.page}/omniapp/workspace/#${new URLSearchParams({ crm: `${closed.origin}/` })}`);
  await until('the refusal', () => page.frames().some((f) => f.url().startsWith('chrome-error:')), 10000);
  await page.goto('about:blank');
  await page.goto(`${bench.centre.page}/omniapp/workspace/#${new URLSearchParams({ crm: `${open.origin}/` })}`);
  const shown = await until('the page', () => page.frames().find((f) => f.url().startsWith(open.origin)), 10000);
  assert.match(await shown.evaluate(() => document.body.textContent), /open/);
  covers('REST-09');
  await page.close();
});

const PAGE = `<!doctype html><meta charset="utf-8"><title>orders</title><body>orders<script type="module">
window.told = [];
addEventListener('message', (event) => { if (event.data?.say === 'theme') window.theme = event.data; });
const { default: omni } = await import('../../../omniapp/sdk/ameyo-sdk.js');
window.sdk = omni.initialize({ context: 'app', origin: location.origin });
window.states = [];
sdk.session.register('omnibar:dock', (state) => states.push(state));
for (const name of ['receiveData', 'receiveDataFromCRM']) sdk[name === 'receiveData' ? 'ui' : 'crm'].register(name, (payload) => told.push({ event: name, payload }));
parent.postMessage({ omnibar: 1, say: 'theme' }, '*');
</script>`;
const manifest = (more = {}) => JSON.stringify({ name: 'orders', version: '1.0.2', crmIntegrationConfig: [{ key: 'Order.Id', label: 'Order', type: 'id' }], ...more });
const packed = (files) => ({ base64: zip(files).toString('base64') });
const good = () => [['index.html', PAGE], ['static/app.css', 'body { margin: 0 }'], ['manifest.json', manifest()]];

test('custom apps: hostile packages are refused with a reason', async () => {
  const cases = [
    ['no zip', Buffer.from('this is no zip')],
    ['no manifest', zip(good().slice(0, 2))],
    ['no page', zip(good().slice(1))],
    ['a manifest that is no JSON', zip([['index.html', PAGE], ['manifest.json', '{name:']])],
    ['a name that is a path', zip([['index.html', PAGE], ['manifest.json', manifest({ name: '../admin' })]])],
    ['a version that is a path', zip([['index.html', PAGE], ['manifest.json', manifest({ version: '1/../../x' })]])],
    ['a path out of the app', zip([...good(), ['../../etc/cron.d/x', 'x']])],
    ['an absolute path', zip([...good(), ['/etc/passwd', 'x']])],
    ['backslashes', zip([...good(), ['..\\..\\x', 'x']])],
    ['a bomb', zip([...good(), ['big.txt', Buffer.alloc(9_000_000)]])],
    ['an archive in the archive', zip([...good(), ['more.zip', zip(good())]])],
    ['the same path twice', zip([...good(), ['index.html', 'other']])],
    ['a field of no type', zip([['index.html', PAGE], ['manifest.json', manifest({ crmIntegrationConfig: [{ key: 'a', type: 'evil' }] })]])],
  ];
  for (const [what, bytes] of cases) {
    await assert.rejects(admin.send('POST', '/apps', { base64: bytes.toString('base64') }),
      (error) => error.status >= 400 && error.status < 500 && JSON.stringify(error.value).length > 20, what);
  }
  assert.deepEqual((await admin.state()).apps, []);
});

test('custom apps: uploaded, placed, shown apart in the workspace with its theme; data both ways; removed', async () => {
  const added = await admin.send('POST', '/apps', packed(good()));
  assert.equal(added.url, '/si/orders/1.0.2/');
  covers('TB-11');
  assert.deepEqual((await admin.state()).apps[0].fields, [{ key: 'Order.Id', label: 'Order', type: 'id' }], 'as the manifest has them');
  await admin.send('PUT', `/apps/${added.id}`, { slot: 'panel-4', fields: [{ key: 'Order.Id', label: 'Order', type: 'id' }, { key: 'Order.Total', label: 'Total', type: 'number' }] });
  const [app] = (await admin.state()).apps;
  assert.equal(app.slot, 'panel-4');
  covers('TB-13');
  assert.deepEqual(app.fields.map((f) => [f.key, f.type]), [['Order.Id', 'id'], ['Order.Total', 'number']]);
  await assert.rejects(admin.send('PUT', `/apps/${added.id}`, { slot: 'panel-4', fields: [{ key: 'a b', type: 'id' }] }), (error) => error.status === 400);
  covers('TB-14');
  const served = await fetch(`${bench.centre.page}/si/orders/1.0.2/`);
  assert.equal(served.status, 200);
  assert.match(served.headers.get('content-security-policy'), /sandbox/);
  assert.equal((await fetch(`${bench.centre.page}/si/orders/9.9.9/`)).status, 404);
  covers('TB-12');

  const phone = bench.opened.findLast((thing) => thing.say);
  const page = await bench.page(phone);
  phone.say(`allow ${bench.centre.page}`);
  const place = new URLSearchParams({ app: 'orders/1.0.2/panel-4' });
  const workspace = await bench.chrome.page(`${bench.centre.page}/omniapp/workspace/#${place}`);
  const frame = await until('the app in its frame', () => workspace.frames().find((f) => f.url().includes('/si/orders/1.0.2/')), 15000);
  await frame.waitForFunction(() => window.states?.at(-1)?.state === 'open', null, { timeout: 20000, polling: 200 });
  const own = await frame.evaluate(() => ({ origin: self.origin, storage: (() => { try { return !!localStorage; } catch { return false; } })(), above: (() => { try { return !!parent.document; } catch { return false; } })() }));
  assert.deepEqual(own, { origin: 'null', storage: false, above: false });
  const theme = await frame.evaluate(() => window.theme);
  assert.ok(['light', 'dark'].includes(theme.theme));
  assert.ok(theme.colours.accent);
  covers('TB-15');

  const all = await page.ask('appInstance.getAllInfo', '');
  const mine = all.find((a) => a.appId === 'orders');
  assert.equal(mine.context, 'app', JSON.stringify(all));
  covers('API-44');
  assert.deepEqual(await page.ask('appInstance.getInfo', mine.instanceId), mine);
  covers('API-45');
  assert.deepEqual(await page.ask('appInstance.sendDataToApp', mine.instanceId, { order: 7 }), { order: 7 });
  const heard = (event, fits) => until(event, async () => (await frame.evaluate(() => told)).find((e) => e.event === event && fits(e.payload)));
  await heard('receiveData', (p) => p.order === 7);
  covers('API-46', 'EVT-29');
  assert.deepEqual(await page.ask('crm.sendDataToApp', { to: 'app' }), { to: 'app' });
  await heard('receiveDataFromCRM', (p) => p.to === 'app');
  covers('API-28', 'EVT-26');
  assert.deepEqual(await frame.evaluate(() => sdk.crm.sendDataToCRM({ to: 'crm' })), { to: 'crm' });
  await page.event('receiveDataFromApp', (p) => p.to === 'crm');
  covers('API-27', 'EVT-25');
  await assert.rejects(page.ask('crm.sendDataToCRM', 'x'), (error) => error.errorCode > 0);
  await admin.send('DELETE', `/apps/${added.id}`);
  assert.equal((await fetch(`${bench.centre.page}/si/orders/1.0.2/`)).status, 404);
  await workspace.close();
});
