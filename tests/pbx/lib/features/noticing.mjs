// What the PBX tells beside calls, and with them.
import assert from 'node:assert/strict';
import { until } from '../../../e2e/lib/process.mjs';
import { OURS, PEER, speaking, together } from '../rig.mjs';

const DIALOG = ['dialog', 'application/dialog-info+xml'];
const MESSAGES = ['message-summary', 'application/simple-message-summary'];

export function noticing(feature, rig) {
  feature('message waiting', 'jssip', async () => {
    const [client, peer] = await Promise.all([rig.client(), rig.peer('jssip')]);
    await client.watch('1001', ...MESSAGES);
    await client.notified('message-summary', /Messages-Waiting: no/i);
    const from = client.events.length;
    const call = await peer.call('620');
    await call.up();
    await speaking(2000);
    const told = client.notified('message-summary', /Voice-Message: 1\/0/i, { from });
    await call.hangup();
    await told;
  });

  feature('state of a colleague', 'jssip', async () => {
    const [client, peer] = await Promise.all([rig.client(), rig.peer('jssip')]);
    await client.watch('1002', ...DIALOG);
    await client.notified('dialog', /<state>terminated<\/state>/);
    const busy = client.notified('dialog', /<state>confirmed<\/state>/, { from: client.events.length });
    const call = await peer.call('606');
    await call.up();
    await busy;
    const free = client.notified('dialog', /<state>terminated<\/state>/, { from: client.events.length });
    await call.hangup();
    await free;
  });

  feature('forwarded call: Diversion and History-Info', 'jssip', async () => {
    const [client, peer] = await Promise.all([rig.client(), rig.peer('jssip')]);
    await peer.call('*11001');
    const { headers, diverted } = await client.incoming();
    // A phone that reads the fields itself tells what it has made of them.
    if (diverted) {
      assert.deepEqual(diverted, [{ number: '1003', reason: 'user-busy' }]);
      return { detail: JSON.stringify(diverted) };
    }
    assert.match(headers.Diversion, /<sip:1003@.*reason=user-busy/);
    assert.ok(headers['History-Info']);
    return { detail: `${headers.Diversion} | ${headers['History-Info']}` };
  });

  feature('caller by P-Asserted-Identity and display name', 'jssip', async () => {
    const [client, peer] = await Promise.all([rig.client(), rig.peer('jssip')]);
    await peer.call('*31001');
    const call = await client.incoming();
    assert.deepEqual([call.number, call.caller], ['+15550123', 'Zoë Customer']);
    assert.match(call.headers['P-Asserted-Identity'], /\+15550123/);
  });

  feature('auto-answer by Alert-Info and Call-Info', 'jssip', async () => {
    const [client, peer] = await Promise.all([rig.client({ autoAnswer: 'asked' }), rig.peer('jssip')]);
    const asking = await peer.call('*21001');
    await asking.up();
    const detail = await together(client, peer);
    await asking.hangup();
    await client.incoming();
    const plain = await peer.call('1001');
    await client.incoming();
    await plain.ringing();
    await Promise.all([client.hears({ [PEER]: false }), peer.hears({ [OURS]: false })]);
    assert.equal(plain.has('connected'), false);
    return { detail };
  });

  feature('session timer (RFC 4028)', 'asterisk', async () => {
    await rig.pbx.cli('pjsip set logger on');
    try {
      // In a call that comes, the PBX names the interval; who calls may name a longer one.
      const client = await rig.client({ user: '1003' });
      await rig.pbx.ami.action('Originate', { Channel: 'PJSIP/1003', Application: 'Echo', Async: 'true' });
      const call = await client.incoming();
      await call.answer();
      await client.hears({ [OURS]: true });
      const from = (await rig.pbx.log()).length;
      // 90 s is the least that the RFC allows; whoever refreshes does so after half of it.
      const refresh = /^(INVITE|UPDATE) sip:\S+ SIP\/2\.0\r?$/m;
      const [, method] = await until('a refresh', async () => refresh.exec((await rig.pbx.log()).slice(from)), 60000, 500);
      await client.hears({ [OURS]: true });
      assert.equal(call.has('ended'), false);
      return { detail: `refreshed by ${method}` };
    } finally {
      await rig.pbx.cli('pjsip set logger off');
    }
  });
}
