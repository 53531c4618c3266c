// A real Asterisk: programs from the shared root, which is read-only, and everything that it
// writes in a directory of this instance. It sees no other part of the machine's files and ends
// with the process that started it. Several can run at once.
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { access, copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { end, freePort, lines, start, until } from '../../e2e/lib/process.mjs';
import { Authority } from '../../e2e/sdk/lib/authority.mjs';
import { AMI, ARI, DOMAIN, PASSWORD } from './accounts.mjs';
import { Ami } from './ami.mjs';

const here = fileURLToPath(new URL('..', import.meta.url));

/** What the PBX plays, in Hz; no phone of a check sends one of these. */
export const HOLD_MUSIC = 880;
export const PLAYED = 1320;
export const TEST_TONE = 1000;

export class Pbx {
  /**
   * Starts one and waits until it takes calls.
   * `ports`: any of sip, http, https, ami and network (where the phone network listens, on
   * 127.0.0.9); the rest are free ones. `trace`: every SIP message goes into the log.
   */
  static async start({ ports = {}, trace = false } = {}) {
    const self = new Pbx();
    self.trace = trace;
    self.dir = await mkdtemp(join(tmpdir(), 'omnibar-pbx-'));
    try {
      self.root = await self.#hold();
      self.ports = { ...ports };
      for (const name of ['sip', 'http', 'https', 'ami', 'network']) self.ports[name] ??= await freePort();
      await self.#furnish();
      await self.#run();
    } catch (error) {
      await self.stop();
      throw error;
    }
    return self;
  }

  /** SIP over WebSocket (RFC 7118). */
  get ws() {
    return `ws://127.0.0.1:${this.ports.http}/ws`;
  }

  /** The same in TLS; the certificate is for `localhost` and signed by `ca`. */
  get wss() {
    return `wss://localhost:${this.ports.https}/ws`;
  }

  /** ARI: REST below this, events at `events?app=…&subscribeAll=true` by WebSocket. */
  get ari() {
    return `http://127.0.0.1:${this.ports.http}/ari/`;
  }

  /** PEM file of the authority that signed the certificate of `wss` and ARI's https. */
  get ca() {
    return this.authority.file;
  }

  uri(number) {
    return `sip:${number}@${DOMAIN}`;
  }

  cli(command) {
    return this.ami.cli(command);
  }

  /** What the PBX wrote so far. */
  log() {
    return readFile(join(this.dir, 'log/full'), 'utf8');
  }

  get runs() {
    return this.child !== null;
  }

  /** A path as the PBX says it, as it is outside. */
  outside(path) {
    return path.replace(/^\/srv\/pbx(?=\/)/, this.dir);
  }

  /** The same PBX again, on the same ports; `crash` ends it without a word to anybody. */
  async restart({ crash = false } = {}) {
    await this.#halt(crash);
    await this.again();
  }

  /** Ends it without a word to anybody; its files and ports are kept. */
  crash() {
    return this.#halt(true);
  }

  /** Starts it after a crash. */
  again() {
    return this.#run();
  }

  async stop() {
    await this.#halt(true);
    this.keeper.stdin.end();
    if (!process.env.OMNIBAR_KEEP) await rm(this.dir, { recursive: true, force: true });
  }

  /** The programs' directory, which stays until the end, whatever the recipe becomes meanwhile. */
  #hold() {
    this.keeper = start(join(here, 'root.sh'), ['hold'], { stdin: 'pipe', pipe: true });
    let said = '';
    this.keeper.stderr.on('data', (text) => { said += text; });
    return new Promise((resolve, reject) => {
      lines(this.keeper, resolve);
      this.keeper.once('error', reject);
      // Where it cannot be built, the script says the cause and the next step.
      this.keeper.once('close', () => reject(new Error(said.trim())));
    });
  }

  async #furnish() {
    for (const name of ['etc', 'lib', 'lib/keys', 'spool', 'spool/recording', 'run', 'log', 'hold', 'sounds', 'recordings']) {
      await mkdir(join(this.dir, name));
    }
    this.authority = await Authority.open(this);
    const { key, cert } = await this.authority.issue('localhost');
    await copyFile(key, join(this.dir, 'etc/tls.key'));
    await copyFile(cert, join(this.dir, 'etc/tls.crt'));
    for (const [ending, rate] of [['sln', 8000], ['sln16', 16000], ['sln48', 48000]]) {
      await writeFile(join(this.dir, `sounds/played.${ending}`), sine(PLAYED, 2, rate));
    }
    // Of 8 kHz alone: with a file of another rate beside it, a leg in a bridge with another codec
    // than its own gets no music at all.
    await writeFile(join(this.dir, 'hold/tone.sln'), sine(HOLD_MUSIC, 30, 8000));
    // A range that another instance uses as well would only make this one look further.
    const first = 20000 + 2 * randomInt(4000);
    const values = {
      SIP: this.ports.sip, HTTP: this.ports.http, HTTPS: this.ports.https, AMI: this.ports.ami,
      NETWORK: this.ports.network, RTP_FIRST: first, RTP_LAST: first + 1999,
      ADDRESSES: addresses().map((each) => `${each} => 127.0.0.1`).join('\n'),
      MODULES: await modules(this.root), PASSWORD, AMI_PASSWORD: AMI.password, ARI_PASSWORD: ARI.password,
    };
    for (const name of await readdir(join(here, 'asterisk'))) {
      const text = await readFile(join(here, 'asterisk', name), 'utf8');
      await writeFile(join(this.dir, 'etc', name), text.replace(/@([A-Z_]+)@/g, (_, key) => {
        if (!(key in values)) throw new Error(`${name} wants ${key}, which is not known`);
        return values[key];
      }));
    }
  }

  async #run() {
    const console = join(this.dir, 'log/console');
    this.child = start('bwrap', [
      '--die-with-parent', '--unshare-pid', '--unshare-uts', '--hostname', DOMAIN,
      '--ro-bind', this.root, '/', '--dev', '/dev', '--proc', '/proc', '--tmpfs', '/tmp', '--tmpfs', '/run',
      '--bind', this.dir, '/srv/pbx', '--chdir', '/srv/pbx',
      '/usr/sbin/asterisk', '-f', '-C', '/srv/pbx/etc/asterisk.conf',
    ], { log: console });
    const ended = new Promise((_, reject) => {
      this.child.once('error', (error) => reject(new Error(`bwrap does not run: ${error.message}`)));
      this.child.once('exit', (code) => reject(new Error(`the PBX ended with ${code} while it started`)));
    });
    try {
      await Promise.race([ended, this.#boot()]);
    } catch (error) {
      const tail = (await readFile(console, 'utf8').catch(() => '')).trim().split('\n').slice(-10).join('\n');
      throw new Error(`${error.message}\n${tail}`);
    } finally {
      ended.catch(() => {});
    }
  }

  async #boot() {
    this.ami = await until('the PBX to take commands', () => Ami.open({ port: this.ports.ami, ...AMI }), 30000, 20);
    await this.ami.booted;
    // It says so before its console has the commands of its core.
    await until('the PBX’s console', () => this.cli('core show version'), 30000, 20);
    if (this.trace) await this.cli('pjsip set logger on');
  }

  async #halt(crash) {
    const { child, ami } = this;
    if (!child) return;
    // Its output closes when the last process in the sandbox has ended.
    const gone = once(child, 'close');
    if (!crash) await ami.cli('core stop now').catch(() => {});
    ami?.close();
    // The sandbox's own end is the end of all in it.
    if (crash) await end(child, 0);
    const insist = setTimeout(() => child.kill('SIGKILL'), 10000);
    await gone;
    clearTimeout(insist);
    this.child = null;
  }
}

/** Where the modules are, inside: the path names the kind of machine. */
async function modules(root) {
  for (const triplet of await readdir(join(root, 'usr/lib'))) {
    const path = join('/usr/lib', triplet, 'asterisk/modules');
    if (await access(join(root, path)).then(() => true, () => false)) return path;
  }
  throw new Error(`no Asterisk modules below ${root}/usr/lib`);
}

/** What this machine is called, but for 127.0.0.1: Asterisk leaves that out of what it offers. */
function addresses() {
  const all = Object.values(networkInterfaces()).flat().map((each) => each.address);
  const others = all.filter((each) => !each.startsWith('127.') && each !== '::1');
  if (!others.some((each) => each.includes('.'))) {
    throw new Error('with 127.0.0.1 alone the PBX offers no path for sound; '
      + 'give this network one more address: ip addr add 192.0.2.1/32 dev lo');
  }
  return others;
}

/** Raw 16-bit samples, as Asterisk keeps them in files that end in sln. */
function sine(hertz, seconds, rate) {
  const second = Int16Array.from({ length: rate }, (_, i) => 0.3 * 32767 * Math.sin((2 * Math.PI * hertz * i) / rate));
  return Buffer.concat(Array.from({ length: seconds }, () => Buffer.from(second.buffer)));
}
