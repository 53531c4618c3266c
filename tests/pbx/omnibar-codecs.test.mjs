// Omnibar's softphone with those who know no Opus, over a TURN server, and its check of an
// extension: each fault of an exchange, made for real.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { WebSocketServer } from 'ws';
import { end, freePort, lines, run, start } from '../e2e/lib/process.mjs';
import { Turn } from '../e2e/lib/turn.mjs';
import { PASSWORD } from './lib/accounts.mjs';
import { HOLD_MUSIC, Pbx } from './lib/pbx.mjs';
import { Report } from './lib/report.mjs';
import { OURS, PEER, together } from './lib/rig.mjs';
import { PROGRAM, Softphone } from './lib/softphone.mjs';

const report = new Report('omnibar-codecs');
const open = [];
let pbx;

before(async () => {
  pbx = await Pbx.start();
});
after(() => pbx?.stop());
afterEach(async () => {
  await pbx?.ami?.cli('channel request hangup all');
  for (const each of open.splice(0).reverse()) await each.close();
});

const proves = (feature, peer, body) => test(feature, { timeout: 90000 }, async () => {
  const entry = { feature, peer, client: 'omnibar' };
  try {
    report.add({ ...entry, result: 'passed', ...(await body()) });
  } catch (error) {
    report.add({ ...entry, result: 'failed', detail: error.message.split('\n', 1)[0] });
    throw error;
  }
});

async function phone(options) {
  const client = await Softphone.open(pbx, { hertz: OURS, url: pbx.ws, ...options });
  open.push(client);
  await client.register();
  return client;
}

/** Both have it as the codec: the phone's own word, and the PBX's. */
async function speaks(call, client, name, mime) {
  const said = client.events.all.find((e) => e.event === 'connected' && e.call === call.id);
  assert.equal(said.codec, name);
  assert.equal((await call.path()).codec, mime);
  return said;
}

const OTHERS = [
  { user: '1005', name: 'G722', mime: 'audio/G722', keys: 'rtp' },
  { user: '1006', name: 'PCMU', mime: 'audio/PCMU', keys: 'info' },
];

for (const { user, name, mime, keys } of OTHERS) {
  proves(`echo in ${name}, and keys to the PBX`, 'asterisk', async () => {
    const client = await phone({ user });
    const call = await client.call('600');
    const { ms } = await call.up();
    await client.hears({ [OURS]: true });
    assert.equal((await speaks(call, client, name, mime)).keys, keys);
    await call.hangup();

    const menu = await client.call('605');
    await menu.up();
    const read = pbx.ami.wait('UserEvent', { UserEvent: 'Digits' });
    await menu.dtmf('15*#');
    assert.equal((await read).Digits, '15*');
    await menu.ended();

    const pressing = await client.call(keys === 'rtp' ? '613' : '614');
    await pressing.up();
    for (const key of '15#') assert.equal((await pressing.digit(key)).by, keys);
    return { ms };
  });

  proves(`${name} and Opus in one call: hold, resume and keys both ways`, 'omnibar', async () => {
    const plain = await phone({ user });
    const best = await phone({ user: '1001', hertz: PEER });
    const out = await best.call(user);
    const call = await plain.incoming();
    await call.answer();
    await Promise.all([out.connected(), call.connected()]);
    const detail = await together(plain, best);
    await speaks(call, plain, name, mime);
    await speaks(out, best, 'opus', 'audio/opus');

    await call.hold();
    await best.hears({ [OURS]: false, [HOLD_MUSIC]: true });
    await call.resume();
    await best.hears({ [HOLD_MUSIC]: false });
    await together(plain, best);
    await out.hold();
    await plain.hears({ [PEER]: false, [HOLD_MUSIC]: true });
    await out.resume();
    await together(plain, best);

    await call.dtmf('7');
    assert.equal((await out.digit('7')).by, 'rtp');
    await out.dtmf('3');
    assert.equal((await call.digit('3')).by, keys);
    return { detail };
  });
}

proves('two calls in different codecs take turns', 'omnibar', async () => {
  const best = await phone({ user: '1001', hertz: OURS });
  const plain = await phone({ user: '1006', hertz: PEER });
  const first = await plain.call('600');
  await first.up();
  await plain.hears({ [PEER]: true });
  const second = await best.call('1006');
  const call = await plain.incoming();
  await call.answer();
  await second.connected();
  await together(best, plain);
  await first.resume();
  await plain.hears({ [PEER]: true, [OURS]: false });

  // No conference is mixed in their codec: that is said, and the call stays as it was.
  const from = plain.events.all.length;
  plain.say('conference');
  const refused = await plain.events.wait('why there is no conference', (e) => e.event === 'no_voice', { from });
  assert.match(refused.cause, /codec.*stays by itself/);
  await plain.hears({ [PEER]: true, [OURS]: false });
});

const relay = (server, password = server.password) => ({
  iceServers: [{ urls: `${server.url}?transport=udp`, username: server.user, credential: password }],
  iceTransportPolicy: 'relay',
});

async function turn(options) {
  const server = await Turn.open({ dir: pbx.dir }, { password: 'not-a-secret', ...options });
  open.push(server);
  return server;
}

proves('TURN only, without a centre', 'coturn', async () => {
  const server = await turn({ name: 'turn' });
  const client = await phone({ user: '1001', ice: relay(server) });
  const told = await client.events.wait('the relay', (e) => e.event === 'relay', { from: 0 });
  assert.equal(told.state, 'ready');
  const call = await client.call('600');
  const { ms } = await call.up();
  await client.hears({ [OURS]: true });
  // Without the relay there is nothing left of it.
  await server.close();
  await client.hears({ [OURS]: false });
  return { ms };
});

proves('a TURN server that refuses is named, and the call says why there is no voice', 'coturn', async () => {
  const server = await turn({ name: 'turn-refusing' });
  const client = await phone({ user: '1001', ice: relay(server, 'never-this-one') });
  const told = await client.events.wait('the relay', (e) => e.event === 'relay', { from: 0 });
  assert.equal(told.state, 'refused');
  assert.match(told.cause, /name and password/);
  const call = await client.call('600');
  await call.ended();
  const why = client.events.all.find((e) => e.event === 'no_voice' && e.call === call.id);
  assert.match(why.cause, /TURN server/);
  const log = await readFile(join(client.dir, 'log'), 'utf8');
  assert.doesNotMatch(log, /never-this-one|not-a-secret/);
});

/** What `--check` finds; `failed` is the step that is not well. */
async function check(url, more = [], { user = '1001', password = PASSWORD, env = {} } = {}) {
  const child = start(PROGRAM, [
    'phone', '--sip', pbx.uri(user), '--ws', url, '--user', user, '--password-stdin', '--check',
    '--data', join(pbx.dir, `check-${user}`), ...more,
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

const finds = (what, step, reason, body) => proves(`check: ${what}`, 'asterisk', async () => {
  const { failed } = await body();
  assert.deepEqual([failed?.step, failed?.reason], [step, reason], JSON.stringify(failed));
  return { detail: `${failed.cause} ${failed.next}` };
});

proves('check: all is well, with a call to the echo', 'asterisk', async () => {
  const secure = await check(pbx.wss, ['--ca', pbx.ca, '--check-call', '600']);
  assert.deepEqual(secure.passed,
    ['name', 'connection', 'security', 'websocket', 'registration', 'call', 'voice']);
  for (const user of ['1005', '1006']) {
    const { passed } = await check(pbx.ws, ['--check-call', '600'], { user });
    assert.deepEqual(passed, ['name', 'connection', 'websocket', 'registration', 'call', 'voice']);
  }
  const server = await turn({ name: 'turn-check' });
  const relayed = await check(pbx.ws, ['--check-call', '600', '--relay-only', '--turn', server.url,
    '--turn-user', server.user], { env: { OMNIBAR_TURN_PASSWORD: server.password } });
  assert.deepEqual(relayed.passed.slice(-3), ['relay', 'call', 'voice']);
});

finds('no such name', 'name', 'name_not_found', () => check('wss://pbx.invalid/ws'));

finds('a closed port', 'connection', 'refused', async () => check(`ws://127.0.0.1:${await freePort()}/ws`));

finds('an authority that nobody knows', 'security', 'unknown_authority', () => check(pbx.wss));

finds('a certificate for another name', 'security', 'wrong_name', () =>
  check(pbx.wss.replace('localhost', '127.0.0.1'), ['--ca', pbx.ca]));

finds('an expired certificate', 'security', 'expired', async () => {
  const { key, cert } = await expired();
  const server = createTlsServer({ key: await readFile(key), cert: await readFile(cert) });
  server.on('tlsClientError', () => {});
  return listening(server, (port) => check(`wss://localhost:${port}/ws`, ['--ca', pbx.ca]));
});

finds('no TLS where it is wanted', 'security', 'no_tls', () =>
  check(pbx.ws.replace('ws:', 'wss:').replace('127.0.0.1', 'localhost'), ['--ca', pbx.ca]));

finds('a server that says nothing', 'websocket', 'timed_out', () =>
  listening(createServer(() => {}), (port) => check(`ws://127.0.0.1:${port}/ws`)));

finds('another path of the web server', 'websocket', 'http', () => check(pbx.ws.replace('/ws', '/nothing')));

finds('a WebSocket that is not for SIP', 'websocket', 'no_sip', () =>
  exchange(() => null, (url) => check(url), { handleProtocols: () => false }));

finds('a wrong password', 'registration', 'wrong_password', () => check(pbx.ws, [], { password: 'wrong' }));

for (const [status, phrase, reason] of [[403, 'Forbidden', 'forbidden'], [404, 'Not Found', 'not_found']]) {
  finds(`REGISTER refused with ${status}`, 'registration', reason, () =>
    exchange((request) => answer(request, status, phrase), (url) => check(url)));
}

finds('an exchange that does not answer', 'registration', 'no_answer', () =>
  exchange(() => null, (url) => check(url)));

finds('no such number for the test call', 'call', 'not_found', () => check(pbx.ws, ['--check-call', '699']));

finds('a test call that nobody answers', 'call', 'no_answer', () => check(pbx.ws, ['--check-call', '610']));

finds('a test call that is refused', 'call', 'forbidden', () => check(pbx.ws, ['--check-call', '616']));

finds('a number that is no echo', 'voice', 'not_heard', () => check(pbx.ws, ['--check-call', '602']));

finds('a relay that refuses', 'relay', 'relay_refused', async () => {
  const server = await turn({ name: 'turn-wrong' });
  return check(pbx.ws, ['--turn', server.url, '--turn-user', server.user], { env: { OMNIBAR_TURN_PASSWORD: 'wrong' } });
});

finds('a relay that is silent', 'relay', 'relay_silent', async () =>
  check(pbx.ws, ['--turn', `turn:127.0.0.1:${await freePort()}`, '--turn-user', 'branch7'],
    { env: { OMNIBAR_TURN_PASSWORD: 'any' } }));

finds('no way for voice', 'call', 'no_media', async () => {
  // This relay reaches every machine but the one that the PBX is on.
  const server = await turn({ name: 'turn-far', near: false });
  return check(pbx.ws, ['--check-call', '600', '--relay-only', '--turn', server.url, '--turn-user', server.user],
    { env: { OMNIBAR_TURN_PASSWORD: server.password } });
});

test('what cannot be a relay is refused in words, with the password nowhere', { timeout: 20000 }, async () => {
  const refuses = async (more, env = {}) => {
    const child = start(PROGRAM, ['phone', '--sip', pbx.uri('1001'), '--ws', pbx.ws, '--password-stdin', '--check',
      '--data', join(pbx.dir, 'refused'), ...more], { env, stdin: 'pipe', pipe: true });
    const said = [];
    lines(child, (line) => said.push(JSON.parse(line)));
    child.stdin.end(`${PASSWORD}\n`);
    const [code] = await once(child, 'close');
    assert.equal(code, 1);
    return said[0].message;
  };
  const env = { OMNIBAR_TURN_PASSWORD: 'hidden' };
  const user = ['--turn-user', 'branch7'];
  assert.match(await refuses(['--turn', 'turns:relay.example', ...user], env), /only UDP/);
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
  const file = (ending) => join(pbx.dir, `expired.${ending}`);
  const [key, request, cert, config, extensions, index] = ['key', 'csr', 'crt', 'cnf', 'ext', 'txt'].map(file);
  await run('openssl', ['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=localhost',
    '-keyout', key, '-out', request]);
  await writeFile(index, '');
  await writeFile(extensions, [
    'subjectAltName=DNS:localhost', 'basicConstraints=critical,CA:FALSE', 'extendedKeyUsage=serverAuth', '',
  ].join('\n'));
  await writeFile(config, [
    '[ca]', 'default_ca=one', '[one]', `database=${index}`, `new_certs_dir=${pbx.dir}`, 'rand_serial=yes',
    `certificate=${pbx.authority.file}`, `private_key=${pbx.authority.key}`, 'default_md=sha256', 'policy=any',
    '[any]', 'commonName=supplied', '',
  ].join('\n'));
  await run('openssl', ['ca', '-batch', '-notext', '-config', config, '-extfile', extensions, '-in', request, '-out', cert,
    '-startdate', '20200101000000Z', '-enddate', '20200102000000Z']);
  return { key, cert };
}
