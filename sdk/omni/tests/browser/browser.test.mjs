// What only a real browser decides: origins, refused frames, reloads, sizes, policies.
// Run by `npm run test:browser`; the browser is Chromium at OMNIBAR_CHROMIUM.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import { centre, crm } from './servers.mjs';

let browser;
before(async () => {
  const executablePath = process.env.OMNIBAR_CHROMIUM ?? '/usr/bin/chromium';
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
});
after(() => browser?.close());

async function open(t, { ancestors, ...page } = {}) {
  const far = await centre(ancestors);
  const near = await crm(far.origin, page);
  const tab = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const complaints = [];
  tab.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  tab.on('pageerror', (error) => complaints.push(String(error)));
  t.after(async () => {
    await tab.close();
    await Promise.all([far.stop(), near.stop()]);
  });
  await tab.goto(near.origin);
  const state = (wanted) =>
    tab
      .waitForFunction((name) => window.states?.at(-1)?.state === name && window.states.at(-1), wanted)
      .then((handle) => handle.jsonValue());
  const frame = async () =>
    await (await tab.waitForSelector('#ameyoIframe', { state: 'attached' })).contentFrame();
  return { tab, complaints, state, frame, far, near };
}

describe('a page and the frame', () => {
  test('meet by exact origins, and calls and answers go through', async (t) => {
    const { tab, complaints, state, frame, near, far } = await open(t);
    assert.deepEqual((await state('open')).rights, {
      events: true,
      control: true,
      customers: true,
      dial: true,
    });
    const greeted = await (await frame()).evaluate(() => window.greeted);
    assert.equal(greeted.origin, near.origin);
    assert.deepEqual(greeted.config, {
      context: 'crm',
      origin: near.origin,
      instanceId: 'ameyoIframe',
      app: '',
      last: null,
    });
    const answer = await tab.evaluate(() => {
      const form = new FormData();
      form.append('photo', new File(['kettle'], 'kettle.txt', { type: 'text/plain' }));
      return window.sdk.http.invokeECCAPI('cms', '/upload', 'post', null, form, true);
    });
    const file = { name: 'photo', filename: 'kettle.txt', type: 'text/plain', base64: 'a2V0dGxl' };
    assert.deepEqual(answer, {
      api: 'http.invokeECCAPI',
      list: ['cms', '/upload', 'post', null, { $form: [file] }, true],
    });
    assert.equal(await tab.evaluate(() => window.sdk.getBaseUrl()), far.origin);
    assert.deepEqual(complaints, []);
  });

  test('hear nobody else', async (t) => {
    const { tab, state } = await open(t);
    await state('open');
    const value = await tab.evaluate(async () => {
      const other = document.createElement('iframe');
      other.srcdoc = `<script>
        const { port1, port2 } = new MessageChannel();
        parent.postMessage({ omnibar: 1, say: 'port' }, '*', [port2]);
        port1.onmessage = ({ data }) => port1.postMessage({ id: data.id, value: 'forged' });
        port1.postMessage({ seq: 1, namespace: 'crm', event: 'showCrm', payload: 'forged' });
        parent.postMessage('posted', '*');
      <\/script>`;
      const posted = new Promise((resolve) =>
        addEventListener('message', ({ data }) => data === 'posted' && resolve()),
      );
      document.body.append(other);
      await posted;
      return window.sdk.session.getCurrentUser();
    });
    assert.deepEqual(value, { api: 'session.getCurrentUser', list: [] });
    assert.deepEqual(await tab.evaluate(() => window.events), []);
  });

  test('lose no event to a reload, and hand none over twice', async (t) => {
    const { tab, state, frame } = await open(t);
    await state('open');
    const [first] = await Promise.all([
      tab.waitForFunction(() => window.events.length === 1),
      (await frame()).evaluate(() => window.raise('showCrm', 'first')),
    ]);
    assert.ok(first);
    // Raised with nobody there: the frame's own page writes it as the core would.
    await (
      await frame()
    ).evaluate(() => {
      const events = JSON.parse(sessionStorage.getItem('events'));
      events.push({ seq: 2, namespace: 'crm', event: 'showCrm', payload: 'second' });
      sessionStorage.setItem('events', JSON.stringify(events));
    });
    await tab.reload();
    await tab.waitForFunction(() => window.events?.length > 0);
    await state('open');
    assert.deepEqual(
      await tab.evaluate(() => window.sdk.session.getCurrentUser().then(() => window.events)),
      ['second'],
    );
  });

  test('come together again when the page makes its elements anew', async (t) => {
    const { tab, state } = await open(t);
    await state('open');
    const api = await tab.evaluate(async () => {
      document.getElementById('ameyoIframeDiv').remove();
      const fresh = Object.assign(document.createElement('div'), { id: 'ameyoIframeDiv' });
      document.body.append(fresh);
      const seen = window.states.length;
      while (!window.states.slice(seen).some(({ state }) => state === 'open')) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return (await window.sdk.session.getCurrentUser()).api;
    });
    assert.equal(api, 'session.getCurrentUser');
  });
});

describe('the toolbar', () => {
  test('that the centre refuses to this page is replaced by a bridge, in words', async (t) => {
    const { tab, state, frame } = await open(t, { ancestors: "'none'", div: 'width:400px;height:700px' });
    const { frame: kind, way, words } = await state('open');
    assert.deepEqual([kind, way], ['bridge', 'loopback']);
    assert.match(words, /may not be shown in this page/);
    assert.match((await frame()).url(), /bridge\.html/);
    assert.equal(await tab.locator('#ameyoIframe').isVisible(), false);
    assert.equal(await tab.getByRole('status').innerText(), words);
    assert.equal((await tab.evaluate(() => window.sdk.session.logout())).api, 'session.logout');
  });

  test('fills a div that has a size', async (t) => {
    const { tab, state } = await open(t, { div: 'width:420px;height:720px' });
    await state('open');
    const { width, height } = await tab.locator('#ameyoIframe').boundingBox();
    assert.deepEqual([width, height], [420, 720]);
  });

  test('floats at its smallest size, moves, folds, and stays where it was put', async (t) => {
    const { tab, state } = await open(t);
    await state('open');
    const toolbar = tab.locator('#ameyoIframe');
    const box = await toolbar.boundingBox();
    assert.deepEqual([box.width, box.height], [375, 667]);
    const bar = tab.getByRole('group', { name: /Omnibar/ });
    const { x, y } = await bar.boundingBox();
    await tab.mouse.move(x + 60, y + 10);
    await tab.mouse.down();
    await tab.mouse.move(x - 340, y - 30, { steps: 4 });
    await tab.mouse.up();
    const moved = await toolbar.boundingBox();
    assert.deepEqual([moved.x, moved.y], [box.x - 400, box.y - 40]);
    await tab.getByRole('button', { name: 'Minimise' }).click();
    assert.equal(await toolbar.isVisible(), false);
    await tab.reload();
    await state('open');
    assert.equal(await toolbar.isVisible(), false);
    await tab.getByRole('button', { name: 'Omnibar' }).click();
    assert.deepEqual(await toolbar.boundingBox(), moved);
    await tab.setViewportSize({ width: 800, height: 720 });
    await tab.waitForFunction(() => {
      const inside = document.getElementById('ameyoIframe').getBoundingClientRect();
      return inside.left >= 0 && inside.right <= 800 && inside.top >= 0 && inside.bottom <= 720;
    });
  });

  test('needs nothing of a strict page but its own centre', async (t) => {
    const { state, complaints, tab } = await open(t, {
      csp: "default-src 'none'; style-src 'none'; img-src data:; script-src 'unsafe-inline' http://127.0.0.1:*; frame-src http://127.0.0.1:*",
    });
    await state('open');
    const { width, height } = await tab.locator('#ameyoIframe').boundingBox();
    assert.deepEqual([width, height], [375, 667]);
    assert.deepEqual(
      complaints.filter((text) => !text.includes('inline style')),
      [],
    );
  });
});

describe('a page in the workspace', () => {
  for (const [kind, context, query] of [
    ['of another origin', 'app', ''],
    ['that is the CRM', 'crm', ''],
    ['in a sandbox', 'app', '&sandbox'],
  ]) {
    test(`${kind} speaks to the workspace, and puts no toolbar into itself`, async (t) => {
      const far = await centre();
      const near = await crm(far.origin, { context });
      const tab = await browser.newPage();
      t.after(async () => {
        await tab.close();
        await Promise.all([far.stop(), near.stop()]);
      });
      const app = `${near.origin}/si/notes/1.0.0/`;
      await tab.goto(`${far.origin}/omniapp/workspace/?app=${encodeURIComponent(app)}${query}`);
      const inside = await (await tab.waitForSelector('#app')).contentFrame();
      await inside.waitForFunction(() => window.states?.at(-1)?.state === 'open');
      const state = await inside.evaluate(() => window.states.at(-1));
      assert.equal(state.frame, 'workspace');
      assert.equal(
        await inside.evaluate(() => window.sdk.session.getCurrentUser()),
        'session.getCurrentUser',
      );
      assert.equal(await inside.locator('iframe').count(), 0);
      const { origin, config } = await tab.evaluate(() => window.greeted);
      const own = query ? 'null' : near.origin;
      assert.deepEqual([origin, config.origin], [own, own]);
      assert.deepEqual([config.context, config.app], [context, 'notes']);
    });
  }

  test('framed by anybody else is no app of his', async (t) => {
    const [far, stranger] = [await centre(), await centre()];
    const near = await crm(far.origin, { context: 'app' });
    const tab = await browser.newPage();
    t.after(async () => {
      await tab.close();
      await Promise.all([far.stop(), stranger.stop(), near.stop()]);
    });
    await tab.goto(`${stranger.origin}/omniapp/workspace/?app=${encodeURIComponent(near.origin)}`);
    const inside = await (await tab.waitForSelector('#app')).contentFrame();
    await inside.waitForFunction(() => window.states?.at(-1)?.state === 'open');
    assert.equal(await inside.evaluate(() => window.states.at(-1).frame), 'bridge');
    assert.equal(await tab.evaluate(() => window.greeted), undefined);
  });
});
