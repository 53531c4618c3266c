//! What losses, waiting and copies cost a listener, in one currency: shares of lost packets.

use super::Gilbert;
use super::red::Pattern;
use crate::Micros;

/// Ways to place copies. The far ones are for bursts.
pub(super) const PATTERNS: [&[u8]; 11] =
    [&[], &[1], &[1, 2], &[1, 2, 3], &[2], &[1, 3], &[3], &[2, 4], &[1, 3, 5], &[2, 5], &[3, 6]];
/// The same for packets of 10 ms.
pub(super) const SHORT_PATTERNS: [&[u8]; 11] =
    [&[], &[1], &[1, 2], &[1, 2, 3], &[3], &[2, 5], &[6], &[4, 8], &[2, 6, 10], &[4, 10], &[6, 12]];
/// Cost of one copy in each packet, as a share of lost packets.
const COPY_COST: f32 = 5e-4;

/// By this pattern, as far as the far side waits for it at its best. `asked`: the round trip,
/// where lost packets are asked for.
pub(super) fn of(path: Gilbert, pattern: Pattern, packet: Micros, asked: Option<Micros>) -> f32 {
    let packet = packet.0 as i64;
    let waits = std::iter::once(0).chain(pattern.distances().map(i64::from));
    let least = waits
        .map(|longest| {
            let distances = pattern.distances().map(u32::from).filter(|&d| i64::from(d) <= longest);
            let residual = path.residual(distances);
            let waiting = longest * packet;
            let asking = asked.map_or(f32::MAX, |trip| {
                let trip = trip.0.min(1_000_000) as i64;
                let waiting = waiting.max(packet + trip + ANSWERING);
                wait(waiting) + after_asking(path, residual, 1)
            });
            (wait(waiting) + residual).min(asking)
        })
        .fold(f32::MAX, f32::min);
    least + pattern.copies() as f32 * COPY_COST
}

/// µs that the far side takes to answer.
const ANSWERING: i64 = 5_000;

/// What a wait costs the listener, as a share of packets: as bad as losing so many. Each 20
/// ms count as much as 0.15 % of loss, from 40 ms on as 0.75 %.
pub(crate) fn wait(micros: i64) -> f32 {
    let ms = micros.max(0) as f32 / 1000.0;
    7.5e-5 * ms.min(40.0) + 3.75e-4 * (ms - 40.0).max(0.0)
}

/// Share of packets that are missing after retransmission, when losses of up to so many
/// packets in a row are asked for in time and `share` are missing without.
pub(crate) fn after_asking(path: Gilbert, share: f32, rows: i64) -> f32 {
    if rows <= 0 {
        return share;
    }
    let stay = 1.0 - 1.0 / path.burst.max(1.0);
    let longer = stay.powi(rows.min(1000) as i32);
    // The request or its answer may be lost as well.
    share * (longer + (1.0 - longer) * (2.0 * path.share).min(1.0))
}
