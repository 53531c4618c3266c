use omnibar_media::loss::Allowed;
use omnibar_media::{Agreed, Codec, Micros, Sources};
use omnibar_peer::Terms;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// What the connection's two ends have agreed on, written by the network's tasks and read
/// by the media thread without waiting. A reading between two writings is put right by the
/// next.
#[derive(Debug, Default)]
pub(crate) struct Agreement {
    /// Ours; 0: not known.
    ours: AtomicU32,
    /// Of the newest packet; 0: none came.
    theirs: AtomicU32,
    /// The flags and the codec below, and above them the shortest packet in µs.
    terms: AtomicU64,
}

const RED: u64 = 1;
const NACK: u64 = 2;
const DEEP: u64 = 4;
/// Place of the codec in [`Codec::ALL`].
const CODEC: u32 = 3;
const CODECS: u64 = 3;
const PACKET: u32 = 8;

impl Agreement {
    /// Another connection: nothing is agreed on yet.
    pub(crate) fn begin(&self) {
        self.ours.store(0, Ordering::Relaxed);
        self.theirs.store(0, Ordering::Relaxed);
        self.terms.store(0, Ordering::Relaxed);
    }

    pub(crate) fn agree(&self, terms: Terms) {
        let flag = |on, flag| if on { flag } else { 0 };
        let flags = flag(terms.red, RED) | flag(terms.nack, NACK) | flag(terms.omnibar, DEEP);
        self.ours.store(terms.ssrc, Ordering::Relaxed);
        let codec = Codec::ALL.iter().position(|codec| *codec == terms.codec).unwrap_or(0) as u64;
        self.terms.store(terms.packet.0 << PACKET | codec << CODEC | flags, Ordering::Relaxed);
    }

    pub(crate) fn heard(&self, theirs: u32) {
        self.theirs.store(theirs, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> Agreed {
        let terms = self.terms.load(Ordering::Relaxed);
        let theirs = self.theirs.load(Ordering::Relaxed);
        let sources = Sources {
            ours: self.ours.load(Ordering::Relaxed),
            theirs: (theirs != 0).then_some(theirs),
        };
        if terms == 0 {
            return Agreed { sources, ..Agreed::default() };
        }
        let allowed = Allowed {
            red: terms & RED != 0,
            nack: terms & NACK != 0,
            deep: terms & DEEP != 0,
            packet: Micros(terms >> PACKET),
            ..Allowed::default()
        };
        let codec = Codec::ALL[(terms >> CODEC & CODECS) as usize];
        Agreed { sources, allowed, codec }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_agreed_is_read_and_forgotten_with_the_connection() {
        let agreement = Agreement::default();
        assert_eq!(agreement.read(), Agreed::default());
        let terms = Terms { red: true, nack: true, omnibar: true, ..Terms::none(0xfeed) };
        let all = Terms { packet: Micros(10_000), ..terms };
        agreement.agree(all);
        agreement.heard(0xbeef);
        let Agreed { sources, allowed, codec } = agreement.read();
        assert_eq!(codec, Codec::Opus);
        assert_eq!(sources, Sources { ours: 0xfeed, theirs: Some(0xbeef) });
        let with = |red, nack, deep, packet| Allowed {
            red,
            nack,
            deep,
            packet: Micros(packet),
            ..Allowed::default()
        };
        assert_eq!(allowed, with(true, true, true, 10_000));
        agreement.agree(Terms { red: true, ..Terms::none(7) });
        assert_eq!(agreement.read().allowed, with(true, false, false, 20_000));
        for codec in Codec::ALL {
            agreement.agree(Terms { codec, ..all });
            let read = agreement.read();
            assert_eq!((read.codec, read.allowed), (codec, with(true, true, true, 10_000)));
        }
        agreement.begin();
        assert_eq!(agreement.read(), Agreed::default());
    }
}
