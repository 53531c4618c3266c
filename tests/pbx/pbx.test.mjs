// The PBX of the checks proves itself: what a client's checks take for granted.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { WebSocket } from 'ws';
import { ARI } from './lib/accounts.mjs';
import { Ami } from './lib/ami.mjs';
import { Pbx, PLAYED } from './lib/pbx.mjs';
import { Report } from './lib/report.mjs';
import { Sip } from './lib/sip.mjs';
import { level } from './lib/tone.mjs';
import { start } from '../e2e/lib/process.mjs';
import { readWav } from '../e2e/lib/wav.mjs';

const execute = promisify(execFile);
const here = fileURLToPath(new URL('.', import.meta.url));
const report = new Report('rig');
let pbx;

before(async () => {
  pbx = await Pbx.start();
});
after(() => pbx?.stop());

const proves = (feature, body) => test(feature, { timeout: 60000 }, async () => {
  const found = await body();
  report.add({ feature, peer: 'asterisk', client: 'rig', result: 'passed', ...found });
});

/** Says SIP as that user for as long as `body` needs. */
async function saying(account, body) {
  const sip = await Sip.open(pbx.ws, account);
  try {
    return await body(sip);
  } finally {
    sip.close();
  }
}

const registers = (account) => saying(account, async (sip) => (await sip.register()).status);

proves('digest SHA-256 over ws, without a SIP library', async () => {
  assert.equal(await registers({ user: '1004', algorithm: 'SHA-256' }), 200);
  assert.notEqual(await registers({ user: '1004', algorithm: 'SHA-256', password: 'wrong' }), 200);
  assert.equal(await registers({ user: '1001' }), 200);
});

proves('voice mail, and the light for it (RFC 3842)', () => saying({ user: '1001' }, async (sip) => {
  assert.equal((await sip.register()).status, 200);
  await sip.asked('NOTIFY', /Messages-Waiting: no\r\n/);
  const from = sip.events.length;
  // Somebody calls the mailbox, and speaks for two seconds.
  await pbx.ami.action('Originate', {
    Channel: 'Local/620@phones/n', Application: 'Playback', Data: '/srv/pbx/sounds/played', Async: 'true',
  });
  const told = await sip.asked('NOTIFY', /Messages-Waiting: yes\r\n/, { from });
  assert.match(told.text, /^Event: message-summary\r\n/m);
  assert.match(told.text, /^Voice-Message: 1\/0/m);
  const box = join(pbx.dir, 'spool/voicemail/default/1001/INBOX/msg0000.wav');
  const [sound] = await readWav(box);
  assert.ok(level(sound, PLAYED, 8000) > -40, `${sound.length} samples, ${level(sound, PLAYED, 8000)} dB`);
}));

proves('session timer (RFC 4028): 422 with Min-SE, then agreed and refreshed', () => saying({ user: '1003' }, async (sip) => {
  assert.equal((await sip.register()).status, 200);
  const timer = (seconds) => [
    `Contact: ${sip.contact}`, 'Supported: timer', `Min-SE: ${seconds}`, `Session-Expires: ${seconds};refresher=uac`,
  ];
  const invite = (seconds) => sip.ask('INVITE', pbx.uri('600'), { about: '600', headers: timer(seconds) });
  const short = await invite(60);
  assert.deepEqual([short.status, short.header('Min-SE')], [422, '90']);
  const taken = await invite(90);
  assert.deepEqual([taken.status, taken.header('Session-Expires')], [200, '90;refresher=uac']);
  assert.match(taken.header('Require'), /timer/);
  sip.confirm(taken);
  const refreshed = await sip.ask('UPDATE', taken.target, { within: taken, headers: timer(90) });
  assert.deepEqual([refreshed.status, refreshed.header('Session-Expires')], [200, '90;refresher=uac']);
  assert.equal((await sip.ask('BYE', taken.target, { within: taken })).status, 200);
}));

// What a phone must not count on; the check fails when a newer Asterisk can do it.
proves('outbound (RFC 5626)', () => saying({ user: '1003' }, async (sip) => {
  const instance = ';+sip.instance="<urn:uuid:00000000-0000-4000-8000-000000000003>";reg-id=1';
  const answer = await sip.register({ params: instance, headers: ['Supported: outbound, path, gruu'] });
  assert.equal(answer.status, 200);
  assert.equal(answer.header('Require'), null);
  assert.equal(answer.header('Flow-Timer'), null);
  assert.doesNotMatch(answer.header('Contact'), /reg-id|instance|gruu/);
  // Answers come in order, so one to the keep-alive would be before the one to what is said next.
  const from = sip.events.length;
  sip.keepAlive();
  assert.equal((await sip.register()).status, 200);
  assert.ok(sip.events.all.slice(from).every((message) => message.status !== null || message.method !== null));
  await sip.ping();
  // The end of the flow is the end of its registration.
  const gone = pbx.ami.wait('ContactStatus', { AOR: '1003', ContactStatus: 'Removed' });
  sip.close();
  await gone;
  return {
    result: 'absent',
    detail: 'neither flows nor CRLF keep-alive nor GRUU; pings of WebSocket are answered, and a contact goes with its connection',
  };
}));

proves('the private authority, and no other, vouches for wss', async () => {
  const ca = await readFile(pbx.ca);
  const options = { host: 'localhost', port: pbx.ports.https, servername: 'localhost' };
  const trusted = connect({ ...options, ca });
  await once(trusted, 'secureConnect');
  trusted.destroy();
  const [error] = await once(connect(options), 'error');
  assert.match(error.code, /SELF_SIGNED|UNABLE_TO_(GET|VERIFY)/);
});

proves('ARI by REST and WebSocket', async () => {
  const headers = { authorization: `Basic ${Buffer.from(`${ARI.user}:${ARI.password}`).toString('base64')}` };
  const events = new WebSocket(`${pbx.ari.replace('http', 'ws')}events?app=rig&subscribeAll=true`, { headers });
  await once(events, 'open');
  const told = new Promise((resolve) => {
    events.on('message', (data) => {
      const event = JSON.parse(data);
      if (event.type === 'StasisStart') resolve(event);
    });
  });
  const made = await fetch(`${pbx.ari}channels?endpoint=Local/600@phones&app=rig`, { method: 'POST', headers });
  assert.equal(made.status, 200);
  const { channel } = await told;
  const gone = await fetch(`${pbx.ari}channels/${channel.id}`, { method: 'DELETE', headers });
  assert.equal(gone.status, 204);
  events.terminate();
  assert.equal((await fetch(`${pbx.ari}channels`)).status, 401);
});

proves('two at once from one read-only root', async () => {
  const began = performance.now();
  const second = await Pbx.start();
  const ms = Math.round(performance.now() - began);
  try {
    for (const port of Object.values(second.ports)) assert.ok(!Object.values(pbx.ports).includes(port));
    assert.match(await second.cli('core show version'), /Asterisk 22\./);
    assert.match(await pbx.cli('core show version'), /Asterisk 22\./);
    assert.deepEqual(await readdir(join(pbx.root, 'srv/pbx')), []);
  } finally {
    await second.stop();
  }
  await assert.rejects(() => readFile(join(second.dir, 'log/full')), /ENOENT/);
  return { ms };
});

proves('a restart and a crash, on the same ports', async () => {
  const { ports } = pbx;
  for (const crash of [false, true]) {
    await pbx.restart({ crash });
    assert.deepEqual(pbx.ports, ports);
    assert.equal(await registers({ user: '1001' }), 200);
  }
});

test('a machine that cannot build the PBX says why, and fails', () => bare(async (dir) => {
  const failed = await build(dir, 'forky').catch((error) => error);
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /cannot be built: mmdebstrap is missing\npbx: install it/);
  assert.equal(failed.stdout, '');
}));

test('another recipe is built beside the programs in use, which go when nobody has them', () => bare(async (dir) => {
  const tools = {
    mmdebstrap: 'for each; do case $each in */new) mkdir -p "$each/etc" ;; esac; done',
    bwrap: 'echo Asterisk 22.0.0', 'apt-get': 'echo Debian http://mirror.invalid',
  };
  for (const [name, does] of Object.entries(tools)) {
    await writeFile(join(dir, name), `#!/bin/sh\n${does}\n`, { mode: 0o755 });
  }
  const suites = async () => (await readdir(join(dir, 'all'), { withFileTypes: true }))
    .filter((each) => each.isDirectory()).map((each) => each.name.split('-', 1)[0]).sort();

  await build(dir, 'one');
  const user = start('/usr/bin/bash', [join(here, 'root.sh'), 'hold'], { env: surroundings(dir, 'one'), stdin: 'pipe', pipe: true });
  const [held] = await once(user.stdout, 'data');
  await build(dir, 'two');
  assert.deepEqual(await suites(), ['one', 'two']);
  assert.match(await readFile(join(held.toString().trim(), 'etc/hosts'), 'utf8'), /pbx\.test/);
  const gone = once(user, 'close');
  user.stdin.end();
  await gone;
  await Promise.all([build(dir, 'three'), build(dir, 'three')]);
  assert.deepEqual(await suites(), ['three']);
}));

test('a stranger has no way into the manager', async () => {
  await assert.rejects(() => Ami.open({ port: pbx.ports.ami, user: 'rig', password: 'wrong' }), /Authentication failed/);
});

/** A machine with next to nothing on it. */
async function bare(body) {
  const dir = await mkdtemp(join(tmpdir(), 'omnibar-bare-'));
  const tools = ['bash', 'sh', 'cat', 'dirname', 'realpath', 'flock', 'mkdir', 'rm', 'mv', 'sed', 'grep', 'sort', 'head'];
  try {
    for (const tool of tools) await symlink(`/usr/bin/${tool}`, join(dir, tool));
    await body(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

function surroundings(dir, suite) {
  return { PATH: dir, OMNIBAR_PBX_ROOT: join(dir, 'all'), OMNIBAR_PBX_SUITE: suite };
}

function build(dir, suite) {
  return execute('/usr/bin/bash', [join(here, 'root.sh')], { env: surroundings(dir, suite) });
}
