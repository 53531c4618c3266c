// Phones in a real browser: headless Chromium with JsSIP or SIP.js in a page each.
import { createServer } from 'node:http';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { DOMAIN, PASSWORD } from './accounts.mjs';
import { Client } from './client.mjs';

const CHROMIUM = process.env.OMNIBAR_CHROMIUM ?? '/usr/bin/chromium';
const pages = fileURLToPath(new URL('page/', import.meta.url));

export class Browser {
  /** `authority`: one that it trusts besides the public ones. */
  static async open({ authority } = {}) {
    const self = new Browser();
    self.dir = await mkdtemp(join(tmpdir(), 'omnibar-browser-'));
    await mkdir(join(self.dir, 'home'));
    if (authority) await authority.enter(join(self.dir, 'home/.pki/nssdb'));
    const scripts = await bundles();
    self.server = createServer((request, response) => {
      const stack = request.url.slice(1);
      const known = Object.hasOwn(scripts, stack);
      response.writeHead(known ? 200 : 404, { 'content-type': 'text/html; charset=utf-8' });
      response.end(known ? `<!doctype html><title>${stack}</title><script>${scripts[stack]}</script>` : '');
    });
    self.server.listen(0, '127.0.0.1');
    await once(self.server, 'listening');
    self.origin = `http://127.0.0.1:${self.server.address().port}`;
    self.context = await chromium.launchPersistentContext(join(self.dir, 'profile'), {
      executablePath: CHROMIUM, headless: true, env: { ...process.env, HOME: join(self.dir, 'home') },
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync',
        '--disable-background-networking', '--disable-component-update',
        '--disable-background-timer-throttling', '--disable-renderer-backgrounding',
        '--allow-loopback-in-peer-connection', '--autoplay-policy=no-user-gesture-required',
        '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'],
    });
    return self;
  }

  /**
   * A phone in a page of its own, connected but not registered. `stack`: jssip or sipjs; `ice`:
   * an RTCConfiguration; `autoAnswer`: never, always, or asked (when the caller's PBX asks).
   */
  async phone(url, { user, hertz, stack = 'jssip', password = PASSWORD, ice, autoAnswer }) {
    const page = await this.context.newPage();
    const self = new BrowserPhone({ name: stack, user, hertz });
    self.page = page;
    page.on('pageerror', (error) => self.events.push({ event: 'fault', text: error.message }));
    await page.exposeFunction('report', (event) => self.events.push(event));
    await page.goto(`${this.origin}/${stack}`);
    await self.act('open', { user, password, domain: DOMAIN, url, hertz, ice, autoAnswer });
    return self;
  }

  async close() {
    await this.context.close();
    this.server.closeAllConnections();
    this.server.close();
    await rm(this.dir, { recursive: true, force: true });
  }
}

export class BrowserPhone extends Client {
  async act(verb, ...args) {
    try {
      return await this.page.evaluate(([verb, args]) => window.phone[verb](...args), [verb, args]);
    } catch (error) {
      // The page's own words, without where in the page they were said.
      throw new Error(error.message.split('\n', 1)[0].replace(/^page\.evaluate: (Error: )?/, ''));
    }
  }

  /** The newest messages on its WebSocket. */
  trace() {
    return this.act('trace');
  }

  async close() {
    await this.page.close();
    this.events.end('the page was closed');
  }
}

/** The two pages' scripts. */
async function bundles() {
  const built = await build({
    entryPoints: [join(pages, 'jssip.js'), join(pages, 'sipjs.js')], bundle: true, format: 'iife',
    write: false, outdir: 'out', define: { global: 'globalThis' }, logLevel: 'error',
  });
  const text = (name) => built.outputFiles.find((file) => file.path.endsWith(`${name}.js`)).text
    // Inside a page's own script element.
    .replaceAll('</script', '<\\/script');
  return { jssip: text('jssip'), sipjs: text('sipjs') };
}
