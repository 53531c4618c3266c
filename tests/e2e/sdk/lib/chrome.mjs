// Chromium as an agent's browser: ports of this machine can be made public, so that Local
// Network Access is asked in earnest; a prompt is answered with the mouse, as a person would.
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { end, run, start, until } from '../../lib/process.mjs';

const CHROMIUM = process.env.OMNIBAR_CHROMIUM ?? '/usr/bin/chromium';
/** Below the address bar, where prompts come down; and the colour of their buttons. */
const PROMPT = { x: 100, y: 88, width: 420, height: 360, button: [0xd3, 0xe3, 0xfd] };

export class Chrome {
  /**
   * `publicPorts`: ports of 127.0.0.1 that this browser takes for the public internet.
   * `windowed`: on the desktop's screen, where prompts can be answered; a headless one refuses them.
   * `partitioned`: each site has a storage of its own, as agents' browsers have it.
   * `policy`: what an administrator has set for this browser (Linux: a file under /etc).
   */
  static async open(desktop, { publicPorts = [], windowed = false, partitioned = true, policy, args = [] } = {}) {
    const self = new Chrome();
    self.desktop = desktop;
    const overrides = publicPorts.map((port) => `127.0.0.1:${port}=public`).join(',');
    self.context = await chromium.launchPersistentContext(await mkdtemp(join(desktop.dir, 'chrome-')), {
      executablePath: await started(desktop, policy, partitioned),
      headless: !windowed,
      viewport: windowed ? null : { width: 1100, height: 760 },
      env: { ...process.env, ...desktop.env },
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--window-position=0,0',
        '--window-size=1280,800', '--disable-background-networking', '--disable-component-update',
        '--disable-sync', ...(overrides ? [`--ip-address-space-overrides=${overrides}`] : []), ...args],
    });
    return self;
  }

  async page(url) {
    const page = await this.context.newPage();
    if (url) await page.goto(url);
    return page;
  }

  /** Grants or denies without a prompt (DevTools protocol, Browser.setPermission). */
  async setPermission(origin, setting, name = 'loopback-network') {
    const devtools = await this.context.newCDPSession(this.context.pages()[0]);
    await devtools.send('Browser.setPermission', { permission: { name }, setting, origin });
    await devtools.detach();
  }

  /** The prompt's buttons on the screen, from left to right (`block`, `allow`); none: nothing is asked. */
  async prompt() {
    const { x, y, width, height, button } = PROMPT;
    const pixels = await run('import', ['-window', 'root', '-crop', `${width}x${height}+${x}+${y}`,
      '-depth', '8', 'rgb:-'], { env: this.desktop.env, binary: true });
    const rows = [];
    for (let row = 0; row < height; row++) {
      const line = pixels.subarray(row * width * 3, (row + 1) * width * 3);
      // Above and below their words, the two are stretches of one colour.
      const found = stretches(line, button).filter(({ length }) => length >= 40);
      if (found.length === 2) rows.push({ row, found });
    }
    const middle = rows[rows.length >> 1];
    return middle ? middle.found.map((each) => [x + each.from + (each.length >> 1), y + middle.row]) : [];
  }

  /** Waits until the browser asks about `page`, and answers with the mouse: `allow` or `block`. */
  async answer(page, word) {
    const want = word === 'allow' ? 'granted' : 'denied';
    // A button below the pointer has another colour.
    await run('xdotool', ['mousemove', '1270', '790'], { env: this.desktop.env });
    const [block, allow] = await until('the prompt on the screen', async () => {
      const buttons = await this.prompt();
      return buttons.length === 2 && buttons;
    });
    const [x, y] = (word === 'allow' ? allow : block).map(String);
    // A prompt that has just come up, and clicks in quick succession, are ignored by design.
    await until(`the prompt to take “${word}”`, async () => {
      await run('xdotool', ['mousemove', x, y, 'click', '1'], { env: this.desktop.env });
      return (await permission(page)) === want;
    }, 15000, 1200);
  }

  close() {
    return this.context.close();
  }
}

/** A browser with a window that nothing drives; minimised and restored by the window manager. */
export async function plain(desktop, url) {
  const profile = await mkdtemp(join(desktop.dir, 'plain-'));
  const child = start(CHROMIUM, ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-sync', '--no-default-browser-check',
    '--window-size=1000,760', `--user-data-dir=${profile}`, url], { env: desktop.env, log: join(profile, 'log') });
  const search = ['search', '--onlyvisible', '--name', 'page - Chromium'];
  const id = await until('its window', async () => (await run('xdotool', search, { env: desktop.env, mayFail: true })).trim().split('\n')[0] || null, 20000);
  return {
    minimise: () => run('xdotool', ['windowminimize', id], { env: desktop.env }),
    restore: () => run('xdotool', ['windowactivate', id], { env: desktop.env }),
    close: () => end(child),
  };
}

/** `prompt`, `granted` or `denied`, as the page itself can ask. */
export function permission(page, name = 'loopback-network') {
  return page.evaluate(async (name) => (await navigator.permissions.query({ name })).state, name);
}

/** Runs of one colour in a line of RGB bytes. */
function stretches(line, [r, g, b]) {
  const found = [];
  for (let at = 0; at < line.length; at += 3) {
    if (line[at] !== r || line[at + 1] !== g || line[at + 2] !== b) continue;
    const last = found.at(-1);
    if (last && at / 3 === last.from + last.length) last.length += 1;
    else found.push({ from: at / 3, length: 1 });
  }
  return found;
}

/**
 * A start script. Playwright turns off that each site has a storage of its own: `partitioned`
 * leaves it on. With a `policy` its Chromium sees a policy directory that nobody else does.
 */
async function started(desktop, policy, partitioned) {
  const dir = await mkdtemp(join(desktop.dir, 'chromium-'));
  let command = CHROMIUM;
  if (policy) {
    await mkdir(join(dir, 'policies/managed'), { recursive: true });
    await writeFile(join(dir, 'policies/managed/omnibar.json'), JSON.stringify(policy));
    command = `unshare --user --map-root-user --mount sh -c 'mount --bind "$0" /etc/chromium && exec "$@"' ${dir} ${CHROMIUM}`;
  }
  const script = join(dir, 'chromium.sh');
  await writeFile(script, `#!/bin/bash
exec ${command} ${partitioned ? '"${@//ThirdPartyStoragePartitioning,/}"' : '"$@"'}
`, { mode: 0o755 });
  return script;
}
