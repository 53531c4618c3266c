//! ITU-T G.711: 8 bits a sample, on a scale that is fine where it is quiet.

/// Which of the two scales.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Law {
    /// µ-law, of North America and Japan.
    Mu,
    /// A-law, of everywhere else.
    A,
}

impl Law {
    pub(super) fn encode(self, sample: i16) -> u8 {
        match self {
            Self::Mu => encode_mu(sample),
            Self::A => encode_a(sample),
        }
    }

    pub(super) fn decode(self, code: u8) -> i16 {
        match self {
            Self::Mu => DECODED_MU[usize::from(code)],
            Self::A => DECODED_A[usize::from(code)],
        }
    }
}

/// Half a step of the finest segment, which makes all segments begin at a power of two
/// (G.711 table 2, in units of 16 bits).
const BIAS: i32 = 0x84;
/// The greatest that the code can say.
const MOST_MU: i32 = 0x7fff - BIAS;
/// Every second bit of A-law is sent turned over, so that silence is not all zeros.
const TURNED: u8 = 0x55;
const SIGN: u8 = 0x80;

fn encode_mu(sample: i16) -> u8 {
    let sample = i32::from(sample);
    let sign = if sample < 0 { SIGN } else { 0 };
    let magnitude = sample.abs().min(MOST_MU) + BIAS;
    // 7 to 14, as the bias is the lowest bit that can be the first.
    let segment = 24 - magnitude.leading_zeros();
    !(sign | code(segment, magnitude))
}

fn encode_a(sample: i16) -> u8 {
    let sample = i32::from(sample);
    let (sign, magnitude) = if sample >= 0 { (SIGN, sample) } else { (0, !sample) };
    let segment = 24_u32.saturating_sub(magnitude.leading_zeros());
    let code = if segment == 0 { (magnitude >> 4) as u8 } else { code(segment, magnitude) };
    (sign | code) ^ TURNED
}

/// Three bits of segment, and the four bits behind its first.
fn code(segment: u32, magnitude: i32) -> u8 {
    ((segment as u8) << 4) | ((magnitude >> (segment + 3)) & 0x0f) as u8
}

static DECODED_MU: [i16; 256] = {
    let mut table = [0; 256];
    let mut n = 0;
    while n < 256 {
        let code = !(n as u8);
        let step = ((code & 0x0f) as i32) << 3;
        let magnitude = ((step + BIAS) << ((code >> 4) & 7)) - BIAS;
        table[n] = if code & SIGN != 0 { -magnitude } else { magnitude } as i16;
        n += 1;
    }
    table
};

static DECODED_A: [i16; 256] = {
    let mut table = [0; 256];
    let mut n = 0;
    while n < 256 {
        let code = n as u8 ^ TURNED;
        let segment = (code >> 4) & 7;
        let step = ((code & 0x0f) as i32) << 4;
        // The middle of the step.
        let magnitude = if segment == 0 { step + 8 } else { (step + 0x108) << (segment - 1) };
        table[n] = if code & SIGN != 0 { magnitude } else { -magnitude } as i16;
        n += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_values_are_those_of_the_recommendation() {
        // G.711 tables 1 and 2, in 16 bits: the ends of the scale and its middle.
        for (code, value) in [(0x80, 32_124), (0x00, -32_124), (0xff, 0), (0xef, 132), (0x6f, -132)]
        {
            assert_eq!(Law::Mu.decode(code), value, "{code:#x}");
        }
        for (code, value) in [(0xaa, 32_256), (0x2a, -32_256), (0xd5, 8), (0x55, -8), (0xc5, 264)] {
            assert_eq!(Law::A.decode(code), value, "{code:#x}");
        }
    }

    #[test]
    fn every_code_stands_for_its_own_value() {
        for law in [Law::Mu, Law::A] {
            for code in 0..=255 {
                let again = law.encode(law.decode(code));
                // µ-law has two zeros.
                let zero = (law, code) == (Law::Mu, 0x7f);
                assert!(again == code || zero, "{law:?} {code:#x}: {again:#x}");
            }
        }
    }

    #[test]
    fn no_value_is_nearer_to_another_code() {
        for law in [Law::Mu, Law::A] {
            for sample in i16::MIN..=i16::MAX {
                let off = |value: i16| (i32::from(value) - i32::from(sample)).abs();
                let code = law.encode(sample);
                let ours = off(law.decode(code));
                // Half of the widest step, and beyond the end of the scale what is left.
                assert!(ours <= 644, "{law:?} {sample}: {ours}");
                let within = i32::from(sample).abs() / 16 + 16;
                assert!(
                    ours <= within || ours <= 644 && sample.unsigned_abs() > 32_000,
                    "{sample}"
                );
            }
        }
    }
}
