// The machine sleeps for longer than its registration holds, and wakes.
import assert from 'node:assert/strict';
import { until } from '../../../e2e/lib/process.mjs';
import { OURS, PEER, together } from '../rig.mjs';

/** Seconds for which the PBX keeps the registration. */
const HOLDS = 10;

export function sleeping(feature, rig) {
  /** The client, whose registrations are short, over a connection that can be listened to. */
  const dozing = async () => {
    const relay = await rig.relay();
    relay.change = (text, from) => (from === 'phone' && text.startsWith('REGISTER ')
      ? text.replace(/^(Expires: )\d+/im, `$1${HOLDS}`).replace(/(;expires=)[1-9]\d*/i, `$1${HOLDS}`) : text);
    return { relay, client: await rig.client({ url: relay.url }) };
  };

  const isRegistered = async () => /^ *Contact: +1001\/sip/m.test(await rig.pbx.cli('pjsip show aor 1001'));

  const asleep = async (client) => {
    assert.ok(await isRegistered());
    const from = client.events.length;
    await client.sleep();
    await until('the registration to expire', async () => !(await isRegistered()), 2000 * HOLDS);
    return from;
  };

  const wakes = async (client, from) => {
    const began = performance.timeOrigin + performance.now();
    client.awake();
    const woke = await client.events.wait('the waking', (e) => e.event === 'woke', { from });
    assert.ok(woke.slept_s >= 5, JSON.stringify(woke));
    assert.match(woke.cause, /^This computer was asleep\. .+\.$/);
    const { at } = await client.events.wait('a registration', (e) => e.event === 'registered', { from });
    assert.ok(await isRegistered());
    return at - began;
  };

  feature('asleep for longer than the registration holds', 'asterisk', async () => {
    const { client } = await dozing();
    const ms = await wakes(client, await asleep(client));
    const call = await client.call('600');
    await call.up();
    await client.hears({ [OURS]: true });
    return { ms };
  });

  feature('asleep in a call: its voice is back', 'jssip', async () => {
    const [{ client, relay }, peer] = await Promise.all([dozing(), rig.peer('jssip')]);
    const call = await client.call('1002');
    await call.up();
    await together(client, peer);
    const from = await asleep(client);
    await peer.hears({ [OURS]: false });
    const said = relay.said.length;
    const ms = await wakes(client, from);
    // The way of the voice is found anew, not only waited for.
    await relay.hears('phone', /^INVITE [^]*^a=ice-ufrag:/m, { from: said });
    const detail = await together(client, peer);
    assert.equal(call.has('ended'), false);
    await call.hangup();
    return { ms, detail };
  });

  feature('asleep in a call that the far side ends meanwhile', 'jssip', async () => {
    const [{ client }, peer] = await Promise.all([dozing(), rig.peer('jssip')]);
    const call = await client.call('1002');
    await call.up();
    const theirs = await peer.incoming();
    await together(client, peer);
    await client.sleep();
    await peer.hears({ [OURS]: false });
    await theirs.hangup();
    await until('the registration to expire', async () => !(await isRegistered()), 2000 * HOLDS);
    client.awake();
    const ended = await call.ended();
    assert.match(ended.cause, /^[A-Z].{10,}\.$/, JSON.stringify(ended));
    return { detail: ended.cause };
  });

  feature('asleep while on hold, and the music is not missed', 'jssip', async () => {
    const [{ client }, peer] = await Promise.all([dozing(), rig.peer('jssip')]);
    const call = await client.call('1002');
    await call.up();
    await together(client, peer);
    await call.hold();
    await client.hears({ [PEER]: false });
    const ms = await wakes(client, await asleep(client));
    await client.hears({ [PEER]: false });
    await call.resume();
    return { ms, detail: await together(client, peer) };
  });
}
