// Omnibar's own softphone without a window: `omnibar phone --sip`. Commands are lines on its
// standard input, events JSON objects on its standard output (docs/direct.md), each with the id of
// its call, as there can be several.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { below, end, lines, start } from '../../e2e/lib/process.mjs';
import { PASSWORD } from './accounts.mjs';
import { Client } from './client.mjs';
import { Devices } from './devices.mjs';

export const PROGRAM = process.env.OMNIBAR_BIN ?? fileURLToPath(new URL('../../../target/debug/omnibar', import.meta.url));
const now = () => performance.timeOrigin + performance.now();
/** What RFC 4235 calls what a colleague is doing. */
const STATES = { free: 'terminated', ringing: 'early', talking: 'confirmed' };
/** What Asterisk calls the codecs. */
const CODECS = { opus: 'audio/opus', g722: 'audio/G722', ulaw: 'audio/PCMU', alaw: 'audio/PCMA' };

export class Softphone extends Client {
  /** Its devices are there; the program is started by `register`, as it registers at once. */
  static async open(pbx, { user, hertz, url, password = PASSWORD, ice, autoAnswer = 'never', log, trusts = true }) {
    const self = new Softphone({ name: 'omnibar', user, hertz });
    Object.assign(self, { pbx, url, password, ice, autoAnswer, level: log, trusts, dir: await mkdtemp(join(tmpdir(), 'omnibar-softphone-')) });
    try {
      self.devices = await Devices.open(self.dir, hertz);
    } catch (error) {
      await self.close();
      throw error;
    }
    return self;
  }

  async register() {
    const asked = now();
    const relay = this.ice?.iceServers[0];
    const secure = this.url.startsWith('wss:') || relay?.urls.startsWith('turns:');
    const trust = this.trusts && secure ? ['--ca', this.pbx.ca] : [];
    this.child = start(PROGRAM, [
      'phone', '--sip', this.pbx.uri(this.user), '--ws', this.url, '--user', this.user, '--password-stdin',
      '--data', join(this.dir, 'data'), ...this.devices.arguments, ...trust,
      ...(this.autoAnswer === 'always' ? ['--auto-answer'] : []),
      ...(relay ? ['--turn', relay.urls, '--turn-user', relay.username] : []),
      ...(this.ice?.iceTransportPolicy === 'relay' ? ['--relay-only'] : []),
    ], { env: { ...this.devices.env, OMNIBAR_TURN_PASSWORD: relay?.credential ?? '', ...(this.level && { OMNIBAR_LOG: this.level }) }, log: this.log, stdin: 'pipe', pipe: true });
    this.child.once('error', (error) => this.events.end(error.message));
    this.child.once('close', (code) => this.events.end(`the program ended with ${code}`));
    // One that has ended takes no more commands; whoever waits is told by the line above.
    this.child.stdin.on('error', () => {});
    lines(this.child, (line) => this.#told(JSON.parse(line)));
    this.say(this.password);
    const said = await this.events.wait('a registration', (e) => e.event === 'registered' || e.event === 'refused', { from: 0 });
    if (said.event === 'refused') throw new Error(`REGISTER: ${said.status ?? said.reason}`);
    return { ms: said.took_ms, felt: said.at - asked };
  }

  /** Its events are kept as they are, but for what checks know by other words. */
  #told(said) {
    const event = { at: now(), ...said };
    switch (said.event) {
      case 'calling':
        // The INVITE leaves after this word, so no time that is taken from here is too short.
        this.events.push({ ...event, event: 'sent', asked: this.asked });
        break;
      case 'incoming': {
        const { from, diverted_by: diverted, asserted } = said;
        // It tells what it has made of the fields, not the fields.
        const headers = { 'P-Asserted-Identity': asserted ? `<${from.uri}>` : null };
        this.events.push({
          ...event, number: from.number, name: from.name, headers,
          diverted: diverted.map(({ by, reason }) => ({ number: by.number, reason })),
        });
        break;
      }
      case 'held':
      case 'resumed':
        this.events.push(said.by === 'us' ? { ...event, event: `${said.event} here` } : event);
        break;
      case 'message_waiting':
        this.events.push({
          ...event, event: 'notify', about: 'message-summary',
          body: `Messages-Waiting: ${said.any ? 'yes' : 'no'}\r\nVoice-Message: ${said.new}/${said.old}\r\n`,
        });
        break;
      case 'colleague':
        this.events.push({ ...event, event: 'notify', about: 'dialog', body: `<state>${STATES[said.state]}</state>` });
        break;
      case 'error':
        this.events.push({ ...event, event: 'fault', text: JSON.stringify(said) });
        break;
      default:
        this.events.push(event);
    }
  }

  /** What the program says beside its events. */
  get log() {
    return join(this.dir, 'log');
  }

  /** A command in its own words. */
  say(line) {
    this.child.stdin.write(`${line}\n`);
  }

  /** Says a command, and waits for one of these events, of that call if there is one. */
  async #does(line, done, call) {
    const from = this.events.length;
    const asked = (this.asked = now());
    this.say(line);
    const said = await this.events.wait(`${done.join(' or ')} after "${line}"`,
      (e) => e.event === 'fault' || (done.includes(e.event) && (call === undefined || e.call === call)), { from });
    if (said.event === 'fault') throw new Error(said.text);
    return { said, asked };
  }

  async act(verb, ...args) {
    switch (verb) {
      case 'call': return (await this.#does(`call ${args[0]}`, ['sent'])).said.call;
      case 'answer': return this.say(`answer ${args[0]}`);
      case 'reject': return this.say(`reject ${args[0]}`);
      case 'hangup': return this.say(`hangup ${args[0]}`);
      case 'hold': return this.#changed(args[0], 'hold', 'held here');
      case 'resume': return this.#changed(args[0], 'resume', 'resumed here');
      // These are about the call in which this phone talks, and the one that asks for it.
      case 'consult': return (await this.#does(`consult ${args[1]}`, ['sent'])).said.call;
      case 'transfer': return this.#referred(`transfer ${args[1]}`, args[0]);
      case 'attend': return this.#referred('complete', null);
      case 'dtmf': return this.say(`dtmf ${args[1]}`);
      // It subscribes to its mail box by itself.
      case 'watch': return args[1] === 'message-summary' ? null : this.say(`watch ${args[0]}`);
      case 'levels': return this.devices.levels(args[0]);
      // With nothing but relays allowed, a path that there is goes over one.
      case 'path': return { codec: await this.#codec(), local: this.ice?.iceTransportPolicy ?? null };
      default:
    }
    throw new Error(`the softphone cannot ${verb} ${args.join(' ')}`);
  }

  /** What it has told last, and what is loudest in what it plays, for whoever wonders. */
  async trace() {
    const hertz = Array.from({ length: 400 }, (_, i) => 50 + 5 * i);
    const levels = this.devices.levels(hertz);
    const loudest = hertz.map((each, i) => [each, levels[i]]).toSorted((a, b) => b[1] - a[1]).slice(0, 3);
    return [
      ...this.events.all.filter((event) => event.event !== 'quality').slice(-12).map((event) => JSON.stringify(event)),
      `loudest: ${loudest.map(([each, level]) => `${each} Hz ${level.toFixed(0)} dB`).join(', ')}`,
    ];
  }

  /** It tells no time of its own, so the wire's is the one that was felt. */
  async #changed(call, command, done) {
    const { said, asked } = await this.#does(`${command} ${call}`, [done, 'change_refused'], call);
    if (said.event !== done) throw new Error(`re-INVITE: ${said.status}`);
    return { ms: said.at - asked, felt: said.at - asked };
  }

  async #referred(command, call) {
    const { said, asked } = await this.#does(command, ['transferred', 'transfer_failed'], call ?? undefined);
    if (said.event !== 'transferred') throw new Error(`REFER failed: ${said.status}`);
    return { at: asked, asked };
  }

  /** Stops the program and all below it, as a machine that goes to sleep does, until `awake`. */
  async sleep() {
    this.asleep = [this.child.pid, ...(await below(this.child.pid, ''))];
    for (const pid of this.asleep) process.kill(pid, 'SIGSTOP');
  }

  awake() {
    for (const pid of (this.asleep ?? []).splice(0)) process.kill(pid, 'SIGCONT');
  }

  /** As the PBX knows it. */
  async #codec() {
    const stats = await this.pbx.cli('pjsip show channelstats');
    const line = stats.split('\n').find((each) => each.includes(`${this.user}-`));
    return CODECS[Object.keys(CODECS).find((name) => line?.split(/\s+/).includes(name))] ?? null;
  }

  async close() {
    this.awake();
    if (this.child && this.child.exitCode === null && this.child.signalCode === null) {
      const gone = once(this.child, 'exit');
      // The end of its input is the end of its calls.
      this.child.stdin.end();
      const insist = setTimeout(() => end(this.child, 1000), 3000);
      await gone;
      clearTimeout(insist);
    }
    await this.devices?.close();
    if (!process.env.OMNIBAR_KEEP) await rm(this.dir, { recursive: true, force: true });
  }
}
