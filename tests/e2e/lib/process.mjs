// Child processes that are ended by id, and never outlive the run.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { createWriteStream } from 'node:fs';
import { createServer } from 'node:net';
import { readdir, readFile } from 'node:fs/promises';

const running = new Set();

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));

/** Starts a program; its output goes to `log` (a path) unless `stdout` is piped. */
export function start(command, args, { env, log, stdin = 'ignore', pipe = false, cwd } = {}) {
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    cwd,
    stdio: [stdin, 'pipe', 'pipe'],
  });
  const label = `${command.split('/').pop()} ${args[0] ?? ''}`.trim();
  child.label = label;
  running.add(child);
  child.on('exit', () => running.delete(child));
  child.on('error', () => running.delete(child));
  if (log) {
    const sink = createWriteStream(log, { flags: 'a' });
    child.stderr.pipe(sink, { end: false });
    if (!pipe) child.stdout.pipe(sink, { end: false });
  } else {
    child.stderr.resume();
    if (!pipe) child.stdout.resume();
  }
  return child;
}

/** Processes below this one whose name begins so. */
export async function below(pid, name) {
  const found = [];
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = await readFile(`/proc/${entry}/stat`, 'utf8');
      const [, comm, parent] = stat.match(/\((.*)\) \S (\d+)/);
      if (Number(parent) !== pid) continue;
      if (comm.startsWith(name)) found.push(Number(entry));
      found.push(...(await below(Number(entry), name)));
    } catch {
      // The process has ended meanwhile.
    }
  }
  return found;
}

/** Ends a child: asks first, insists after `grace` ms. */
export async function end(child, grace = 5000) {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const insist = setTimeout(() => child.kill('SIGKILL'), grace);
  await gone;
  clearTimeout(insist);
}

/** Runs a program to its end and gives its output; fails when it fails. */
export async function run(command, args, options = {}) {
  const child = start(command, args, { ...options, pipe: true });
  const chunks = [];
  child.stdout.on('data', (chunk) => chunks.push(chunk));
  const [code] = await once(child, 'close');
  const out = Buffer.concat(chunks);
  if (code !== 0 && !options.mayFail) {
    throw new Error(`${child.label} ended with ${code}: ${out.toString().slice(-500)}`);
  }
  return options.binary ? out : out.toString();
}

/** The lines of a child's standard output, as they come. */
export function lines(child, onLine) {
  createInterface({ input: child.stdout }).on('line', onLine);
}

/**
 * Asks `probe` until it gives something other than null, undefined or false. Polling
 * is for things outside that send no event: an X server, a file, a page.
 */
export async function until(what, probe, timeout = 15000, every = 50) {
  const deadline = performance.now() + timeout;
  let last;
  for (;;) {
    try {
      const found = await probe();
      if (found !== null && found !== undefined && found !== false) return found;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`waited ${timeout} ms for ${what}${last ? `: ${last.message}` : ''}`);
    }
    await new Promise((resolve) => setTimeout(resolve, every));
  }
}

/** A port that is free now; one of the system's choice is none that `fetch` refuses. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
