// A contact centre with agents and customers, for checks of who hears whom: the centre's own
// program, agents with the softphone's own program, and a switch that is built in or a real
// Asterisk. What each says is a tone of its own.
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Centre } from '../../e2e/lib/centre.mjs';
import { Browser } from '../../e2e/lib/customer.mjs';
import { Phone } from '../../e2e/lib/phone.mjs';
import { until } from '../../e2e/lib/process.mjs';
import { ARI } from './accounts.mjs';
import { Baresip } from './baresip.mjs';
import { Client } from './client.mjs';
import { Devices } from './devices.mjs';
import { HOLD_MUSIC, Pbx } from './pbx.mjs';

/** The queue `support` of the centre, from the phone network and from every phone. */
const QUEUE = '810';

class Floor {
  async open() {
    this.parties = [];
    this.round = 0;
    this.dir = await mkdtemp(join(tmpdir(), 'omnibar-floor-'));
    const home = join(this.dir, 'home');
    await mkdir(home, { mode: 0o700 });
    this.env = { HOME: home, XDG_DATA_HOME: '', XDG_CONFIG_HOME: '' };
    try {
      await this.furnish();
    } catch (error) {
      await this.close();
      throw error;
    }
    return this;
  }

  /** A centre that knows of no calls yet. */
  async begin() {
    this.centre = await Centre.open(this, {
      name: `centre-${++this.round}`, args: this.choice, env: { ...this.secret, OMNIBAR_LOG: 'debug' },
    });
  }

  /** An agent at his machine, signed in and with his voice at the switch. */
  async agent(user, hertz, { args = [] } = {}) {
    const dir = join(this.dir, `${user}-${this.round}-${this.parties.length}`);
    await mkdir(dir);
    const agent = this.keep(new Agent({ name: 'omnibar', user, hertz }));
    agent.devices = await Devices.open(dir, hertz);
    agent.phone = await Phone.open({ dir, env: agent.devices.env },
      { centre: this.centre.url, user, mic: 'agent_mic', speaker: 'agent_headset', args });
    await agent.phone.signedIn();
    await agent.voice();
    return agent;
  }

  keep(party) {
    this.parties.push(party);
    return party;
  }

  /** What went on, for who has to find out why it did not. */
  async told() {
    const log = await readFile(this.centre?.log ?? '', 'utf8').catch(() => '');
    return log.split('\n').slice(-40).join('\n');
  }

  /** Everybody leaves, and nothing is left of it. */
  async clear() {
    for (const party of this.parties.splice(0).reverse()) await party.close();
    await this.centre?.close();
    this.centre = null;
  }

  async close() {
    await this.clear();
    if (!process.env.OMNIBAR_KEEP) await rm(this.dir, { recursive: true, force: true });
  }
}

export class AsteriskFloor extends Floor {
  peer = 'asterisk';
  music = [HOLD_MUSIC];
  secret = { OMNIBAR_ARI_PASSWORD: ARI.password };

  async furnish() {
    this.pbx = await Pbx.start();
    this.choice = ['--switch', 'asterisk', '--ari', this.pbx.ari, '--ari-user', ARI.user, '--phones', this.pbx.ws,
      '--trunk', 'network', '--phone-setting', 'media_address=127.0.0.1',
      '--phone-setting', 'bind_rtp_to_media_address=yes'];
  }

  /** A telephone. `user`: one that calls in; `number`: one in the phone network. */
  async telephone(options) {
    return this.keep(await Baresip.open(this.pbx, options));
  }

  /** Somebody who has called the queue. */
  async customer(hertz, user = '2001') {
    const customer = await this.telephone({ user, hertz });
    const call = await customer.call(QUEUE);
    await call.connected();
    return Object.assign(customer, { line: call, hangUp: () => call.hangup(), over: () => call.ended() });
  }

  async told() {
    const asterisk = await this.pbx.log().catch(() => '');
    return `${await super.told()}\n--- Asterisk\n${asterisk.split('\n').slice(-40).join('\n')}`;
  }

  async clear() {
    await super.clear();
    await this.pbx?.cli('channel request hangup all');
    await until('no channels', async () => !this.pbx || (await this.pbx.cli('core show channels')).includes('0 active channels'));
  }

  async close() {
    await super.close();
    await this.pbx?.stop();
  }
}

export class BuiltinFloor extends Floor {
  peer = 'builtin';
  /** The first chord of its music: A3, C4, E4. */
  music = [220];
  secret = {};
  choice = ['--switch', 'process'];

  async furnish() {
    this.browser = await Browser.open(this);
  }

  async customer(hertz) {
    return this.keep(new WebCustomer(await this.browser.call(this.centre, { hertz }), hertz));
  }

  async close() {
    await this.browser?.close();
    await super.close();
  }
}

class WebCustomer {
  constructor(page, hertz) {
    Object.assign(this, { page, hertz });
  }

  hears(frequencies) {
    return this.page.hears(frequencies);
  }

  hangUp() {
    return this.page.hangUp();
  }

  over() {
    return this.page.state('ended');
  }

  close() {
    return this.page.page.close();
  }
}

class Agent extends Client {
  async act(verb, ...args) {
    if (verb === 'levels') return this.devices.levels(args[0]);
    throw new Error(`an agent does not ${verb} ${args}`);
  }

  /** Waits until the agent's leg is at the switch. */
  voice(from = 0) {
    return this.phone.wait('a voice leg', (e) => e.event === 'line' && e.line === 'up', { from, timeout: 20000 });
  }

  /** Can be offered calls, or has one: who is waited for is busy before he was seen free. */
  async ready() {
    const free = this.phone.wait('being free or called',
      (e) => e.event === 'presence' && ['available', 'busy'].includes(e.agent.state), { from: 0 });
    this.phone.say('ready');
    await free;
  }

  /** Takes the next call; gives it. */
  async take() {
    const from = this.phone.events.length;
    // It may have been offered already, but an earlier one that is gone does not count.
    const gone = this.phone.events.findLastIndex((e) => e.event === 'gone');
    const offered = this.phone.call('offered', { from: gone + 1 });
    this.phone.say('ready');
    await offered;
    const up = this.phone.call('connected', { from });
    this.phone.say('answer');
    return (await up).call;
  }

  /** Says a command and waits for this state of his call. */
  async say(command, state) {
    const from = this.phone.events.length;
    this.phone.say(command);
    return (await this.phone.call(state, { from })).call;
  }

  /** A supervisor says how he takes part in a call, and does. */
  async takesPart(command, mode) {
    const from = this.phone.events.length;
    this.phone.say(command);
    await this.phone.wait(command, (e) => e.event === 'monitoring' && e.monitoring?.mode === mode, { from });
  }

  /** He takes part in none any more: what he was told last says so. */
  async isOut() {
    const last = this.phone.events.findLastIndex((e) => e.event === 'monitoring');
    await this.phone.wait('the end of it', (e) => e.event === 'monitoring' && e.monitoring === null, { from: last });
  }

  async close() {
    await this.phone?.close();
    await this.devices?.close();
  }
}
