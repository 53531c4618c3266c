// Calls that need no live interaction, made by a real page of another origin against the
// running app and centre.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { plain } from './lib/chrome.mjs';
import { Crm, crmServer } from './lib/crm.mjs';
import { Bench } from './lib/bench.mjs';
import { covers } from './lib/coverage.mjs';
import { Admin } from './lib/admin.mjs';
import { Server } from './lib/server.mjs';
import { until } from '../lib/process.mjs';

let bench, phone, crm;

before(async () => {
  bench = await Bench.open();
  phone = await bench.phone();
  crm = await bench.page(phone);
});

after(() => bench?.close());

const refused = (type, code) => (error) => {
  assert.equal(error.errorType, type, error.message);
  assert.equal(error.errorCode, code);
  assert.ok(error.description.length > 0, 'it says why');
  return true;
};

test('the module loads from the centre and docks its frame in the page', async () => {
  const found = await crm.page.evaluate(() => ({
    exports: typeof omni.initialize,
    frame: document.querySelector('iframe#ameyoIframe')?.src,
    inDiv: !!document.querySelector('#ameyoIframeDiv iframe, #ameyoIframeDiv *'),
    namespaces: ['session', 'interaction', 'crm', 'configuration', 'http', 'ui', 'store', 'appInstance', 'notification'].filter((n) => typeof sdk[n]?.register !== 'function'),
  }));
  assert.equal(found.exports, 'function');
  assert.deepEqual(found.namespaces, []);
  assert.ok(found.frame.startsWith(`${bench.centre.page}/omniapp/toolbar/index.html`), found.frame);
  assert.ok(found.inDiv);
  covers('API-01', 'TB-01', 'TB-02', 'TB-03');
  const state = await crm.reaches((s) => s.state === 'open', 'open');
  assert.equal(state.way, 'loopback');
  assert.deepEqual(state.rights, { events: true, control: true, customers: true, dial: true });
});

test('session: user, campaigns, extension and the whole session', async () => {
  assert.deepEqual(await crm.ask('session.getCurrentUser'), { userId: 'agent1', userType: 'Executive', userName: 'Ada Palmer' });
  covers('API-09');
  const campaigns = await crm.ask('session.getSelectedCampaigns');
  assert.ok(campaigns.some((c) => c.campaignId === 101 && c.campaignName === 'Support' && c.processId === 1), JSON.stringify(campaigns));
  covers('API-10');
  const extension = await crm.ask('session.getSelectedExtension');
  assert.equal(typeof extension.callContextId, 'number');
  assert.ok(extension.phone);
  covers('API-07');
  const session = await crm.ask('session.getAgentSession');
  assert.equal(session.userId, 'agent1');
  assert.deepEqual(session.readStatuses, ['Available']);
  assert.deepEqual(session.readyStatuses, session.readStatuses);
  assert.ok(session.breakStatuses.includes('Tea'));
  assert.ok(session.campaignInfos.some((c) => c.campaignId === 101));
  covers('API-11');
});

test('root: base URL and loading', async () => {
  assert.equal(await crm.ask('getBaseUrl'), bench.centre.page);
  covers('API-03');
  await crm.ask('setBaseUrl', bench.centre.page);
  await assert.rejects(crm.ask('setBaseUrl'), refused('REQUIRED_FIELD_MISSING', 2001));
  covers('API-02');
  await crm.ask('onLoadHandler', true);
  await crm.frame().getByText(/loading/i).first().waitFor();
  await crm.ask('onLoadHandler', false);
  await until('the note to go', async () => (await crm.frame().getByText(/still loading/i).count()) === 0);
  covers('API-04');
});

test('configuration: dispositions, CRM objects, connector, primary column', async () => {
  const classes = await crm.ask('configuration.getDispositionCodesWithDispositionClass', 101);
  const codes = classes.flatMap((c) => c.dispositionCodeBean);
  assert.ok(classes.every((c) => Number.isInteger(c.classId) && c.className));
  assert.ok(codes.some((c) => c.dispositionCodeName === 'Resolved on the call' && Number.isInteger(c.dispositionCodeId)));
  await assert.rejects(crm.ask('configuration.getDispositionCodesWithDispositionClass', 999), refused('DATA_NOT_FOUND', 4000));
  covers('API-29');
  const objects = await crm.ask('configuration.getCrmObjectConfiguration');
  const kinds = objects.map((o) => o.object_type);
  assert.ok(kinds.includes('Case'), kinds.join());
  assert.deepEqual(await crm.ask('configuration.getOmniCrmObjectConfiguration'), objects, 'an alias');
  const fields = objects.find((o) => o.object_type === 'Case').objects_metadata.Case.field_metadata;
  assert.ok(fields.some((f) => f.field_name === 'Subject'));
  covers('API-30');
  const connector = await crm.ask('configuration.getCrmConfiguration');
  assert.ok(Number.isInteger(connector.crm_connector_id));
  assert.ok(connector.crm_type);
  covers('API-31');
  assert.equal(await crm.ask('configuration.getPrimaryColumnName'), 'id');
  covers('API-33');
});

test('crm: contacts, cases, create, update, search', async () => {
  const connector = String((await crm.ask('configuration.getCrmConfiguration')).crm_connector_id);
  const value = (row, field) => row.find((f) => f.field === field)?.value;
  const contacts = await crm.ask('crm.getAllContacts', connector, 'Contact');
  assert.ok(contacts.length >= 12);
  assert.ok(contacts.every((row) => row.every((f) => 'field' in f && 'value' in f && 'type' in f)));
  covers('API-22');
  const created = await crm.ask('crm.createCase', 'Case', { Subject: 'Lamp flickers', Description: 'Since Monday' }, connector);
  assert.ok(created.id, JSON.stringify(created));
  covers('API-24');
  const cases = await crm.ask('crm.getAllCases', connector, 'Case');
  assert.ok(cases.some((row) => value(row, 'Subject') === 'Lamp flickers'));
  covers('API-23');
  await crm.ask('crm.updateObject', 'Case', { Subject: 'Lamp is repaired' }, connector, String(created.id));
  const found = await crm.ask('crm.searchCase', connector, 'Case', 'repaired', 'Subject', 10, 0);
  assert.equal(found.length, 1);
  assert.equal(value(found[0], 'Subject'), 'Lamp is repaired');
  covers('API-25', 'API-26', 'TB-09');
  await assert.rejects(crm.ask('crm.updateObject', 'Case', { Subject: 'x' }, connector, '999999'), refused('DATA_NOT_FOUND', 4000));
});

test('http: services of the centre, and only hosts that are listed outside', async () => {
  const found = await crm.ask('http.invokeECCAPI', 'appserver', '/searchables', 'get');
  assert.ok(found.searchables.includes('id'));
  await assert.rejects(crm.ask('http.invokeECCAPI', 'appserver', '/no-such-path', 'get'),
    (error) => ['DATA_NOT_FOUND', 'HTTP_ERROR'].includes(error.errorType));
  await assert.rejects(crm.ask('http.invokeECCAPI', 'hub', '/ticket', 'post'), (error) => error.errorCode > 0);
  covers('API-34');

  const outside = await bench.keep(Server.open((request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ path: request.url, cookie: request.headers.cookie ?? null, kind: request.headers['x-kind'] }));
  }));
  await assert.rejects(crm.ask('http.invokeThirdPartyAPI', `${outside.origin}/rates`, 'get'), (error) => error.errorCode === 3000 || error.errorCode === 1003);
  assert.equal(outside.asked.length, 0, 'a host that is not listed is not asked');
  const admin = await Admin.open(bench.chrome, bench.centre);
  await admin.send('PUT', '/outside-hosts', [`127.0.0.1:${outside.port}`]);
  const answer = await crm.ask('http.invokeThirdPartyAPI', `${outside.origin}/rates`, 'get', { 'x-kind': 'test' }, { page: 2 });
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.data, { path: '/rates?page=2', cookie: null, kind: 'test' });
  assert.equal(typeof answer.statusText, 'string');
  covers('API-35');
  await admin.close();
});

test('store: what a page keeps, no page of another origin reads', async () => {
  assert.equal(await crm.ask('store.set', 'cart', 'qwerty'), 'successfully set store item');
  covers('API-42');
  assert.equal(await crm.ask('store.get', 'cart'), 'qwerty');
  covers('API-41');
  assert.equal(await crm.ask('store.delete', 'cart'), 'successfully deleted store item');
  await assert.rejects(crm.ask('store.get', 'cart'), refused('DATA_NOT_FOUND', 4000));
  covers('API-43');
});

test('ui: sign-in, dialling and extension filled in, toast shown', async () => {
  await crm.ask('ui.populateChannelDetailsForNewInteraction', 'voice', '', { campaignId: '101', appName: 'crm', phone: '+15550107', name: 'Tessa' });
  assert.equal(await crm.ask('configuration.getPhoneNumberSearch'), '+15550107');
  assert.equal(await crm.ask('configuration.getPhoneNumberSearched'), '+15550107', 'an alias');
  covers('API-37', 'API-32');
  await crm.ask('ui.triggerToastNotification', 'The order is on its way', 'success');
  await crm.frame().getByText('The order is on its way').first().waitFor();
  await assert.rejects(crm.ask('ui.triggerToastNotification', 'x', 'loud'), (error) => error.errorCode > 0);
  covers('API-39');
  // What it shows: window.test.mjs.
  await assert.rejects(crm.ask('ui.setExtensionInfo', 5, ''), (error) => error.errorCode > 0);
});

test('ui events: the toolbar has the focus or not; the window is seen or not', async () => {
  await crm.event('sendLifecycleEvent', (state) => ['focused', 'blurred', 'loaded'].includes(state));
  covers('EVT-28');
  // Automation keeps a page visible, so this is a browser that nobody drives: the page reports.
  const told = [];
  const server = await bench.keep(crmServer((report) => told.push(report)));
  const query = new URLSearchParams({ centre: bench.centre.page, context: 'crm', report: '1' });
  const browser = await bench.keep(plain(bench.desktop, `${server.origin}/?${query}`));
  const visible = (isVisible, from) => until(`a window that is ${isVisible ? 'seen' : 'hidden'}`, () =>
    told.slice(from).find((e) => e.event === 'windowVisibilityChanged' && e.payload.isVisible === isVisible), 20000);
  await until('the page to load', () => told.some((e) => e.event === 'loaded'), 20000);
  await browser.minimise();
  await visible(false, 0);
  const from = told.length;
  await browser.restore();
  await visible(true, from);
  covers('EVT-27');
});

test('errors: each of the five, with its number', async () => {
  await assert.rejects(crm.ask('session.login'), refused('REQUIRED_FIELD_MISSING', 2001));
  await assert.rejects(crm.ask('interaction.initiateInteraction', 'voice', {}, 101), refused('REQUIRED_FIELD_MISSING', 2001));
  await assert.rejects(crm.ask('interaction.getCurrentInteraction'), refused('DATA_NOT_FOUND', 4000));
  const stranger = await Crm.open(bench.chrome, bench.server, bench.centre, { origin: 'https://elsewhere.example', instance: 'stranger' });
  const broken = await stranger.page.waitForFunction(() => window.broken).then((handle) => handle.jsonValue());
  refused('INVALID_ORIGIN', 1003)(Object.assign(new Error(), broken));
  await stranger.close();
  await assert.rejects(crm.ask('session.login', 'agent2', 'demo'), refused('HTTP_ERROR', 3000), 'another agent is signed in');
  // Nobody answers where this page looks for a centre.
  const silent = await bench.keep(Server.open(() => {}));
  const stranded = await Crm.open(bench.chrome, bench.server, bench.centre, { instance: 'stranded', base: silent.origin });
  await stranded.page.waitForFunction(() => window.sdk);
  const began = performance.now();
  await assert.rejects(stranded.ask('session.getCurrentUser'), refused('TIMEOUT', 1000));
  assert.ok(performance.now() - began > 15000, 'it waited as long as it says');
  covers('TB-17');
  await stranded.close();
});
