use super::{
    DESCRIPTION, EXTENDED_REPORT, GENERIC_NACK, LISTENER, LOSS_MAP, Listener, RECEIVER_REPORT,
    Report, SENDER_REPORT, SenderInfo, TRANSPORT_FEEDBACK,
};
use crate::loss::LossMap;

/// Writes a compound packet, one part after the other.
#[derive(Debug)]
pub struct Builder<'a>(&'a mut Vec<u8>);

impl<'a> Builder<'a> {
    /// Into `out`, which is cleared.
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        out.clear();
        Self(out)
    }

    pub fn sender_report(mut self, info: &SenderInfo, report: Option<&Report>) -> Self {
        let start = self.begin(SENDER_REPORT, u8::from(report.is_some()));
        for word in [
            info.source,
            (info.ntp >> 32) as u32,
            info.ntp as u32,
            info.timestamp,
            info.packets,
            info.bytes,
        ] {
            self.0.extend(word.to_be_bytes());
        }
        self.report(report).end(start)
    }

    /// `source`: whose report it is.
    pub fn receiver_report(mut self, source: u32, report: Option<&Report>) -> Self {
        let start = self.begin(RECEIVER_REPORT, u8::from(report.is_some()));
        self.0.extend(source.to_be_bytes());
        self.report(report).end(start)
    }

    /// Who hears what the other side sends, in a receiver report of its own.
    pub fn listener(mut self, source: u32, listener: &Listener) -> Self {
        let start = self.begin(RECEIVER_REPORT, 0);
        self.0.extend(source.to_be_bytes());
        self.0.extend(LISTENER);
        let ms = (listener.packet.0 / 1_000).min(255) as u8;
        self.0.extend([ms, u8::from(listener.deep), listener.loss.min(100), 0]);
        self.end(start)
    }

    /// The name that RFC 3550 section 6.1 wants in every compound packet; at most 255 bytes
    /// of it are taken.
    pub fn name(mut self, source: u32, name: &str) -> Self {
        let start = self.begin(DESCRIPTION, 1);
        self.0.extend(source.to_be_bytes());
        let name = &name.as_bytes()[..name.len().min(255)];
        self.0.extend([1, name.len() as u8]);
        self.0.extend_from_slice(name);
        // The list of items ends with at least one zero.
        self.0.push(0);
        while !(self.0.len() - start).is_multiple_of(4) {
            self.0.push(0);
        }
        self.end(start)
    }

    /// Asks `media` for packets again; `numbers` in rising order, as few entries as they need.
    pub fn nack(mut self, source: u32, media: u32, numbers: &[u16]) -> Self {
        let Some((&first, rest)) = numbers.split_first() else { return self };
        let start = self.begin(TRANSPORT_FEEDBACK, GENERIC_NACK);
        self.0.extend(source.to_be_bytes());
        self.0.extend(media.to_be_bytes());
        let (mut base, mut mask) = (first, 0u16);
        for &number in rest {
            let step = number.wrapping_sub(base);
            if (1..=16).contains(&step) {
                mask |= 1 << (step - 1);
            } else if step > 0 {
                self.0.extend(base.to_be_bytes());
                self.0.extend(mask.to_be_bytes());
                (base, mask) = (number, 0);
            }
        }
        self.0.extend(base.to_be_bytes());
        self.0.extend(mask.to_be_bytes());
        self.end(start)
    }

    /// Which of `media`'s last `packets` came, up to and with `last`, as bit vectors.
    pub fn losses(
        mut self,
        source: u32,
        media: u32,
        map: &LossMap,
        last: i64,
        packets: i64,
    ) -> Self {
        let packets = packets.clamp(0, map.known());
        if packets == 0 {
            return self;
        }
        let first = last - packets + 1;
        let start = self.begin(EXTENDED_REPORT, 0);
        self.0.extend(source.to_be_bytes());
        let block = self.0.len();
        self.0.extend([LOSS_MAP, 0, 0, 0]);
        self.0.extend(media.to_be_bytes());
        self.0.extend((first as u16).to_be_bytes());
        self.0.extend((last as u16).wrapping_add(1).to_be_bytes());
        let mut at = first;
        while at <= last {
            let bits = (0..15).fold(0u16, |bits, n| {
                bits << 1 | u16::from(at + n <= last && map.has(at + n) == Some(true))
            });
            self.0.extend((0x8000 | bits).to_be_bytes());
            at += 15;
        }
        if !(self.0.len() - block).is_multiple_of(4) {
            self.0.extend([0, 0]);
        }
        let words = (self.0.len() - block) / 4 - 1;
        self.0[block + 2..block + 4].copy_from_slice(&(words as u16).to_be_bytes());
        self.end(start)
    }

    fn report(self, report: Option<&Report>) -> Self {
        let Some(report) = report else { return self };
        let lost = report.lost.clamp(-0x80_0000, 0x7f_ffff) as u32 & 0xff_ffff;
        for word in [
            report.source,
            u32::from(report.fraction_lost) << 24 | lost,
            report.highest,
            report.jitter,
            report.last_sender_report,
            report.delay,
        ] {
            self.0.extend(word.to_be_bytes());
        }
        self
    }

    /// Where the part begins, whose length [`end`](Self::end) fills in.
    fn begin(&mut self, kind: u8, count: u8) -> usize {
        let start = self.0.len();
        self.0.extend([0x80 | count, kind, 0, 0]);
        start
    }

    fn end(self, start: usize) -> Self {
        let words = (self.0.len() - start) / 4 - 1;
        self.0[start + 2..start + 4].copy_from_slice(&(words as u16).to_be_bytes());
        self
    }
}
