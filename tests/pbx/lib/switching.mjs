// What a centre's switch has to do, whichever it is: the same checks for each.
import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { until } from '../../e2e/lib/process.mjs';
import { Report } from './report.mjs';

export const CUSTOMER = 640;
export const AGENT = 450;
export const OTHER = 760;

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
    const known = [CUSTOMER, AGENT, OTHER, ...this.floor.music].filter((hertz) => hertz !== party.hertz);
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
    const recordings = join(suite.floor.centre.data, 'recordings');
    await until('the recording', () => access(join(recordings, `${call.id}.wav`)).then(() => true));
    await until('a folder without its parts', async () => (await readdir(recordings)).every((name) => name.endsWith('.wav')));
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
