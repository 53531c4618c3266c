// The centre is killed in a call. Its switch is a process of its own: voice goes on,
// and when the centre is back, so is the state.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Centre } from './lib/centre.mjs';
import { Desktop } from './lib/desktop.mjs';
import { Phone } from './lib/phone.mjs';
import { Ear, level, RATE } from './lib/sound.mjs';

let desktop, centre, agent, ear;

before(async () => {
  desktop = await Desktop.open();
  centre = await Centre.open(desktop, { args: ['--switch', 'process'] });
  ear = new Ear(desktop, 'agent_speaker');
  agent = await Phone.open(desktop, {
    centre: centre.url, user: 'agent1', mic: 'agent_mic', speaker: 'agent_speaker',
  });
  await agent.signedIn();
});

after(async () => {
  for (const each of [agent, centre]) await each?.close();
  await ear?.stop();
  await desktop?.close();
});

test('kill -9 of the centre in a call: voice goes on, state comes back', async () => {
  const up = agent.call('connected');
  agent.say('call +15550101');
  const { call } = await up;
  await centre.kill();
  await agent.wait('the link to be lost', (e) => e.event === 'link' && e.link.state === 'reconnecting');
  const heard = await ear.next(6);
  const loud = [];
  for (let at = 0; at + RATE / 2 <= heard.length; at += RATE / 2) {
    loud.push(level(heard.subarray(at, at + RATE / 2)) > 0.005);
  }
  assert.ok(loud.some(Boolean), 'the other side speaks while the centre is away');
  const back = agent.wait('the link', (e) => e.event === 'link' && e.link.state === 'up', { timeout: 30000 });
  await centre.start();
  await back;
  const again = agent.call('wrapping', { timeout: 20000 });
  agent.say('hangup');
  assert.equal((await again).call.id, call.id, 'the same interaction');
  const gone = agent.wait('the end', (e) => e.event === 'gone');
  agent.say('dispose interested survived a restart');
  await gone;
});
