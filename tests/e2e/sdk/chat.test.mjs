// Web chats between real browsers: a customer on the centre's chat page, the toolbar docked in
// a CRM's page, and what that page is told and may ask.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { until } from '../lib/process.mjs';
import { Bench } from './lib/bench.mjs';
import { covers } from './lib/coverage.mjs';
import { crmServer, Crm } from './lib/crm.mjs';
import { Writers } from './chat-customer.mjs';

const NAME = 'Paula Reyes';
const NUMBER = '+15550103';
const RESOLVED = 'Resolved on the call';
let bench, phone, crm, writers, codes;

before(async () => {
  bench = await Bench.open();
  phone = await bench.phone();
  crm = await bench.page(phone);
  writers = await bench.keep(Writers.open(bench.desktop));
  const classes = await crm.ask('configuration.getDispositionCodesWithDispositionClass', 101);
  codes = Object.fromEntries(classes.flatMap((c) => c.dispositionCodeBean).map((c) => [c.dispositionCodeName, c.dispositionCodeId]));
});

after(() => bench?.close());

// A check that failed leaves no chat behind for the next.
afterEach(async () => {
  const live = await crm.ask('interaction.getAllLiveInteractionsForAgent').catch(() => []);
  for (const { data } of live) await disposed(data.id, data.channel_name).catch(() => {});
  for (const page of writers.context.pages().slice(1)) await page.close();
});

const disposed = (id, channel = 'chat') => crm.ask('interaction.disposeInteraction', channel, id, codes[RESOLVED], 'left over');
const said = (events) => events.filter((e) => e.event === 'messageEvent').map((e) => [e.payload.messageDirection, e.payload.message]);

const wellFormed = ({ payload }, spelling = 'chat') => {
  assert.match(payload.interactionId, /^[0-9a-f-]{8,}/i);
  assert.deepEqual(payload.channelDetails, {
    channelType: spelling,
    associationType: payload.channelDetails.associationType,
    chatId: payload.interactionId,
    channelSubType: 'webchat',
  });
  return payload;
};

/** A customer has written; the agent is available, and the docked toolbar shows it. */
async function offered(from, first = 'Where is my order?', options = {}) {
  phone.say('ready');
  const writer = await writers.write(bench.centre, first, { name: NAME, number: NUMBER, ...options });
  const told = wellFormed(await crm.event('interactionInitiated', (p) => p.channelDetails.channelType === 'chat', { from }));
  return { writer, told, id: told.interactionId };
}

/** The agent has pressed Accept in the docked toolbar. */
async function writing(from, ...rest) {
  const chat = await offered(from, ...rest);
  await crm.press('offer-accept');
  await crm.event('interactionConnected', (p) => p.interactionId === chat.id, { from });
  await chat.writer.is('open');
  return chat;
}

async function answer(text) {
  await crm.toolbar('chat-text').fill(text);
  await crm.toolbar('chat-text').press('Enter');
}

test('a chat from its first words to its disposition: in the toolbar, at the customer, and as events', async () => {
  const from = await crm.mark();
  const { writer, told, id } = await offered(from);
  assert.equal(told.campaignId, 101);
  assert.equal(told.queueId, 201);
  assert.equal(told.customerDetails.phone, NUMBER);
  assert.ok(told.customerDetails.customerId > 0, 'the directory knows the number');
  const pop = wellFormed(await crm.event('showCrm', (p) => p.interactionId === id, { from }), 'CHAT');
  assert.equal(pop.userId, 'agent1');
  await crm.toolbar('offer-about').getByText('Where is my order?').waitFor();
  const live = await crm.ask('interaction.getAllLiveInteractionsForAgent');
  assert.deepEqual(live.map(({ data }) => [data.id, data.channel_name]), [[id, 'CHAT']]);

  await crm.press('offer-accept');
  wellFormed(await crm.event('interactionConnected', (p) => p.interactionId === id, { from }));
  await writer.is('open');
  assert.equal((await crm.ask('interaction.getCurrentInteraction')).data.id, id);
  assert.equal(await crm.ask('interaction.getIsInteractionOwnedByUser'), true);

  await answer('It comes tomorrow.');
  await writer.reads('It comes tomorrow.');
  await writer.say('Thank you\nGood bye');
  await crm.toolbar('chat-message').getByText('Good bye').waitFor();
  await crm.event('messageEvent', (p) => p.message === 'Thank you\nGood bye', { from });
  const first = await crm.event('messageEvent', () => true, { from });
  assert.deepEqual(first.payload, {
    to: 'agent1',
    from: told.customerCrtObjectId,
    message: 'Where is my order?',
    messageDirection: 'received',
    interactionId: id,
    channelDetails: { ...told.channelDetails, channelType: 'CHAT' },
    customerId: told.customerDetails.customerId,
  });

  assert.equal(await crm.ask('interaction.disposeInteraction', 'chat', id, codes[RESOLVED], 'Order found'), 'ok');
  await writer.is('ended');
  const over = await crm.event('interactionDisposed', (p) => p.interactionId === id, { from });
  assert.equal(over.payload.dispositionDetails.dispositionCode, codes[RESOLVED]);
  assert.equal(over.payload.dispositionDetails.callNotes, 'Order found');
  await crm.event('interactionEnded', (p) => p.interactionId === id, { from });
  assert.deepEqual(await crm.ask('interaction.getAllLiveInteractionsForAgent'), []);

  // Each once, in this order; nothing rang.
  const seen = (await crm.told()).slice(from);
  assert.deepEqual(said(seen), [['received', 'Where is my order?'], ['sent', 'It comes tomorrow.'], ['received', 'Thank you\nGood bye']]);
  const order = ['interactionInitiated', 'callRinging', 'interactionConnected', 'interactionDisconnected', 'interactionDisposed', 'interactionEnded'];
  assert.deepEqual(seen.filter((e) => order.includes(e.event)).map((e) => e.event), order.filter((name) => name !== 'callRinging'));
  covers('EVT-16');
  assert.deepEqual([...crm.faults, ...writer.faults], []);
});

test('a reload of the CRM’s page in a chat: the toolbar has it all, and what was missed comes once', async () => {
  const from = await crm.mark();
  const { writer, id } = await writing(from, 'One');
  await crm.event('messageEvent', (p) => p.message === 'One', { from });
  await crm.toolbar('chat-text').waitFor();
  await crm.page.evaluate(() => { location.href = '/elsewhere'; });
  await crm.page.waitForURL('**/elsewhere');
  await writer.say('Two');
  phone.say(`chat say ${id} Three`);
  await writer.reads('Three');
  await writer.say('Four');
  await crm.page.goBack();
  await crm.docked();
  await crm.event('messageEvent', (p) => p.message === 'Four');
  assert.deepEqual(said(await crm.told()), [['received', 'Two'], ['sent', 'Three'], ['received', 'Four']]);
  await crm.toolbar('chat-message').getByText('Four').waitFor();
  const shown = await crm.toolbar('chat-message').locator('.text').allInnerTexts();
  assert.deepEqual(shown, ['One', 'Two', 'Three', 'Four']);

  await crm.page.reload();
  await crm.docked();
  await answer('Five');
  await writer.reads('Five');
  await crm.event('messageEvent', (p) => p.message === 'Five');
  assert.deepEqual(said(await crm.told()), [['sent', 'Five']], 'what was handled is not sent again');
});

test('a reload of the customer’s page: the same chat goes on, with all that was said', async () => {
  const from = await crm.mark();
  const { writer, id } = await writing(from, 'Before');
  await answer('I am here');
  await writer.reads('I am here');
  await writer.page.reload();
  await writer.is('open');
  await writer.reads('I am here');
  assert.deepEqual(await writer.transcript(), ['Before', 'I am here']);
  await writer.say('After');
  await crm.event('messageEvent', (p) => p.message === 'After', { from });
  const again = (await crm.told()).slice(from).filter((e) => e.event === 'interactionInitiated');
  assert.deepEqual(again.map((e) => e.payload.interactionId), [id], 'it is no new one');
  await writer.leave();
  await crm.event('interactionDisconnected', (p) => p.interactionId === id, { from });
  await crm.toolbar('wrap-up').waitFor();
});

test('what a customer writes is text in the toolbar and in the page, whatever it is', async () => {
  const from = await crm.mark();
  const evil = '<img src=x onerror="top.pwned=window.pwned=1"><script>pwned=1</script>\n<a href="javascript:pwned=1">press</a>';
  const { writer } = await writing(from, evil);
  await crm.event('messageEvent', (p) => p.message === evil, { from });
  await until('the text', async () => (await crm.toolbar('chat-message').locator('.text').first().textContent()) === evil);
  assert.equal(await crm.toolbar('chat-log').locator('img, a, script').count(), 0);
  assert.equal(await crm.frame().evaluate(() => window.pwned), undefined);
  await answer(evil);
  await writer.reads('onerror');
  assert.equal(await writer.page.locator('#log img, #log a, #log script').count(), 0);
  assert.equal(await writer.page.evaluate(() => window.pwned), undefined);
});

test('a page that may not read customers is told that something was written, and nothing of it', async () => {
  const other = await bench.keep(crmServer());
  phone.say(`allow ${other.origin} events`);
  const little = await (await Crm.open(bench.chrome, other, bench.centre, { instance: 'little' })).docked();
  const { id } = await writing(await crm.mark(), 'My secret is 4711');
  await answer('I keep it, Paula');
  const sent = await little.event('messageEvent', (p) => p.messageDirection === 'sent');
  assert.equal(sent.payload.interactionId, id);
  const told = JSON.stringify(await little.told());
  for (const secret of ['4711', 'Paula', 'I keep it', NUMBER.slice(1)]) assert.ok(!told.includes(secret), secret);
  for (const [api, ...args] of [['interaction.initiateInteraction', 'chat', { phone: NUMBER }, 101],
    ['interaction.disposeInteraction', 'chat', id, codes[RESOLVED]],
    ['http.invokeECCAPI', 'chat-service', `/chats/${id}/messages`, 'GET']]) {
    await assert.rejects(little.ask(api, ...args), (error) => error.errorCode === 1003, api);
  }
  await little.close();
});

test('the page begins a chat with a customer who is there, and is told when nobody is', async () => {
  const nobody = crm.ask('interaction.initiateInteraction', 'chat', { phone: '+15550199' }, 101);
  await assert.rejects(nobody, (error) => error.errorCode === 3000 && /chat page open/.test(error.description));
  const writer = await writers.visit(bench.centre, { name: NAME, number: NUMBER });
  await crm.ask('ui.populateChannelDetailsForNewInteraction', 'chat', 'webchat', { campaignId: '101', appName: 'crm', phone: NUMBER, name: NAME });
  await until('the number in the toolbar', async () => (await crm.toolbar('dial-number').inputValue()) === NUMBER);
  const from = await crm.mark();
  const done = await until('the customer’s page at the centre', () =>
    crm.ask('interaction.initiateInteraction', 'chat', { phone: NUMBER, name: NAME }, 101).catch(() => null));
  assert.deepEqual(done, { result: 'success', reason: 'success' });
  const told = wellFormed(await crm.event('interactionConnected', () => true, { from }));
  assert.equal(told.channelDetails.associationType, 'manualchat.association');
  await writer.is('open');
  await answer('We found your parcel');
  await writer.reads('We found your parcel');
  await writer.say('Great');
  await crm.event('messageEvent', (p) => p.message === 'Great', { from });
});

test('a call beside a chat: both are one press away, and neither disturbs the other', async () => {
  const from = await crm.mark();
  const { writer, id } = await writing(from, 'I also call you');
  assert.deepEqual(await crm.ask('interaction.initiateInteraction', 'voice', { phone: '+15550104' }, 103), { result: 'success', reason: 'success' });
  const call = (await crm.event('interactionConnected', (p) => p.campaignId === 103, { from })).payload.interactionId;
  await crm.toolbar('call-card').waitFor();
  await writer.say('Hello?');
  await crm.toolbar('chat-unread').getByText('1').waitFor();
  await crm.press('chat-line');
  await answer('One moment, I am on the phone');
  await writer.reads('One moment');
  await crm.press('call-line');
  const live = await crm.ask('interaction.getAllLiveInteractionsForAgent');
  assert.deepEqual(live.map(({ data }) => data.channel_name).sort(), ['CHAT', 'VOICE']);
  const outreach = await crm.ask('configuration.getDispositionCodesWithDispositionClass', 103);
  await crm.ask('interaction.disposeInteraction', 'voice', call, outreach[0].dispositionCodeBean[0].dispositionCodeId);
  await crm.event('interactionEnded', (p) => p.interactionId === call, { from });
  assert.equal((await crm.ask('interaction.getCurrentInteraction')).data.id, id);
});
