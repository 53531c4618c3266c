// Pictures of every fixture screen, light and dark, in a headless Chromium.
// node scripts/shots.mjs OUT_DIR [NAME...]
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { build, preview } from 'vite';

const [out, ...only] = process.argv.slice(2);
if (!out) {
  console.error('usage: node scripts/shots.mjs OUT_DIR [NAME...]');
  process.exit(2);
}
await mkdir(out, { recursive: true });

const click = (id) => (page) => page.getByTestId(id).first().click();
const wait = (ms) => (page) => page.waitForTimeout(ms);
const type = (id, text) => (page) => page.getByTestId(id).first().fill(text);

/** Name, fixture, and what to press before the picture. */
const shots = [
  ...[
    'sign-in',
    'sign-in-demo',
    'sign-in-fault',
    'sign-in-elsewhere',
    'signing-in',
    'choose',
    'home',
    'home-empty',
    'home-missed',
    'break',
    'reconnecting',
    'offer',
    'offers',
    'ringing',
    'call',
    'held',
    'refused',
    'offer-in-call',
    'consult',
    'conference',
    'several',
    'wrap-up',
    'notices',
    'dock-ask',
    'dock-ask-lookalike',
    'dock-ask-in-call',
    'dock-records',
    'dock-toasts',
    'dock-frame',
    'bar-dock-ask',
    'bar-sign-in',
    'bar-home',
    'bar-offer',
    'bar-call',
    'bar-consult',
    'bar-wrap-up',
    'callback-due',
    'bar-callback-due',
    'bar-reconnecting',
    'chat-offer',
    'chat',
    'chat-several',
    'chat-away',
    'chat-in-call',
    'chat-offer-in-call',
    'chat-call-offer',
    'chat-wrap-up',
    'chat-records',
    'chat-arabic',
    'chat-hostile',
    'bar-chat-offer',
    'bar-chat',
    'bar-chat-in-call',
    'bar-chat-wrap-up',
    'sip-sign-in',
    'sip-sign-in-fault',
    'sip-test',
    'sip-test-fault',
    'sip-test-passed',
    'sip-home',
    'sip-home-empty',
    'sip-missed',
    'sip-away',
    'sip-reconnecting',
    'sip-offer',
    'sip-consult',
    'sip-conference',
    'docked-sip-home',
    'docked-sip-offer',
    'docked-sip-consult',
    'docked-sip-conference',
    'docked-sip-test-fault',
    'bar-sip-sign-in',
    'bar-sip-consult',
    'bar-sip-conference',
    'bar-sip-home',
    'bar-sip-offer',
  ].map((name) => [name, name]),
  ['presence-menu', 'home', click('presence-menu')],
  ['shape-menu', 'home', click('shape-menu')],
  ['keypad', 'call', wait(350), click('keypad'), wait(350), click('key-1'), click('key-hash')],
  ['transfer', 'call', wait(350), click('transfer')],
  ['transfer-chosen', 'call', wait(350), click('transfer'), wait(350), click('directory-result')],
  ['transfer-number', 'call', wait(350), click('transfer'), type('directory-search', '+1 555 0123')],
  ['conference-add', 'call', wait(350), click('conference')],
  ['wrap-up-code', 'wrap-up', wait(350), click('disposition-class'), wait(350), click('disposition-code')],
  ['wrap-up-search', 'wrap-up', wait(350), type('disposition-search', 'call')],
  ['settings-audio', 'home', click('settings')],
  ['settings-select', 'home', click('settings'), click('audio-ringer')],
  ['settings-appearance', 'home', click('settings'), click('settings-appearance')],
  ['settings-general', 'home', click('settings'), click('settings-general')],
  ['settings-connection', 'home', click('settings'), click('settings-connection')],
  ['dock-ask-all', 'dock-ask', wait(350), click('dock-rights-all')],
  ['dock-pages', 'dock-pages', click('settings'), click('settings-pages')],
  [
    'dock-pages-open',
    'dock-pages',
    click('settings'),
    click('settings-pages'),
    wait(350),
    click('dock-page-open'),
  ],
  ['dock-pages-empty', 'home', click('settings'), click('settings-pages')],
  ['dock-preview', 'dock-preview', type('dial-number', '+1 555 0134')],
  ['sip-sign-in-new', 'sip-sign-in-new', click('signin-way-exchange'), click('signin-more')],
  ['sip-settings-test', 'sip-settings-test', click('settings'), click('settings-connection')],
  ['sip-found', 'sip-found', type('dial-number', 'ma')],
  ['sip-contact', 'sip-home', wait(350), click('recent-contact')],
  ['chat-beside-call', 'chat-in-call', wait(350), click('chat-line')],
  ['chat-home', 'chat', wait(350), click('chat-home')],
  ['chat-written', 'chat', type('chat-text', 'I have sent you the new tracking number.\nAnything else?')],
  ['chat-rtl', 'chat-arabic', (page) => page.evaluate(() => (document.documentElement.dir = 'rtl'))],
  ['chat-read', 'chat-wrap-up', wait(350), click('chat-read')],
  ['bar-chat-beside-call', 'bar-chat-in-call', wait(350), click('chat-next')],
  ['callbacks', 'callbacks', wait(350), click('callbacks-open'), wait(100)],
  ['callbacks-empty', 'callbacks-empty', wait(350), click('callbacks-open')],
  [
    'callbacks-filtered',
    'callbacks',
    wait(350),
    click('callbacks-open'),
    click('callbacks-campaign'),
    (page) => page.getByRole('option', { name: 'Support' }).click(),
  ],
  ['callback-cancel', 'callbacks', wait(350), click('callbacks-open'), click('callback-cancel')],
  ['callback-move', 'callbacks', wait(350), click('callbacks-open'), click('callback-move')],
  [
    'wrap-up-callback',
    'wrap-up',
    wait(350),
    type('disposition-search', 'call back'),
    wait(350),
    click('disposition-code'),
  ],
  [
    'wrap-up-callback-date',
    'wrap-up',
    wait(350),
    type('disposition-search', 'call back'),
    wait(350),
    click('disposition-code'),
    click('schedule-when-date'),
    click('schedule-alternate'),
  ],
  [
    'bar-wrap-up-callback',
    'bar-wrap-up-callback',
    wait(350),
    (page) => page.getByText('Follow-up').click(),
    wait(350),
    (page) => page.getByText('Call back', { exact: true }).click(),
  ],
  ['cheat-sheet', 'call', (page) => page.keyboard.press('?')],
  ['tooltip', 'call', (page) => page.getByTestId('hold').hover(), wait(700)],
  ['focus', 'call', (page) => page.keyboard.press('Tab'), (page) => page.keyboard.press('Tab')],
  ['bar-presence', 'bar-home', click('presence-menu')],
  ['bar-keypad', 'bar-call', wait(350), click('keypad')],
  ['bar-transfer', 'bar-call', wait(350), click('transfer'), wait(350), click('directory-result')],
  [
    'bar-wrap-up-code',
    'bar-wrap-up',
    wait(350),
    click('disposition-class'),
    wait(350),
    click('disposition-code'),
  ],
];

/** In the page: words on buttons that are not whole. */
const cutWords = () =>
  [...document.querySelectorAll('button > .cut')]
    .filter((word) => word.scrollWidth > word.clientWidth)
    .map((word) => word.textContent.trim());

const root = fileURLToPath(new URL('..', import.meta.url));
const outDir = await mkdtemp(join(tmpdir(), 'omnibar-shots-'));
await build({ root, mode: 'fixture', logLevel: 'error', build: { outDir, emptyOutDir: true } });
const server = await preview({ root, logLevel: 'error', build: { outDir }, preview: { port: 0 } });
const base = server.resolvedUrls.local[0];
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
let failed = 0;
for (const scheme of ['light', 'dark']) {
  for (const [name, fixture, ...steps] of shots) {
    if (only.length > 0 && !only.includes(name)) continue;
    const bar = fixture.startsWith('bar-');
    const docked = fixture.startsWith('docked-');
    const page = await browser.newPage({
      colorScheme: scheme,
      viewport: bar ? { width: 1280, height: 48 } : { width: 375, height: docked ? 1040 : 667 },
      deviceScaleFactor: bar ? 1 : 2,
    });
    page.on('pageerror', (error) => {
      failed += 1;
      console.error(`${name} (${scheme}): ${error.message}`);
    });
    page.on('console', (line) => line.type() === 'error' && console.error(`${name}: ${line.text()}`));
    try {
      await page.goto(`${base}?fixture=${fixture}`);
      await page.waitForSelector('[data-testid]');
      await page.evaluate(() => document.fonts.ready);
      for (const step of steps) await step(page);
      await page.waitForTimeout(120);
      await page.screenshot({ path: join(out, `${name}-${scheme}.png`) });
      for (const word of await page.evaluate(cutWords)) throw new Error(`"${word}" does not fit`);
    } catch (error) {
      failed += 1;
      console.error(`${name} (${scheme}): ${error.message}`);
    }
    await page.close();
  }
}
await browser.close();
await server.close();
await rm(outDir, { recursive: true });
process.exit(failed > 0 ? 1 : 0);
