// A call to each kind of extension that the PBX has.
import assert from 'node:assert/strict';
import { until } from '../../../e2e/lib/process.mjs';
import { readWav } from '../../../e2e/lib/wav.mjs';
import { HOLD_MUSIC, PLAYED, TEST_TONE } from '../pbx.mjs';
import { OURS, speaking } from '../rig.mjs';
import { level } from '../tone.mjs';

export function calling(feature, rig) {
  /** A call to an extension of the PBX itself. */
  const dialled = (what, number, body, options) => feature(what, 'asterisk', async () => {
    const client = await rig.client(options);
    return body(await client.call(number), client);
  });

  dialled('echo', '600', async (call, client) => {
    const { ms } = await call.up();
    await client.hears({ [OURS]: true });
    const { codec } = await call.path();
    assert.equal(codec, 'audio/opus');
    assert.equal((await call.hangup()).by, 'us');
    await client.hears({ [OURS]: false });
    return { ms, detail: codec };
  });

  for (const [user, codec] of [['1005', 'audio/G722'], ['1006', 'audio/PCMU']]) {
    dialled(`echo in ${codec}`, '600', async (call, client) => {
      const { ms } = await call.up();
      await client.hears({ [OURS]: true });
      assert.equal((await call.path()).codec, codec);
      return { ms };
    }, { user });
  }

  feature('TURN only', 'coturn', async () => {
    const client = await rig.client({ ice: await rig.turn() });
    const call = await client.call('600');
    const { ms } = await call.up();
    await client.hears({ [OURS]: true });
    assert.equal((await call.path()).local, 'relay');
    return { ms };
  });

  dialled('playback, then the PBX hangs up', '601', async (call, client) => {
    await call.up();
    await client.hears({ [PLAYED]: true });
    assert.equal((await call.ended()).by, 'far');
  });

  dialled('hold music', '602', async (call, client) => {
    await call.up();
    await client.hears({ [HOLD_MUSIC]: true });
  });

  dialled('queue, waiting music', '604', async (call, client) => {
    await call.up();
    await client.hears({ [HOLD_MUSIC]: true });
  });

  dialled('early media', '607', async (call, client) => {
    await call.early();
    await client.hears({ [TEST_TONE]: true });
    assert.equal(call.has('connected'), false);
    await call.hangup();
  });

  dialled('ringing, early media, then an answer', '615', async (call, client) => {
    await call.ringing();
    await call.early();
    await client.hears({ [TEST_TONE]: true, [OURS]: false });
    await call.connected();
    await client.hears({ [TEST_TONE]: false, [OURS]: true });
  });

  for (const [what, number, status] of [
    ['busy', '608', 486], ['no circuit', '609', 503], ['rejected', '616', 403], ['no such number', '699', 404],
  ]) {
    dialled(`${what}, ${status}`, number, async (call) => {
      assert.equal((await call.ended()).status, status);
    });
  }

  dialled('CANCEL while it rings', '610', async (call) => {
    await call.ringing();
    assert.equal((await call.hangup()).by, 'us');
    // The PBX has no channel left over.
    await idle(rig.pbx);
  });

  dialled('the PBX hangs up', '611', async (call) => {
    await call.connected();
    assert.equal((await call.ended()).by, 'far');
  });

  dialled('recording', '612', async (call, client) => {
    await call.up();
    await client.hears({ [PLAYED]: true });
    await client.hears({ [PLAYED]: false });
    await speaking(1500);
    const recorded = rig.pbx.ami.wait('UserEvent', { UserEvent: 'Recorded' });
    await call.hangup();
    const [sound] = await readWav(rig.pbx.outside((await recorded).File));
    const half = sound.subarray(sound.length >> 1);
    assert.ok(level(half, OURS, 8000) > -40, `${sound.length} samples, ${level(half, OURS, 8000)} dB`);
  });

  const pressed = (by) => async (call) => {
    await call.up();
    const read = rig.pbx.ami.wait('UserEvent', { UserEvent: 'Digits' });
    await call.dtmf('15*#', by);
    assert.equal((await read).Digits, '15*');
  };
  dialled('DTMF to the PBX, RFC 4733', '605', pressed('rtp'));
  dialled('DTMF to the PBX, INFO', '605', pressed('info'), { user: '1006' });

  const heard = async (call) => {
    await call.up();
    for (const key of '15#') await call.digit(key);
  };
  dialled('DTMF from the PBX, RFC 4733', '613', heard);
  dialled('DTMF from the PBX, INFO', '614', heard);

  feature('two calls, one held', 'asterisk', async () => {
    const client = await rig.client();
    const first = await client.call('606');
    await first.up();
    await client.hears({ [TEST_TONE]: true });
    const held = await first.hold();
    const second = await client.call('602');
    await second.up();
    await client.hears({ [TEST_TONE]: false, [HOLD_MUSIC]: true });
    await second.hangup();
    await first.resume();
    await client.hears({ [TEST_TONE]: true, [HOLD_MUSIC]: false });
    return { ms: held.ms };
  });
}

/** Waits until the last channel of the PBX is gone. */
function idle(pbx) {
  return until('an idle PBX', async () => /^0 active channels/m.test(await pbx.cli('core show channels count')));
}
