// A customer with an ordinary browser on the centre's chat page.
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { until } from '../lib/process.mjs';

const CHROMIUM = process.env.OMNIBAR_CHROMIUM ?? '/usr/bin/chromium';

/** The browsers of customers who write: none sees what another one keeps. */
export class Writers {
  static async open(desktop) {
    const self = new Writers();
    self.context = await chromium.launchPersistentContext(await mkdtemp(join(desktop.dir, 'writers-')), {
      executablePath: CHROMIUM,
      headless: true,
      viewport: { width: 390, height: 760 },
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking',
        '--disable-component-update', '--disable-sync'],
    });
    return self;
  }

  /** Has the page open, and has not begun. */
  async visit(centre, { name = 'Paula Reyes', number = '+15550103', queue = 'support' } = {}) {
    const page = await this.context.newPage();
    const query = new URLSearchParams({ name, queue, ...(number ? { number } : {}) });
    await page.goto(`${centre.page}/chat?${query}`);
    await page.locator('#queue option').first().waitFor({ state: 'attached' });
    return new Writer(page);
  }

  /** Begins a chat with a queue, and has written `first`. */
  async write(centre, first, options) {
    const writer = await this.visit(centre, options);
    await writer.page.locator('#start').click();
    await writer.is('queued', 'ringing', 'open');
    if (first) await writer.say(first);
    return writer;
  }

  close() {
    return this.context.close();
  }
}

export class Writer {
  constructor(page) {
    this.page = page;
    this.faults = [];
    page.on('pageerror', (error) => this.faults.push(String(error)));
  }

  /** One of `none`, `queued`, `ringing`, `open`, `ended`. */
  is(...states) {
    let last;
    return until(`a customer whose chat is ${states.join(' or ')}`, async () => {
      last = await this.page.evaluate(() => document.documentElement.dataset.chat);
      return states.includes(last);
    }).catch((error) => {
      throw new Error(`${error.message}; it is ${last}`);
    });
  }

  /** Writes, and waits until the centre has it. */
  async say(text) {
    await this.page.locator('#text').fill(text);
    await this.page.locator('#text').press('Enter');
    await this.page.locator('#log .mine:not(.sending)', { hasText: text.split('\n')[0] }).last().waitFor();
  }

  /** Waits until the agent's words are there. */
  reads(text) {
    return this.page.locator('#log .theirs', { hasText: text }).last().waitFor({ timeout: 15000 });
  }

  /** Everything on the page, his and theirs, without the centre's notices. */
  transcript() {
    return this.page.locator('#log .message p').allInnerTexts();
  }

  leave() {
    return this.page.locator('#leave').click();
  }

  close() {
    return this.page.close();
  }
}
