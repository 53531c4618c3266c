//! ITU-T G.722, mode 1: 16 kHz in 64 kbit/s. Two bands of 8 kHz, each coded as the difference
//! from what its own past foretells. The names in comments are the blocks of the
//! recommendation's section 5.

/// One of the two bands: what foretells it, and how coarse its steps are. Coder and decoder
/// keep the same.
#[derive(Clone, Debug)]
struct Band {
    /// Logarithm of the step (NABL, NABH), and the step (DETL, DETH).
    log: i32,
    step: i32,
    /// What is foretold (SL, SH), and the part of the zeros in it (SZL, SZH).
    foretold: i32,
    by_zeros: i32,
    /// The last two reconstructed values, and those without the poles' part.
    values: [i32; 2],
    partial: [i32; 2],
    /// The last six differences.
    differences: [i32; 6],
    poles: [i32; 2],
    zeros: [i32; 6],
}

impl Band {
    fn new(step: i32) -> Self {
        Self {
            log: 0,
            step,
            foretold: 0,
            by_zeros: 0,
            values: [0; 2],
            partial: [0; 2],
            differences: [0; 6],
            poles: [0; 2],
            zeros: [0; 6],
        }
    }

    /// A difference as both sides know it: the band learns of it (block 4).
    fn learn(&mut self, difference: i32) {
        // RECONS, PARREC
        let value = saturated(self.foretold + difference);
        let partial = saturated(self.by_zeros + difference);
        self.turn_poles(partial);
        // UPZERO: each zero goes where its difference has the sign of this one.
        let gain = if difference == 0 { 0 } else { 128 };
        for (zero, before) in self.zeros.iter_mut().zip(self.differences) {
            let towards = if negative(before) == negative(difference) { gain } else { -gain };
            *zero = saturated(towards + ((*zero * 32_640) >> 15));
        }
        // DELAYA
        self.differences.rotate_right(1);
        self.differences[0] = difference;
        self.values = [value, self.values[0]];
        self.partial = [partial, self.partial[0]];
        // FILTEP, FILTEZ, PREDIC
        let weighed = |weight: i32, value: i32| (weight * saturated(2 * value)) >> 15;
        let by_poles =
            saturated(weighed(self.poles[0], value) + weighed(self.poles[1], self.values[1]));
        let sum = |(zero, difference): (&i32, &i32)| weighed(*zero, *difference);
        self.by_zeros = saturated(self.zeros.iter().zip(&self.differences).map(sum).sum());
        self.foretold = saturated(by_poles + self.by_zeros);
    }

    /// UPPOL2, UPPOL1
    fn turn_poles(&mut self, partial: i32) {
        let alike = self.partial.map(|before| negative(before) == negative(partial));
        let first = saturated(4 * self.poles[0]);
        let pull = if alike[0] { saturated(-first) } else { first };
        let second = (pull >> 7) + if alike[1] { 128 } else { -128 };
        let second = (second + ((self.poles[1] * 32_512) >> 15)).clamp(-12_288, 12_288);
        let first = if alike[0] { 192 } else { -192 } + ((self.poles[0] * 32_640) >> 15);
        let bound = saturated(15_360 - second);
        self.poles = [saturated(first).clamp(-bound, bound), second];
    }

    /// LOGSCL and SCALEL, or LOGSCH and SCALEH.
    fn scale(&mut self, by: i32, most: i32, shift: i32) {
        self.log = (((self.log * 127) >> 7) + by).clamp(0, most);
        let mantissa = MANTISSAS[(self.log >> 6) as usize & 31];
        let down = shift - (self.log >> 11);
        self.step = 4 * if down < 0 { mantissa << -down } else { mantissa >> down };
    }

    fn scale_low(&mut self, code: usize) {
        self.scale(LOW_SCALES[LOW_SCALE_OF[code >> 2]], 18_432, 8);
    }

    fn scale_high(&mut self, code: usize) {
        self.scale(HIGH_SCALES[code & 1], 22_528, 10);
    }
}

/// Both bands, as the coder and the decoder know them.
#[derive(Clone, Debug)]
struct Bands {
    low: Band,
    high: Band,
}

impl Bands {
    fn new() -> Self {
        Self { low: Band::new(32), high: Band::new(8) }
    }

    /// The code of the next sample of each band; they learn of it.
    fn encode(&mut self, low: i32, high: i32) -> u8 {
        let low = self.encode_low(low);
        let high = self.encode_high(high);
        ((high << 6) | low) as u8
    }

    /// SUBTRA, QUANTL
    fn encode_low(&mut self, sample: i32) -> usize {
        let error = saturated(sample - self.low.foretold);
        let size = if error < 0 { !error } else { error };
        let beyond = |level: &&i32| size >= (**level * self.low.step) >> 12;
        let interval = LOW_LEVELS.iter().take_while(beyond).count();
        // Positive codes begin at 61 and fall; negative ones at 63, 62, then from 31 on.
        let code = match (error < 0, interval) {
            (false, interval) => 61 - interval,
            (true, interval @ 0..2) => 63 - interval,
            (true, interval) => 33 - interval,
        };
        self.learn_low(code);
        code
    }

    /// SUBTRA, QUANTH
    fn encode_high(&mut self, sample: i32) -> usize {
        let error = saturated(sample - self.high.foretold);
        let size = if error < 0 { !error } else { error };
        let far = size >= (564 * self.high.step) >> 12;
        let code = match (error < 0, far) {
            (true, false) => 1,
            (true, true) => 0,
            (false, false) => 3,
            (false, true) => 2,
        };
        self.learn_high(code);
        code
    }

    /// The next sample of each band.
    fn decode(&mut self, code: u8) -> (i32, i32) {
        let (low, high) = (usize::from(code & 0x3f), usize::from(code >> 6));
        // INVQBL, RECONS, LIMIT
        let fine = (self.low.step * LOW_VALUES[low]) >> 15;
        let low_sample = (self.low.foretold + fine).clamp(-16_384, 16_383);
        let high_difference = (self.high.step * HIGH_VALUES[high]) >> 15;
        let high_sample = (self.high.foretold + high_difference).clamp(-16_384, 16_383);
        self.learn_low(low);
        self.learn_high(high);
        (low_sample, high_sample)
    }

    /// INVQAL: the two lowest bits may be somebody else's data.
    fn learn_low(&mut self, code: usize) {
        let difference = (self.low.step * LOW_COARSE_VALUES[code >> 2]) >> 15;
        self.low.scale_low(code);
        self.low.learn(difference);
    }

    /// INVQAH
    fn learn_high(&mut self, code: usize) {
        let difference = (self.high.step * HIGH_VALUES[code]) >> 15;
        self.high.scale_high(code);
        self.high.learn(difference);
    }
}

/// The filters that part and join the bands (section 3.1): 24 taps, whose second half is the
/// first mirrored.
#[derive(Clone, Debug)]
struct Mirror([i32; 24]);

impl Mirror {
    /// Takes two values; what every second of the last 24 come to, each half by itself.
    fn filter(&mut self, older: i32, newer: i32) -> (i32, i32) {
        self.0.rotate_left(2);
        (self.0[22], self.0[23]) = (older, newer);
        let taps = TAPS.iter().zip(TAPS.iter().rev());
        let pairs = self.0.as_chunks::<2>().0.iter().zip(taps);
        pairs.fold((0, 0), |(first, second), (pair, (forth, back))| {
            (first + pair[0] * forth, second + pair[1] * back)
        })
    }

    /// Two samples in, one of each band out.
    fn part(&mut self, samples: [i16; 2]) -> (i32, i32) {
        let (first, second) = self.filter(i32::from(samples[0]), i32::from(samples[1]));
        ((second + first) >> 14, (second - first) >> 14)
    }

    /// The way back.
    fn join(&mut self, low: i32, high: i32) -> [i16; 2] {
        let (first, second) = self.filter(low + high, low - high);
        [second, first].map(|sum| saturated(sum >> 11) as i16)
    }
}

#[derive(Clone, Debug)]
pub(super) struct Encoder {
    bands: Bands,
    mirror: Mirror,
}

impl Encoder {
    pub(super) fn new() -> Self {
        Self { bands: Bands::new(), mirror: Mirror([0; 24]) }
    }

    /// Two samples of 16 kHz.
    pub(super) fn encode(&mut self, samples: [i16; 2]) -> u8 {
        let (low, high) = self.mirror.part(samples);
        self.bands.encode(low, high)
    }
}

#[derive(Clone, Debug)]
pub(super) struct Decoder {
    bands: Bands,
    mirror: Mirror,
}

impl Decoder {
    pub(super) fn new() -> Self {
        Self { bands: Bands::new(), mirror: Mirror([0; 24]) }
    }

    /// Two samples of 16 kHz.
    pub(super) fn decode(&mut self, code: u8) -> [i16; 2] {
        let (low, high) = self.bands.decode(code);
        self.mirror.join(low, high)
    }
}

/// To 16 bits.
fn saturated(value: i32) -> i32 {
    value.clamp(-32_768, 32_767)
}

/// Zero counts as positive.
fn negative(value: i32) -> bool {
    value < 0
}

/// Table 11: of the filters that part and join the bands.
const TAPS: [i32; 12] = [3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11];
/// Table 14 (Q6): where the 6-bit intervals of the low band begin, but for the first.
const LOW_LEVELS: [i32; 29] = [
    35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023,
    1121, 1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919,
];
/// Table 18 (QM6): the values of the 64 codes of the low band.
const LOW_VALUES: [i32; 64] = [
    -136, -136, -136, -136, -24_808, -21_904, -19_008, -16_704, -14_984, -13_512, -12_280, -11_192,
    -10_232, -9_360, -8_576, -7_856, -7_192, -6_576, -6_000, -5_456, -4_944, -4_464, -4_008,
    -3_576, -3_168, -2_776, -2_400, -2_032, -1_688, -1_360, -1_040, -728, 24_808, 21_904, 19_008,
    16_704, 14_984, 13_512, 12_280, 11_192, 10_232, 9_360, 8_576, 7_856, 7_192, 6_576, 6_000,
    5_456, 4_944, 4_464, 4_008, 3_576, 3_168, 2_776, 2_400, 2_032, 1_688, 1_360, 1_040, 728, 432,
    136, -432, -136,
];
/// Table 16 (QM4): the values of their four highest bits.
const LOW_COARSE_VALUES: [i32; 16] = [
    0, -20_456, -12_896, -8_968, -6_288, -4_240, -2_584, -1_200, 20_456, 12_896, 8_968, 6_288,
    4_240, 2_584, 1_200, 0,
];
/// Which of the scales each of those asks for (RL42).
const LOW_SCALE_OF: [usize; 16] = [0, 7, 6, 5, 4, 3, 2, 1, 7, 6, 5, 4, 3, 2, 1, 0];
/// By how much they widen or narrow the steps (WL).
const LOW_SCALES: [i32; 8] = [-60, -30, 58, 172, 334, 538, 1198, 3042];
/// QM2, by the two bits of the high band; and WH: odd codes are the near ones.
const HIGH_VALUES: [i32; 4] = [-7_408, -1_616, 7_408, 1_616];
const HIGH_SCALES: [i32; 2] = [798, -214];
/// Table 15 (ILB): 2048 times the 32nd powers of two.
const MANTISSAS: [i32; 32] = [
    2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834,
    2896, 2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Loud noise, quiet noise, silence and middling noise.
    fn sound() -> Vec<i16> {
        let mut state = 1_u32;
        let samples = (0..16_000).map(|n| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (state >> 16) as i32 - 32_768;
            (match n / 2_000 % 4 {
                0 => noise,
                1 => noise / 16,
                2 => 0,
                _ => noise / 2,
            }) as i16
        });
        samples.collect()
    }

    fn encoded(samples: &[i16]) -> Vec<u8> {
        let mut encoder = Encoder::new();
        samples.as_chunks::<2>().0.iter().map(|pair| encoder.encode(*pair)).collect()
    }

    fn decoded(codes: &[u8]) -> Vec<i16> {
        let mut decoder = Decoder::new();
        codes.iter().flat_map(|code| decoder.decode(*code)).collect()
    }

    /// FNV-1a.
    fn hash(bytes: impl Iterator<Item = u8>) -> u64 {
        bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
    }

    /// The expected values are libg722's, which nothing here is taken from.
    #[test]
    fn every_bit_is_as_another_implementation_has_it() {
        let codes = encoded(&sound());
        let first = [39, 132, 32, 132, 32, 132, 31, 133, 58, 148, 138, 53, 172, 162, 49, 144];
        assert_eq!(codes[..16], first);
        assert_eq!(hash(codes.iter().copied()), 0x47a5_4811_8281_baf7);
        let heard = decoded(&codes);
        assert_eq!(heard[..8], [0, -1, -1, 0, 0, -2, -1, 7]);
        assert_eq!(hash(heard.iter().flat_map(|s| s.to_le_bytes())), 0x8efb_852b_3f61_c10e);
    }
}
