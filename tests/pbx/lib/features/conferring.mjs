// Three in one conversation, mixed on the agent's machine without the PBX's help.
import assert from 'node:assert/strict';
import { HOLD_MUSIC } from '../pbx.mjs';
import { OURS, PEER, THIRD, together } from '../rig.mjs';

export function conferring(feature, rig) {
  const three = async () => {
    const [client, second, third] = await Promise.all([
      rig.client(), rig.peer('jssip'), rig.peer('sipjs', { user: '1003', hertz: THIRD }),
    ]);
    const calls = [await client.call('1002')];
    await calls[0].up();
    await together(client, second);
    calls.push(await client.call('1003'));
    await calls[1].up();
    await Promise.all([client.hears({ [PEER]: false, [THIRD]: true }), second.hears({ [HOLD_MUSIC]: true })]);
    const from = client.events.length;
    client.say('conference');
    const joined = await client.events.wait('a conference', (e) => e.event === 'conference', { from });
    assert.deepEqual(joined.calls, calls.map((call) => call.id));
    await everybody(client, second, third);
    return { client, second, third, calls };
  };

  const everybody = async (client, second, third) => {
    const heard = await Promise.all([
      client.hears({ [OURS]: false, [PEER]: true, [THIRD]: true }),
      second.hears({ [OURS]: true, [PEER]: false, [THIRD]: true, [HOLD_MUSIC]: false }),
      third.hears({ [OURS]: true, [PEER]: true, [THIRD]: false, [HOLD_MUSIC]: false }),
    ]);
    return heard.map((each) => JSON.stringify(each)).join(', ');
  };

  const over = (client, from) =>
    client.events.wait('the end of a conference', (e) => e.event === 'conference' && e.calls.length === 0, { from });

  feature('local conference of three, one is dropped', 'jssip and sipjs', async () => {
    const { client, second, third, calls } = await three();
    const from = client.events.length;
    await calls[1].hangup();
    await over(client, from);
    await Promise.all([client.hears({ [PEER]: true, [THIRD]: false }), second.hears({ [OURS]: true, [THIRD]: false })]);
    await third.hears({ [OURS]: false, [PEER]: false });
    const detail = await together(client, second);
    await calls[0].hold();
    await second.hears({ [HOLD_MUSIC]: true, [OURS]: false });
    await calls[0].resume();
    await together(client, second);
    return { detail };
  });

  feature('local conference of three, one leaves', 'jssip and sipjs', async () => {
    const { client, second, third } = await three();
    const from = client.events.length;
    const theirs = await third.incoming();
    await theirs.hangup();
    await over(client, from);
    await Promise.all([client.hears({ [THIRD]: false }), second.hears({ [THIRD]: false })]);
    return { detail: await together(client, second) };
  });

  feature('local conference of three, on hold and again', 'jssip and sipjs', async () => {
    const { client, second, third, calls } = await three();
    client.say('hold');
    await Promise.all([second, third].map((each) => each.hears({ [HOLD_MUSIC]: true, [OURS]: false, [each === second ? THIRD : PEER]: false })));
    await client.hears({ [PEER]: false, [THIRD]: false });
    await calls[0].resume();
    await Promise.all([together(client, second), third.hears({ [HOLD_MUSIC]: true })]);
    client.say('conference');
    const detail = await everybody(client, second, third);
    client.say('hangup');
    await Promise.all(calls.map((call) => call.ended()));
    return { detail };
  });

  feature('a fourth in a local conference', 'jssip, sipjs and asterisk', async () => {
    const { client, second, third, calls } = await three();
    // Whoever is called takes the headset along; the others wait.
    const fourth = await client.call('605');
    await fourth.up();
    await Promise.all([second, third].map((each) => each.hears({ [HOLD_MUSIC]: true, [OURS]: false })));
    const from = client.events.length;
    for (let members = 2; members <= 3; members++) {
      client.say('conference');
      await client.events.wait(`${members} in the conference`, (e) => e.event === 'conference' && e.calls.length === members, { from });
    }
    await everybody(client, second, third);
    // A key that is pressed here is a key there, not a noise.
    const read = rig.pbx.ami.wait('UserEvent', { UserEvent: 'Digits' });
    await fourth.dtmf('15*#');
    assert.equal((await read).Digits, '15*');
    await fourth.ended();
    const detail = await everybody(client, second, third);
    await Promise.all(calls.map((call) => call.hangup()));
    return { detail };
  });
}
