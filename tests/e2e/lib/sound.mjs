// Sound in and out of the virtual devices, and what can be heard in it.
import { start, end } from './process.mjs';

export const RATE = 48000;

/** A player that sends sound to a sink until it is stopped. */
export function play(desktop, sink, samples, { loop = true } = {}) {
  const child = start('pacat', ['--playback', `--device=${sink}`, '--format=s16le', `--rate=${RATE}`,
    '--channels=1', '--latency-msec=40', '--raw'], { env: desktop.env, stdin: 'pipe' });
  const bytes = Buffer.from(Int16Array.from(samples, (x) => Math.max(-1, Math.min(1, x)) * 32767).buffer);
  child.stdin.on('error', () => {});
  const feed = () => {
    while (!child.stdin.destroyed && !child.stdin.writableEnded) {
      if (!child.stdin.write(bytes)) {
        child.stdin.once('drain', feed);
        return;
      }
      if (!loop) {
        child.stdin.end();
        return;
      }
    }
  };
  feed();
  return { stop: () => end(child, 500) };
}

/** One second of a sine whose ends meet. */
export function tone(hertz, level = 0.3) {
  return Float32Array.from({ length: RATE }, (_, i) => level * Math.sin((2 * Math.PI * hertz * i) / RATE));
}

/** Listens to a sink's monitor; `heard(seconds)` is the newest sound. */
export class Ear {
  constructor(desktop, sink) {
    this.chunks = [];
    this.samples = 0;
    this.waiting = [];
    this.child = start('parec', [`--device=${sink}.monitor`, '--format=s16le', `--rate=${RATE}`,
      '--channels=1', '--latency-msec=20', '--raw'], { env: desktop.env, pipe: true });
    let odd = Buffer.alloc(0);
    this.child.stdout.on('data', (data) => {
      const all = Buffer.concat([odd, data]);
      const even = all.length & ~1;
      odd = all.subarray(even);
      const copy = all.subarray(0, even);
      this.chunks.push(Float32Array.from({ length: even / 2 }, (_, i) => copy.readInt16LE(2 * i) / 32768));
      this.samples += even / 2;
      this.waiting = this.waiting.filter((wake) => !wake());
    });
  }

  all() {
    const out = new Float32Array(this.samples);
    let at = 0;
    for (const chunk of this.chunks) {
      out.set(chunk, at);
      at += chunk.length;
    }
    return out;
  }

  /** The next `seconds` of sound from now on. */
  next(seconds) {
    const from = this.samples;
    const want = from + Math.round(seconds * RATE);
    return new Promise((resolve) => {
      this.waiting.push(() => {
        if (this.samples < want) return false;
        resolve(this.all().subarray(from, want));
        return true;
      });
    });
  }

  /** Waits until a frequency can be heard (or no longer), and says after how many ms. */
  async hears(hertz, yes = true, timeout = 8000) {
    const began = performance.now();
    for (;;) {
      const sound = await this.next(0.25);
      if (strong(sound, hertz) === yes) return performance.now() - began;
      if (performance.now() - began > timeout) {
        throw new Error(`${yes ? 'did not hear' : 'still heard'} ${hertz} Hz within ${timeout} ms (level ${level(sound).toFixed(4)})`);
      }
    }
  }

  stop() {
    return end(this.child, 500);
  }
}

/** Amplitude of one frequency (Goertzel). */
export function amplitude(sound, hertz) {
  const k = 2 * Math.cos((2 * Math.PI * hertz) / RATE);
  let [a, b] = [0, 0];
  for (const x of sound) [a, b] = [x + k * a - b, a];
  return (2 / sound.length) * Math.sqrt(Math.max(0, a * a + b * b - k * a * b));
}

/** Root mean square. */
export function level(sound) {
  let sum = 0;
  for (const x of sound) sum += x * x;
  return Math.sqrt(sum / Math.max(1, sound.length));
}

/** A frequency that stands out: audible, and a fair part of all that sounds. */
export function strong(sound, hertz) {
  const a = amplitude(sound, hertz);
  return a > 0.01 && a / Math.SQRT2 > 0.25 * level(sound);
}
