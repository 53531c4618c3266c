// What an attack costs those who have nothing to do with it: the call's voice, another page,
// the memory of the app and of the centre.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { RATE, strong } from '../../lib/sound.mjs';

/** Of voice; a frequency is found in it. */
const WINDOW = RATE / 20;
/** ms between two calls of the page that stands by: far below what a page may ask in a second. */
const PACE = 25;
/** MB that a program may have grown by when it is over. */
const GROWTH = 64;

export class Siege {
  /** `ear` hears the customer's `hertz`; `bystander` is a docked page. */
  constructor({ programs, ear, hertz, bystander }) {
    Object.assign(this, { programs, ear, hertz, bystander });
  }

  /**
   * Does `attack`, while the bystander asks and is answered in `patience` ms each time. Chromium
   * shares two cores with all of this, so single stumbles of the voice are nobody's fault: four of
   * five windows are whole, and no second is without.
   */
  async bear(what, attack, { patience = 2000 } = {}) {
    const before = await this.#memory();
    const from = this.ear.samples;
    let over = false;
    const attacking = attack().finally(() => { over = true; });
    // A failure is thrown where it is waited for, below.
    attacking.catch(() => {});
    let slowest = 0;
    do {
      const began = performance.now();
      assert.equal((await this.bystander.ask('session.getCurrentUser')).userId, 'agent1', what);
      slowest = Math.max(slowest, performance.now() - began);
      await setTimeout(PACE);
    } while (!over || this.ear.samples - from < RATE);
    const result = await attacking;
    const { whole, longest } = this.#voice(from);
    const after = await this.#memory();
    const grown = this.programs.map(({ name }, i) => `${name} ${(after[i] - before[i]).toFixed(0)} MB`);
    console.log(`${what}: ${(whole * 100).toFixed(0)} % of the voice whole, ${longest} ms missing at most; another page waited ${slowest.toFixed(0)} ms at most; grown: ${grown.join(', ')}`);
    assert.ok(slowest < patience, `${what}: another page waited ${slowest} ms`);
    assert.ok(whole >= 0.8 && longest < 1000, `${what}: ${whole} of the voice, ${longest} ms missing`);
    this.programs.forEach(({ name, child }, i) => {
      assert.equal(child.exitCode, null, `${what}: ${name} has ended`);
      assert.ok(after[i] - before[i] < GROWTH, `${what}: ${name} has grown from ${before[i]} to ${after[i]} MB`);
    });
    return result;
  }

  #voice(from) {
    const heard = this.ear.all().subarray(from);
    let [all, whole, missing, longest] = [0, 0, 0, 0];
    for (let at = 0; at + WINDOW <= heard.length; at += WINDOW) {
      all++;
      if (strong(heard.subarray(at, at + WINDOW), this.hertz)) {
        whole++;
        missing = 0;
      } else {
        longest = Math.max(longest, ++missing);
      }
    }
    return { whole: whole / all, longest: longest * 50 };
  }

  #memory() {
    return Promise.all(this.programs.map(async ({ child }) => {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
      return Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024;
    }));
  }
}

/** Connections that begin to say `text` and never end; `open` of them are still there. */
export async function idlers(port, count, text = '') {
  const sockets = await Promise.all(Array.from({ length: count }, () => new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(text);
      resolve(socket);
    });
    socket.on('error', () => resolve(socket));
    socket.resume();
  })));
  return {
    get open() {
      return sockets.filter((socket) => !socket.closed).length;
    },
    end: () => sockets.forEach((socket) => socket.destroy()),
  };
}
