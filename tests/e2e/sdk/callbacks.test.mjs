// Callbacks from end to end: a CRM's page books one with a disposition, it comes due, the agent
// presses Call in the docked toolbar, and the customer is dialled. Nothing is dialled before.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Bench } from './lib/bench.mjs';
import { covers } from './lib/coverage.mjs';

const SUPPORT = 101;
const OUTREACH = 103;
let bench, phone, crm;

before(async () => {
  bench = await Bench.open();
  phone = await bench.phone();
  crm = await bench.page(phone);
});

after(() => bench?.close());

/** As a clock in India shows it, with the contract's spelling of the offset. */
function india(at, offset = '+0530') {
  return new Date(at + 5.5 * 3_600_000).toISOString().replace(/\.\d+Z$/, offset);
}

const service = (method, url, ...more) =>
  crm.ask('http.invokeECCAPI', 'callback-server', url, method.toLowerCase(), ...more);

const listed = async (query = '') => (await service('GET', `/callbacks${query}`)).callbacks;

async function callbackCode(campaign) {
  const classes = await crm.ask('configuration.getDispositionCodesWithDispositionClass', campaign);
  const codes = classes.flatMap((c) => c.dispositionCodeBean);
  return codes.find((c) => c.dispositionCodeName === 'Callback').dispositionCodeId;
}

const due = (name, from) =>
  phone.wait(`${name}'s callback to be due`, (e) => e.event === 'callback' && e.callback.due && e.callback.customer.name === name, { from, timeout: 30000 });

test('a callback is booked with the disposition, comes due, and is dialled by a press', async () => {
  const from = await crm.mark();
  const heard = phone.events.length;
  phone.say('ready');
  const customer = await bench.customer({ number: '+15550103', name: 'Paula Reyes' });
  const { payload } = await crm.event('interactionInitiated', () => true, { from });
  const id = payload.interactionId;
  phone.say('answer');
  await customer.state('connected');
  const code = await callbackCode(SUPPORT);
  // What cannot be booked ends nothing, and says what a time looks like.
  const bad = { callbackTime: 'tomorrow at nine', phone: '+15550103', isSelfCallback: true };
  for (const [given, words] of [
    [bad, /2025-07-06T09:56:40\+0530/],
    [{ ...bad, callbackTime: india(Date.now() - 60_000) }, /still to come/],
    [{ ...bad, callbackTime: undefined }, /callbackTime is required/],
  ]) {
    await assert.rejects(crm.ask('interaction.disposeInteraction', 'voice', id, code, '', given), (error) => {
      assert.equal(error.errorCode, 2001);
      assert.match(error.description, words);
      return true;
    });
  }
  await customer.state('connected');
  const at = Date.now() + 8000;
  const callback = { callbackTime: india(at), phone: '+15550103', isSelfCallback: true };
  assert.equal(await crm.ask('interaction.disposeInteraction', 'voice', id, code, 'wants a quote', callback), 'ok');
  await crm.event('interactionEnded', (p) => p.interactionId === id, { from });
  const [booked] = await listed();
  assert.equal(booked.customerName, 'Paula Reyes');
  assert.deepEqual([booked.phone, booked.campaignId, booked.isSelfCallback, booked.due, booked.notes, booked.interactionId],
    ['+15550103', SUPPORT, true, false, 'wants a quote', id]);
  assert.equal(Date.parse(booked.callbackTime), Math.floor(at / 1000) * 1000);
  assert.deepEqual(await listed(`?campaignId=${OUTREACH}`), []);
  assert.equal(await crm.toolbar('callback-due').count(), 0);
  covers('API-13');
  await due('Paula Reyes', heard);
  await crm.toolbar('callback-due').getByText('Call back Paula Reyes').waitFor();
  assert.deepEqual(await crm.ask('interaction.getAllLiveInteractionsForAgent'), [], 'nothing dials by itself');
  const dialling = await crm.mark();
  await crm.press('callback-call');
  const call = (await crm.event('interactionInitiated', (p) => p.campaignId === SUPPORT, { from: dialling })).payload;
  await crm.event('interactionConnected', (p) => p.interactionId === call.interactionId, { from: dialling });
  assert.deepEqual(await listed(), [], 'it is off the list');
  assert.equal(await crm.toolbar('callback-due').count(), 0);
  await crm.ask('interaction.disposeInteraction', 'voice', call.interactionId, code);
  await crm.event('interactionEnded', (p) => p.interactionId === call.interactionId, { from: dialling });
});

test('the callback service books, filters, cancels and dials; Later puts one off', async () => {
  const from = phone.events.length;
  const soon = Date.now() + 3000;
  const later = Date.now() + 3_600_000;
  const draft = (callbackTime, phoneNumber) => ({ campaignId: OUTREACH, phone: phoneNumber, callbackTime, isSelfCallback: true, notes: 'by the page' });
  const first = await service('POST', '/callbacks', {}, draft(india(soon, '+05:30'), '+15550104'));
  const second = await service('POST', '/callbacks', {}, draft(india(later), '+15550105'));
  await assert.rejects(service('POST', '/callbacks', {}, draft(india(Date.now() - 1000), '+15550105')), (error) => {
    assert.equal(error.errorCode, 3000);
    assert.match(error.description, /still to come/);
    return true;
  });
  assert.deepEqual((await listed()).map((c) => c.callbackId), [first.callbackId, second.callbackId]);
  const window = new URLSearchParams({ from: india(later - 60_000), to: india(later + 60_000), campaignId: `${OUTREACH}` });
  assert.deepEqual((await listed(`?${window}`)).map((c) => c.callbackId), [second.callbackId]);
  await due('Quentin Moore', from);
  await crm.press('callback-later');
  await phone.wait('the callback to be put off', (e) => e.event === 'callback' && e.callback.id === first.callbackId && !e.callback.due && e.callback.at > Date.now() + 500_000, { from });
  assert.deepEqual(await service('DELETE', `/callbacks/${second.callbackId}?reason=called%20himself`), {});
  assert.deepEqual((await listed()).map((c) => c.callbackId), [first.callbackId]);
  const mark = await crm.mark();
  const { interactionId } = await service('POST', `/callbacks/${first.callbackId}/dial`);
  await crm.event('interactionConnected', (p) => p.interactionId === interactionId, { from: mark });
  await assert.rejects(service('POST', `/callbacks/${first.callbackId}/dial`), (error) => error.errorCode === 4000);
  assert.deepEqual(await listed(), []);
  await crm.ask('interaction.disposeInteraction', 'voice', interactionId, await callbackCode(OUTREACH));
  await crm.event('interactionEnded', (p) => p.interactionId === interactionId, { from: mark });
});

for (const [name, path, tab] of [['plain', '/plain/', '.tab[data-tab="bench"]'], ['React', '/react/', '.tab:text-is("SDK bench")']]) {
  test(`the demo CRM in ${name} fills in nothing where the agent is about to type`, async () => {
    const origin = await bench.demo();
    const page = await bench.chrome.page(`${origin}${path}`);
    await page.locator(tab).click();
    const field = (of) => page.locator(`input[name="${of}"]`);
    await field('campaignId').click();
    // Only a page that is let in learns of campaigns.
    phone.say(`allow ${origin}`);
    await page.locator('.standing').getByText('Ada Palmer').waitFor({ timeout: 20000 });
    await page.keyboard.type('47');
    assert.equal(await field('campaignId').inputValue(), '47');
    // What is emptied and left is the page's to fill in again.
    await field('campaignId').fill('');
    await field('phone').fill('+15550106');
    await page.getByRole('button', { name: 'Get disposition list', exact: true }).click();
    await page.waitForFunction(() => document.querySelector('input[name="campaignId"]').value !== '');
    await page.close();
  });
}

test('the demo CRM books a callback with its button', async () => {
  const origin = await bench.demo();
  phone.say(`allow ${origin}`);
  const page = await bench.chrome.page(`${origin}/plain/`);
  await page.locator('.tab[data-tab="bench"]').click();
  const field = (name) => page.locator(`#bench input[name="${name}"]`);
  const press = (label) => page.locator('#bench').getByRole('button', { name: label, exact: true }).click();
  const log = page.locator('[aria-label="Event log"]');
  await field('campaignId').fill(`${OUTREACH}`);
  await field('phone').fill('+15550106');
  await press('Get disposition list');
  await log.locator('[data-kind="answer"]').getByText('getDispositionCodesWithDispositionClass').first().waitFor({ timeout: 20000 });
  const from = phone.events.length;
  await press('Dial');
  const { call } = await phone.call('connected', { from });
  await field('interactionId').fill(call.id);
  await field('code').fill(`${await callbackCode(OUTREACH)}`);
  const at = new Date(Date.now() + 120_000);
  const two = (n) => `${n}`.padStart(2, '0');
  await field('callback').fill(`${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`);
  await press('Callback');
  const { callback } = await phone.wait('the booked callback', (e) => e.event === 'callback', { from });
  assert.equal(callback.customer.number, '+15550106');
  assert.ok(Math.abs(callback.at - at.getTime()) <= 60_000);
  assert.equal(callback.interaction, call.id);
  await phone.wait('the call to be disposed', (e) => e.event === 'gone' && e.interaction === call.id, { from });
  phone.say(`callback cancel ${callback.id} end of the check`);
  await phone.wait('the callback to be gone', (e) => e.event === 'callback_gone' && e.callback === callback.id, { from });
  covers('TB-16');
  await page.close();
});
