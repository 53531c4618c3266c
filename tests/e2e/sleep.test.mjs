// The agent's machine sleeps in a call and wakes: the centre is there at once, and so is the voice.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser } from './lib/customer.mjs';
import { Centre } from './lib/centre.mjs';
import { Desktop } from './lib/desktop.mjs';
import { Phone } from './lib/phone.mjs';
import { below } from './lib/process.mjs';
import { Ear, play, tone } from './lib/sound.mjs';

const CUSTOMER = 700;
const AGENT = 1100;
/** Longer than what counts as a sleep, in ms. */
const SLEEP = 9000;

let desktop, centre, browser, agent, voice, ear;

before(async () => {
  desktop = await Desktop.open();
  centre = await Centre.open(desktop);
  browser = await Browser.open(desktop);
  voice = play(desktop, 'mic_cable', tone(AGENT));
  ear = new Ear(desktop, 'agent_speaker');
  agent = await Phone.open(desktop, {
    centre: centre.url, user: 'agent1', mic: 'agent_mic', speaker: 'agent_speaker', args: ['--auto-answer'],
  });
  await agent.signedIn();
});

after(async () => {
  for (const each of [agent, browser, centre]) await each?.close();
  await voice?.stop();
  await ear?.stop();
  await desktop?.close();
});

test('asleep in a call: the desk is connected anew, and the voice is back', async () => {
  const customer = await browser.call(centre, { hertz: CUSTOMER });
  const up = agent.call('connected');
  agent.say('ready');
  const { call } = await up;
  await Promise.all([ear.hears(CUSTOMER), customer.hears({ [AGENT]: true })]);
  const asleep = [agent.child.pid, ...(await below(agent.child.pid, ''))];
  for (const pid of asleep) process.kill(pid, 'SIGSTOP');
  let woken;
  const from = agent.events.length;
  try {
    await Promise.all([customer.hears({ [AGENT]: false }), new Promise((resolve) => setTimeout(resolve, SLEEP))]);
  } finally {
    for (const pid of asleep) process.kill(pid, 'SIGCONT');
    woken = performance.now();
  }
  const link = (state) => agent.wait(`a link that is ${state}`, (e) => e.event === 'link' && e.link.state === state, { from });
  // Two heartbeats would pass before a connection that is merely silent counts as lost.
  await link('reconnecting');
  await link('up');
  const took = performance.now() - woken;
  assert.ok(took < 4000, `the desk was connected again after ${took} ms`);
  await Promise.all([ear.hears(CUSTOMER), customer.hears({ [AGENT]: true })]);
  const again = agent.call('wrapping', { timeout: 20000 });
  agent.say('hangup');
  assert.equal((await again).call.id, call.id, 'the same interaction');
});
