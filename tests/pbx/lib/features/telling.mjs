// What a person, and the log, is told; and what is not.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { PASSWORD } from '../accounts.mjs';
import { described } from '../relay.mjs';
import { OURS } from '../rig.mjs';

/** What proves who somebody is, or lets others in, as it stands in messages. */
const SECRETS = [/response="([^"]+)"/g, /nonce="([^"]+)"/g, /^a=ice-pwd:(\S+)/gm];

export function telling(feature, rig) {
  for (const level of ['info', 'debug']) {
    feature(`no credential in the log at ${level.toUpperCase()}`, 'jssip', async () => {
      const relay = await rig.relay();
      const [client, peer] = await Promise.all([rig.client({ url: relay.url, log: level }), rig.peer('jssip')]);
      const call = await client.call('600');
      await call.up();
      await client.hears({ [OURS]: true });
      await call.hangup();
      await peer.call('*31001');
      const ours = await client.incoming();
      await ours.answer();
      await ours.connected();
      await ours.hangup();
      const from = client.events.length;
      relay.cut();
      await client.events.wait('a registration', (e) => e.event === 'registered', { from });
      const log = await readFile(client.log, 'utf8');
      assert.match(log, /connected to the exchange/);
      const wire = relay.said.all.map(({ text }) => text).join('\n');
      const secrets = [PASSWORD, ...SECRETS.flatMap((each) => [...wire.matchAll(each)].map(([, secret]) => secret))];
      assert.ok(secrets.length > 8, `${secrets.length} secrets were on the wire`);
      for (const secret of new Set([...secrets, 'Authorization: '])) {
        assert.ok(!log.includes(secret), `the log holds ${secret}`);
      }
      // Nor whom this person talks to.
      if (level === 'info') assert.doesNotMatch(log, /\+15550123|Zoë|sip:600@/);
      return { detail: `${secrets.length} secrets on the wire, none in ${log.length} bytes of log` };
    });
  }

  feature('no way for the voice is named', 'asterisk', async () => {
    const relay = await rig.relay();
    // Both sides are told addresses at which nobody is.
    relay.change = (text) => described(text, (sdp) => sdp
      .replace(/^(a=candidate:(?:\S+ ){5})\d+/gm, '$19').replace(/^m=audio \d+/gm, 'm=audio 9'));
    const client = await rig.client({ url: relay.url });
    const call = await client.call('600');
    const { cause, call: of } = await client.events.wait('word of it', (e) => e.event === 'no_voice', { from: call.from });
    assert.equal(of, call.id);
    assert.match(cause, /No way was found for the voice/);
    assert.equal(call.has('connected'), false);
    assert.equal((await call.hangup()).by, 'us');
    return { detail: cause };
  });

  feature('an authority that nobody knows is named', 'asterisk', async () => {
    const client = await rig.client({ url: rig.pbx.wss, trusts: false, register: false });
    const registered = client.register();
    registered.catch(() => {});
    const { cause } = await client.events.wait('no connection', (e) => e.event === 'reconnecting', { from: 0 });
    assert.match(cause, /certificate of the exchange is not accepted: no authority that this computer trusts has issued it/);
    return { detail: cause };
  });

  feature('a wrong password is named and not tried again', 'asterisk', async () => {
    const relay = await rig.relay();
    const client = await rig.client({ url: relay.url, password: 'wrong', register: false });
    await assert.rejects(() => client.register(), /REGISTER: 401/);
    const refused = client.events.all.find((e) => e.event === 'refused');
    assert.deepEqual([refused.reason, refused.again_in_ms], ['wrong_password', null]);
    const asked = relay.said.all.filter(({ from, text }) => from === 'phone' && text.startsWith('REGISTER '));
    assert.equal(asked.length, 2, 'the challenge, and one try');
    return { detail: refused.cause };
  });
}
