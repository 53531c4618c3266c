// A campaign that hides numbers: nothing in the browser has one, and calls go on all the same.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { App } from '../lib/app.mjs';
import { until } from '../lib/process.mjs';
import { Admin } from './lib/admin.mjs';
import { Bench } from './lib/bench.mjs';

const NUMBER = '+15550103';
const DIGITS = '15550103';
let bench, admin, phone, crm, frames;

before(async () => {
  bench = await Bench.open();
  admin = await Admin.open(bench.chrome, bench.centre);
  for (const id of ['support', 'outreach']) {
    await admin.send('PUT', `/campaigns/${id}`, {
      landing_url: '', call_url: `${bench.server.origin}/pop?phone={phone}&display={displayPhone}&id={customerId}`, session_policy: 'none', mask_numbers: true, record: false,
    });
  }
  frames = () => crm.page.frames();
});

after(() => bench?.close());

/** Fails where the digits stand in the text, however they are spaced. */
function hidden(what, value) {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const plain = text.replace(/[\s().-]/g, '');
  const at = plain.indexOf(DIGITS.slice(1));
  assert.ok(at < 0, `${what}: …${plain.slice(Math.max(0, at - 60), at + 30)}…`);
}

async function nowhere(what) {
  hidden(`${what}: events`, await crm.told());
  for (const frame of frames()) {
    hidden(`${what}: DOM of ${frame.url()}`, await frame.evaluate(() => {
      const fields = [...document.querySelectorAll('input, textarea')].map((field) => field.value);
      const roots = [...document.querySelectorAll('*')].flatMap((node) => (node.shadowRoot ? [node.shadowRoot.innerHTML] : []));
      return [document.documentElement.outerHTML, document.title, ...fields, ...roots].join('\n');
    }));
    hidden(`${what}: storage of ${frame.url()}`, await frame.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }])));
  }
}

test('the screen pop of the app’s own window: the address has no number', async () => {
  const app = await App.open(bench.desktop, { name: 'masked', centre: bench.centre.url });
  try {
    await app.begin({ campaigns: ['support'] });
    await app.click('presence-menu');
    await app.click('presence-available');
    const customer = await bench.customer({ number: NUMBER, name: 'Paula Reyes' });
    const pop = await until('the screen pop', () => bench.server.asked.find((r) => r.url.startsWith('/pop?')), 20000);
    const told = new URL(pop.url, bench.server.origin).searchParams;
    assert.match(told.get('phone'), /\*+0103$/);
    assert.match(told.get('display'), /\*+0103$/);
    assert.ok(Number(told.get('id')) > 0, 'the CRM finds the customer by the id');
    hidden('requests of the CRM’s page', bench.server.asked.map((request) => [request.url, request.headers]));
    await customer.hangUp();
  } finally {
    await app.close();
  }
});

test('an inbound call: no event, result or part of the toolbar shows the number', async () => {
  phone = await bench.phone();
  crm = await bench.page(phone);
  const toolbar = await until('the toolbar', () => frames().find((f) => f.url().includes('/omniapp/toolbar/')));
  const wire = [];
  const devtools = await bench.chrome.context.newCDPSession(crm.page);
  await devtools.send('Network.enable');
  devtools.on('Network.webSocketFrameReceived', ({ response }) => wire.push(response.payloadData));
  phone.say('ready');
  const from = await crm.mark();
  const customer = await bench.customer({ number: NUMBER, name: 'Paula Reyes' });
  const pop = await crm.event('showCrm', () => true, { from });
  assert.match(pop.payload.customerDetails.phone, /\*+0103$/, 'the last four are there to tell calls apart');
  await toolbar.getByText('Paula Reyes').first().waitFor();
  await nowhere('offered');
  phone.say('answer');
  await crm.event('interactionConnected', () => true, { from });
  await customer.state('connected');
  await nowhere('connected');
  const results = {};
  for (const [api, ...args] of [
    ['interaction.getCurrentInteraction'],
    ['interaction.getAllLiveInteractionsForAgent'],
    ['crm.getAllContacts', '1', 'Contact'],
    ['session.getAgentSession'],
    ['http.invokeECCAPI', 'customer-manager', '/customers', 'GET'],
    ['http.invokeECCAPI', 'interaction-service', '/interactions', 'GET'],
    ['configuration.getPhoneNumberSearch'],
    ['appInstance.getAllInfo', ''],
  ]) {
    results[api] = await crm.ask(api, ...args).catch((error) => ({ refused: error.message }));
    hidden(api, results[api]);
  }
  assert.ok(Array.isArray(results['crm.getAllContacts']) && results['crm.getAllContacts'].length > 0);
  await assert.rejects(crm.ask('crm.searchCase', '1', 'Contact', DIGITS, 'Phone', 5, 0), 'numbers are not found out by search');
  hidden('what the frame was sent', wire.join('\n'));
  await customer.hangUp();
  await crm.event('interactionDisconnected', () => true, { from });
  await nowhere('over');
  const classes = await crm.ask('configuration.getDispositionCodesWithDispositionClass', 101);
  await crm.ask('interaction.disposeInteraction', 'voice', pop.payload.interactionId, classes[0].dispositionCodeBean[0].dispositionCodeId, 'done');
  await nowhere('disposed');
});

test('a masked number is dialled: by its customer, and the page never learns it', async () => {
  const from = await crm.mark();
  const [paula] = await crm.ask('crm.searchCase', '1', 'Contact', 'Paula Reyes', 'Name', 1, 0);
  const id = Number(paula.find((field) => field.field === 'Id').value);
  const shown = paula.find((field) => field.field === 'Phone').value;
  assert.match(shown, /^\*+0103$/);
  const campaigns = await crm.ask('session.getSelectedCampaigns');
  const outreach = campaigns.find((c) => c.campaignId !== 101) ?? campaigns[0];
  await crm.ask('interaction.initiateInteraction', 'voice', { phone: shown }, outreach.campaignId, id);
  const call = await phone.wait('a call to her', (e) => e.event === 'call' && e.call.direction === 'outbound', { from: 0 });
  assert.ok(call);
  await crm.event('interactionInitiated', () => true, { from });
  await nowhere('dialled');
  phone.say('hangup');
});
