// What becomes of calls when the connection, or the PBX itself, goes away; and what is said of it.
import assert from 'node:assert/strict';
import { HOLD_MUSIC } from '../pbx.mjs';
import { OURS, PEER, together } from '../rig.mjs';

export function surviving(feature, rig) {
  /** The client in a call with 1002, over a connection that can be cut. */
  const talking = async () => {
    const relay = await rig.relay();
    const [client, peer] = await Promise.all([rig.client({ url: relay.url }), rig.peer('jssip')]);
    const call = await client.call('1002');
    await call.up();
    const theirs = await peer.incoming();
    await together(client, peer);
    return { relay, client, peer, call, theirs };
  };

  const told = (client, event, from, timeout = 15000) =>
    client.events.wait(event, (e) => e.event === event, { from, timeout });

  const inWords = (event) => {
    assert.match(event.cause, /^[A-Z].{20,}\.$/, JSON.stringify(event));
    return event.cause;
  };

  feature('a cut connection: the call goes on', 'jssip', async () => {
    const { relay, client, peer, call, theirs } = await talking();
    const from = client.events.length;
    relay.shut();
    await told(client, 'reconnecting', from);
    const cause = inWords(await told(client, 'unreachable', from));
    await together(client, peer);
    relay.open();
    await told(client, 'registered', from);
    inWords(await told(client, 'reached', from));
    const detail = await together(client, peer);
    assert.equal(call.has('ended'), false);
    await call.hold();
    await peer.hears({ [HOLD_MUSIC]: true, [OURS]: false });
    await call.resume();
    await together(client, peer);
    const over = theirs.ended();
    await call.hangup();
    await over;
    return { detail: `${cause} | ${detail}` };
  });

  feature('a cut connection while the call is on hold', 'jssip', async () => {
    const { relay, client, peer, call } = await talking();
    await call.hold();
    await Promise.all([peer.hears({ [HOLD_MUSIC]: true, [OURS]: false }), client.hears({ [PEER]: false })]);
    const [from, said] = [client.events.length, relay.said.length];
    relay.cut();
    await told(client, 'registered', from);
    await relay.hears('phone', /^INVITE [^]*^a=sendonly/m, { from: said });
    await relay.hears('pbx', /^SIP\/2\.0 200 [^]*^CSeq: \d+ INVITE/m, { from: said });
    await Promise.all([
      peer.hears({ [HOLD_MUSIC]: true, [OURS]: false }), client.hears({ [PEER]: false, [HOLD_MUSIC]: false }),
    ]);
    await call.resume();
    await Promise.all([peer.hears({ [HOLD_MUSIC]: false, [OURS]: true }), client.hears({ [PEER]: true })]);
    await call.hold();
    await peer.hears({ [HOLD_MUSIC]: true, [OURS]: false });
    await call.resume();
    const detail = await together(client, peer);
    inWords(await told(client, 'reached', from));
    return { detail };
  });

  feature('held, and resumed, while there is no connection', 'jssip', async () => {
    const { relay, client, peer, call } = await talking();
    for (const [command, hertz] of [['hold', HOLD_MUSIC], ['resume', OURS]]) {
      const from = client.events.length;
      relay.shut();
      await told(client, 'reconnecting', from);
      client.say(`${command} ${call.id}`);
      relay.open();
      await told(client, command === 'hold' ? 'held here' : 'resumed here', from);
      await peer.hears({ [hertz]: true, [hertz === OURS ? HOLD_MUSIC : OURS]: false });
      inWords(await told(client, 'postponed', from));
    }
    return { detail: await together(client, peer) };
  });

  feature('hung up while there is no connection', 'jssip', async () => {
    const { relay, client, call, theirs } = await talking();
    const from = client.events.length;
    relay.shut();
    await told(client, 'unreachable', from);
    await call.hangup();
    const over = theirs.ended();
    relay.open();
    await over;
  });

  feature('the PBX is restarted in a call', 'asterisk', async () => {
    const client = await rig.client();
    const call = await client.call('600');
    await call.up();
    const from = client.events.length;
    await rig.pbx.restart();
    const ended = await call.ended();
    await told(client, 'registered', from, 20000);
    const next = await client.call('600');
    await next.up();
    await client.hears({ [OURS]: true });
    return { detail: inWords(ended) };
  });

  feature('the PBX is restarted while a call is on hold', 'asterisk', async () => {
    const client = await rig.client();
    const held = await client.call('600');
    await held.up();
    await held.hold();
    await client.hears({ [OURS]: false });
    const from = client.events.length;
    await rig.pbx.restart({ crash: true });
    const ended = await held.ended(20000);
    await told(client, 'registered', from, 20000);
    // Nothing of the hold is left: the next call is heard, and held, as any other.
    const next = await client.call('600');
    await next.up();
    await client.hears({ [OURS]: true });
    await next.hold();
    await client.hears({ [OURS]: false });
    await next.resume();
    await client.hears({ [OURS]: true });
    return { detail: inWords(ended) };
  });

  feature('the PBX crashes in a call, and comes back', 'asterisk', async () => {
    const client = await rig.client();
    const call = await client.call('600');
    await call.up();
    const held = await client.call('606');
    await held.up();
    const from = client.events.length;
    await rig.pbx.crash();
    await told(client, 'reconnecting', from);
    for (const each of [call, held]) {
      inWords(await client.events.wait('word of a call', (e) => e.event === 'unreachable' && e.call === each.id, { from }));
    }
    // The voice of the one that is heard is missed within seconds, and the reason is told.
    const lost = await client.events.wait('the voice is missed', (e) => e.event === 'line' && e.line === 'lost' && e.call === held.id, { from });
    assert.match(inWords(lost), /exchange cannot be reached/);
    await rig.pbx.again();
    const began = performance.timeOrigin + performance.now();
    const { at } = await told(client, 'registered', from, 30000);
    const ends = await Promise.all([call, held].map((each) => each.ended()));
    for (const end of ends) {
      assert.equal(end.reason, 'gone');
      assert.match(inWords(end), /does not know this call any more/);
    }
    const next = await client.call('600');
    await next.up();
    await client.hears({ [OURS]: true });
    return { ms: at - began, detail: ends[0].cause };
  });

  feature('the PBX crashes in a call, and is back at once', 'asterisk', async () => {
    const client = await rig.client();
    const call = await client.call('600');
    await call.up();
    const from = client.events.length;
    await rig.pbx.restart({ crash: true });
    const began = performance.timeOrigin + performance.now();
    const ended = await call.ended(20000);
    assert.equal(ended.reason, 'gone');
    const { at } = await told(client, 'registered', from, 20000);
    return { ms: at - began, detail: inWords(ended) };
  });
}
