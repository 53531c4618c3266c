// The demo CRM, both pages, at a centre whose core is played by the test.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import { centre } from './servers.mjs';

const serve = new URL('../../../examples/crm/serve.mjs', import.meta.url).pathname;

const ANSWERS = {
  'session.getCurrentUser': { value: { userId: 'agent1', userName: 'Ada Palmer', userType: 'Executive' } },
  'session.getSelectedCampaigns': {
    value: [{ campaignId: 3, campaignName: 'Support', campaignType: 'Omni Campaign', processId: 1 }],
  },
  'interaction.getAllLiveInteractionsForAgent': { value: [] },
  'configuration.getDispositionCodesWithDispositionClass': {
    value: [
      {
        classId: 1,
        className: 'Resolved',
        dispositionCodeBean: [{ dispositionCodeId: 11, dispositionCodeName: 'Answered' }],
      },
    ],
  },
  'interaction.disposeInteraction': { value: 'ok' },
  'interaction.initiateInteraction': { value: { result: 'success', reason: 'success' } },
  'session.logout': { error: { errorType: 'HTTP_ERROR', errorCode: 3000, description: 'a call is live' } },
};

const EVENT = {
  interactionId: '5b1d6a0e-0f8c-4f0e-9d2a-6a3a52d91125',
  campaignId: 3,
  queueId: 2,
  userCrtObjectId: 'session-1',
  customerCrtObjectId: 'leg-1',
  channelDetails: { channelType: 'voice', callId: 'leg-1' },
  customerDetails: { customerId: 3, name: 'Paula Reyes', phone: '+15550103' },
};

let browser;
before(async () => {
  const executablePath = process.env.OMNIBAR_CHROMIUM ?? '/usr/bin/chromium';
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
});
after(() => browser?.close());

async function open(t, folder) {
  const far = await centre('*', ANSWERS);
  const server = spawn(process.execPath, [serve, '0', far.origin]);
  const [line] = await once(server.stdout, 'data');
  const [origin] = /http:\/\/127\.0\.0\.1:\d+/.exec(String(line));
  const tab = await browser.newPage({ viewport: { width: 1440, height: 860 } });
  const complaints = [];
  tab.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  tab.on('pageerror', (error) => complaints.push(String(error)));
  t.after(async () => {
    await tab.close();
    server.kill();
    await far.stop();
  });
  await tab.goto(`${origin}/${folder}/`);
  await tab.getByText('Ada Palmer').waitFor();
  const frame = await (await tab.waitForSelector('#ameyoIframe')).contentFrame();
  const raise = (...names) =>
    frame.evaluate(([list, payload]) => list.forEach((name) => window.raise(name, payload)), [names, EVENT]);
  return { tab, frame, raise, complaints, origin };
}

for (const folder of ['plain', 'react']) {
  describe(`the ${folder} page`, () => {
    test('shows the caller, and closes the call', async (t) => {
      const { tab, raise, complaints } = await open(t, folder);
      await raise('callRinging', 'showCrm', 'interactionConnected');
      await tab.getByRole('region', { name: 'Call' }).getByText('On the call').waitFor();
      await tab.getByText('paula.reyes@customers.example').waitFor();
      assert.equal(await tab.getByRole('button', { name: 'Call +1 555 0103' }).isDisabled(), true);
      await raise('interactionDisconnected');
      await tab.getByRole('combobox', { name: 'Disposition' }).selectOption('Answered');
      await tab.getByRole('textbox', { name: 'Notes' }).fill('Router was replaced.');
      await tab.getByRole('button', { name: 'Close the call' }).click();
      await tab.getByRole('region', { name: 'Call' }).waitFor({ state: 'detached' });
      assert.deepEqual(complaints, []);
    });

    test('dials from the card, searches, and takes in a new caller', async (t) => {
      const { tab, frame, complaints } = await open(t, folder);
      await tab.getByRole('searchbox', { name: 'Search' }).fill('0104');
      await tab.getByRole('button', { name: 'Quentin Moore' }).click();
      await tab.getByRole('button', { name: 'Call +1 555 0104' }).click();
      await tab.getByRole('button', { name: 'SDK bench' }).click();
      await tab.getByRole('group').filter({ hasText: 'initiateInteraction' }).first().waitFor();
      await tab.getByRole('button', { name: 'Customers' }).click();
      const stranger = {
        ...EVENT,
        interactionId: 'x',
        customerDetails: { customerId: -1, phone: '+15550177' },
      };
      await frame.evaluate((payload) => {
        window.raise('callRinging', payload);
        window.raise('showCrm', payload);
      }, stranger);
      await tab.getByRole('textbox', { name: 'Name' }).fill('Zoe Marin');
      assert.equal(await tab.getByRole('textbox', { name: 'Number' }).inputValue(), '+15550177');
      await tab.getByRole('button', { name: 'Save' }).click();
      await tab.getByRole('heading', { name: 'Zoe Marin' }).waitFor();
      assert.deepEqual(complaints, []);
    });

    test('a chat opens its customer and stands in his activity, and a call goes before it', async (t) => {
      const { tab, frame, raise, complaints } = await open(t, folder);
      const chat = {
        ...EVENT,
        interactionId: 'chat-1',
        channelDetails: { channelType: 'CHAT', chatId: 'chat-1', channelSubType: 'webchat' },
      };
      const tell = (name, more = {}) =>
        frame.evaluate(([event, payload]) => window.raise(event, payload), [name, { ...chat, ...more }]);
      await tell('showCrm');
      await tab.getByText('paula.reyes@customers.example').waitFor();
      await tell('messageEvent', { message: '<b>Where is it?</b>', messageDirection: 'received' });
      await tab.getByText('Wrote: <b>Where is it?</b>').waitFor();
      await tell('messageEvent', { messageDirection: 'received' });
      await tell('messageEvent', { message: 'Tomorrow', messageDirection: 'sent' });
      await tab.getByText('You wrote: Tomorrow').waitFor();
      assert.equal(await tab.getByRole('region', { name: 'Call' }).count(), 0, 'a chat is no call');
      await raise('callRinging', 'showCrm', 'interactionConnected');
      const other = { customerId: 4, phone: '+15550104' };
      await tell('showCrm', { interactionId: 'chat-2', customerDetails: other });
      await tell('messageEvent', {
        interactionId: 'chat-2',
        message: 'Me too',
        messageDirection: 'received',
      });
      assert.ok(await tab.getByText('paula.reyes@customers.example').isVisible());
      await tab.getByRole('button', { name: 'Quentin Moore' }).click();
      await tab.getByText('Wrote: Me too').waitFor();
      assert.deepEqual(complaints, []);
    });

    test('keeps the call over a reload', async (t) => {
      const { tab, raise } = await open(t, folder);
      await raise('callRinging', 'showCrm', 'interactionConnected', 'interactionDisconnected');
      await tab.getByRole('button', { name: 'Close the call' }).waitFor();
      await tab.reload();
      await tab.getByText('Ada Palmer').waitFor();
      await tab.getByRole('combobox', { name: 'Disposition' }).selectOption('Answered');
      await tab.getByRole('button', { name: 'Close the call' }).click();
      await tab.getByRole('region', { name: 'Call' }).waitFor({ state: 'detached' });
    });

    test('says what a refused call needs, and logs it', async (t) => {
      const { tab } = await open(t, folder);
      await tab.getByRole('button', { name: 'SDK bench' }).click();
      for (const name of [
        'Populate',
        'Dial',
        'Logout',
        'Login',
        'Callback',
        'Perform dial',
        'Get disposition list',
      ]) {
        await tab.getByRole('button', { name, exact: true }).waitFor();
      }
      for (const name of ['User id', 'Password', 'authPolicy', 'Interaction id', 'Number', 'Campaign id']) {
        await tab.getByLabel(name, { exact: true }).waitFor();
      }
      await tab.getByRole('button', { name: 'Logout' }).click();
      assert.match(await tab.getByRole('alert').innerText(), /a call is live \(3000\)/);
      await tab.locator('[data-kind=error] summary').filter({ hasText: 'logout' }).click();
      await tab.getByText('"errorType": "HTTP_ERROR"').waitFor();
    });
  });
}

test('the server gives the demo, only the demo, and only to this machine', async (t) => {
  const { origin } = await open(t, 'plain');
  const status = async (path) => (await fetch(origin + path, { redirect: 'manual' })).status;
  assert.equal(await status('/'), 302);
  for (const path of [
    '/serve.mjs',
    '/react/package.json',
    '/plain/..%2fserve.mjs',
    '/plain/%2e%2e/%2e%2e/README.md',
    '/plain/%00.js',
    '/plain/%zz.js',
    '/toString/x.js',
    '/shared/customers.ts',
    '//x',
  ]) {
    assert.equal(await status(path), 404, path);
  }
  const policy = (await fetch(`${origin}/plain/`)).headers.get('content-security-policy');
  assert.match(policy, /default-src 'none'/);
  // Bound to the loopback address alone: its port is free on another one.
  const other = createServer();
  other.listen(Number(new URL(origin).port), '127.0.0.2');
  await once(other, 'listening');
  other.close();
});
