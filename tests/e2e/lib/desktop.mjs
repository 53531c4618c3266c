// A desktop of the run's own: X server, window manager, session bus, keychain and
// sound server, all in a directory of its own and ended by id.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { end, lines, run, start, until } from './process.mjs';

export const root = fileURLToPath(new URL('../../..', import.meta.url));
export const binary = process.env.OMNIBAR_BIN ?? join(root, 'target/debug/omnibar');
export const centreBinary =
  process.env.OMNIBAR_CENTER_BIN ?? join(root, 'target/debug/omnibar-center');

export class Desktop {
  static async open({ screen = '1280x800x24' } = {}) {
    const self = new Desktop();
    self.dir = await mkdtemp(join(tmpdir(), 'omnibar-desktop-'));
    self.log = join(self.dir, 'desktop.log');
    for (const name of ['run', 'home']) await mkdir(join(self.dir, name), { mode: 0o700 });
    self.children = [];
    self.env = {
      HOME: join(self.dir, 'home'),
      XDG_RUNTIME_DIR: join(self.dir, 'run'),
      XDG_DATA_HOME: join(self.dir, 'home/data'),
      XDG_CONFIG_HOME: join(self.dir, 'home/config'),
      GDK_BACKEND: 'x11',
      LIBGL_ALWAYS_SOFTWARE: '1',
      NO_AT_BRIDGE: '1',
      WAYLAND_DISPLAY: '',
    };
    try {
      await self.#display(screen);
      await self.#bus();
      self.#child('openbox', ['--sm-disable']);
      await self.#keychain();
      await self.#sound();
    } catch (error) {
      await self.close();
      throw error;
    }
    return self;
  }

  #child(command, args, options = {}) {
    const child = start(command, args, { env: this.env, log: this.log, ...options });
    this.children.push(child);
    return child;
  }

  /** Xvfb picks a free display itself and names it. */
  async #display(screen) {
    const x = this.#child('Xvfb', ['-displayfd', '1', '-screen', '0', screen, '-nolisten', 'tcp'], {
      pipe: true,
    });
    const number = await new Promise((resolve, reject) => {
      lines(x, resolve);
      x.once('error', reject);
      x.once('exit', () => reject(new Error('Xvfb ended')));
    });
    this.env.DISPLAY = `:${number}`;
  }

  async #bus() {
    const bus = this.#child('dbus-daemon', ['--session', '--nofork', '--print-address=1'], {
      pipe: true,
    });
    this.env.DBUS_SESSION_BUS_ADDRESS = await new Promise((resolve, reject) => {
      lines(bus, resolve);
      bus.once('exit', () => reject(new Error('dbus-daemon ended')));
    });
  }

  async #keychain() {
    const keychain = this.#child(
      'gnome-keyring-daemon',
      ['--unlock', '--components=secrets', '--foreground'],
      { stdin: 'pipe' },
    );
    keychain.stdin.end('\n');
    await until('the keychain', () =>
      run('gdbus', ['call', '--session', '--dest', 'org.freedesktop.DBus', '--object-path', '/',
        '--method', 'org.freedesktop.DBus.GetNameOwner', 'org.freedesktop.secrets'], { env: this.env }));
  }

  async #sound() {
    const dir = join(this.dir, 'sound');
    const rig = this.#child(join(root, 'tests/rig/pulse.sh'), [dir], { pipe: true });
    const line = await new Promise((resolve, reject) => {
      lines(rig, (text) => text.startsWith('PULSE_SERVER=') && resolve(text));
      rig.once('exit', () => reject(new Error('the sound server ended; see tests/rig/pulse.sh')));
    });
    this.env.PULSE_SERVER = line.slice('PULSE_SERVER='.length);
  }

  /** A picture of the whole screen, as a person would see it. */
  async picture(file) {
    await run('import', ['-window', 'root', file], { env: this.env });
  }

  async close() {
    for (const child of this.children.toReversed()) await end(child, 2000);
    if (existsSync(this.dir) && !process.env.OMNIBAR_KEEP) await rm(this.dir, { recursive: true, force: true });
  }
}
