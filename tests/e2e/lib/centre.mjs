// A centre of its own: the real program with its own data.
import { mkdir } from 'node:fs/promises';
import { get } from 'node:https';
import { join } from 'node:path';
import { centreBinary } from './desktop.mjs';
import { freePort, end, start, until } from './process.mjs';

export class Centre {
  /**
   * Demo accounts and campaigns, but no demo customers unless `customers`. `tls`: `{ name, cert, key }`,
   * with a certificate (files) for that host name.
   */
  static async open(desktop, { name = 'centre', customers = false, tls, args = [], env = {} } = {}) {
    const self = new Centre();
    self.desktop = desktop;
    self.env = env;
    self.tls = tls;
    self.data = join(desktop.dir, name);
    self.log = join(desktop.dir, `${name}.log`);
    await mkdir(self.data, { recursive: true });
    self.port = await freePort();
    self.args = ['--listen', `127.0.0.1:${self.port}`, '--data', self.data, '--demo',
      ...(customers ? [] : ['--no-customers']), ...(tls ? ['--tls-cert', tls.cert, '--tls-key', tls.key] : []), ...args];
    await self.start();
    return self;
  }

  get url() {
    return this.page.replace('http', 'ws');
  }

  get page() {
    return this.tls ? `https://${this.tls.name}:${this.port}` : `http://127.0.0.1:${this.port}`;
  }

  async start() {
    this.child = start(centreBinary, this.args, { env: { ...this.desktop.env, ...this.env }, log: this.log });
    await until('the centre', () => (this.tls ? this.#answers() : fetch(`${this.page}/healthz`).then((r) => r.ok)));
  }

  /** Over TLS the names are the browser's; here only that it answers counts. */
  #answers() {
    return new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port: this.port, path: '/healthz', rejectUnauthorized: false }, (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      }).on('error', reject);
    });
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
