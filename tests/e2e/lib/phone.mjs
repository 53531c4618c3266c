// `omnibar phone` as a person: says commands, remembers what it heard back.
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { binary } from './desktop.mjs';
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
    this.events = [];
    this.waiting = new Set();
    lines(child, (line) => {
      this.events.push(JSON.parse(line));
      for (const wake of [...this.waiting]) wake();
    });
    child.once('exit', () => {
      this.over = true;
      for (const wake of [...this.waiting]) wake();
    });
  }

  say(command) {
    this.child.stdin.write(`${command}\n`);
  }

  /** The first event from `from` on that fits; remembers where it was. */
  wait(what, fits, { from = this.events.length, timeout = 15000 } = {}) {
    const found = new Promise((resolve, reject) => {
      let at = from;
      const done = (act, value) => {
        clearTimeout(timer);
        this.waiting.delete(look);
        act(value);
      };
      const look = () => {
        for (; at < this.events.length; at++) {
          if (fits(this.events[at])) return done(resolve, this.events[at]);
        }
        if (this.over) done(reject, new Error(`${this.user} ended while waiting for ${what}`));
      };
      const timer = setTimeout(() => {
        const last = this.events.slice(-6).map((e) => JSON.stringify(e).slice(0, 300)).join('\n');
        done(reject, new Error(`${this.user} waited ${timeout} ms for ${what}; last:\n${last}`));
      }, timeout);
      this.waiting.add(look);
      look();
    });
    // A wait that was begun early may fail while the check is busy elsewhere; whoever
    // awaits it is still told.
    found.catch(() => {});
    return found;
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
