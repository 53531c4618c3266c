import assert from 'node:assert/strict';
import { OURS, together } from '../rig.mjs';

export function registering(feature, rig) {
  const register = async (options) => {
    const client = await rig.client({ register: false, ...options });
    return client.register();
  };

  feature('REGISTER, MD5', 'asterisk', () => register({}));

  feature('REGISTER, SHA-256', 'asterisk', () => register({ user: '1004' }));

  feature('REGISTER over wss, private CA', 'asterisk', () => register({ url: rig.pbx.wss }));

  feature('REGISTER, wrong password', 'asterisk', () =>
    assert.rejects(() => register({ password: 'wrong' }), /40[13]/));

  feature('registered again after the PBX has crashed', 'asterisk', async () => {
    const client = await rig.client();
    const from = client.events.length;
    await rig.pbx.restart({ crash: true });
    const began = performance.timeOrigin + performance.now();
    const { at } = await client.events.wait('a registration', (e) => e.event === 'registered', { from, timeout: 30000 });
    const peer = await rig.peer('jssip');
    await peer.call('1001');
    const call = await client.incoming();
    await call.answer();
    await together(client, peer);
    return { ms: at - began };
  });

  feature('call over wss, private CA', 'asterisk', async () => {
    const client = await rig.client({ url: rig.pbx.wss });
    const call = await client.call('600');
    const { ms } = await call.up();
    await client.hears({ [OURS]: true });
    return { ms };
  });
}
