// The few W3C WebDriver calls that the checks need (https://www.w3.org/TR/webdriver2/).
import { existsSync } from 'node:fs';
import { below, end, freePort, start, until } from './process.mjs';

const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';

export class WebDriver {
  /** Starts the driver and, through it, the app. `env` reaches the app. */
  static async open(binary, args, { env, log }) {
    const port = await freePort();
    const driver = start('WebKitWebDriver', [`--port=${port}`, '--host=127.0.0.1'], {
      env: { ...env, TAURI_AUTOMATION: 'true', TAURI_WEBVIEW_AUTOMATION: 'true' },
      log,
    });
    const self = new WebDriver(`http://127.0.0.1:${port}`, driver);
    try {
      await until('the web driver', () => self.call('GET', '/status'));
      const { sessionId } = await self.call('POST', '/session', {
        capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': { binary, args } } },
      });
      self.session = `/session/${sessionId}`;
      [self.app] = await below(driver.pid, 'omnibar');
      return self;
    } catch (error) {
      // A driver left behind would keep the run from ending.
      await end(driver);
      throw error;
    }
  }

  constructor(base, driver) {
    this.base = base;
    this.driver = driver;
  }

  async call(method, path, body, patience = 30000) {
    const response = await fetch(this.base + path, {
      method,
      body: method === 'POST' ? JSON.stringify(body ?? {}) : undefined,
      signal: AbortSignal.timeout(patience),
    });
    const { value } = await response.json();
    if (!response.ok) throw new Error(`${value?.error}: ${value?.message}`);
    return value;
  }

  /** Runs a function's text in the page. */
  execute(script, ...args) {
    return this.call('POST', `${this.session}/execute/sync`, { script, args });
  }

  async all(selector) {
    const found = await this.call('POST', `${this.session}/elements`, {
      using: 'css selector',
      value: selector,
    });
    return found.map((e) => e[ELEMENT]);
  }

  /** The first visible element, once there is one. */
  element(selector, timeout = 10000) {
    return until(
      `${selector} on the screen`,
      async () => {
        for (const id of await this.all(selector)) {
          if (await this.call('GET', `${this.session}/element/${id}/displayed`)) return id;
        }
        return null;
      },
      timeout,
    );
  }

  /** Scrolls there, as a person would: WebKit's driver only scrolls the page itself. */
  #show(id) {
    return this.execute("arguments[0].scrollIntoView({ block: 'nearest' })", { [ELEMENT]: id });
  }

  async text(selector) {
    const id = await this.element(selector);
    return this.call('GET', `${this.session}/element/${id}/text`);
  }

  /** Clicks when the element is there, enabled, and no longer guarded (it has stood still for 300 ms). */
  async click(selector, timeout = 10000) {
    await until(
      `a click on ${selector}`,
      async () => {
        const id = await this.element(selector, timeout);
        const at = `${this.session}/element/${id}`;
        if (!(await this.call('GET', `${at}/enabled`))) return false;
        if ((await this.call('GET', `${at}/attribute/data-guarded`)) !== null) return false;
        await this.#show(id);
        await this.call('POST', `${at}/click`);
        return true;
      },
      timeout,
    );
  }

  /** Whether a box with this element id is ticked (ARIA, WAI-ARIA 1.2 section 6.6). */
  async checked(id) {
    return (await this.call('GET', `${this.session}/element/${id}/attribute/aria-checked`)) === 'true';
  }

  async type(selector, text) {
    const id = await this.element(selector);
    await this.#show(id);
    await this.call('POST', `${this.session}/element/${id}/clear`);
    // It takes no empty text.
    if (text !== '') await this.call('POST', `${this.session}/element/${id}/value`, { text });
  }

  /** Presses keys together, for example `['\uE00A', 'h']` for Alt+H. */
  async press(...keys) {
    const down = keys.map((value) => ({ type: 'keyDown', value }));
    const up = keys.toReversed().map((value) => ({ type: 'keyUp', value }));
    await this.call('POST', `${this.session}/actions`, {
      actions: [{ type: 'key', id: 'keyboard', actions: [...down, ...up] }],
    });
  }

  async screenshot() {
    return Buffer.from(await this.call('GET', `${this.session}/screenshot`), 'base64');
  }

  async close() {
    try {
      if (this.session) await this.call('DELETE', this.session, undefined, 5000);
    } catch (error) {
      // A page that was killed takes the session with it; the app is ended below.
      this.fault = error;
    }
    // There is one app at a time: the next would only wake this one and leave.
    if (this.app && this.fault && existsSync(`/proc/${this.app}`)) process.kill(this.app, 'SIGKILL');
    if (!this.fault) await this.#ended();
    await end(this.driver, 1000);
    await this.#ended();
  }

  async #ended() {
    if (this.app) await until('the app to end', () => !existsSync(`/proc/${this.app}`));
  }
}
