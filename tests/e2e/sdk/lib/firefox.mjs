// Firefox as an agent's browser, driven over WebDriver BiDi; a page of it answers to what
// `Crm` asks of Chromium's.
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';
import { until } from '../../lib/process.mjs';

const FIREFOX = process.env.OMNIBAR_FIREFOX ?? '/usr/bin/firefox-esr';

export class Firefox {
  /** `preferences`: as in about:config. `profile`: a directory that is there. */
  static async open(desktop, { windowed = false, profile, preferences = {} } = {}) {
    const self = new Firefox();
    self.desktop = desktop;
    const launch = async () => puppeteer.launch({
      browser: 'firefox',
      executablePath: FIREFOX,
      headless: !windowed,
      userDataDir: profile ?? (await mkdtemp(join(desktop.dir, 'firefox-'))),
      env: { ...process.env, ...desktop.env },
      extraPrefsFirefox: preferences,
    });
    // Firefox ESR itself sometimes dies of SIGSEGV within its first 100 ms, before there is any
    // page: that says nothing of what is checked here.
    self.browser = await launch().catch((error) => {
      if (!/Failed to launch[^]*Code: 11\b/.test(error.message)) throw error;
      console.log('# Firefox crashed as it began; it is begun once more');
      return launch();
    });
    return self;
  }

  async page(url) {
    const page = await this.browser.newPage();
    page.frameLocator = () => ({ locator: (selector) => new Inside(page, selector) });
    if (url) await page.goto(url);
    return page;
  }

  close() {
    return this.browser.close();
  }
}

/** Something in the toolbar's frame. */
class Inside {
  constructor(page, selector) {
    Object.assign(this, { page, selector });
  }

  first() {
    return this;
  }

  waitFor() {
    return until(`${this.selector} in the toolbar`, () => this.#find(), 15000);
  }

  async click() {
    // One that has just come up may be drawn anew under the pointer.
    await until(`a click on ${this.selector}`, async () => {
      await (await this.#find()).click();
      return true;
    }, 10000);
  }

  async fill(text) {
    const field = await this.waitFor();
    await field.type(text);
  }

  #find() {
    const frame = this.page.frames().find((each) => each.url().includes('/omniapp/toolbar/'));
    return frame?.$(this.selector);
  }
}
