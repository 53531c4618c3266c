// Web chats in the app's own window: offered, answered, beside the start screen, wrapped up
// there, and found again among what was lately done.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { App } from '../lib/app.mjs';
import { until } from '../lib/process.mjs';
import { Bench } from './lib/bench.mjs';
import { Writers } from './chat-customer.mjs';

const ENTER = '\uE007';
const SHIFT = '\uE008';
let bench, app, writers, writer;

before(async () => {
  bench = await Bench.open();
  writers = await bench.keep(Writers.open(bench.desktop));
  app = await bench.keep(App.open(bench.desktop, { centre: bench.centre.url }));
  await app.begin();
  await app.click('presence-menu');
  await app.click('presence-available');
});

after(() => bench?.close());

const shows = (name, text) => until(`“${text}” in ${name}`, () => app.driver.execute(
  'return [...document.querySelectorAll(`[data-testid="${arguments[0]}"]`)].some((each) => each.textContent.includes(arguments[1]))', name, text));

test('a chat is offered with its first words, and answered with the keyboard', async () => {
  writer = await writers.write(bench.centre, 'The router blinks red', { name: 'Paula Reyes' });
  await app.see('offer');
  await shows('offer-about', 'The router blinks red');
  await app.click('offer-accept');
  await writer.is('open');
  await app.see('chat-text');
  assert.equal(await app.driver.execute('return document.activeElement.dataset.testid'), 'chat-text', 'the agent can write at once');
  await app.type('chat-text', `Please unplug it.${SHIFT}${ENTER}${SHIFT}Wait a minute.${ENTER}`);
  await writer.reads('Please unplug it.');
  assert.deepEqual(await writer.transcript(), ['The router blinks red', 'Please unplug it.\nWait a minute.']);
  await writer.say('It is green now');
  await shows('chat-message', 'It is green now');
});

test('the customer’s page that is closed is said, and its coming back', async () => {
  const { page } = writer;
  const address = page.url();
  await page.goto('about:blank');
  await app.see('chat-away');
  await app.type('chat-text', `Are you there?${ENTER}`);
  await page.goto(address);
  await writer.is('open');
  await writer.reads('Are you there?');
  await until('the customer is back', async () => !(await app.is('chat-away')));
});

test('the start screen is there, the chat stays, and what comes in is counted', async () => {
  await app.click('chat-home');
  await app.see('dial-number');
  await writer.say('One more thing');
  await shows('chat-unread', '1');
  await app.click('chat-line');
  await shows('chat-message', 'One more thing');
});

test('the end, its disposition, and the chat among what was done', async () => {
  await writer.leave();
  await app.see('wrap-up');
  await shows('call-cause', 'The customer has left');
  await app.click('chat-read');
  await shows('chat-message', 'It is green now');
  await app.driver.execute('document.querySelector(\'[data-testid="chat-screen"] [role="group"] button\').click()');
  await app.type('disposition-search', 'resolved');
  await app.click('disposition-code');
  await app.type('note', 'Unplugged it');
  await app.click('dispose');
  await app.see('dial-number');
  await shows('recent', 'Paula Reyes');
  await shows('recent', 'Resolved on the call');
});
