// What the app costs and how quick it is, black box, release build:
//   node tests/benches/app.mjs [OUT.json]
// Prints each figure beside its goal and the machine's load. Not a timed test.
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { App } from '../e2e/lib/app.mjs';
import { Browser } from '../e2e/lib/customer.mjs';
import { Centre } from '../e2e/lib/centre.mjs';
import { binary, Desktop } from '../e2e/lib/desktop.mjs';
import { Phone } from '../e2e/lib/phone.mjs';
import { amplitude, Ear, RATE } from '../e2e/lib/sound.mjs';
import { end, run, start, until } from '../e2e/lib/process.mjs';

const HERTZ = 700;
const ROUNDS = Number(process.env.ROUNDS ?? 7);
const SECONDS = Number(process.env.SECONDS_EACH ?? 10);
const figures = {};

const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];

function figure(name, unit, values, goal) {
  const list = [values].flat();
  figures[name] = { unit, median: median(list), min: Math.min(...list), max: Math.max(...list), goal };
  const f = figures[name];
  const digits = unit === 'ms' || unit === 'MB' ? 0 : 2;
  console.log(`${name.padEnd(44)} ${f.median.toFixed(digits)} ${unit} (${f.min.toFixed(digits)} to ${f.max.toFixed(digits)}, n ${list.length})  ${goal === Infinity ? 'to compare with' : `goal <= ${goal}  ${f.median <= goal ? 'met' : 'MISSED'}`}`);
}

/** This process and all below it. */
async function family(pid) {
  const parents = new Map();
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = await readFile(`/proc/${entry}/stat`, 'utf8');
      parents.set(Number(entry), Number(stat.match(/\) \S (\d+)/)[1]));
    } catch {
      // It has ended meanwhile.
    }
  }
  const all = [pid];
  for (const each of all) for (const [child, parent] of parents) if (parent === each) all.push(child);
  return all;
}

/** Seconds of CPU of each thread, by the scheduler's own count (ns): ticks are too coarse. */
async function threads(pids) {
  const used = new Map();
  for (const pid of pids) {
    for (const thread of await readdir(`/proc/${pid}/task`).catch(() => [])) {
      const text = await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').catch(() => null);
      if (text !== null) used.set(`${pid}/${thread}`, Number(text.split(' ')[0]) / 1e9);
    }
  }
  return used;
}

async function pss(pids) {
  let kilobytes = 0;
  for (const pid of pids) {
    const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
    kilobytes += Number(text.match(/^Pss:\s+(\d+)/m)?.[1] ?? 0);
  }
  return kilobytes / 1024;
}

const pause = (s) => new Promise((resolve) => setTimeout(resolve, s * 1000));

/** Per cent of one core, all processes and threads, in each of `ROUNDS` stretches. */
async function load(pid) {
  const list = [];
  for (let i = 0; i < ROUNDS; i++) {
    const [before, began] = [await threads(await family(pid)), performance.now()];
    await pause(SECONDS);
    const after = await threads(await family(pid));
    const lasted = (performance.now() - began) / 1000;
    let used = 0;
    for (const [thread, now] of after) used += now - (before.get(thread) ?? 0);
    list.push((100 * used) / lasted);
  }
  return list;
}

/** The customer's browser: the first of our children that is one. */
async function chromium() {
  for (const each of await family(process.pid)) {
    const name = await readFile(`/proc/${each}/comm`, 'utf8').catch(() => '');
    if (name.startsWith('chrom')) return each;
  }
  throw new Error('there is no browser to compare with');
}

/** When a sample of the ear's reached it (ms, this process's clock): later than it sounded. */
function watchClock(ear) {
  const arrived = [];
  let samples = 0;
  ear.child.stdout.on('data', (data) => {
    samples += data.length / 2;
    arrived.push([samples, performance.now()]);
  });
  return (sample) => arrived.find(([end]) => end > sample)?.[1];
}

/** The first 5 ms from sample `from` on in which the customer's tone is heard. */
function firstTone(ear, from) {
  const sound = ear.all();
  const step = RATE / 200;
  for (let at = from; at + step <= sound.length; at += step) {
    if (amplitude(sound.subarray(at, at + step), HERTZ) > 0.02) return at;
  }
  return null;
}

async function answers(desktop, centre, browser) {
  // Not the default device, where it rings.
  const ear = new Ear(desktop, 'agent_headset');
  const when = watchClock(ear);
  const agent = await Phone.open(desktop, {
    centre: centre.url, user: 'agent1', mic: 'agent_mic', speaker: 'agent_headset',
  });
  await agent.signedIn();
  const delays = [];
  for (let i = 0; i < ROUNDS; i++) {
    const offered = agent.call('offered');
    agent.say('ready');
    const customer = await browser.call(centre, { hertz: HERTZ });
    // A browser that has just started may take seconds for its own first connection.
    await customer.page.waitForFunction(() => window.omnibarCall.pc.connectionState === 'connected');
    await offered;
    await ear.next(1.5);
    const [from, connected] = [ear.samples, agent.call('connected')];
    const pressed = performance.now();
    agent.say('answer');
    await connected;
    const at = await until('the first sound', () => firstTone(ear, from), 8000, 20);
    delays.push(when(at) - pressed);
    const wrapping = agent.call('wrapping');
    await customer.hangUp();
    await wrapping;
    const gone = agent.wait('the end', (e) => e.event === 'gone');
    agent.say('dispose resolved');
    await gone;
    await customer.page.close();
  }
  await agent.close();
  await ear.stop();
  return delays;
}

async function coldStarts(desktop, centre) {
  const times = [];
  for (let i = 0; i < ROUNDS; i++) {
    const data = await mkdtemp(join(desktop.dir, 'start-'));
    const began = performance.now();
    const child = start(binary, ['--centre', centre.url, '--data', data], { env: desktop.env });
    await until('the window', async () =>
      (await run('xdotool', ['search', '--onlyvisible', '--name', '^Omnibar$'], { env: desktop.env, mayFail: true })).trim() !== '', 20000, 5);
    times.push(performance.now() - began);
    await end(child);
  }
  return times;
}

const desktop = await Desktop.open();
let centre, browser, app;
try {
  centre = await Centre.open(desktop);
  browser = await Browser.open(desktop);
  console.log(`machine: ${cpus().length} x ${cpus()[0].model}, load ${loadavg().map((l) => l.toFixed(2)).join(' ')}`);
  figure('cold start to usable window', 'ms', await coldStarts(desktop, centre), 800);
  figure('Accept to first sound at the headset', 'ms', await answers(desktop, centre, browser), 100);

  app = await App.open(desktop, { centre: centre.url });
  const children = await family(app.driver.driver.pid);
  const pid = children[1];
  await app.begin();
  await pause(5);
  figure('CPU idle, signed in', '% of a core', await load(pid), 0.5);
  await app.click('presence-menu');
  await app.click('presence-available');
  const customer = await browser.call(centre, { hertz: HERTZ });
  await app.click('offer-accept');
  await customer.state('connected');
  await pause(5);
  figure('CPU in a call', '% of a core', await load(pid), 4);
  figure('Chromium’s CPU in the same call', '% of a core', await load(await chromium()), Infinity);
  figure('memory in a call, all processes', 'MB', await pss(await family(pid)), 230);
} finally {
  await app?.close().catch(() => {});
  await browser?.close();
  await centre?.close();
  await desktop.close();
}
console.log(`load at the end: ${loadavg().map((l) => l.toFixed(2)).join(' ')}`);
if (process.argv[2]) await writeFile(process.argv[2], JSON.stringify({ load: loadavg(), figures }, null, 1));
