// Omnibar's check of an extension: each fault of an exchange and of a relay, made for real.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { WebSocketServer } from 'ws';
import { end, freePort, lines, run, start } from '../e2e/lib/process.mjs';
import { PASSWORD } from './lib/accounts.mjs';
import { Alone } from './lib/alone.mjs';
import { PROGRAM } from './lib/softphone.mjs';

const rig = new Alone('omnibar-check');

/** What `--check` finds; `failed` is the step that is not well. */
async function check(url, more = [], { user = '1001', password = PASSWORD, env = {} } = {}) {
  const child = start(PROGRAM, [
    'phone', '--sip', rig.pbx.uri(user), '--ws', url, '--user', user, '--password-stdin', '--check',
    '--data', join(rig.pbx.dir, `check-${user}`), ...more,
  ], { env, stdin: 'pipe', pipe: true });
  const said = [];
  lines(child, (line) => said.push(JSON.parse(line)));
  const gone = once(child, 'close');
  child.stdin.end(`${password}\n`);
  const insist = setTimeout(() => end(child, 0), 60000);
  const [code] = await gone;
  clearTimeout(insist);
  const steps = said.filter((e) => e.event === 'check');
  const last = said.at(-1);
  assert.ok(last, `the program ended with ${code} and said nothing: is it of this source?`);
  assert.deepEqual([last.event, last.ok, code], ['checked', code === 0, code]);
  const failed = steps.find((step) => !step.ok);
  assert.equal(failed === undefined, last.ok);
  if (failed) {
    assert.equal(failed, steps.at(-1), 'nothing is tried behind it');
    assert.match(failed.cause, /^[A-Z].*\.$/);
    assert.match(failed.next, /^[A-Z].*\.$/);
  }
  return { passed: steps.filter((step) => step.ok).map((step) => step.step), failed };
}

const finds = (what, step, reason, body) => rig.proves(`check: ${what}`, 'asterisk', async () => {
  const { failed } = await body();
  assert.deepEqual([failed?.step, failed?.reason], [step, reason], JSON.stringify(failed));
  return { detail: `${failed.cause} ${failed.next}` };
});

rig.proves('check: all is well, with a call to the echo', 'asterisk', async () => {
  const secure = await check(rig.pbx.wss, ['--ca', rig.pbx.ca, '--check-call', '600']);
  assert.deepEqual(secure.passed,
    ['name', 'connection', 'security', 'websocket', 'registration', 'call', 'voice']);
  for (const user of ['1005', '1006']) {
    const { passed } = await check(rig.pbx.ws, ['--check-call', '600'], { user });
    assert.deepEqual(passed, ['name', 'connection', 'websocket', 'registration', 'call', 'voice']);
  }
  const server = await rig.turn({ name: 'turn-check' });
  const relayed = await check(rig.pbx.ws, ['--check-call', '600', '--relay-only', '--turn', server.url,
    '--turn-user', server.user], { env: { OMNIBAR_TURN_PASSWORD: server.password } });
  assert.deepEqual(relayed.passed.slice(-3), ['relay', 'call', 'voice']);
});

finds('no such name', 'name', 'name_not_found', () => check('wss://pbx.invalid/ws'));

finds('a closed port', 'connection', 'refused', async () => check(`ws://127.0.0.1:${await freePort()}/ws`));

finds('an authority that nobody knows', 'security', 'unknown_authority', () => check(rig.pbx.wss));

finds('a certificate for another name', 'security', 'wrong_name', () =>
  check(rig.pbx.wss.replace('localhost', '127.0.0.1'), ['--ca', rig.pbx.ca]));

finds('an expired certificate', 'security', 'expired', async () => {
  const { key, cert } = await expired();
  const server = createTlsServer({ key: await readFile(key), cert: await readFile(cert) });
  server.on('tlsClientError', () => {});
  return listening(server, (port) => check(`wss://localhost:${port}/ws`, ['--ca', rig.pbx.ca]));
});

finds('no TLS where it is wanted', 'security', 'no_tls', () =>
  check(rig.pbx.ws.replace('ws:', 'wss:').replace('127.0.0.1', 'localhost'), ['--ca', rig.pbx.ca]));

finds('a server that says nothing', 'websocket', 'timed_out', () =>
  listening(createServer(() => {}), (port) => check(`ws://127.0.0.1:${port}/ws`)));

finds('another path of the web server', 'websocket', 'http', () => check(rig.pbx.ws.replace('/ws', '/nothing')));

finds('a WebSocket that is not for SIP', 'websocket', 'no_sip', () =>
  exchange(() => null, (url) => check(url), { handleProtocols: () => false }));

finds('a wrong password', 'registration', 'wrong_password', () => check(rig.pbx.ws, [], { password: 'wrong' }));

for (const [status, phrase, reason] of [[403, 'Forbidden', 'forbidden'], [404, 'Not Found', 'not_found']]) {
  finds(`REGISTER refused with ${status}`, 'registration', reason, () =>
    exchange((request) => answer(request, status, phrase), (url) => check(url)));
}

finds('an exchange that does not answer', 'registration', 'no_answer', () =>
  exchange(() => null, (url) => check(url)));

finds('no such number for the test call', 'call', 'not_found', () => check(rig.pbx.ws, ['--check-call', '699']));

finds('a test call that nobody answers', 'call', 'no_answer', () => check(rig.pbx.ws, ['--check-call', '610']));

finds('a test call that is refused', 'call', 'forbidden', () => check(rig.pbx.ws, ['--check-call', '616']));

finds('a number that is no echo', 'voice', 'not_heard', () => check(rig.pbx.ws, ['--check-call', '602']));

finds('a relay that refuses', 'relay', 'relay_refused', async () => {
  const server = await rig.turn({ name: 'turn-wrong' });
  return check(rig.pbx.ws, ['--turn', server.url, '--turn-user', server.user], { env: { OMNIBAR_TURN_PASSWORD: 'wrong' } });
});

rig.proves('check: a relay over TCP and over TLS', 'coturn', async () => {
  for (const over of ['tcp', 'tls']) {
    const server = await rig.turn({ name: `turn-check-${over}`, over });
    const { passed } = await check(rig.pbx.ws, ['--check-call', '600', '--relay-only', '--turn', server.url,
      '--turn-user', server.user, '--ca', rig.pbx.ca], { env: { OMNIBAR_TURN_PASSWORD: server.password } });
    assert.deepEqual(passed.slice(-3), ['relay', 'call', 'voice']);
  }
});

finds('a relay over TCP that refuses', 'relay', 'relay_refused', async () => {
  const server = await rig.turn({ name: 'turn-wrong-tcp', over: 'tcp' });
  return check(rig.pbx.ws, ['--turn', server.url, '--turn-user', server.user], { env: { OMNIBAR_TURN_PASSWORD: 'wrong' } });
});

finds('a relay whose certificate is nobody’s', 'relay', 'relay_untrusted', async () => {
  const server = await rig.turn({ name: 'turn-nobody', over: 'tls' });
  return check(rig.pbx.ws, ['--turn', server.url, '--turn-user', server.user],
    { env: { OMNIBAR_TURN_PASSWORD: server.password } });
});

finds('a relay over TCP that is silent', 'relay', 'relay_silent', async () =>
  check(rig.pbx.ws, ['--turn', `turn:127.0.0.1:${await freePort()}?transport=tcp`, '--turn-user', 'branch7'],
    { env: { OMNIBAR_TURN_PASSWORD: 'any' } }));

finds('a relay that is silent', 'relay', 'relay_silent', async () =>
  check(rig.pbx.ws, ['--turn', `turn:127.0.0.1:${await freePort()}`, '--turn-user', 'branch7'],
    { env: { OMNIBAR_TURN_PASSWORD: 'any' } }));

finds('no way for voice', 'call', 'no_media', async () => {
  // This relay reaches every machine but the one that the PBX is on.
  const server = await rig.turn({ name: 'turn-far', near: false });
  return check(rig.pbx.ws, ['--check-call', '600', '--relay-only', '--turn', server.url, '--turn-user', server.user],
    { env: { OMNIBAR_TURN_PASSWORD: server.password } });
});

test('what cannot be a relay is refused in words, with the password nowhere', { timeout: 20000 }, async () => {
  const refuses = async (more, env = {}) => {
    const child = start(PROGRAM, ['phone', '--sip', rig.pbx.uri('1001'), '--ws', rig.pbx.ws, '--password-stdin', '--check',
      '--data', join(rig.pbx.dir, 'refused'), ...more], { env, stdin: 'pipe', pipe: true });
    const said = [];
    lines(child, (line) => said.push(JSON.parse(line)));
    child.stdin.end(`${PASSWORD}\n`);
    const [code] = await once(child, 'close');
    assert.equal(code, 1);
    return said[0].message;
  };
  const env = { OMNIBAR_TURN_PASSWORD: 'hidden' };
  const user = ['--turn-user', 'branch7'];
  assert.match(await refuses(['--turn', 'turns:relay.example?transport=udp', ...user], env), /not over DTLS/);
  assert.match(await refuses(['--stun', 'stuns:stun.example']), /over UDP only/);
  assert.match(await refuses(['--turn', 'relay.example', ...user], env), /turn:host:port/);
  const none = { OMNIBAR_TURN_PASSWORD: '' };
  assert.match(await refuses(['--turn', 'turn:relay.example', ...user], none), /needs a password/);
  assert.match(await refuses(['--turn', 'turn:relay.example', ...user, '--turn-password-stdin']), /second line/);
  assert.match(await refuses(['--stun', 'turn:relay.example']), /stun:host:port/);
  assert.match(await refuses(['--relay-only']), /--turn/);
});

async function listening(server, body) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sockets = new Set();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  try {
    return await body(server.address().port);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

/** An exchange that answers each request with what `says` gives for it, or not at all. */
async function exchange(says, body, options = {}) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: () => 'sip', ...options });
  await once(server, 'listening');
  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      const said = says(data.toString());
      if (said) socket.send(said);
    });
  });
  try {
    return await body(`ws://127.0.0.1:${server.address().port}/ws`);
  } finally {
    for (const client of server.clients) client.terminate();
    server.close();
  }
}

function answer(request, status, phrase) {
  const field = (name) => request.match(new RegExp(`^${name}: .*$`, 'm'))[0].trim();
  const head = [`SIP/2.0 ${status} ${phrase}`, field('Via'), field('From'), `${field('To')};tag=pbx`, field('Call-ID'),
    field('CSeq'), 'Content-Length: 0'];
  return `${head.join('\r\n')}\r\n\r\n`;
}

/** A certificate for localhost by the PBX's authority, that was good for a day of 2020. */
async function expired() {
  const file = (ending) => join(rig.pbx.dir, `expired.${ending}`);
  const [key, request, cert, config, extensions, index] = ['key', 'csr', 'crt', 'cnf', 'ext', 'txt'].map(file);
  await run('openssl', ['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=localhost',
    '-keyout', key, '-out', request]);
  await writeFile(index, '');
  await writeFile(extensions, [
    'subjectAltName=DNS:localhost', 'basicConstraints=critical,CA:FALSE', 'extendedKeyUsage=serverAuth', '',
  ].join('\n'));
  await writeFile(config, [
    '[ca]', 'default_ca=one', '[one]', `database=${index}`, `new_certs_dir=${rig.pbx.dir}`, 'rand_serial=yes',
    `certificate=${rig.pbx.authority.file}`, `private_key=${rig.pbx.authority.key}`, 'default_md=sha256', 'policy=any',
    '[any]', 'commonName=supplied', '',
  ].join('\n'));
  await run('openssl', ['ca', '-batch', '-notext', '-config', config, '-extfile', extensions, '-in', request, '-out', cert,
    '-startdate', '20200101000000Z', '-enddate', '20200102000000Z']);
  return { key, cert };
}
