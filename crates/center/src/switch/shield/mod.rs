//! What the switch does against loss on one leg's path. It ends the path of each leg: what a
//! leg's voice has lost on its way here is not the other leg's concern, and the other way
//! round.
//!
//! ```text
//!  network ─▶ receive ─▶ voice, and copies in place of what is missing ─▶ other legs, tapes
//!  network ◀─ send ◀─ copies added, as far as this leg's path loses ◀─ another leg, a room
//!  network ─▶ heard ─▶ what is asked for is sent again
//!  network ◀─ tell ◀─ reports, and requests for what is missing
//! ```
//!
//! Pure: times and packets are arguments. Numbers stay as they came, so that what is lost for
//! good is seen to be lost.

mod inward;
mod outward;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod test;

use inward::Inward;
use omnibar_media::loss::rtcp::{self, Builder, Item, Listener, SenderInfo};
use omnibar_media::{Micros, Packet, Received};
use omnibar_peer::Terms;
use outward::Outward;

/// One leg's layers against loss, both ways.
#[derive(Debug)]
pub(crate) struct Shield {
    terms: Terms,
    inward: Inward,
    outward: Outward,
    /// The round trip by RTCP, and by ICE until that is known.
    measured: Option<Micros>,
    checked: Option<Micros>,
    reported: Option<Micros>,
    /// Who hears this leg, and whether it has been told so.
    heard_by: Listener,
    news: bool,
    out: Vec<u8>,
}

/// What a packet is to whoever plays the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coming {
    New,
    /// It was lost, and asked for. When it comes says nothing of the path.
    Again,
    /// It, or a copy in its place, has been passed on already.
    Known,
}

/// µs between reports to a leg that sends nothing.
const REGULAR: u64 = 1_000_000;
/// Numbers answered of one request.
const MOST_ANSWERS: usize = 64;
/// RFC 3550 section 6.5.1 wants one; there is no second stream that it would tell apart.
const NAME: &str = "omnibar";

impl Shield {
    pub(crate) fn new(terms: Terms) -> Self {
        Self {
            terms,
            inward: Inward::new(),
            outward: Outward::new(&terms),
            measured: None,
            checked: None,
            reported: None,
            heard_by: Listener::default(),
            news: false,
            out: Vec::new(),
        }
    }

    /// An exchange on the same connection has settled on other terms.
    pub(crate) fn agree(&mut self, terms: Terms) {
        self.terms = terms;
        self.outward.allow(&terms);
    }

    /// What this leg can use of what another sends.
    pub(crate) fn listener(&self) -> Listener {
        let Terms { packet, omnibar: deep, .. } = self.terms;
        Listener { packet, deep, loss: self.outward.unhelped() }
    }

    /// Whoever hears this leg; it is told, if it is one of ours.
    pub(crate) fn set_heard_by(&mut self, listener: Listener) {
        self.news |= self.heard_by != listener;
        self.heard_by = listener;
    }

    /// As measured by ICE.
    pub(crate) fn set_round_trip(&mut self, round_trip: Option<Micros>) {
        self.checked = round_trip;
        self.outward.set_round_trip(self.round_trip());
    }

    /// RTCP's own measure passes the way that answers will.
    fn round_trip(&self) -> Option<Micros> {
        self.measured.or(self.checked)
    }

    /// How long a packet that is asked for takes; `None`: none is asked for.
    pub(crate) fn answer_takes(&self) -> Option<Micros> {
        self.round_trip().filter(|_| self.terms.nack)
    }

    /// A packet of this leg's stream `source` (SSRC). Into `frames`, which is cleared, goes
    /// what it brings to be passed on: copies of packets that are missing, the oldest first,
    /// and its own voice or event, each as a packet of its own.
    pub(crate) fn receive(
        &mut self,
        source: u32,
        received: Received,
        frames: &mut Vec<Packet>,
    ) -> Coming {
        self.inward.receive(source, received, self.round_trip(), frames)
    }

    /// A packet that is for this leg, as it has to be sent; `None`: the next one takes it
    /// along. `copy`: it came in the place of one that was lost.
    pub(crate) fn send(&mut self, now: Micros, packet: Packet, copy: bool) -> Option<Packet> {
        self.outward.send(now, packet, copy)
    }

    /// RTCP of this leg; what it asks for again goes to `again`, as it was sent.
    pub(crate) fn heard(&mut self, now: Micros, bytes: &[u8], mut again: impl FnMut(Packet)) {
        let Self { terms, inward, outward, measured, .. } = self;
        let ours = |source: u32| source == terms.ssrc;
        // What was wrong in it ends the reading; what came before holds.
        let _ = rtcp::parse(bytes, |item| match item {
            Item::Sender(info) => inward.heard(&info, now),
            Item::Report(report) if ours(report.source) => {
                if let Some(trip) = rtcp::round_trip(&report, now) {
                    let smooth = measured.map_or(trip.0, |old| (old.0 * 7 + trip.0) / 8);
                    *measured = Some(Micros(smooth));
                    outward.set_round_trip(*measured);
                }
                outward.report(now, &report);
            }
            Item::Losses { source, came } if ours(source) => outward.losses(now, came),
            Item::Nack { media, numbers } if ours(media) && terms.nack => {
                outward.answer(now, numbers.take(MOST_ANSWERS), &mut again);
            }
            // A leg hears for itself.
            Item::Listener(_) => {}
            Item::Report(_) | Item::Losses { .. } | Item::Nack { .. } => {}
        });
    }

    /// The RTCP that is to be sent now, if any. Ask after every packet either way.
    pub(crate) fn tell(&mut self, now: Micros) -> Option<&[u8]> {
        self.inward.ask(now, self.answer_takes());
        let waited = self.reported.is_none_or(|last| now.0.saturating_sub(last.0) >= REGULAR);
        let news = self.news && self.terms.omnibar;
        let due = news || self.inward.reporter.due(now) || (waited && self.outward.packets > 0);
        if !due && self.inward.wanted.is_empty() {
            return None;
        }
        let (ours, theirs) = (self.terms.ssrc, self.inward.source.unwrap_or(0));
        // Feedback alone needs no report with it (RFC 5506).
        let mut builder = Builder::new(&mut self.out);
        if due {
            self.reported = Some(now);
            self.news = false;
            let report = self.inward.reporter.report(theirs, now);
            builder = match self.outward.info(ours, now) {
                Some(info) => builder.sender_report(&info, report.as_ref()),
                None => builder.receiver_report(ours, report.as_ref()),
            };
            if self.terms.omnibar {
                builder = builder.listener(ours, &self.heard_by);
            }
            builder = self.inward.reporter.losses(builder.name(ours, NAME), ours, theirs);
        }
        builder.nack(ours, theirs, &self.inward.wanted);
        Some(&self.out)
    }
}

impl Outward {
    /// For a sender report; `None`: nothing was sent.
    fn info(&self, source: u32, now: Micros) -> Option<SenderInfo> {
        (self.packets > 0).then(|| SenderInfo {
            source,
            ntp: rtcp::ntp(now),
            timestamp: self.timestamp,
            packets: self.packets,
            bytes: self.bytes,
        })
    }
}
