// The real window of the real app, with an embedded centre.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { binary } from './desktop.mjs';
import { freePort } from './process.mjs';
import { WebDriver } from './webdriver.mjs';

export const ALT = '\uE00A';
const id = (name) => `[data-testid="${name}"]`;

export class App {
  /**
   * `centre`: of another process; `sip`: nothing but what is in `args`; otherwise the app's own
   * demo centre is started.
   */
  static async open(desktop, { name = 'app', centre, sip = false, record, args = [] } = {}) {
    const self = new App();
    self.desktop = desktop;
    self.data = join(desktop.dir, name);
    self.log = join(desktop.dir, `${name}.log`);
    await mkdir(self.data, { recursive: true });
    const port = centre || sip ? 0 : await freePort();
    self.centre = centre ?? `ws://127.0.0.1:${port}`;
    const where = sip ? [] : centre
      ? ['--centre', centre]
      : ['--demo', '--demo-listen', `127.0.0.1:${port}`, ...(record ? ['--demo-record', record] : [])];
    self.driver = await WebDriver.open(
      binary,
      [...where, '--data', self.data, '--bind', '127.0.0.1', ...args],
      { env: desktop.env, log: self.log },
    );
    return self;
  }

  click(name, timeout) {
    return this.driver.click(id(name), timeout);
  }

  see(name, timeout) {
    return this.driver.element(id(name), timeout);
  }

  async enabled(name) {
    const element = await this.see(name);
    return this.driver.call('GET', `${this.driver.session}/element/${element}/enabled`);
  }

  text(name) {
    return this.driver.text(id(name));
  }

  type(name, text) {
    return this.driver.type(id(name), text);
  }

  async is(name) {
    return (await this.driver.all(id(name))).length > 0;
  }

  async signIn(user = 'agent1', password = 'demo') {
    await this.type('signin-user', user);
    await this.type('signin-password', password);
    await this.click('signin-submit');
  }

  /** Signs in, takes campaigns, and is at work. */
  async begin({ user, password, campaigns = ['support', 'sales', 'outreach'] } = {}) {
    await this.signIn(user, password);
    for (const campaign of campaigns) {
      const box = await this.see(`campaign-${campaign}`);
      if (!(await this.driver.checked(box))) await this.click(`campaign-${campaign}`);
    }
    await this.click('choose-next');
    await this.see('presence-menu');
  }

  /** The state word of the selected call. */
  state() {
    return this.text('call-state');
  }

  close() {
    return this.driver.close();
  }
}
