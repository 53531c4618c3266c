// Calls without a centre: two phones by address, real sound servers' devices, no desktop.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { binary, root } from './lib/desktop.mjs';
import { Phone } from './lib/phone.mjs';
import { end, freePort, lines, start } from './lib/process.mjs';
import { amplitude, Ear, play, strong, tone } from './lib/sound.mjs';

const ANNA = 700;
const BERT = 1100;

let dir, sound, env;
const open = [];
const later = (thing) => {
  open.push(thing);
  return thing;
};

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'omnibar-direct-'));
  const path = join(dir, 'sound');
  sound = start(join(root, 'tests/rig/pulse.sh'), [path], { pipe: true });
  await new Promise((resolve, reject) => {
    lines(sound, (text) => text.startsWith('PULSE_SERVER=') && resolve());
    sound.once('exit', () => reject(new Error('the sound server ended; see tests/rig/pulse.sh')));
  });
  env = { PULSE_SERVER: `unix:${path}/native` };
});

afterEach(async () => {
  for (const thing of open.splice(0).toReversed()) await (thing.close ?? thing.stop).call(thing);
});

after(async () => {
  await end(sound, 2000);
  if (dir && !process.env.OMNIBAR_KEEP) await rm(dir, { recursive: true, force: true });
});

/** A phone with a home of its own and nothing of a desktop in its environment. */
async function phone(name, args, { mic, speaker }) {
  const home = await mkdtemp(join(dir, `${name}-`));
  const address = `127.0.0.1:${await freePort()}`;
  const surroundings = {
    ...env, HOME: home, XDG_RUNTIME_DIR: home, XDG_DATA_HOME: '', XDG_CONFIG_HOME: '',
    DISPLAY: '', WAYLAND_DISPLAY: '', DBUS_SESSION_BUS_ADDRESS: '',
  };
  const child = start(binary, ['phone', '--direct', address, '--mic', mic, '--speaker', speaker, ...args],
    { env: surroundings, log: join(home, 'stderr.log'), stdin: 'pipe', pipe: true });
  const self = later(new Phone(child, name));
  self.address = address;
  await self.wait('readiness', (e) => e.event === 'ready', { from: 0 });
  return self;
}

const anna = (...args) => phone('anna', args, { mic: 'agent_mic', speaker: 'agent_headset' });
/** By the devices' names, as a person sees them. */
const bert = (...args) => phone('bert', args, { mic: 'Second-Microphone', speaker: 'Agent-Speaker' });

const event = (of, name, options) => of.wait(name, (e) => e.event === name, options);
const ended = (of, reason, options) =>
  of.wait(`an end: ${reason}`, (e) => e.event === 'ended' && e.reason === reason, options);

/** Calls, and waits until both have heard each other. */
async function connected(caller, callee) {
  const both = [caller, callee].flatMap((of) => [event(of, 'connected'), event(of, 'first_sound')]);
  caller.say(`call ${callee.address}`);
  return Promise.all(both);
}

const devices = (desktop) => ({
  anna: later(play(desktop, 'mic_cable', tone(ANNA))),
  bert: later(play(desktop, 'second_cable', tone(BERT))),
  annasEar: later(new Ear(desktop, 'agent_headset')),
  bertsEar: later(new Ear(desktop, 'agent_speaker')),
});

test('two phones hear each other, mute, press keys and hang up', async () => {
  const { annasEar, bertsEar } = devices({ env });
  const [a, b] = await Promise.all([anna(), bert('--auto-answer')]);
  const [up, heard] = await connected(a, b);
  console.log(`path up after ${up.after_ms} ms, first sound after ${heard.after_ms} ms`);
  await Promise.all([annasEar.hears(BERT), bertsEar.hears(ANNA)]);

  const { quality } = await a.wait('quality', (e) => e.event === 'quality' && e.quality);
  assert.ok(quality.mos > 3.5, `MOS ${quality.mos}`);

  a.say('mute on');
  await event(a, 'muted');
  await bertsEar.hears(ANNA, false);
  assert.ok(amplitude(await annasEar.next(0.3), BERT) > 0.01, 'the other way goes on');
  a.say('mute off');
  await bertsEar.hears(ANNA);

  const from = b.events.length;
  a.say('dtmf 5#');
  await b.wait('5', (e) => e.event === 'digit' && e.key === '5', { from });
  await b.wait('#', (e) => e.event === 'digit' && e.key === '#', { from });

  const over = ended(b, 'hung_up');
  a.say('hangup');
  const [theirs, ours] = await Promise.all([over, ended(a, 'hung_up', { from: 0 })]);
  assert.deepEqual([theirs.by, ours.by], ['far', 'us']);
  await annasEar.hears(BERT, false);

  // The other way round, by the same two.
  const ringing = event(a, 'ringing');
  const both = [a, b].flatMap((of) => [event(of, 'connected'), event(of, 'first_sound')]);
  b.say(`call ${a.address}`);
  await ringing;
  a.say('accept');
  await Promise.all(both);
});

test('a call rings until it is accepted, and may be declined', async () => {
  const { annasEar, bertsEar } = devices({ env });
  const [a, b] = await Promise.all([anna(), bert()]);
  a.say(`call ${b.address}`);
  const ringing = await event(b, 'ringing');
  assert.match(ringing.from, /^127\.0\.0\.1:/);
  // While it rings nobody hears anybody: what rings is on the speaker.
  const [atAnna, atBert] = await Promise.all([annasEar.next(0.5), bertsEar.next(0.5)]);
  assert.ok(!strong(atAnna, BERT), `Anna hears ${amplitude(atAnna, BERT)}`);
  assert.ok(!strong(atBert, ANNA), `Bert hears ${amplitude(atBert, ANNA)}`);
  const up = Promise.all([event(a, 'connected'), event(b, 'connected'), event(b, 'first_sound')]);
  b.say('accept');
  await up;
  await Promise.all([annasEar.hears(BERT), bertsEar.hears(ANNA)]);
  const over = ended(a, 'hung_up');
  b.say('hangup');
  await over;

  const from = b.events.length;
  a.say(`call ${b.address}`);
  await event(b, 'ringing', { from });
  const declined = ended(a, 'declined');
  b.say('decline');
  await declined;
});

test('who talks is busy to others, and nobody is where nobody listens', async () => {
  devices({ env });
  const [a, b] = await Promise.all([anna(), bert('--auto-answer')]);
  await connected(a, b);
  const third = await phone('third', [], { mic: 'agent_mic', speaker: 'agent_ringer' });
  const from = b.events.length;
  third.say(`call ${b.address}`);
  await ended(third, 'busy');
  assert.equal(b.events.slice(from).filter((e) => e.event === 'ringing').length, 0);
  third.say(`call 127.0.0.1:${await freePort()}`);
  await ended(third, 'unreachable');
  third.say('call nowhere');
  await event(third, 'error');

  // A caller that is killed is noticed.
  const lost = b.wait('an end', (e) => e.event === 'ended' && e.by === 'far');
  a.child.kill('SIGKILL');
  assert.equal((await lost).reason, 'lost');
});

/** Says that to the port and waits for its end. */
function shout(address, bytes) {
  const [host, port] = address.split(':');
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) });
    const heard = [];
    socket.on('data', (data) => heard.push(data));
    socket.on('error', () => {});
    socket.on('close', () => resolve(Buffer.concat(heard).toString()));
    socket.on('connect', () => socket.write(bytes));
  });
}

test('garbage on the port is turned away, and the next call is taken', async () => {
  const { bertsEar } = devices({ env });
  const [a, b] = await Promise.all([anna(), bert('--auto-answer')]);
  const offer = (sdp, candidates = []) => `${JSON.stringify({ say: 'offer', sdp, candidates })}\n`;
  const noise = [
    'GET / HTTP/1.1\r\n\r\n',
    `${'x'.repeat(200_000)}`,
    `${'['.repeat(20_000)}\n`,
    '{"say":"accept"}\n{"say":"end","reason":"hung_up"}\n',
    Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) & 255)),
  ];
  for (const bytes of noise) assert.equal(await shout(b.address, bytes), '');
  // What looks like a call and is none ends as one that failed.
  for (const bytes of [offer('v=0\r\n'), offer(''), offer('x'.repeat(60_000), ['candidate:'])]) {
    const over = b.wait('an end', (e) => e.event === 'ended');
    assert.match(await shout(b.address, bytes), /"say":"end"/);
    assert.equal((await over).reason, 'failed');
  }
  await connected(a, b);
  await bertsEar.hears(ANNA);
});

test('nothing of a window is loaded into the phone, and it sleeps while nobody calls', async () => {
  const a = await anna('--auto-answer');
  const maps = await readFile(`/proc/${a.child.pid}/maps`, 'utf8');
  const threads = async () => {
    const ids = await readdir(`/proc/${a.child.pid}/task`);
    const names = await Promise.all(ids.map((id) => readFile(`/proc/${a.child.pid}/task/${id}/comm`, 'utf8')));
    return names.map((n) => n.trim());
  };
  const switches = async () => {
    let sum = 0;
    for (const id of await readdir(`/proc/${a.child.pid}/task`)) {
      const status = await readFile(`/proc/${a.child.pid}/task/${id}/status`, 'utf8');
      sum += Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)[1]);
    }
    return sum;
  };
  for (const name of await threads()) assert.doesNotMatch(name, /gmain|gdbus|WebKit|dconf|pool-/i);
  assert.ok(maps.length > 0);
  const began = await switches();
  await new Promise((resolve) => setTimeout(resolve, 4000));
  const rate = (await switches() - began) / 4;
  console.log(`${rate} wake-ups a second`);
  assert.ok(rate <= 10, `${rate} wake-ups a second`);
});
