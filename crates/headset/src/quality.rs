//! The voice path in the words of the contract.

use omnibar_contract::{LayersView, PathProblem, QualityView, SentView, Signs};
use omnibar_media::engine::Sent;
use omnibar_media::loss::Layers;
use omnibar_media::{BLOCK, Engine, Micros, Quality};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Nothing received for this long is a problem of its own.
const NOTHING_AFTER: Duration = Duration::from_secs(2);
/// Beyond these an agent hears it: per cent; ms; ms, there and back.
const HEARD_LOSS: f32 = 3.0;
const HEARD_JITTER: f32 = 40.0;
const HEARD_ROUND_TRIP: f32 = 400.0;
const WORST_MOS: f32 = 1.0;
/// −70 dBFS: less than any room gives a microphone that works; and −60 dBFS, less than
/// anybody hears.
const LIVE: f32 = 0.000_3;
const AUDIBLE: f32 = 0.001;
/// A microphone that is silent for so long may not be the one that the agent speaks to.
const SILENT: Duration = Duration::from_secs(4);
const TRY_AGAIN: Duration = Duration::from_secs(15);
/// What is counted is of the last 5 s.
const WINDOW: Duration = Duration::from_secs(5);
/// ms: one way of sound through packetization, codec and devices, and what a far side
/// buffers that does not tell.
const ENDS: f32 = 45.0 + 60.0;

/// Watches one call for what figures of the path do not show.
#[derive(Debug)]
pub(crate) struct Signals {
    received_at: Instant,
    microphone_at: Instant,
    microphone_heard: bool,
    far_at: Instant,
    tried_at: Option<Instant>,
    /// When, the speaker's underruns so far, and ms by which this machine was late.
    turns: VecDeque<(Instant, u64, f32)>,
}

impl Signals {
    /// A call begins.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            received_at: now,
            microphone_at: now,
            microphone_heard: false,
            far_at: now,
            tried_at: None,
            turns: VecDeque::with_capacity(64),
        }
    }

    /// A packet came.
    pub(crate) fn received(&mut self, now: Instant) {
        self.received_at = now;
    }

    /// As the device gives it, whether it is sent or not.
    pub(crate) fn microphone(&mut self, block: &[f32; BLOCK], now: Instant) {
        if block.iter().any(|sample| sample.abs() > LIVE) {
            (self.microphone_at, self.microphone_heard) = (now, true);
        }
    }

    /// As it is decoded.
    pub(crate) fn far(&mut self, block: &[f32; BLOCK], now: Instant) {
        if block.iter().any(|sample| sample.abs() > AUDIBLE) {
            self.far_at = now;
        }
    }

    /// `due`: when this turn was to be. `underruns`: of the speaker, so far.
    pub(crate) fn turn(&mut self, now: Instant, due: Instant, underruns: u64) {
        let late = now.saturating_duration_since(due).as_secs_f32() * 1000.0;
        self.turns.push_back((now, underruns, late));
        let old = |at: Instant| now.saturating_duration_since(at) > WINDOW;
        while self.turns.len() > 60 || self.turns.front().is_some_and(|(at, ..)| old(*at)) {
            self.turns.pop_front();
        }
    }

    /// What there is to say of the path now. `time` is `now` on the engine's clock.
    pub(crate) fn quality(
        &self,
        engine: &mut Engine,
        now: Instant,
        time: Micros,
        round_trip: Option<Micros>,
    ) -> Option<QualityView> {
        let silent = now.saturating_duration_since(self.received_at);
        let beyond = engine.lost_before(time);
        let (sent, layers) = (engine.sent(), engine.layers());
        let view = view(engine.quality(time), round_trip, silent)?;
        Some(QualityView {
            beyond: beyond.min(view.loss),
            sent: sent.map(|sent| arrives(sent, view.round_trip)),
            layers: used(layers, engine.retransmits()),
            ..view
        })
    }

    /// The microphone has been silent for so long that others are to be tried; once in a
    /// while.
    pub(crate) fn wants_another(&mut self, now: Instant) -> bool {
        let since = |at: Instant| now.saturating_duration_since(at);
        let silent = since(self.microphone_at) >= SILENT;
        let wants = silent && self.tried_at.is_none_or(|at| since(at) >= TRY_AGAIN);
        if wants {
            self.tried_at = Some(now);
        }
        wants
    }

    /// s since a packet came.
    pub(crate) fn nothing_for(&self, now: Instant) -> f32 {
        now.saturating_duration_since(self.received_at).as_secs_f32()
    }

    pub(crate) fn signs(&self, engine: &Engine, now: Instant, time: Micros) -> Signs {
        let since = |at: Instant| now.saturating_duration_since(at).as_secs_f32();
        let (first, last) = (self.turns.front(), self.turns.back());
        let starved = last.zip(first).map_or(0, |(last, first)| last.1.saturating_sub(first.1));
        Signs {
            nothing_received: since(self.received_at),
            unheard: engine.unheard(time).map_or(0.0, |micros| micros as f32 / 1e6),
            microphone_silent: since(self.microphone_at),
            microphone_heard: self.microphone_heard,
            far_silent: since(self.far_at),
            starved: u16::try_from(starved).unwrap_or(u16::MAX),
            late: self.turns.iter().map(|(.., late)| *late).fold(0.0, f32::max),
        }
    }
}

/// `silent`: how long nothing has come. `None`: too early to tell.
fn view(quality: Quality, round_trip: Option<Micros>, silent: Duration) -> Option<QualityView> {
    let nothing = silent >= NOTHING_AFTER;
    if !quality.flowing && !nothing {
        return None;
    }
    let round_trip = round_trip.map(|trip| trip.0 as f32 / 1000.0);
    let problem = if nothing {
        Some(PathProblem::NothingReceived)
    } else if quality.loss_percent >= HEARD_LOSS {
        Some(PathProblem::Loss)
    } else if quality.jitter_ms >= HEARD_JITTER {
        Some(PathProblem::Jitter)
    } else if round_trip.is_some_and(|trip| trip >= HEARD_ROUND_TRIP) {
        Some(PathProblem::Delay)
    } else {
        None
    };
    Some(QualityView {
        mos: if nothing { WORST_MOS } else { quality.mos },
        loss: quality.loss_percent,
        gaps: quality.heard_percent,
        jitter: quality.jitter_ms,
        round_trip,
        delay: quality.delay_ms,
        problem,
        ..QualityView::default()
    })
}

/// The way counts as it does for the agent: half the round trip.
fn arrives(sent: Sent, round_trip: Option<f32>) -> SentView {
    use omnibar_media::quality::emodel;
    let delay_ms = round_trip.unwrap_or_default() / 2.0 + ENDS;
    let slow = emodel::Path { delay_ms, loss_percent: 0.0, burst_ratio: 1.0 };
    let quick = emodel::Path { delay_ms: 0.0, ..slow };
    let opinion = |path| emodel::mos(emodel::r_factor(path, emodel::OPUS));
    SentView {
        mos: (sent.mos - (opinion(quick) - opinion(slow))).clamp(WORST_MOS, 4.5),
        loss: sent.loss_percent,
        gaps: sent.heard_percent,
        jitter: sent.jitter_ms,
    }
}

fn used(layers: Layers, retransmission: bool) -> LayersView {
    LayersView {
        copies: u8::try_from(layers.pattern.copies()).unwrap_or(u8::MAX),
        retransmission,
        fec: layers.fec,
        deep: layers.deep,
        packet: u8::try_from(layers.packet.0 / 1000).unwrap_or(u8::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Quality {
        Quality { mos: 4.3, r_factor: 90.0, flowing: true, ..Quality::default() }
    }

    fn problem(quality: Quality, trip: Option<Micros>, silent: Duration) -> Option<PathProblem> {
        view(quality, trip, silent).and_then(|view| view.problem)
    }

    #[test]
    fn names_what_the_agent_hears() {
        let now = Duration::ZERO;
        assert_eq!(problem(good(), Some(Micros(50_000)), now), None);
        let lossy = Quality { loss_percent: 6.0, ..good() };
        assert_eq!(problem(lossy, None, now), Some(PathProblem::Loss));
        let uneven = Quality { jitter_ms: 60.0, ..good() };
        assert_eq!(problem(uneven, None, now), Some(PathProblem::Jitter));
        assert_eq!(problem(good(), Some(Micros(600_000)), now), Some(PathProblem::Delay));
    }

    #[test]
    fn silence_is_told_after_two_seconds_and_not_before() {
        let silent = Quality { flowing: false, ..good() };
        assert_eq!(view(silent, None, Duration::from_millis(1900)), None);
        let told = view(good(), None, NOTHING_AFTER).unwrap();
        assert_eq!(told.problem, Some(PathProblem::NothingReceived));
        assert!(told.mos <= 1.0);
    }

    #[test]
    fn the_far_sides_opinion_falls_with_loss_and_with_the_way() {
        let clean = Sent { mos: 4.4, ..Sent::default() };
        let near = arrives(clean, Some(20.0));
        let far = arrives(clean, Some(800.0));
        let lossy = arrives(Sent { mos: 2.5, loss_percent: 8.0, ..clean }, Some(20.0));
        assert!(near.mos > 4.2 && far.mos < near.mos - 0.5 && lossy.mos < 2.6, "{near:?} {far:?}");
        assert!((lossy.loss - 8.0).abs() < 0.01);
    }

    #[test]
    fn signs_are_of_this_call_and_of_the_last_seconds() {
        let begin = Instant::now();
        let at = |ms| begin + Duration::from_millis(ms);
        let mut signals = Signals::new(begin);
        let engine = Engine::new(omnibar_media::EngineConfig::default()).unwrap();
        signals.microphone(&[0.0; BLOCK], at(500));
        signals.turn(at(1_000), at(990), 7);
        let signs = signals.signs(&engine, at(1_000), Micros(0));
        assert!((signs.microphone_silent - 1.0).abs() < 0.01 && !signs.microphone_heard);
        assert!((signs.late - 10.0).abs() < 0.1 && signs.starved == 0 && signs.unheard == 0.0);
        signals.microphone(&[0.01; BLOCK], at(1_100));
        signals.far(&[0.000_5; BLOCK], at(1_100));
        signals.received(at(1_150));
        signals.turn(at(1_200), at(1_120), 9);
        let signs = signals.signs(&engine, at(1_200), Micros(0));
        assert!((signs.microphone_silent - 0.1).abs() < 0.01 && signs.microphone_heard);
        assert!((signs.far_silent - 1.2).abs() < 0.01, "nobody hears so little");
        assert!((signs.nothing_received - 0.05).abs() < 0.01);
        assert_eq!((signs.starved, signs.late.round() as u16), (2, 80));
        signals.turn(at(7_000), at(7_000), 9);
        let signs = signals.signs(&engine, at(7_000), Micros(0));
        assert_eq!((signs.starved, signs.late.round() as u16), (0, 0));
    }
}
