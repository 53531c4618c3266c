// A sound server of a phone's own: a microphone that says one tone, and a loudspeaker that can be
// listened to.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { end, lines, start } from '../../e2e/lib/process.mjs';
import { Ear, play, RATE, tone } from '../../e2e/lib/sound.mjs';
import { level } from './tone.mjs';

const server = fileURLToPath(new URL('../../rig/pulse.sh', import.meta.url));
/** Newest sound that a level is taken of, in samples: 0.2 s. */
const SPAN = RATE / 5;

export class Devices {
  /** Below that directory; the microphone says `hertz`. */
  static async open(dir, hertz) {
    const self = new Devices();
    const path = join(dir, 'sound');
    self.server = start(server, [path], { pipe: true, log: join(dir, 'sound.log') });
    await new Promise((resolve, reject) => {
      lines(self.server, (text) => text.startsWith('PULSE_SERVER=') && resolve());
      self.server.once('error', reject);
      self.server.once('exit', () => reject(new Error('the sound server ended; see tests/rig/pulse.sh')));
    });
    const home = join(dir, 'home');
    await mkdir(home, { mode: 0o700 });
    // Nothing of the machine's own desktop, settings or sound.
    self.env = {
      PULSE_SERVER: `unix:${path}/native`, HOME: home, XDG_RUNTIME_DIR: home, XDG_DATA_HOME: '', XDG_CONFIG_HOME: '',
      DISPLAY: '', WAYLAND_DISPLAY: '', DBUS_SESSION_BUS_ADDRESS: '',
    };
    self.voice = play(self, 'mic_cable', tone(hertz));
    self.ear = new Ear(self, 'agent_headset');
    return self;
  }

  /** For the program's command line. */
  get arguments() {
    return ['--mic', 'agent_mic', '--speaker', 'agent_headset'];
  }

  /** What the loudspeaker plays of each frequency, in dB below full scale. */
  levels(frequencies) {
    const newest = [];
    for (let at = this.ear.chunks.length, have = 0; at > 0 && have < SPAN;) {
      newest.unshift(this.ear.chunks[--at]);
      have += newest[0].length;
    }
    const sound = Float32Array.from(newest.flatMap((chunk) => [...chunk])).subarray(-SPAN);
    return frequencies.map((hertz) => level(sound, hertz, RATE));
  }

  async close() {
    await this.ear?.stop();
    await this.voice?.stop();
    await end(this.server, 2000);
  }
}
