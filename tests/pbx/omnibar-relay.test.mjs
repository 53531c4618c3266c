// Omnibar's softphone over a TURN server, and nothing else.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Alone } from './lib/alone.mjs';
import { OURS } from './lib/rig.mjs';

const rig = new Alone('omnibar-relay');

const relay = (server, password = server.password) => ({
  iceServers: [{ urls: server.url, username: server.user, credential: password }],
  iceTransportPolicy: 'relay',
});

for (const over of ['udp', 'tcp', 'tls']) {
  rig.proves(`TURN only, over ${over.toUpperCase()} and nothing else, without a centre`, 'coturn', async () => {
    const server = await rig.turn({ name: `turn-${over}`, over });
    const client = await rig.phone({ user: '1001', ice: relay(server) });
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
}

rig.proves('a TURN server that refuses is named, and the call says why there is no voice', 'coturn', async () => {
  const server = await rig.turn({ name: 'turn-refusing' });
  const client = await rig.phone({ user: '1001', ice: relay(server, 'never-this-one') });
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

rig.proves('the relay is gone in a call and comes back: so does the voice', 'coturn', async () => {
  const server = await rig.turn({ name: 'turn-leaving', over: 'tcp' });
  const client = await rig.phone({ user: '1001', ice: relay(server) });
  const call = await client.call('600');
  await call.up();
  await client.hears({ [OURS]: true });
  const from = client.events.all.length;
  await server.again();
  await client.hears({ [OURS]: true }, 40000);
  const lost = client.events.all.slice(from).find((e) => e.event === 'line' && e.line === 'lost');
  assert.match(lost.cause, /^[A-Z].*\.$/);
  return { detail: lost.cause };
});

rig.proves('a relay whose certificate is nobody’s is named, and no call is made over it', 'coturn', async () => {
  const server = await rig.turn({ name: 'turn-untrusted', over: 'tls' });
  const client = await rig.phone({ user: '1001', ice: relay(server), trusts: false });
  const told = await client.events.wait('the relay', (e) => e.event === 'relay', { from: 0 });
  assert.equal(told.state, 'untrusted');
  assert.match(told.cause, /certificate/);
  const call = await client.call('600');
  await call.ended();
  return { detail: told.cause };
});
