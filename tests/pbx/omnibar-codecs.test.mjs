// Omnibar's softphone with those who know no Opus: two and three in a call, each in his own codec.
import assert from 'node:assert/strict';
import { Alone } from './lib/alone.mjs';
import { HOLD_MUSIC } from './lib/pbx.mjs';
import { described } from './lib/relay.mjs';
import { OURS, PEER, THIRD, together } from './lib/rig.mjs';

const rig = new Alone('omnibar-codecs');

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
  rig.proves(`echo in ${name}, and keys to the PBX`, 'asterisk', async () => {
    const client = await rig.phone({ user });
    const call = await client.call('600');
    const { ms } = await call.up();
    await client.hears({ [OURS]: true });
    assert.equal((await speaks(call, client, name, mime)).keys, keys);
    await call.hangup();

    const menu = await client.call('605');
    await menu.up();
    const read = rig.pbx.ami.wait('UserEvent', { UserEvent: 'Digits' });
    await menu.dtmf('15*#');
    assert.equal((await read).Digits, '15*');
    await menu.ended();

    const pressing = await client.call(keys === 'rtp' ? '613' : '614');
    await pressing.up();
    for (const key of '15#') assert.equal((await pressing.digit(key)).by, keys);
    return { ms };
  });

  rig.proves(`${name} and Opus in one call: hold, resume and keys both ways`, 'omnibar', async () => {
    const plain = await rig.phone({ user });
    const best = await rig.phone({ user: '1001', hertz: PEER });
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

rig.proves('two calls in different codecs take turns', 'omnibar', async () => {
  const best = await rig.phone({ user: '1001', hertz: OURS });
  const plain = await rig.phone({ user: '1006', hertz: PEER });
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
});

/** Everybody in the conference hears the other two and not himself, and nobody hears music. */
async function everybody(...parties) {
  const heard = await Promise.all(parties.map((party) => party.hears({
    ...Object.fromEntries(parties.map((other) => [other.hertz, other !== party])), [HOLD_MUSIC]: false,
  })));
  return heard.map((levels, i) => `${parties[i].user} hears ${JSON.stringify(levels)}`).join(', ');
}

async function conference(client, calls) {
  const from = client.events.all.length;
  client.say('conference');
  const joined = await client.events.wait('a conference', (e) => e.event === 'conference', { from });
  assert.deepEqual(joined.calls, calls.map((call) => call.id));
}

rig.proves('a conference mixed from a leg in µ-law and one in Opus', 'baresip and omnibar', async () => {
  const relay = await rig.relay();
  // One account, two codecs: towards the desk phone the PBX is offered G.711 alone.
  relay.change = (text, from) => (from === 'phone' && /^INVITE [^]*^To:.*2001@/m.test(text) ? described(text, inLaws) : text);
  const client = await rig.phone({ user: '1001', url: relay.url });
  const best = await rig.phone({ user: '1002', hertz: PEER, autoAnswer: 'always' });
  const plain = await rig.desk({ hertz: THIRD });
  const calls = [await client.call('1002')];
  await calls[0].up();
  calls.push(await client.call('2001'));
  await calls[1].up();
  await together(client, plain);
  const spoken = client.events.all.filter((e) => e.event === 'connected').map((e) => e.codec);
  assert.deepEqual(spoken, ['opus', 'PCMU']);
  await conference(client, calls);
  const detail = await everybody(client, best, plain);
  const legs = (await rig.pbx.cli('pjsip show channelstats')).split('\n').filter((line) => line.includes('1001-'));
  for (const codec of ['opus', 'ulaw']) assert.equal(legs.filter((leg) => leg.includes(codec)).length, 1, legs.join('\n'));

  client.say('hold');
  await Promise.all([best, plain].map((each) => each.hears({ [HOLD_MUSIC]: true, [OURS]: false })));
  await calls[1].resume();
  await together(client, plain);
  await conference(client, calls);
  await everybody(client, best, plain);
  // Two are left, and go on in the codec of theirs.
  await calls[0].hangup();
  await client.hears({ [PEER]: false });
  await together(client, plain);
  return { detail };
});

for (const { user, name, keys } of OTHERS) {
  rig.proves(`a conference whose legs are all in ${name}, and a key into it`, 'baresip and omnibar', async () => {
    const client = await rig.phone({ user });
    const best = await rig.phone({ user: '1001', hertz: PEER, autoAnswer: 'always' });
    const plain = await rig.desk({ hertz: THIRD });
    const calls = [await client.call('1001')];
    await calls[0].up();
    calls.push(await client.call('2001'));
    await calls[1].up();
    await conference(client, calls);
    const detail = await everybody(client, best, plain);
    // A menu comes in as the fourth: the key reaches it by the clock of its codec, or as a message.
    const menu = await client.call('605');
    await menu.up();
    const from = client.events.all.length;
    for (let members = 2; members <= 3; members++) {
      client.say('conference');
      await client.events.wait(`${members} in the conference`, (e) => e.event === 'conference' && e.calls.length === members, { from });
    }
    await everybody(client, best, plain);
    const read = rig.pbx.ami.wait('UserEvent', { UserEvent: 'Digits' });
    await menu.dtmf('15*#');
    assert.equal((await read).Digits, '15*', keys);
    await menu.ended();
    await everybody(client, best, plain);
    return { detail };
  });
}

/** A description without the codecs that are better than G.711, and without what belongs to them. */
function inLaws(sdp) {
  const rest = sdp.split('\r\n');
  const better = rest.flatMap((line) => /^a=rtpmap:(\d+) (?:opus|red|G722|telephone-event\/48000)/i.exec(line)?.[1] ?? []);
  return rest
    .filter((line) => !better.includes(/^a=(?:rtpmap|fmtp|rtcp-fb):(\d+) /.exec(line)?.[1]))
    .map((line) => (line.startsWith('m=audio') ? line.split(' ').filter((word, i) => i < 3 || !better.includes(word)).join(' ') : line))
    .join('\r\n');
}
