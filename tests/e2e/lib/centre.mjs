// A centre of its own: the real program with its own data.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { centreBinary } from './desktop.mjs';
import { freePort, end, start, until } from './process.mjs';

export class Centre {
  /** Demo accounts and campaigns, but no demo customers unless `customers`. */
  static async open(desktop, { name = 'centre', customers = false, args = [] } = {}) {
    const self = new Centre();
    self.desktop = desktop;
    self.data = join(desktop.dir, name);
    self.log = join(desktop.dir, `${name}.log`);
    await mkdir(self.data, { recursive: true });
    self.port = await freePort();
    self.args = ['--listen', `127.0.0.1:${self.port}`, '--data', self.data, '--demo',
      ...(customers ? [] : ['--no-customers']), ...args];
    await self.start();
    return self;
  }

  get url() {
    return `ws://127.0.0.1:${this.port}`;
  }

  get page() {
    return `http://127.0.0.1:${this.port}`;
  }

  async start() {
    this.child = start(centreBinary, this.args, { env: this.desktop.env, log: this.log });
    await until('the centre', async () => (await fetch(`${this.page}/healthz`)).ok);
  }

  /** As a power cut would: no warning, no last words. */
  async kill() {
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await gone;
  }

  close() {
    return end(this.child);
  }
}
