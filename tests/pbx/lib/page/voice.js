// A microphone that is an oscillator, an ear that is a spectrum, and the moment of the first
// packet.
import { now, report } from './wire.js';

/** Bins beside a frequency that count as it: 8192 points at 48 kHz are 5.9 Hz each. */
const BESIDE = 2;

export class Voice {
  /** `hertz`: what this phone says. */
  constructor(hertz) {
    this.context = new AudioContext({ sampleRate: 48000 });
    const oscillator = new OscillatorNode(this.context, { frequency: hertz });
    const level = new GainNode(this.context, { gain: 0.25 });
    this.mouth = this.context.createMediaStreamDestination();
    oscillator.connect(level).connect(this.mouth);
    oscillator.start();
    this.ear = new AnalyserNode(this.context, { fftSize: 8192, smoothingTimeConstant: 0 });
    this.spectrum = new Float32Array(this.ear.frequencyBinCount);
    this.playing = [];
  }

  /** Chromium names the machine's addresses only to pages that may use a microphone. */
  async ready() {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    for (const track of stream.getTracks()) track.stop();
    await this.context.resume();
  }

  microphone() {
    return this.mouth.stream.clone();
  }

  /** All that comes from the far sides is mixed, as in a loudspeaker. */
  #listen(call, track) {
    const stream = new MediaStream([track]);
    // A remote stream flows only where an element plays it.
    const element = new Audio();
    element.srcObject = stream;
    element.muted = true;
    element.play().catch(() => {});
    const source = this.context.createMediaStreamSource(stream);
    source.connect(this.ear);
    this.playing.push({ call, element, source });
  }

  /** A call on hold is not listened to: neither library tells the browser, and the PBX goes on. */
  hold(call, held) {
    for (const each of this.playing.filter((one) => one.call === call)) {
      each.source.disconnect();
      if (!held) each.source.connect(this.ear);
    }
  }

  /** The level of each frequency in the last 170 ms, dB below full scale. */
  levels(frequencies) {
    this.ear.getFloatFrequencyData(this.spectrum);
    const width = this.context.sampleRate / this.ear.fftSize;
    return frequencies.map((hertz) => {
      const at = Math.round(hertz / width);
      return Math.max(-200, ...this.spectrum.subarray(at - BESIDE, at + BESIDE + 1));
    });
  }

  /** Listens to a connection and reports `media` when its first packet has come. */
  attend(call, connection) {
    connection.addEventListener('track', (event) => this.#listen(call, event.track));
    const look = async () => {
      if (connection.connectionState === 'closed') return;
      if (await hasSound(connection)) report({ event: 'media', call, at: now() });
      else setTimeout(look, 2);
    };
    look();
  }
}

/** Sources are known at once, statistics up to 50 ms late; a held call may only have the latter. */
async function hasSound(connection) {
  if (connection.getReceivers().some((r) => r.getSynchronizationSources().length > 0)) return true;
  for (const each of (await connection.getStats()).values()) {
    if (each.type === 'inbound-rtp' && each.packetsReceived > 0) return true;
  }
  return false;
}

/** How the sound goes: codec and kind of the local end of the path in use. */
export async function path(connection) {
  const stats = await connection.getStats();
  const of = (type) => [...stats.values()].filter((each) => each.type === type);
  const pair = stats.get(of('transport')[0]?.selectedCandidatePairId);
  const [inbound] = of('inbound-rtp');
  return {
    codec: stats.get(inbound?.codecId)?.mimeType ?? null,
    local: stats.get(pair?.localCandidateId)?.candidateType ?? null,
    received: inbound?.packetsReceived ?? 0,
  };
}
