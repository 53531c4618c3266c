// Calls that take another one's place, and what is heard before an answer.
import assert from 'node:assert/strict';
import { TEST_TONE } from '../pbx.mjs';
import { field } from '../relay.mjs';
import { OURS, PEER, THIRD, together } from '../rig.mjs';

/** The ringback tone that ITU-T E.180 recommends, in Hz. */
const RINGBACK = 425;

export function answering(feature, rig) {
  feature('ringback where the PBX sends none', 'asterisk', async () => {
    const client = await rig.client();
    const call = await client.call('610');
    await call.ringing();
    await client.hears({ [RINGBACK]: true });
    await call.hangup();
    await client.hears({ [RINGBACK]: false });
  });

  feature('no ringback beside early media and after the answer', 'asterisk', async () => {
    const client = await rig.client();
    const call = await client.call('615');
    await call.ringing();
    await client.hears({ [RINGBACK]: true, [TEST_TONE]: false });
    await call.early();
    await client.hears({ [RINGBACK]: false, [TEST_TONE]: true });
    await call.connected();
    await client.hears({ [RINGBACK]: false, [TEST_TONE]: false, [OURS]: true });
    await call.hangup();
    const silent = await client.call('607');
    await silent.early();
    await client.hears({ [RINGBACK]: false, [TEST_TONE]: true });
  });

  // Asterisk takes Replaces for itself, so its own INVITE gets the field on the way.
  feature('INVITE with Replaces', 'jssip', async () => {
    const relay = await rig.relay();
    const [client, second, third] = await Promise.all([
      rig.client({ url: relay.url }), rig.peer('jssip'), rig.peer('jssip', { user: '1003', hertz: THIRD }),
    ]);
    const from = relay.said.length;
    const theirs = await second.call('1001');
    const ours = await client.incoming();
    await ours.answer();
    await theirs.connected();
    await together(client, second);
    const { text: invite } = await relay.hears('pbx', /^INVITE /, { from });
    const { text: answer } = await relay.hears('phone', /^SIP\/2\.0 200 [^]*^CSeq: \d+ INVITE/m, { from });
    const tag = (text, name) => /;tag=([^;\s]+)/.exec(field(text, name))[1];
    // As whoever receives it sees the dialog (RFC 3891, section 3).
    const replaces = `${field(invite, 'Call-ID')};to-tag=${tag(answer, 'To')};from-tag=${tag(invite, 'From')}`;
    relay.change = (text, side) => (side === 'pbx' && /^INVITE /.test(text)
      ? text.replace(/^CSeq:/m, `Replaces: ${replaces}\r\nCSeq:`) : text);
    const over = ours.ended();
    await third.call('1001');
    const next = await client.incoming();
    assert.equal(next.replaces, ours.id);
    // Nobody is asked: the call goes on with somebody else.
    const detail = await together(client, third);
    assert.equal((await over).reason, 'replaced');
    await Promise.all([client.hears({ [PEER]: false }), second.hears({ [OURS]: false })]);
    return { detail };
  });
}
