// Real browsers as customers, real phones as agents: tones tell who hears whom. Each
// party sends a frequency of its own, so a leak is as visible as a silence.
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { Browser } from './lib/customer.mjs';
import { Centre } from './lib/centre.mjs';
import { Desktop } from './lib/desktop.mjs';
import { Phone } from './lib/phone.mjs';
import { Ear, play, tone } from './lib/sound.mjs';

const CUSTOMER = 700;
const AGENT = 1100;
const COLLEAGUE = 1700;

let desktop, browser, centre, agent, colleague, voices, ear, colleagueEar;

before(async () => {
  desktop = await Desktop.open();
  browser = await Browser.open(desktop);
  voices = [play(desktop, 'mic_cable', tone(AGENT)), play(desktop, 'second_cable', tone(COLLEAGUE))];
  ear = new Ear(desktop, 'agent_speaker');
  colleagueEar = new Ear(desktop, 'agent_headset');
});

after(async () => {
  await browser?.close();
  for (const each of [...(voices ?? []), ear, colleagueEar]) await each?.stop();
  await desktop?.close();
});

let round = 0;
beforeEach(async () => {
  centre = await Centre.open(desktop, { name: `centre-${++round}` });
  [agent, colleague] = await Promise.all([
    Phone.open(desktop, { centre: centre.url, user: 'agent1', mic: 'agent_mic', speaker: 'agent_speaker' }),
    Phone.open(desktop, {
      centre: centre.url, user: 'agent2', mic: 'second_mic', speaker: 'agent_headset',
      args: ['--auto-answer', '--campaign', 'outreach'],
    }),
  ]);
  await Promise.all([agent.signedIn(), colleague.signedIn()]);
});

afterEach(async () => {
  for (const each of [agent, colleague, centre]) await each?.close();
  for (const page of browser.context.pages()) await page.close();
});

/** A customer calls and agent1 has answered; both hear each other. */
async function connected() {
  const customer = await browser.call(centre, { hertz: CUSTOMER });
  await agent.take();
  await customer.state('connected');
  await Promise.all([ear.hears(CUSTOMER), customer.hears({ [AGENT]: true })]);
  return customer;
}

async function colleagueReady() {
  const free = colleague.wait('available',
    (e) => e.event === 'presence' && e.agent.state === 'available', { from: 0 });
  colleague.say('ready');
  await free;
}

async function disposed() {
  const gone = agent.wait('the end', (e) => e.event === 'gone');
  agent.say('dispose resolved tones were heard');
  await gone;
}

test('hold gives the customer music and the agent silence; resume gives both back', async () => {
  const customer = await connected();
  const held = agent.call('held');
  agent.say('hold');
  await held;
  await customer.state('held');
  await Promise.all([ear.hears(CUSTOMER, false), customer.hears({ [AGENT]: false })]);
  const back = agent.call('connected');
  agent.say('resume');
  await back;
  await Promise.all([ear.hears(CUSTOMER), customer.hears({ [AGENT]: true })]);
});

test('a customer who calls before the page has reached the centre is offered to an agent', async () => {
  const customer = await browser.call(centre, { hertz: CUSTOMER, slow: true });
  await agent.take();
  await customer.state('connected');
  await Promise.all([ear.hears(CUSTOMER), customer.hears({ [AGENT]: true })]);
});

test('mute keeps the agent from the customer, not the customer from the agent', async () => {
  const customer = await connected();
  agent.say('mute');
  await agent.wait('mute', (e) => e.event === 'muted' && e.on);
  await customer.hears({ [AGENT]: false });
  await ear.hears(CUSTOMER);
  agent.say('unmute');
  await customer.hears({ [AGENT]: true });
});

test('a warm transfer: the consult is private, then customer and colleague have each other', async () => {
  const customer = await connected();
  await colleagueReady();
  agent.say('consult agent:agent2');
  await colleague.call('connected', { from: 0 });
  await Promise.all([ear.hears(COLLEAGUE), colleagueEar.hears(AGENT)]);
  await Promise.all([
    customer.hears({ [AGENT]: false, [COLLEAGUE]: false }),
    colleagueEar.hears(CUSTOMER, false),
  ]);
  const wrapping = agent.call('wrapping');
  agent.say('complete');
  await wrapping;
  await Promise.all([
    customer.hears({ [COLLEAGUE]: true, [AGENT]: false }),
    colleagueEar.hears(CUSTOMER),
    ear.hears(COLLEAGUE, false),
  ]);
  await disposed();
});

test('a cold transfer hands the customer over without a word', async () => {
  const customer = await connected();
  await colleagueReady();
  const wrapping = agent.call('wrapping');
  agent.say('transfer agent:agent2');
  await wrapping;
  await colleague.call('connected', { from: 0 });
  await Promise.all([customer.hears({ [COLLEAGUE]: true, [AGENT]: false }), colleagueEar.hears(CUSTOMER)]);
  await disposed();
});

test('in a conference each hears the two others; a held or dropped leg is out', async () => {
  const customer = await connected();
  await colleagueReady();
  agent.say('consult agent:agent2');
  await colleague.call('connected', { from: 0 });
  const merged = agent.wait('a conference', (e) => e.event === 'call' && e.call.conference);
  agent.say('conference');
  const { call } = await merged;
  await Promise.all([
    customer.hears({ [AGENT]: true, [COLLEAGUE]: true, [CUSTOMER]: false }),
    ear.hears(CUSTOMER), ear.hears(COLLEAGUE), ear.hears(AGENT, false),
    colleagueEar.hears(CUSTOMER), colleagueEar.hears(AGENT),
  ]);
  const leg = call.legs.find((l) => l.party.kind === 'customer').id;
  agent.say(`hold-leg ${leg}`);
  await Promise.all([
    customer.hears({ [AGENT]: false, [COLLEAGUE]: false }),
    ear.hears(CUSTOMER, false), ear.hears(COLLEAGUE),
  ]);
  agent.say(`resume-leg ${leg}`);
  await Promise.all([customer.hears({ [AGENT]: true, [COLLEAGUE]: true }), ear.hears(CUSTOMER)]);
  agent.say(`drop ${call.legs.find((l) => l.party.kind === 'agent').id}`);
  await Promise.all([
    customer.hears({ [AGENT]: true, [COLLEAGUE]: false }),
    ear.hears(COLLEAGUE, false), ear.hears(CUSTOMER),
  ]);
});

test('the customer hangs up: the agent wraps up and disposes', async () => {
  const customer = await connected();
  const wrapping = agent.call('wrapping');
  await customer.hangUp();
  await wrapping;
  await customer.state('ended');
  await disposed();
});
