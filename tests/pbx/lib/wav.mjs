// Sound files as checks need them.
import { readFile } from 'node:fs/promises';

/** A WAV file of 16 bit PCM: samples of each channel, 1 is full scale. */
export async function read(file) {
  const bytes = await readFile(file);
  if (bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WAVE') throw new Error(`${file} is no WAV file`);
  let format;
  for (let at = 12; at + 8 <= bytes.length;) {
    const [name, length] = [bytes.toString('latin1', at, at + 4), bytes.readUInt32LE(at + 4)];
    if (name === 'fmt ') {
      format = { channels: bytes.readUInt16LE(at + 10), rate: bytes.readUInt32LE(at + 12), bits: bytes.readUInt16LE(at + 22) };
    } else if (name === 'data') {
      if (format?.bits !== 16) throw new Error(`${file} has ${format?.bits} bits`);
      const frames = Math.floor(Math.min(length, bytes.length - at - 8) / 2 / format.channels);
      const channels = Array.from({ length: format.channels }, (_, channel) => Float32Array.from({ length: frames },
        (_, frame) => bytes.readInt16LE(at + 8 + 2 * (frame * format.channels + channel)) / 32768));
      return { rate: format.rate, channels };
    }
    at += 8 + length + (length % 2);
  }
  throw new Error(`${file} holds no sound`);
}
