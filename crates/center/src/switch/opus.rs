//! What a packet of Opus says of itself (RFC 6716 section 3.1), for whoever does not decode it.

/// 48 kHz units in a packet; 20 ms for one that is not valid, which the far decoder will
/// conceal.
pub(crate) fn duration(payload: &[u8]) -> u32 {
    let Some(&toc) = payload.first() else { return TWENTY_MS };
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => payload.get(1).map_or(1, |count| u32::from(count & 0x3f)).max(1),
    };
    (frame(toc) * frames).min(LONGEST)
}

/// 48 kHz units in each frame of a packet that begins with this byte.
pub(crate) fn frame(toc: u8) -> u32 {
    let config = toc >> 3;
    match config {
        0..=11 => [480, 960, 1920, 2880][usize::from(config & 3)],
        12..=15 => [480, 960][usize::from(config & 1)],
        _ => [120, 240, 480, 960][usize::from(config & 3)],
    }
}

const TWENTY_MS: u32 = 960;
/// 120 ms.
const LONGEST: u32 = 5_760;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_those_of_the_standard() {
        assert_eq!(duration(&[9 << 3]), 960);
        assert_eq!(duration(&[(3 << 3) | 1, 0]), 5_760);
        assert_eq!(duration(&[31 << 3]), 960);
        assert_eq!(duration(&[30 << 3]), 480);
        assert_eq!(duration(&[(16 << 3) | 3, 4]), 480);
        assert_eq!(duration(&[0xff, 0xff]), 5_760);
        assert_eq!(duration(&[]), 960);
    }
}
