// Transfers (RFC 3515), as the one who transfers and as the one who is transferred.
import assert from 'node:assert/strict';
import { HOLD_MUSIC } from '../pbx.mjs';
import { OURS, PEER, THIRD, together } from '../rig.mjs';

/** The status in the body of a NOTIFY about a REFER (RFC 3420). */
const SIPFRAG = /^Content-Type: message\/sipfrag[^]*?^SIP\/2\.0 (\d{3})/gm;

export function transferring(feature, rig) {
  /** The client in a call with 1002; 1003 is there as well. */
  const three = async (kinds) => {
    const [client, second, third] = await Promise.all([
      rig.client(), rig.peer(kinds[0]), rig.peer(kinds[1], { user: '1003', hertz: THIRD }),
    ]);
    const call = await client.call('1002');
    await call.up();
    await together(client, second);
    return { client, second, third, call };
  };

  for (const kinds of [['jssip', 'sipjs'], ['sipjs', 'jssip']]) {
    const peers = kinds.join(' to ');

    feature('blind transfer', peers, async () => {
      const { client, second, third, call } = await three(kinds);
      const over = call.ended();
      const { at } = await call.transfer('1003');
      const theirs = await third.incoming();
      const media = await theirs.media();
      const detail = await together(second, third);
      await over.catch(() => {});
      await client.hears({ [PEER]: false, [THIRD]: false });
      return { ms: media.at - at, detail };
    });

    feature('attended transfer', peers, async () => {
      const { client, second, third, call } = await three(kinds);
      const consult = await call.consult('1003');
      await consult.up();
      await Promise.all([together(client, third), client.hears({ [PEER]: false })]);
      await call.attend(consult);
      const detail = await together(second, third);
      await client.hears({ [PEER]: false, [THIRD]: false });
      return { detail };
    });
  }

  feature('blind transfer to a number that is busy', 'jssip', async () => {
    const { client, second, call } = await three(['jssip', 'sipjs']);
    await rig.pbx.cli('pjsip set logger on');
    try {
      const from = (await rig.pbx.log()).length;
      const told = await call.transfer('608').then(() => '200', (error) => /^REFER failed: (\d{3})$/.exec(error.message)?.[1]);
      const [, said] = [...(await rig.pbx.log()).slice(from).matchAll(SIPFRAG)].at(-1);
      // Asterisk says 200 where a packet of ours reaches the other side between the REFER and its
      // leaving the bridge; whatever it says, the one who transfers must be told the same.
      assert.match(said, /^(486|200)$/);
      assert.equal(told, said);
      await Promise.all([client.hears({ [PEER]: false }), second.hears({ [OURS]: false })]);
      return { detail: `told ${told}` };
    } finally {
      await rig.pbx.cli('pjsip set logger off');
    }
  });

  /** 1002 in a call with the client, which 1002 has called; 1003 is there as well. */
  const called = async (kind) => {
    const [client, second, third] = await Promise.all([
      rig.client(), rig.peer(kind), rig.peer('jssip', { user: '1003', hertz: THIRD }),
    ]);
    const theirs = await second.call('1001');
    const ours = await client.incoming();
    await ours.answer();
    await theirs.connected();
    await together(client, second);
    return { client, second, third, theirs };
  };

  for (const kind of ['jssip', 'sipjs']) {
    feature('being transferred, blind', kind, async () => {
      const { client, second, third, theirs } = await called(kind);
      await theirs.transfer('1003');
      const detail = await together(client, third);
      await Promise.all([client.hears({ [PEER]: false }), second.hears({ [OURS]: false })]);
      return { detail };
    });

    feature('being transferred, attended', kind, async () => {
      const { client, second, third, theirs } = await called(kind);
      await theirs.hold();
      await client.hears({ [HOLD_MUSIC]: true, [PEER]: false });
      const consult = await second.call('1003');
      await consult.up();
      await together(second, third);
      await theirs.attend(consult);
      const detail = await together(client, third);
      await client.hears({ [HOLD_MUSIC]: false, [PEER]: false });
      return { detail };
    });
  }
}
