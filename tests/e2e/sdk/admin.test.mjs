// The administrator at his page, with the mouse and the keyboard: the CRM, and packages of apps.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { writeFile } from 'node:fs/promises';
import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { until } from '../lib/process.mjs';
import { Bench } from './lib/bench.mjs';
import { covers } from './lib/coverage.mjs';
import { CLIENT, salesforce } from './lib/salesforce.mjs';
import { Server } from './lib/server.mjs';
import { zip } from './lib/zip.mjs';

let bench, page;

before(async () => {
  bench = await Bench.open();
  page = await bench.chrome.page(`${bench.centre.page}/admin/`);
  await page.getByLabel('User').fill('admin');
  await page.getByLabel('Password').fill('demo');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('#connectors form').first().waitFor();
});

after(() => bench?.close());

const form = (id) => page.locator(id === null ? '#connectors form[data-new]' : `#connectors form[data-connector="${id}"]`);
const fault = (of) => of.locator('.fault:visible').textContent();

async function tested(id) {
  await form(id).getByRole('button', { name: 'Test connection' }).click();
  const told = form(id).locator('.tested');
  await until('the test', async () => /^(true|false)$/.test(await told.getAttribute('data-works')), 30000);
  return told.textContent();
}

test('the CRM: Salesforce is added, tried, mended, used, and its secrets are never shown again', async () => {
  const org = await bench.keep(salesforce());
  const asked = [];
  page.on('response', async (response) => {
    if (response.url().includes('/admin/api/')) asked.push(await response.text().catch(() => ''));
  });
  await page.getByRole('button', { name: 'Add Salesforce' }).click();
  const fresh = form(null);
  await fresh.getByLabel('Address of the instance').fill(org.origin);
  await fresh.getByLabel('Address of the sign-in').fill(org.origin);
  await fresh.getByLabel('Client id').fill(CLIENT.id);
  await fresh.getByLabel('Client secret').fill('another secret');
  await fresh.getByLabel('OAuth refresh token').fill(CLIENT.refresh);
  await fresh.getByRole('button', { name: 'Add' }).click();
  assert.match(await fault(fresh), /private network/, 'an address of this machine has to be listed');
  await page.locator('#hosts textarea').fill(new URL(org.origin).host);
  await page.locator('#hosts').getByRole('button', { name: 'Save' }).click();
  await page.locator('#hosts .saved').filter({ hasText: 'Saved' }).waitFor();
  await fresh.getByRole('button', { name: 'Add' }).click();
  await form(2).waitFor();
  assert.equal(await form(2).locator('.used').count(), 1, 'the one that was added last is in use');

  assert.match(await tested(2), /^Sign-in: .*invalid_grant/);
  for (const name of ['Client id', 'Client secret', 'OAuth refresh token']) {
    assert.equal(await form(2).getByLabel(name).inputValue(), '', name);
  }
  await form(2).getByLabel('Client secret').fill(CLIENT.secret);
  await form(2).getByLabel('Objects and fields').fill('Case: Id, Subject, Description');
  await form(2).getByRole('button', { name: 'Save' }).click();
  await until('the form anew', async () => (await form(2).getByLabel('Client secret').inputValue()) === '');
  assert.match(await tested(2), /^It works: Case \(Id, Subject, Description\)$/);
  org.scope = false;
  assert.match(await tested(2), /^Rights: .*not for the API/);
  org.scope = true;
  await form(2).getByLabel('API version').fill('99.0');
  await form(2).getByRole('button', { name: 'Save' }).click();
  await until('the version', async () => /newest is 62\.0/.test(await tested(2)));
  await form(2).getByLabel('API version').fill('62.0');
  await form(2).getByLabel('Address of the sign-in').fill('https://login.example');
  await form(2).getByRole('button', { name: 'Save' }).click();
  assert.match(await fault(form(2)), /give the client secret and the refresh token again/);
  await form(2).getByLabel('Address of the sign-in').fill(org.origin);
  await form(2).getByRole('button', { name: 'Save' }).click();
  await until('it to work again', async () => /^It works/.test(await tested(2)));

  const phone = await bench.phone();
  const crm = await bench.page(phone);
  assert.equal((await crm.ask('configuration.getCrmConfiguration')).crm_type, 'salesforce');
  const [[id, subject]] = await crm.ask('crm.getAllCases', '2', 'Case');
  assert.deepEqual([id.value, subject.value], ['500dL000001oNE0001', 'Generator']);
  await form(1).getByRole('button', { name: 'Use this one' }).click();
  await until('the directory', async () => (await crm.ask('configuration.getCrmConfiguration')).crm_type === 'directory');
  const told = `${asked.join('\n')}${await page.content()}`;
  for (const secret of [CLIENT.id, CLIENT.secret, CLIENT.refresh, 'another secret']) assert.ok(!told.includes(secret), secret);
  page.once('dialog', (dialog) => dialog.accept());
  await form(2).getByRole('button', { name: 'Remove' }).click();
  await form(2).waitFor({ state: 'detached' });
  await crm.close();
});

test('a mini-CRM by web services: found with GET, changed with POST, told by PUSH', async () => {
  const told = [], written = [];
  const [authorization, key] = ['Basic bWluaTpjcm0tZjJhMA==', 'key-9c41'];
  const crm = await bench.keep(Server.open(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    const url = new URL(request.url, 'http://crm');
    const answer = (status, value) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(value));
    };
    if (url.pathname === '/events') {
      told.push({ signature: request.headers['x-omnibar-signature'], body });
      return answer(200, {});
    }
    if (request.headers.authorization !== authorization) return answer(401, { message: 'who are you?' });
    if (request.method === 'POST') {
      written.push([url.pathname, JSON.parse(body)]);
      return answer(200, {});
    }
    const known = url.searchParams.get('phone') === '+15550103';
    answer(200, { items: known ? [{ Id: 7, Name: 'Paula Reyes', Phone: '+15550103' }] : [] });
  }));
  await page.locator('#hosts textarea').fill(new URL(crm.origin).host);
  await page.locator('#hosts').getByRole('button', { name: 'Save' }).click();
  await page.getByRole('button', { name: 'Add web services' }).click();
  const fresh = form(null);
  await fresh.getByLabel('Fields with their types').fill('Id id, Name string, Phone phone');
  await fresh.getByLabel(/^GET/).fill(`${crm.origin}/contacts?phone={phone}`);
  await fresh.getByLabel('Where the records are').fill('items');
  await fresh.getByLabel(/^POST/).fill(`${crm.origin}/contacts/{id}`);
  await fresh.getByLabel(/^PUSH/).fill(`${crm.origin}/events`);
  await fresh.getByLabel('Authorization header').fill(authorization);
  await fresh.getByLabel('Key that signs PUSH').fill(key);
  await fresh.getByRole('button', { name: 'Add' }).click();
  const card = page.locator('#connectors form[data-connector]').last();
  await until('the new one', async () => /web services/.test(await card.locator('header').textContent()));
  const id = await card.getAttribute('data-connector');
  assert.match(await tested(id), /^It works: Contact \(Id, Name, Phone\)$/);
  assert.equal(JSON.parse(told[0].body).event, 'test');

  const phone = bench.opened.findLast((thing) => thing.say);
  const docked = await bench.page(phone);
  const [[found]] = [await docked.ask('crm.searchCase', id, 'Contact', '+15550103', 'Phone', 5, 0)];
  assert.deepEqual(found.map((value) => value.value), [7, 'Paula Reyes', '+15550103']);
  await docked.ask('crm.updateObject', 'Contact', { Name: 'Paula Summer' }, id, '7');
  assert.deepEqual(written, [['/contacts/7', { object: 'Contact', record: '7', fields: { Name: 'Paula Summer' } }]]);
  phone.say('ready');
  const customer = await bench.customer({ number: '+15550103', name: 'Paula Reyes' });
  const events = () => told.map(({ body }) => JSON.parse(body));
  const offered = await until('the offer to be told', () => events().find((e) => e.event === 'offered'), 15000);
  assert.equal(offered.userId, 'agent1');
  assert.equal(offered.phone, '+15550103');
  await customer.hangUp();
  for (const { signature, body } of told) {
    const [, time, tag] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signature);
    assert.equal(createHmac('sha256', key).update(`${time}.${body}`).digest('hex'), tag);
  }
  covers('TB-09');
  await docked.close();
});

test('apps: hostile packages are refused with the reason in the page; a good one shows what it asks for', async () => {
  const PAGE = '<!doctype html>orders';
  const manifest = (more = {}) => JSON.stringify({ name: 'orders', version: '2.0', ...more });
  const good = (more) => [['index.html', PAGE], ['manifest.json', manifest(more)]];
  const upload = async (name, bytes) => {
    const path = join(bench.desktop.dir, 'omni-upload.aax');
    await writeFile(path, bytes);
    await page.locator('#apps input[type=file]').setInputFiles(path);
    await page.locator('#apps').getByRole('button', { name: 'Upload' }).click();
  };
  for (const [what, bytes, reason] of [
    ['no zip', Buffer.from('this is no zip'), /no zip file/],
    ['traversal', zip([...good(), ['../../etc/cron.d/x', 'x']]), /leads out of the app/],
    ['a bomb', zip([...good(), ['big.txt', Buffer.alloc(9_000_000)]]), /hundredfold/],
    ['no manifest', zip([['index.html', PAGE]]), /manifest\.json is missing/],
    ['a script for a name', zip([['index.html', PAGE], ['manifest.json', manifest({ name: '<img src=x onerror=alert(1)>' })]]), /name has 1 to 64/],
    ['a right of no kind', zip(good({ rights: ['everything'] })), /manifest\.json is wrong/],
  ]) {
    await upload(what, bytes);
    const words = page.locator('#apps > .fault');
    await until(what, async () => reason.test(await words.textContent()) && words.isVisible());
    assert.equal(await page.locator('#apps .list form').count(), 0, what);
  }
  await upload('good', zip(good({ rights: ['dial'] })));
  const card = page.locator('#apps .list form');
  await card.waitFor();
  assert.match(await card.getByLabel(/^dial/).locator('..').textContent(), /the app asks for it/);
  assert.equal(await card.getByLabel(/^dial/).isChecked(), false, 'asking is not getting');
  assert.equal(await card.getByLabel(/see calls/).isChecked(), true);
  await card.getByLabel('Slot').selectOption('screen-3');
  await card.getByLabel(/^dial/).check();
  await card.getByRole('button', { name: 'Save' }).click();
  await card.locator('.saved').filter({ hasText: 'Saved' }).waitFor();
  await page.reload();
  assert.equal(await page.locator('#apps .list form').getByLabel(/^dial/).isChecked(), true);
  covers('TB-11', 'TB-13');
});
