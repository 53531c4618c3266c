// A CRM's page as its developer would write it: loads the module, registers for every event,
// keeps what it was told, and calls what the test wants.
import { EVENTS } from '../contract.mjs';
import { until } from '../../lib/process.mjs';
import { html, Server } from './server.mjs';

const NAMES = JSON.stringify(EVENTS.map(([, namespace, name]) => [namespace, name]));

const SCRIPT = `
window.told = [];
const query = new URLSearchParams(location.search);
window.note = (namespace, event) => (payload) => {
  told.push({ namespace, event, payload, at: performance.timeOrigin + performance.now() });
  if (query.has('report')) fetch('/told', { method: 'POST', body: JSON.stringify(told.at(-1)), keepalive: true });
};
window.docking = import(query.get('centre') + '/omniapp/sdk/ameyo-sdk.js').then(async (module) => {
  window.omni = module.default;
  const config = { context: query.get('context'), origin: query.get('origin') ?? location.origin };
  if (query.has('instance')) config.instanceId = query.get('instance');
  if (query.has('base')) config.baseUrl = query.get('base');
  if (query.has('layout')) config.layout = query.get('layout');
  window.sdk = module.default.initialize(config);
  window.states = [];
  sdk.session.register('omnibar:dock', (state) => states.push(state));
  if (query.has('report')) note('', 'loaded')(null);
  window.registered = Promise.all(${NAMES}.map(([namespace, event]) => sdk[namespace].register(event, note(namespace, event))));
  await registered;
  return 'docked';
});
docking.catch((error) => { window.broken = error; });
`;

/** The page's server: one origin. `/` is the page; everything of it is in the query. */
export function crmServer(onReport, headers = {}) {
  return Server.open(crmAnswer(onReport, headers));
}

/** What it answers, for a server that somebody else has opened. */
export function crmAnswer(onReport, headers = {}) {
  return (request, response) => {
    if (request.url === '/told') {
      request.setEncoding('utf8').on('data', (text) => onReport?.(JSON.parse(text))).on('end', () => response.writeHead(204).end());
      return;
    }
    if (request.url === '/elsewhere') return html(response, 'another page of the CRM');
    return html(response, `<div id="ameyoIframeDiv" style="width:400px;height:700px"></div><script type="module">${SCRIPT}</script>`, headers);
  };
}

export class Crm {
  /** Opens the page and does not wait until it is docked. */
  static async open(chrome, server, centre, { context = 'crm', origin, path = '/', ...rest } = {}) {
    const self = new Crm();
    Object.assign(self, { chrome, centre, origin: server.origin });
    const query = new URLSearchParams({ centre: centre.page, context, ...(origin ? { origin } : {}), ...rest });
    self.page = await chrome.page();
    self.faults = [];
    self.page.on('pageerror', (error) => self.faults.push(String(error)));
    await self.page.goto(`${server.origin}${path}?${query}`);
    return self;
  }

  /** The module is loaded and every event registered: the page is let in. */
  async docked(timeout = 20000) {
    const done = await Promise.race([
      this.page.evaluate(() => docking.then(() => null, (error) => error.description ?? String(error))),
      new Promise((resolve) => setTimeout(resolve, timeout, 'it took too long').unref()),
    ]);
    if (done) throw new Error(`the page is not docked: ${done}; ${JSON.stringify(await this.state())}`);
    return this;
  }

  /** How the page reaches Omnibar now. */
  state() {
    return this.page.evaluate(() => window.states?.at(-1));
  }

  reaches(fits, what, timeout = 15000) {
    let last;
    return until(`the page to be ${what}`, async () => {
      last = await this.state();
      return last && fits(last) && last;
    }, timeout).catch((error) => {
      throw new Error(`${error.message}; ${JSON.stringify(last)}`);
    });
  }

  /** `crm.ask('session.getCurrentUser')`: what the promise gave, or throws what it was rejected with. */
  async ask(api, ...args) {
    const answer = await this.page.evaluate(async ([api, args]) => {
      const names = api.split('.');
      const of = names.length === 2 ? sdk[names[0]] : sdk;
      try {
        return { value: await of[names.at(-1)](...args) };
      } catch (error) {
        return { error: error instanceof Error ? { description: String(error) } : error };
      }
    }, [api, args]);
    if (!answer.error) return answer.value;
    throw Object.assign(new Error(`${api}: ${answer.error.errorType} ${answer.error.description}`), answer.error);
  }

  told() {
    return this.page.evaluate(() => told);
  }

  async mark() {
    return this.page.evaluate(() => told.length);
  }

  /** The first event of that name after `from` that fits. */
  async event(name, fits = () => true, { from = 0, timeout = 15000 } = {}) {
    let seen = [];
    return until(`the event ${name}`, async () => {
      seen = (await this.told()).slice(from);
      return seen.find((each) => each.event === name && fits(each.payload));
    }, timeout).catch((error) => {
      throw new Error(`${error.message}; told ${JSON.stringify(seen.map((each) => each.event))}`);
    });
  }

  /** The frame in which the toolbar (or the bridge) is. */
  frame() {
    return this.page.frames().find((each) => each.url().startsWith(`${this.centre.page}/omniapp/toolbar/`));
  }

  toolbar(name) {
    return this.#inside().locator(`[data-testid="${name}"]`);
  }

  /** Presses a button of the docked toolbar; one that has just come up takes no press. */
  press(name) {
    return this.#inside().locator(`[data-testid="${name}"]:not([data-guarded])`).first().click({ timeout: 10000 });
  }

  #inside() {
    return this.page.frameLocator('iframe[title="Omnibar"]');
  }

  close() {
    return this.page.close();
  }
}
