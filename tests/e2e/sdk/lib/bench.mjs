// What the checks share: a desktop, a centre, a browser, a CRM, an agent's app without a window.
import { once } from 'node:events';
import { join } from 'node:path';
import { Centre } from '../../lib/centre.mjs';
import { Browser } from '../../lib/customer.mjs';
import { Desktop, root } from '../../lib/desktop.mjs';
import { Phone } from '../../lib/phone.mjs';
import { end, lines, start } from '../../lib/process.mjs';
import { Chrome } from './chrome.mjs';
import { Crm, crmServer } from './crm.mjs';

/** Frames look for the app here, and at the four ports after it. */
export const DOCK_PORT = 47620;
export const CUSTOMER = 700;

export class Bench {
  static async open({ centre = {}, chrome = {} } = {}) {
    const self = new Bench();
    self.opened = [];
    try {
      self.desktop = await self.keep(Desktop.open());
      self.centre = await self.keep(Centre.open(self.desktop, centre));
      self.server = await self.keep(crmServer());
      self.chrome = await self.keep(Chrome.open(self.desktop, chrome));
    } catch (error) {
      await self.close();
      throw error;
    }
    return self;
  }

  async keep(opening) {
    const thing = await opening;
    this.opened.push(thing);
    return thing;
  }

  /** An agent's app without a window, at which pages dock. */
  async phone({ user = 'agent1', dock = DOCK_PORT, args = [], ...rest } = {}) {
    const phone = await this.keep(Phone.open(this.desktop, {
      centre: this.centre.url, user, mic: 'agent_mic', speaker: 'agent_speaker',
      args: [...(dock === null ? [] : ['--dock-port', `${dock}`]), ...args], ...rest,
    }));
    await phone.signedIn();
    return phone;
  }

  /** A page that the agent has let in with all rights, or with those given. */
  async page(phone, { rights = '', ...options } = {}) {
    phone.say(`allow ${this.server.origin} ${rights}`.trim());
    const crm = await Crm.open(this.chrome, this.server, this.centre, options);
    return crm.docked();
  }

  /** Serves the demo CRM for this centre; its origin. */
  async demo() {
    const child = start(process.execPath, [join(root, 'sdk/examples/crm/serve.mjs'), '0', this.centre.page], { pipe: true });
    await this.keep({ close: () => end(child) });
    return new Promise((resolve, reject) => {
      lines(child, (line) => resolve(new URL(line.match(/http:\/\/[^\s]+/)[0]).origin));
      once(child, 'exit').then(() => reject(new Error('the demo CRM ended')));
    });
  }

  /** Real customers with browsers of their own. */
  async customers() {
    this.browser ??= await this.keep(Browser.open(this.desktop, { args: this.args }));
    return this.browser;
  }

  async customer(options = {}) {
    return (await this.customers()).call(this.centre, { hertz: CUSTOMER, ...options });
  }

  async close() {
    for (const thing of this.opened.toReversed()) await thing.close().catch(() => {});
  }
}
