// A day's calls as a CRM's page sees and drives them: a real customer, the real app, the real
// centre. Every interaction call and event, and the presses in the docked toolbar.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { Phone } from '../lib/phone.mjs';
import { Bench } from './lib/bench.mjs';
import { covers } from './lib/coverage.mjs';
import { crmServer, Crm } from './lib/crm.mjs';

const NUMBER = '+15550103';
const RESOLVED = 'Resolved on the call';
let bench, phone, crm, codes;

before(async () => {
  bench = await Bench.open();
  phone = await bench.phone();
  crm = await bench.page(phone);
  const classes = await crm.ask('configuration.getDispositionCodesWithDispositionClass', 101);
  codes = Object.fromEntries(classes.flatMap((c) => c.dispositionCodeBean).map((c) => [c.dispositionCodeName, c.dispositionCodeId]));
});

after(() => bench?.close());

// A check that failed in a call leaves none behind for the next.
afterEach(async () => {
  const live = await crm.ask('interaction.getAllLiveInteractionsForAgent').catch(() => []);
  for (const { data } of live) {
    const classes = await crm.ask('configuration.getDispositionCodesWithDispositionClass', data.last_campaign_id);
    const [code] = classes[0].dispositionCodeBean;
    await crm.ask('interaction.disposeInteraction', 'voice', data.id, code.dispositionCodeId, 'left over').catch(() => {});
  }
});

const wellFormed = ({ payload }) => {
  assert.match(payload.interactionId, /^[0-9a-f-]{8,}/i);
  assert.equal(payload.campaignId, 101);
  assert.ok(payload.userCrtObjectId);
  assert.equal(payload.channelDetails.channelType.toLowerCase(), 'voice');
  return payload;
};

/** A customer calls; the agent is available. The payload of interactionInitiated. */
async function offered(from, options = {}) {
  phone.say('ready');
  const customer = await bench.customer({ number: NUMBER, name: 'Paula Reyes', ...options });
  const initiated = await crm.event('interactionInitiated', () => true, { from });
  return { customer, told: wellFormed(initiated) };
}

async function talking(from, options) {
  const call = await offered(from, options);
  phone.say('answer');
  await crm.event('interactionConnected', (p) => p.interactionId === call.told.interactionId, { from });
  await call.customer.state('connected');
  return call;
}

const disposed = (id, ...more) => crm.ask('interaction.disposeInteraction', 'voice', id, codes[RESOLVED], ...more);

test('an inbound call: initiated, ringing, screen pop, connected, disconnected, disposed, ended', async () => {
  const from = await crm.mark();
  phone.say('ready');
  await crm.event('userAvailabilityChanged', (p) => p.isAvailable && p.autoCallStatus && p.statusDescription === 'Available', { from });
  covers('EVT-02');
  const { customer, told } = await offered(from);
  const id = told.interactionId;
  covers('EVT-05');
  wellFormed(await crm.event('callRinging', (p) => p.interactionId === id, { from }));
  covers('EVT-06');
  const pop = wellFormed(await crm.event('showCrm', (p) => p.interactionId === id, { from }));
  assert.equal(pop.userId, 'agent1');
  assert.equal(pop.queueId, 201);
  assert.equal(pop.customerDetails.phone, NUMBER);
  assert.ok(pop.customerDetails.customerId > 0, 'the directory knows the number');
  covers('EVT-17');

  assert.deepEqual((await crm.ask('interaction.getAllLiveInteractionsForAgent')).map((e) => e.data.id), [id]);
  covers('API-15');
  phone.say('answer');
  wellFormed(await crm.event('interactionConnected', (p) => p.interactionId === id, { from }));
  covers('EVT-07');
  await customer.state('connected');
  const current = await crm.ask('interaction.getCurrentInteraction');
  assert.equal(current.http_code, 200);
  assert.equal(current.data.id, id);
  assert.equal(current.data.last_campaign_id, 101);
  assert.equal(current.data.last_queue_id, 201);
  assert.equal(current.data.last_assigned_user_id, 'agent1');
  covers('API-16');
  assert.equal(await crm.ask('interaction.getIsInteractionOwnedByUser'), true);
  covers('API-17');
  await crm.event('getInteractionOwnershipByUser', (p) => p === true, { from });
  covers('EVT-15');

  await customer.hangUp();
  wellFormed(await crm.event('interactionDisconnected', (p) => p.interactionId === id, { from }));
  covers('EVT-08');
  assert.equal(await disposed(id, 'Sent the part'), 'ok');
  covers('API-13');
  const over = await crm.event('interactionDisposed', (p) => p.interactionId === id, { from });
  assert.equal(over.payload.dispositionDetails.callNotes, 'Sent the part');
  assert.equal(over.payload.dispositionDetails.dispositionCode, codes[RESOLVED]);
  covers('EVT-09');
  await crm.event('handleInteractionDisposition', (p) => p.interactionId === id, { from });
  covers('EVT-24');
  await crm.event('interactionEnded', (p) => p.interactionId === id, { from });
  covers('EVT-10');
  assert.deepEqual(await crm.ask('interaction.getAllLiveInteractionsForAgent'), []);
  // In this order, each once.
  const order = ['interactionInitiated', 'interactionConnected', 'interactionDisconnected', 'interactionDisposed', 'interactionEnded'];
  const seen = (await crm.told()).slice(from).filter((e) => order.includes(e.event)).map((e) => e.event);
  assert.deepEqual(seen, order);
  covers('TB-06', 'TB-07', 'TB-08');
});

test('click to dial: the customer is called, and disposing dials the next', async () => {
  const from = await crm.mark();
  const answer = await crm.ask('interaction.initiateInteraction', 'voice', { phone: '+15550104' }, 103);
  assert.deepEqual(answer, { result: 'success', reason: 'success' });
  const first = (await crm.event('interactionInitiated', (p) => p.campaignId === 103, { from })).payload.interactionId;
  await crm.event('interactionConnected', (p) => p.interactionId === first, { from });
  covers('API-12');
  const outreach = await crm.ask('configuration.getDispositionCodesWithDispositionClass', 103);
  const { dispositionCodeId, dispositionCodeName } = outreach[0].dispositionCodeBean[0];
  assert.equal(await crm.ask('interaction.disposeAndInitiateNewInteraction', first, dispositionCodeName, '+15550105', 103), 'ok');
  const next = (await crm.event('interactionInitiated', (p) => p.interactionId !== first, { from })).payload.interactionId;
  await crm.event('interactionEnded', (p) => p.interactionId === first, { from });
  covers('API-14');
  await crm.event('interactionConnected', (p) => p.interactionId === next, { from });
  // A callback that cannot be booked is refused, and the interaction is not lost.
  const callback = { callbackTime: '2020-07-06T09:56:40+0530', phone: '+15550105', isSelfCallback: true };
  await assert.rejects(crm.ask('interaction.disposeInteraction', 'VOICE', next, dispositionCodeId, '', callback), (error) => error.errorCode === 2001);
  await crm.ask('interaction.disposeInteraction', 'VOICE', next, dispositionCodeId);
  await crm.event('interactionEnded', (p) => p.interactionId === next, { from });
});

test('records: found, opened, attached, detached, created, previewed from the docked toolbar', async () => {
  const from = await crm.mark();
  const { told } = await talking(from);
  const id = told.interactionId;
  const record = { recordId: '77', recordType: 'Contact', recordName: 'Paula R.' };
  await crm.ask('crm.showMultipleRecordsForInteraction', id, [record, { ...record, recordId: '78', recordName: 'Paula S.' }]);
  await crm.toolbar('record').nth(1).waitFor();
  covers('API-19');
  await crm.press('record-open');
  const opened = await crm.event('openRecord', () => true, { from });
  assert.equal(opened.payload.recordId, '77');
  covers('EVT-18');
  await crm.press('record-attach');
  await crm.event('onAttachButtonClick', (p) => p.interactionId === id && p.recordInfo.recordId === '77', { from });
  covers('EVT-19');
  await crm.event('customerLinkedToInteraction', (p) => p.interactionId === id, { from });
  covers('EVT-11');
  await crm.press('record-detach');
  await crm.event('onUnAttachButtonClick', (p) => p.interactionId === id, { from });
  covers('EVT-20');
  await crm.press('record-create');
  await crm.event('onCreateButtonClick', (p) => p.interactionId === id && p.objectType === 'Case', { from });
  covers('EVT-21');
  await crm.press('record-link-open');
  await crm.event('getCurrentCRMRecordOpened', () => true, { from });
  covers('EVT-22');
  await crm.ask('crm.sendCurrentCRMRecordOpened', { ...record, recordId: '79', recordName: 'Paula T.' });
  await crm.event('onAttachButtonClick', (p) => p.recordInfo.recordId === '79', { from });
  covers('API-21');
  const stored = await crm.ask('crm.setRecordInfoForInteraction', id, '1', 'contact', 'recordName');
  const inside = JSON.parse(stored.data);
  assert.deepEqual(inside.info, { recordId: '1', recordName: 'recordName', recordType: 'contact' });
  assert.equal(inside.campaignContextId, 101);
  covers('API-18');
  await disposed(id);
});

test('a number is previewed before it is dialled', async () => {
  const from = await crm.mark();
  await crm.ask('ui.populateChannelDetailsForNewInteraction', 'voice', '', { campaignId: '103', appName: 'crm', phone: '+15550106', name: 'Samir' });
  await crm.press('dial-preview');
  const asked = await crm.event('handlePreview', () => true, { from });
  assert.equal(asked.payload.phone, '+15550106');
  covers('EVT-23');
  await crm.ask('crm.showMultipleRecordsForPreview', '+15550106', [{ recordId: '5', recordType: 'Contact', recordName: 'Samir from the page' }]);
  await crm.toolbar('preview').getByText('Samir from the page').waitFor();
  covers('API-20');
});

test('a transfer and a conference are told, with whom', async () => {
  const colleague = await bench.keep(Phone.open(bench.desktop, {
    centre: bench.centre.url, user: 'agent2', mic: 'second_mic', speaker: 'agent_headset',
    args: ['--auto-answer', '--campaign', 'outreach', '--no-dock'],
  }));
  await colleague.signedIn();
  colleague.say('ready');
  await colleague.wait('available', (e) => e.event === 'presence' && e.agent.state === 'available', { from: 0 });

  const from = await crm.mark();
  const { told } = await talking(from);
  const consulted = phone.wait('the colleague on the line', (e) => e.event === 'call'
    && e.call.legs.some((leg) => leg.consult && leg.state.state === 'connected'));
  phone.say('consult agent:agent2');
  await consulted;
  phone.say('conference');
  const joined = await crm.event('interactionConferred', () => true, { from });
  assert.equal(joined.payload.interactionId, told.interactionId);
  assert.equal(joined.payload.conferredType, 'conferToUser');
  assert.equal(joined.payload.conferredContextId, 'agent2');
  covers('EVT-14');
  await disposed(told.interactionId);
  const [wrapping, gone] = [colleague.call('wrapping'), colleague.wait('the end', (e) => e.event === 'gone')];
  colleague.say('hangup');
  await wrapping;
  colleague.say('dispose resolved');
  await gone;

  const again = await crm.mark();
  const call = await talking(again);
  phone.say('transfer agent:agent2');
  const moved = await crm.event('interactionTransferred', () => true, { from: again });
  assert.equal(moved.payload.interactionId, call.told.interactionId);
  assert.equal(moved.payload.transferType, 'transferToUser');
  assert.equal(moved.payload.transferContextId, 'agent2');
  covers('EVT-13');
  await disposed(call.told.interactionId);
});

test('an unknown caller is linked by hand and unlinked again', async () => {
  const from = await crm.mark();
  const { told } = await talking(from, { number: '+15550188', name: 'Nobody known' });
  const id = told.interactionId;
  await crm.ask('crm.setRecordInfoForInteraction', id, '9', 'contact', 'Somebody');
  await crm.event('customerLinkedToInteraction', (p) => p.interactionId === id, { from });
  await crm.press('record-detach');
  await crm.event('customerUnlinkedToInteraction', (p) => p.interactionId === id, { from });
  covers('EVT-12');
  await disposed(id);
});

test('a call that is not answered is told in the bell', async () => {
  const from = await crm.mark();
  phone.say('ready');
  const customer = await bench.customer({ number: NUMBER });
  await crm.event('callRinging', () => true, { from });
  const bell = await crm.event('notification', () => true, { from, timeout: 60000 });
  assert.equal(bell.payload.subType, 'notification.missed.call.type');
  assert.equal(bell.payload.specificInfo.context, 'MISSED_CALL');
  assert.equal(bell.payload.specificInfo.phoneInfo.phone, NUMBER);
  covers('EVT-30');
  await customer.hangUp();
});

test('masked numbers and rights: a page is told only what it may know', async () => {
  const other = await bench.keep(crmServer());
  phone.say(`allow ${other.origin} events`);
  const little = await (await Crm.open(bench.chrome, other, bench.centre, { instance: 'little' })).docked();
  const from = await little.mark();
  const { told } = await talking(await crm.mark());
  const pop = await little.event('showCrm', (p) => p.interactionId === told.interactionId, { from });
  assert.ok(!JSON.stringify(pop.payload).includes(NUMBER.slice(1)), JSON.stringify(pop.payload));
  assert.ok(!JSON.stringify(pop.payload).includes('Paula'));
  for (const [api, ...args] of [['crm.getAllContacts', '1', 'Contact'], ['interaction.initiateInteraction', 'voice', { phone: '+15550104' }, 101],
    ['interaction.disposeInteraction', 'voice', told.interactionId, codes[RESOLVED]]]) {
    await assert.rejects(little.ask(api, ...args), (error) => error.errorCode === 1003 && /right|may|allow/i.test(error.description), api);
  }
  await little.close();
  await disposed(told.interactionId);
});
