// `omnibar phone` as a person: says commands, remembers what it heard back.
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { binary } from './desktop.mjs';
import { Events } from './events.mjs';
import { end, lines, start } from './process.mjs';

export class Phone {
  /** `program`: starts the app in surroundings of its own. */
  static async open(desktop, { centre, user, password = 'demo', mic, speaker, program = binary, args = [] }) {
    const data = await mkdtemp(join(desktop.dir, `${user}-`));
    const devices = [...(mic ? ['--mic', mic] : []), ...(speaker ? ['--speaker', speaker] : [])];
    const child = start(
      program,
      ['phone', '--centre', centre, '--user', user, '--password-stdin', '--data', data,
        '--bind', '127.0.0.1', ...devices, ...args],
      { env: desktop.env, log: join(data, 'stderr.log'), stdin: 'pipe', pipe: true },
    );
    const self = new Phone(child, user);
    child.stdin.write(`${password}\n`);
    return self;
  }

  constructor(child, user) {
    this.child = child;
    this.user = user;
    this.heard = new Events(user);
    lines(child, (line) => this.heard.push(JSON.parse(line)));
    child.once('exit', (code) => this.heard.end(`with ${code}`));
  }

  get events() {
    return this.heard.all;
  }

  say(command) {
    this.child.stdin.write(`${command}\n`);
  }

  /** The first event from `from` on that fits. */
  wait(what, fits, options) {
    return this.heard.wait(what, fits, options);
  }

  signedIn() {
    return this.wait('sign-in', (e) => e.event === 'session' && e.state === 'signed_in', { from: 0 });
  }

  /** The next state of a call's conversation, for example `connected`. */
  call(state, options) {
    return this.wait(
      `a call that is ${state}`,
      (e) => e.event === 'call' && e.call.conversation.state === state,
      options,
    );
  }

  /** Is ready for the call that comes, and answers it. */
  async take() {
    const offered = this.call('offered', { from: 0 });
    this.say('ready');
    await offered;
    const up = this.call('connected');
    this.say('answer');
    await up;
  }

  close() {
    return end(this.child);
  }
}
