// How the toolbar stands in a page: docked, floating, at its smallest; and the demo CRM's bench.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '../lib/process.mjs';
import { Bench } from './lib/bench.mjs';
import { covers } from './lib/coverage.mjs';
import { Crm } from './lib/crm.mjs';

let bench, phone;

before(async () => {
  bench = await Bench.open();
  phone = await bench.phone();
  phone.say(`allow ${bench.server.origin}`);
});

after(() => bench?.close());

const box = (crm) => crm.page.locator('iframe[title="Omnibar"]').boundingBox();

test('docked it fills the page\'s div; at 375 x 667 everything is in reach', async () => {
  const crm = await Crm.open(bench.chrome, bench.server, bench.centre, { layout: 'docked' });
  await crm.docked();
  const docked = await box(crm);
  assert.deepEqual([docked.width, docked.height], [400, 700]);
  await crm.page.evaluate(() => {
    const div = document.getElementById('ameyoIframeDiv');
    [div.style.width, div.style.height] = ['375px', '667px'];
  });
  await until('the smallest size', async () => (await box(crm)).width === 375);
  assert.equal((await box(crm)).height, 667);
  for (const name of ['presence-menu', 'dial-number']) await crm.toolbar(name).first().waitFor();
  const wide = await crm.frame().evaluate(() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]);
  assert.ok(wide[0] <= 375 && wide[1] <= 667, `nothing hangs out: ${wide}`);
  await crm.page.evaluate(() => {
    const div = document.getElementById('ameyoIframeDiv');
    [div.style.width, div.style.height] = ['200px', '300px'];
  });
  await until('a div that is too small', async () => (await box(crm)).height === 667);
  assert.equal((await box(crm)).width, 375, 'it does not become smaller than it can be used');
  covers('TB-04');
  await crm.close();
});

test('floating it lies over the page, and folds away', async () => {
  const crm = await Crm.open(bench.chrome, bench.server, bench.centre, { layout: 'floating', instance: 'floating' });
  await crm.docked();
  const place = await crm.page.evaluate(() => {
    const frame = document.querySelector('iframe[title="Omnibar"]');
    return { position: getComputedStyle(frame.closest('[data-omnibar]')).position, layout: frame.closest('[data-omnibar]').dataset.omnibar };
  });
  assert.deepEqual(place, { position: 'fixed', layout: 'floating' });
  const { width, height } = await box(crm);
  assert.ok(width >= 375 && height >= 600, `${width} x ${height}`);
  covers('TB-05');
  await crm.close();
});

test('the demo CRM: its bench populates, dials, reads dispositions and signs out and in', async () => {
  const origin = await bench.demo();
  phone.say(`allow ${origin}`);
  const page = await bench.chrome.page(`${origin}/plain/`);
  // The two pages lead to one another; the one in React is built by `make run`.
  await page.getByRole('link', { name: 'The same in React' }).click();
  await page.getByRole('link', { name: 'The same in plain JavaScript' }).click();
  await page.locator('.tab[data-tab="bench"]').click();
  const log = page.locator('[aria-label="Event log"]');
  const field = (name) => page.locator(`#bench input[name="${name}"]`);
  const press = (label) => page.locator('#bench').getByRole('button', { name: label, exact: true }).click();
  await field('campaignId').fill('103');
  await press('Get disposition list');
  await log.locator('[data-kind="answer"]').getByText('getDispositionCodesWithDispositionClass').first().waitFor({ timeout: 20000 });
  await field('phone').fill('+15550112');
  await press('Populate');
  await press('Dial');
  await log.getByText('interactionConnected').first().waitFor({ state: 'attached', timeout: 20000 });
  for (const label of ['Login', 'Logout', 'Callback', 'Perform dial']) {
    assert.equal(await page.locator('#bench').getByRole('button', { name: label, exact: true }).count(), 1, label);
  }
  for (const name of ['user', 'password', 'authPolicy', 'interactionId', 'callback']) assert.equal(await field(name).count(), 1, name);
  await field('user').fill('agent1');
  await field('password').fill('demo');
  await press('Login');
  await log.getByText('Successfully Logged In').first().waitFor({ state: 'attached' });
  covers('TB-16');
  await page.close();
});
