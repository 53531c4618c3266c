// A customer with an ordinary browser: Chromium on the centre's call page, sending a
// tone instead of a microphone, and listening by frequency.
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { until } from './process.mjs';

const CHROMIUM = process.env.OMNIBAR_CHROMIUM ?? '/usr/bin/chromium';

export class Browser {
  static async open(desktop, { args = [] } = {}) {
    const self = new Browser();
    self.context = await chromium.launchPersistentContext(await mkdtemp(join(desktop.dir, 'chromium-')), {
      executablePath: CHROMIUM,
      headless: true,
      env: { ...process.env, HOME: desktop.env.HOME },
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
        '--disable-background-networking', '--disable-component-update', '--disable-sync',
        '--allow-loopback-in-peer-connection', '--autoplay-policy=no-user-gesture-required',
        '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', ...args],
    });
    return self;
  }

  /**
   * Opens the page and calls a queue; `hertz` is the tone that this customer sends. On a
   * `slow` way to the centre the connection opens only after the click.
   */
  async call(centre, { queue = 'support', name = 'customer1', number = '+15550110', hertz = 700, slow = false } = {}) {
    const page = await this.context.newPage();
    let open;
    if (slow) {
      const opening = new Promise((resolve) => { open = resolve; });
      await page.routeWebSocket(/\/ws\/customer$/, async (socket) => {
        await opening;
        socket.connectToServer();
      });
    }
    const query = new URLSearchParams({ name, number, queue, test: '1' });
    await page.goto(`${centre.page}/call?${query}`);
    await page.locator('#queue option').first().waitFor({ state: 'attached' });
    await page.locator('#call').click();
    if (slow) {
      // Its own sound is ready when a later one is: it must wait for the way, not go on without.
      await page.evaluate(async () => {
        const later = new AudioContext();
        await later.resume();
        await later.close();
      });
      open();
    }
    await page.waitForFunction(() => window.omnibarCall.pc !== null);
    await page.evaluate((f) => window.omnibarCall.startTone(f), hertz);
    return new Customer(page);
  }

  close() {
    return this.context.close();
  }
}

export class Customer {
  constructor(page) {
    this.page = page;
  }

  /** `waiting`, `connected`, `held` or `ended`. */
  state(want, timeout = 15000) {
    return until(`a customer who is ${want}`, async () =>
      (await this.page.evaluate(() => window.omnibarCall.state)) === want, timeout);
  }

  /** Waits until each frequency is heard, or not. `{ 440: true, 900: false }` */
  hears(frequencies, timeout = 10000) {
    const list = Object.keys(frequencies).map(Number);
    let seen;
    return until(`the customer hearing ${JSON.stringify(frequencies)}`, async () => {
      seen = await this.page.evaluate((f) => window.omnibarCall.levels(f), list);
      return list.every((f, i) => seen[i] > -60 === frequencies[f]);
    }, timeout).catch((error) => {
      throw new Error(`${error.message}; levels ${JSON.stringify(seen)}`);
    });
  }

  hangUp() {
    return this.page.locator('#hangup').click();
  }
}
