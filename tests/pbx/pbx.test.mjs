// The PBX of the checks proves itself: what a client's checks take for granted.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { WebSocket } from 'ws';
import { ARI } from './lib/accounts.mjs';
import { Ami } from './lib/ami.mjs';
import { Pbx } from './lib/pbx.mjs';
import { Report } from './lib/report.mjs';
import { Sip } from './lib/sip.mjs';

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

proves('digest SHA-256 over ws, without a SIP library', async () => {
  const sip = await Sip.open(pbx.ws);
  try {
    assert.equal(await sip.register('1004', 'SHA-256'), 200);
    assert.notEqual(await sip.register('1004', 'SHA-256', 'wrong'), 200);
    assert.equal(await sip.register('1001', 'MD5'), 200);
  } finally {
    sip.close();
  }
});

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
    const sip = await Sip.open(pbx.ws);
    assert.equal(await sip.register('1001', 'MD5'), 200);
    sip.close();
  }
});

test('a machine that cannot build the PBX says why, and fails', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'omnibar-bare-'));
  try {
    for (const tool of ['bash', 'cat', 'dirname', 'realpath']) await symlink(`/usr/bin/${tool}`, join(dir, tool));
    const env = { PATH: dir, OMNIBAR_PBX_ROOT: join(dir, 'root') };
    const failed = await execute('/usr/bin/bash', [join(here, 'root.sh')], { env }).catch((error) => error);
    assert.equal(failed.code, 1);
    assert.match(failed.stderr, /cannot be built: mmdebstrap is missing\npbx: install it/);
    assert.equal(failed.stdout, '');
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});

test('a stranger has no way into the manager', async () => {
  await assert.rejects(() => Ami.open({ port: pbx.ports.ami, user: 'rig', password: 'wrong' }), /Authentication failed/);
});
