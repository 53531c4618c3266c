// Calls with other phones: who hears whom.
import assert from 'node:assert/strict';
import { HOLD_MUSIC } from '../pbx.mjs';
import { OURS, PEER, THIRD, together } from '../rig.mjs';

const PEERS = { jssip: '1002', sipjs: '1002', baresip: '2001' };

export function meeting(feature, rig) {
  for (const [kind, number] of Object.entries(PEERS)) {
    feature('call out', kind, async () => {
      const [client, peer] = await Promise.all([rig.client(), rig.peer(kind)]);
      const call = await client.call(number);
      const { ms } = await call.up();
      const detail = await together(client, peer);
      const theirs = await peer.incoming();
      const over = theirs.ended();
      await call.hangup();
      await over;
      return { ms, detail };
    });

    feature('call in', kind, async () => {
      const [client, peer] = await Promise.all([rig.client(), rig.peer(kind)]);
      const theirs = await peer.call('1001');
      const ours = await client.incoming();
      assert.equal(ours.number, number);
      await theirs.ringing();
      await ours.answer();
      const detail = await together(client, peer);
      await theirs.hangup();
      assert.equal((await ours.ended()).by, 'far');
      return { detail };
    });

    feature('call in, rejected', kind, async () => {
      const [client, peer] = await Promise.all([rig.client(), rig.peer(kind)]);
      const theirs = await peer.call('1001');
      const ours = await client.incoming();
      await ours.reject(486);
      assert.equal((await theirs.ended()).status, 486);
    });

    feature('call in, given up', kind, async () => {
      const [client, peer] = await Promise.all([rig.client(), rig.peer(kind)]);
      const theirs = await peer.call('1001');
      const ours = await client.incoming();
      await theirs.ringing();
      await theirs.hangup();
      assert.equal((await ours.ended()).by, 'far');
    });

    feature('hold with music, and resume', kind, async () => {
      const [client, peer] = await Promise.all([rig.client(), rig.peer(kind)]);
      const call = await client.call(number);
      await call.up();
      await together(client, peer);
      const { ms } = await call.hold();
      await Promise.all([peer.hears({ [HOLD_MUSIC]: true, [OURS]: false }), client.hears({ [PEER]: false })]);
      const resumed = await call.resume();
      await Promise.all([peer.hears({ [HOLD_MUSIC]: false, [OURS]: true }), client.hears({ [PEER]: true })]);
      return { ms, detail: `resume ${resumed.ms.toFixed(1)} ms` };
    });

    feature('held by the other side', kind, async () => {
      const [client, peer] = await Promise.all([rig.client(), rig.peer(kind)]);
      const theirs = await peer.call('1001');
      const ours = await client.incoming();
      await ours.answer();
      await theirs.connected();
      await together(client, peer);
      await theirs.hold();
      await client.hears({ [HOLD_MUSIC]: true, [PEER]: false });
      await theirs.resume();
      await client.hears({ [HOLD_MUSIC]: false, [PEER]: true });
    });
  }

  feature('DTMF to another phone', 'baresip', async () => {
    const [client, peer] = await Promise.all([rig.client(), rig.peer('baresip')]);
    const call = await client.call('2001');
    await call.up();
    const theirs = await peer.incoming();
    await call.dtmf('7#');
    await theirs.digit('7');
    await theirs.digit('#');
  });

  feature('call out to the phone network', 'baresip', async () => {
    const [client, peer] = await Promise.all([rig.client(), rig.outside()]);
    const call = await client.call('9+15550123');
    const { ms } = await call.up();
    assert.equal((await peer.incoming()).number, '+15550100');
    return { ms, detail: await together(client, peer) };
  });

  feature('call in from the phone network', 'baresip', async () => {
    const [client, peer] = await Promise.all([rig.client(), rig.outside()]);
    await peer.call('1001');
    const ours = await client.incoming();
    assert.equal(ours.number, '+15550123');
    await ours.answer();
    return { detail: await together(client, peer) };
  });

  feature('queue to agent', 'baresip', async () => {
    const [client, customer] = await Promise.all([rig.client(), rig.outside()]);
    const login = await client.call('*45');
    await login.ended();
    await customer.call('800');
    const ours = await client.incoming();
    await customer.hears({ [HOLD_MUSIC]: true });
    await ours.answer();
    const detail = await together(client, customer);
    await customer.hears({ [HOLD_MUSIC]: false });
    await ours.hangup();
    const logout = await client.call('*46');
    await logout.ended();
    assert.match(await rig.pbx.cli('queue show support'), /No Members/);
    return { detail };
  });

  feature('conference of three', 'jssip and sipjs', async () => {
    const [client, second, third] = await Promise.all([
      rig.client(), rig.peer('jssip'), rig.peer('sipjs', { user: '1003', hertz: THIRD }),
    ]);
    const calls = [];
    for (const phone of [client, second, third]) calls.push(await phone.call('603'));
    await Promise.all(calls.map((call) => call.up()));
    await Promise.all([
      client.hears({ [OURS]: false, [PEER]: true, [THIRD]: true }),
      second.hears({ [OURS]: true, [PEER]: false, [THIRD]: true }),
      third.hears({ [OURS]: true, [PEER]: true, [THIRD]: false }),
    ]);
    await calls[2].hangup();
    await Promise.all([
      client.hears({ [PEER]: true, [THIRD]: false }), second.hears({ [OURS]: true, [THIRD]: false }),
    ]);
  });
}
