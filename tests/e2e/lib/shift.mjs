// Steps of a shift: each timed, pictured and reported.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from './process.mjs';

export class Shift {
  constructor(out) {
    this.out = out;
    this.steps = [];
  }

  /** Runs a step; after a failed one the rest is not played. */
  async step(name, act) {
    const began = performance.now();
    try {
      await act();
      await this.#note(name, true, performance.now() - began, '');
    } catch (error) {
      await this.#note(name, false, performance.now() - began, error.message);
      throw error;
    }
  }

  /** Waits until the selected call's state reads so. */
  state(app, words, timeout = 10000) {
    return until(`a call that is ${words}`, async () => words.test(await app.state()), timeout);
  }

  /** Waits until something has left the screen. */
  gone(app, name, timeout = 10000) {
    return until(`${name} to go`, async () => !(await app.is(name)), timeout);
  }

  async #note(name, ok, ms, note) {
    const step = { name, ok, ms: Math.round(ms), note };
    this.steps.push(step);
    console.log(`${ok ? 'ok  ' : 'FAIL'} ${String(step.ms).padStart(6)} ms  ${name}${note ? `: ${note}` : ''}`);
    if (!this.camera) return;
    const number = String(this.steps.length).padStart(2, '0');
    try {
      await writeFile(join(this.out, `${number}-${name.replace(/[^a-z0-9]+/gi, '-')}.png`), await this.camera());
    } catch (error) {
      step.note += `${step.note && '; '}no screenshot: ${error.message}`;
    }
  }

  /** Writes the report; the exit status. */
  async finish() {
    await writeFile(join(this.out, 'report.json'), JSON.stringify({ steps: this.steps }, null, 1));
    const failed = this.steps.filter((s) => !s.ok).length + (this.fault && this.steps.every((s) => s.ok) ? 1 : 0);
    if (this.fault && this.steps.every((s) => s.ok)) console.log(`FAIL ${this.fault.stack}`);
    console.log(`${this.steps.length - failed} of ${this.steps.length} steps done; see ${this.out}`);
    return failed ? 1 : 0;
  }
}
