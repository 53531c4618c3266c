import { writeFile, readFile } from 'node:fs/promises';

/** 16-bit mono WAV. */
export async function writeWav(file, samples, rate) {
  const data = Buffer.from(Int16Array.from(samples, (x) => Math.max(-1, Math.min(1, x)) * 32767).buffer);
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + data.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(data.length, 40);
  await writeFile(file, Buffer.concat([head, data]));
}

/** Channels of a 16-bit WAV, as -1 to 1. */
export async function readWav(file) {
  const all = await readFile(file);
  const channels = all.readUInt16LE(22);
  const at = all.indexOf('data', 36, 'latin1') + 8;
  const frames = Math.floor((all.length - at) / (2 * channels));
  return Array.from({ length: channels }, (_, c) =>
    Float32Array.from({ length: frames }, (_, i) => all.readInt16LE(at + 2 * (i * channels + c)) / 32768));
}
