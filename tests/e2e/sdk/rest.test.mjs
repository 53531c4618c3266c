// The three voice calls for servers, over real HTTP, and what the agent's page sees of them.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Admin } from './lib/admin.mjs';
import { Bench } from './lib/bench.mjs';
import { covers } from './lib/coverage.mjs';

let bench, phone, crm, token, session, code, label;

before(async () => {
  bench = await Bench.open();
  phone = await bench.phone();
  crm = await bench.page(phone);
  const admin = await Admin.open(bench.chrome, bench.centre);
  ({ token } = await admin.send('POST', '/tokens', { name: 'billing server', days: 1, once: false }));
  const [first] = (await crm.ask('configuration.getDispositionCodesWithDispositionClass', 103))[0].dispositionCodeBean;
  [code, label] = [first.dispositionCodeId, first.dispositionCodeName];
  // The handle of the session, as pages and servers know it.
  await crm.ask('interaction.initiateInteraction', 'voice', { phone: '+15550109' }, 103);
  const told = (await crm.event('interactionConnected')).payload;
  session = told.userCrtObjectId;
  await crm.ask('interaction.disposeInteraction', 'voice', told.interactionId, code);
  await crm.event('interactionEnded');
});

after(() => bench?.close());

async function post(path, body, headers = {}) {
  const response = await fetch(`${bench.centre.page}/ameyorestapi/voice/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, sessionid: session, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json().catch(() => null) };
}

const dial = (more) => ({
  sessionId: `Bearer ${token}`, shouldAddCustomer: false, campaignId: 103, requestId: `manual-dial${randomUUID()}`,
  userCRTObjectId: session, searchable: '+15550110', contextVsContextAdditionalData: {}, additionalParams: {},
  selectedSearchables: [], phone: '+15550110', ...more,
});
const disposal = (told, more) => ({
  sessionId: `Bearer ${token}`, campaignId: 103, userCRTObjectId: session, crtObjectId: told.customerCrtObjectId,
  dispositionCodeId: code, dispositionParams: {}, requestId: `dispose-call-${randomUUID()}`, notes: '', ...more,
});
const dials = async (from) => (await crm.told()).slice(from).filter((e) => e.event === 'interactionInitiated').length;

test('headers: each of the three is needed, and what is wrong is said', async () => {
  for (const [headers, status] of [[{ authorization: '' }, 401], [{ authorization: 'Bearer wrong' }, 401], [{ authorization: token }, 401],
    [{ sessionid: '' }, 400], [{ sessionid: 'ses-nobody-1' }, 401], [{ 'content-type': 'text/plain' }, 415]]) {
    const answer = await post('manualdial', dial(headers.authorization ? { sessionId: headers.authorization } : {}), headers);
    assert.equal(answer.status, status, JSON.stringify({ headers, answer }));
    assert.ok(JSON.stringify(answer.body).length > 20, 'it says why');
    assert.ok(!JSON.stringify(answer.body).includes(token));
  }
  assert.equal((await post('manualdial', dial({ phone: undefined }))).status, 400);
  assert.equal((await post('manualdial', dial({ campaignId: 999 }))).status, 404);
  assert.equal(await dials(await crm.mark()), 0);
  covers('REST-04');
});

let told;
test('manualdial: the agent\'s desktop dials; a repeat does not dial again', async () => {
  const from = await crm.mark();
  const body = dial();
  const first = await post('manualdial', body);
  assert.equal(first.status, 200, JSON.stringify(first));
  assert.equal(first.body.result, 'success');
  told = (await crm.event('interactionConnected', () => true, { from })).payload;
  assert.equal(told.customerDetails.phone, '+15550110');
  covers('REST-01');
  const repeats = await Promise.all([post('manualdial', body), post('manualdial', body)]);
  for (const repeat of repeats) assert.deepEqual(repeat, first);
  assert.equal(await dials(from), 1);
  covers('REST-05');
});

test('disposeAndManualDial: one goes, the next is called at once', async () => {
  const from = await crm.mark();
  const body = {
    campaignContextId: 103, userCRTObjectId: session, crtObjectId: told.customerCrtObjectId, dispositionCode: label,
    phone: '+15550111', customerId: '-1', requestId: randomUUID(), additionalParams: null, notes: 'by the server',
  };
  const answer = await post('disposeAndManualDial', body);
  assert.equal(answer.status, 200, JSON.stringify(answer));
  const gone = await crm.event('interactionDisposed', (p) => p.interactionId === told.interactionId, { from });
  assert.equal(gone.payload.dispositionDetails.dispositionCode, code);
  told = (await crm.event('interactionConnected', (p) => p.interactionId !== told.interactionId, { from })).payload;
  assert.equal(told.customerDetails.phone, '+15550111');
  assert.deepEqual(await post('disposeAndManualDial', body), answer, 'a repeat');
  assert.equal(await dials(from), 1);
  covers('REST-03');
});

test('disposeCall: ends and disposes the call, and nothing after it', async () => {
  const from = await crm.mark();
  const body = disposal(told, { notes: 'paid' });
  const answer = await post('disposeCall', body);
  assert.equal(answer.status, 200, JSON.stringify(answer));
  const gone = await crm.event('interactionDisposed', (p) => p.interactionId === told.interactionId, { from });
  assert.equal(gone.payload.dispositionDetails.dispositionCode, code);
  await crm.event('interactionEnded', (p) => p.interactionId === told.interactionId, { from });
  assert.deepEqual(await post('disposeCall', body), answer, 'a repeat');
  assert.ok([404, 409].includes((await post('disposeCall', disposal(told))).status), 'it is over');
  assert.equal(await dials(from), 0);
  covers('REST-02');
});

test('a session of one agent is no key to another agent\'s', async () => {
  const own = `Basic ${Buffer.from('agent2:demo').toString('base64')}`;
  const answer = await post('manualdial', dial({ sessionId: own }), { authorization: own });
  assert.equal(answer.status, 401, JSON.stringify(answer));
});
