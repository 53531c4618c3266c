/** Amplitude of one frequency in a sound (Goertzel); 1 is full scale. */
export function amplitude(sound, hertz, rate) {
  const k = 2 * Math.cos((2 * Math.PI * hertz) / rate);
  let [a, b] = [0, 0];
  for (const x of sound) [a, b] = [x + k * a - b, a];
  return (2 / Math.max(1, sound.length)) * Math.sqrt(Math.max(0, a * a + b * b - k * a * b));
}

/** The same in dB below full scale. */
export function level(sound, hertz, rate) {
  return 20 * Math.log10(Math.max(1e-10, amplitude(sound, hertz, rate)));
}
