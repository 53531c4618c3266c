// What a centre's switch has to do, whichever it is: the same checks for each.
import assert from 'node:assert/strict';
import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { until } from '../../e2e/lib/process.mjs';
import { Report } from './report.mjs';
import { speaking } from './rig.mjs';
import { level } from './tone.mjs';
import { read } from './wav.mjs';

export const CUSTOMER = 640;
export const AGENT = 450;
export const OTHER = 760;
const COLLEAGUE = 1130;
/** ms: what is looked at of a recording at a time. */
const PART = 100;

/** `more(suite)` adds what only this switch can be asked. */
export function switching(Floor, more = () => {}) {
  const suite = new Suite();
  describe(`switch: ${new Floor().peer}`, () => {
    before(async () => {
      suite.floor = await new Floor().open();
      suite.report = new Report(`switch-${suite.floor.peer}`);
    });
    after(() => suite.floor?.close());
    beforeEach(() => suite.floor.begin());
    afterEach(() => suite.floor.clear());
    all(suite);
    more(suite);
  });
}

class Suite {
  /** A behaviour, kept in the report. */
  behaves(feature, check) {
    test(feature, async () => {
      const entry = { client: 'centre', feature: `switch: ${feature}`, peer: this.floor.peer };
      try {
        await check();
        this.report.add({ ...entry, result: 'passed' });
      } catch (error) {
        this.report.add({ ...entry, result: 'failed', detail: error.message.split('\n', 1)[0] });
        error.message += `\n${await this.floor.told()}`;
        throw error;
      }
    });
  }

  /** This one hears these, and nobody and nothing else. */
  hears(party, ...tones) {
    const known = [CUSTOMER, AGENT, OTHER, COLLEAGUE, ...this.floor.music].filter((hertz) => hertz !== party.hertz);
    return party.hears(Object.fromEntries(known.map((hertz) => [hertz, tones.includes(hertz)])));
  }

  /** This one hears music, and nobody. */
  hearsMusic(party) {
    return this.hears(party, ...this.floor.music);
  }

  together(one, other) {
    return Promise.all([this.hears(one, other.hertz), this.hears(other, one.hertz)]);
  }

  /** A customer has called in and agent1 has taken the call. */
  async connected() {
    const agent = await this.floor.agent('agent1', AGENT);
    const customer = await this.floor.customer(CUSTOMER);
    const call = await agent.take();
    await this.together(agent, customer);
    return { agent, customer, call };
  }

  /** The file of this call, when it is whole. */
  async recording(call) {
    const folder = join(this.floor.centre.data, 'recordings');
    const file = join(folder, `${call}.wav`);
    await until('the recording', () => access(file).then(() => true));
    await until('a folder without its parts', async () => (await readdir(folder)).every((name) => name.endsWith('.wav')));
    return file;
  }

  /** And a supervisor, who has to be told what to do. */
  async supervised() {
    const talk = await this.connected();
    const supervisor = await this.floor.agent('supervisor1', OTHER);
    return { ...talk, supervisor };
  }

  /** And agent2 is there. */
  async colleague() {
    const colleague = await this.floor.agent('agent2', OTHER, { args: ['--auto-answer'] });
    await colleague.ready();
    return colleague;
  }
}

function all(suite) {
  suite.behaves('a customer hears music in the queue, and then the agent', async () => {
    const customer = await suite.floor.customer(CUSTOMER);
    await suite.hearsMusic(customer);
    const agent = await suite.floor.agent('agent1', AGENT);
    await agent.take();
    await suite.together(agent, customer);
    await agent.say('hangup', 'wrapping');
    await customer.over();
  });

  suite.behaves('the check before the first call finds the way to the switch and back, and leaves the line free', async () => {
    const agent = await suite.floor.agent('agent1', AGENT);
    agent.phone.say('check');
    const { check } = await agent.phone.wait('the check', (e) => e.event === 'check' && e.check.state === 'done', { from: 0 });
    assert.ok(check.items.some(({ finding }) => finding === 'network'), JSON.stringify(check.items));
    const customer = await suite.floor.customer(CUSTOMER);
    await agent.take();
    await suite.together(agent, customer);
  });

  suite.behaves('hold plays music to the customer and nothing to the agent; resume ends it', async () => {
    const { agent, customer } = await suite.connected();
    for (let round = 0; round < 2; round++) {
      await agent.say('hold', 'held');
      await Promise.all([suite.hears(agent), suite.hearsMusic(customer)]);
      await agent.say('resume', 'connected');
      await suite.together(agent, customer);
    }
  });

  suite.behaves('a customer who hangs up is gone from the screen', async () => {
    const { agent, customer } = await suite.connected();
    const over = agent.phone.call('wrapping');
    await customer.hangUp();
    await over;
  });

  suite.behaves('a consultation is private, and completing it joins the two', async () => {
    const { agent, customer } = await suite.connected();
    const colleague = await suite.colleague();
    agent.phone.say('consult agent:agent2');
    await Promise.all([suite.together(agent, colleague), suite.hearsMusic(customer)]);
    await agent.say('complete', 'wrapping');
    await Promise.all([suite.together(customer, colleague), suite.hears(agent)]);
  });

  suite.behaves('in a conference everybody hears the others', async () => {
    const { agent, customer } = await suite.connected();
    const colleague = await suite.colleague();
    agent.phone.say('consult agent:agent2');
    await suite.together(agent, colleague);
    agent.phone.say('conference');
    await Promise.all([
      suite.hears(agent, CUSTOMER, OTHER), suite.hears(customer, AGENT, OTHER), suite.hears(colleague, AGENT, CUSTOMER),
    ]);
  });

  suite.behaves('a cold transfer takes the customer to a colleague', async () => {
    const { agent, customer } = await suite.connected();
    const colleague = await suite.colleague();
    await agent.say('transfer agent:agent2', 'wrapping');
    await suite.together(customer, colleague);
  });

  suite.behaves('what a campaign wants recorded is recorded', async () => {
    const { agent, customer, call } = await suite.connected();
    await agent.say('hangup', 'wrapping');
    await customer.over();
    await suite.recording(call.id);
  });

  suite.behaves('a paused recording holds silence as long as the pause, and the talk before and after', async () => {
    const { agent, customer, call } = await suite.connected();
    const change = async (command, shown) => {
      agent.phone.say(command);
      await agent.phone.wait(command, (e) => e.event === 'call' && e.call.recording_paused === !shown && e.call.recording === shown);
      return performance.now();
    };
    await speaking(1500);
    const from = await change('pause-recording', false);
    await suite.together(agent, customer);
    await speaking(2000);
    const pause = (await change('resume-recording', true)) - from;
    await speaking(1500);
    await agent.say('hangup', 'wrapping');
    await customer.over();
    const { said, heard, rate } = await sides(await suite.recording(call.id));
    const kept = parts(said, CUSTOMER, rate).map((one, i) => [one, parts(heard, AGENT, rate)[i]]);
    const talk = ([one, other]) => one > -40 && other > -40;
    const [begin, end] = [kept.findIndex(talk), kept.findLastIndex(talk)];
    const between = kept.slice(begin, end + 1);
    // Where both are cut there is nothing: where one begins a part may hold something of it.
    const silent = between.filter(([one, other]) => one < -70 && other < -70);
    assert.ok(Math.abs(silent.length * PART - pause) < 500, `${silent.length * PART} ms of silence in a pause of ${pause} ms: ${JSON.stringify(between)}`);
    const gap = between.findIndex(([one, other]) => one < -70 && other < -70);
    assert.ok(between.slice(gap, gap + silent.length).every(([one, other]) => one < -70 && other < -70), 'one pause, without a hole');
    assert.ok(gap * PART > 1000 && (between.length - gap - silent.length) * PART > 1000, 'the talk before and after is there');
    assert.ok(between.slice(0, gap - 2).every(talk) && between.slice(gap + silent.length + 2).every(talk), JSON.stringify(between));
  });

  suite.behaves('a supervisor listens and nobody hears him', async () => {
    const { agent, customer, supervisor } = await suite.supervised();
    await supervisor.takesPart('listen agent1', 'listen');
    await Promise.all([suite.hears(supervisor, AGENT, CUSTOMER), suite.together(agent, customer)]);
    await agent.say('hangup', 'wrapping');
    await supervisor.isOut();
    await customer.over();
    await suite.hears(supervisor);
  });

  suite.behaves('a whisper is for the agent alone, and barging in for everybody', async () => {
    const { agent, customer, supervisor } = await suite.supervised();
    const whispers = () => Promise.all([
      suite.hears(agent, CUSTOMER, OTHER), suite.hears(customer, AGENT), suite.hears(supervisor, AGENT, CUSTOMER),
    ]);
    await supervisor.takesPart('whisper agent1', 'whisper');
    await whispers();
    await supervisor.takesPart('barge agent1', 'barge');
    await Promise.all([
      suite.hears(agent, CUSTOMER, OTHER), suite.hears(customer, AGENT, OTHER), suite.hears(supervisor, AGENT, CUSTOMER),
    ]);
    await supervisor.takesPart('whisper agent1', 'whisper');
    await whispers();
    await supervisor.takesPart('listen agent1', 'listen');
    await Promise.all([suite.hears(supervisor, AGENT, CUSTOMER), suite.together(agent, customer)]);
    supervisor.phone.say('leave');
    await supervisor.isOut();
    await Promise.all([suite.hears(supervisor), suite.together(agent, customer)]);
  });

  suite.behaves('hold, consultation and transfer go on with a supervisor in the call', async () => {
    const { agent, customer, supervisor } = await suite.supervised();
    await supervisor.takesPart('whisper agent1', 'whisper');
    await agent.say('hold', 'held');
    await Promise.all([suite.together(agent, supervisor), suite.hearsMusic(customer)]);
    await agent.say('resume', 'connected');
    await Promise.all([suite.hears(agent, CUSTOMER, OTHER), suite.hears(customer, AGENT)]);
    await supervisor.takesPart('listen agent1', 'listen');
    const colleague = await suite.floor.agent('agent2', COLLEAGUE, { args: ['--auto-answer'] });
    await colleague.ready();
    agent.phone.say('consult agent:agent2');
    await Promise.all([
      suite.hears(supervisor, AGENT, COLLEAGUE), suite.together(agent, colleague), suite.hearsMusic(customer),
    ]);
    await agent.say('complete', 'wrapping');
    await supervisor.isOut();
    await Promise.all([suite.together(customer, colleague), suite.hears(supervisor)]);
  });

  suite.behaves('who is no supervisor is refused in words', async () => {
    await suite.connected();
    const colleague = await suite.floor.agent('agent2', OTHER);
    const from = colleague.phone.events.length;
    colleague.phone.say('listen agent1');
    const { refusal } = await colleague.phone.wait('a refusal', (e) => e.event === 'refused', { from });
    assert.match(refusal.reason.message, /Only a supervisor/);
    await suite.hears(colleague);
  });

  suite.behaves('a centre that was killed finds its supervisors and its pauses again', async () => {
    const { agent, customer, supervisor } = await suite.supervised();
    await supervisor.takesPart('whisper agent1', 'whisper');
    const there = () => Promise.all([
      suite.hears(agent, CUSTOMER, OTHER), suite.hears(customer, AGENT), suite.hears(supervisor, AGENT, CUSTOMER),
    ]);
    await there();
    const changed = (paused) => (e) => e.event === 'call' && e.call.recording_paused === paused && e.call.recording === !paused;
    const pausing = agent.phone.wait('a pause', changed(true));
    agent.phone.say('pause-recording');
    await pausing;
    await suite.floor.centre.kill();
    const back = [agent, supervisor].map(({ phone }) => phone.wait('the centre',
      (e) => e.event === 'link' && e.link.state === 'up', { timeout: 30000 }));
    await suite.floor.centre.start();
    await Promise.all(back);
    await there();
    const resuming = agent.phone.wait('its end', changed(false));
    agent.phone.say('resume-recording');
    await resuming;
    supervisor.phone.say('leave');
    await supervisor.isOut();
    await Promise.all([suite.hears(supervisor), suite.together(agent, customer)]);
  });

  suite.behaves('a centre that was killed finds its calls again', async () => {
    const { agent, customer } = await suite.connected();
    await suite.floor.centre.kill();
    await suite.together(agent, customer);
    const from = agent.phone.events.length;
    await suite.floor.centre.start();
    await agent.phone.wait('the centre', (e) => e.event === 'link' && e.link.state === 'up', { from, timeout: 30000 });
    await suite.together(agent, customer);
    await agent.say('hold', 'held');
    await Promise.all([suite.hears(agent), suite.hearsMusic(customer)]);
    await agent.say('resume', 'connected');
    await suite.together(agent, customer);
    await agent.say('hangup', 'wrapping');
    await customer.over();
  });
}

/** Levels of a tone in parts of a sound, in dB. */
function parts(sound, hertz, rate) {
  const length = (rate * PART) / 1000;
  return Array.from({ length: Math.floor(sound.length / length) }, (_, i) => level(sound.subarray(i * length, (i + 1) * length), hertz, rate));
}

/** What the customer said and what he heard. */
async function sides(file) {
  const { rate, channels: [said, heard] } = await read(file);
  return { said, heard, rate };
}
