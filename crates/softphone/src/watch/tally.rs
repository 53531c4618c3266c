use omnibar_contract::{AudioView, QualityView, VoiceView};
use omnibar_model::{LinkKind, Moment, PathKind, VoiceFigures, VoiceLayer, VoiceRecord};
use std::collections::BTreeSet;
use std::time::Duration;

/// Measurements follow each other within this, or there was a pause between them.
const PAUSE: Duration = Duration::from_secs(1);
/// Figures are of the last 5 s; before, the least of them says nothing.
const WHOLE: Duration = Duration::from_secs(5);

/// What one call's voice was like so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    last: Option<Moment>,
    lasted: Duration,
    received: Sums,
    sent: Sums,
    round_trip: Mean,
    layers: BTreeSet<VoiceLayer>,
    reconnects: u16,
    link: LinkKind,
    path: PathKind,
    microphone: String,
    speaker: String,
}

#[derive(Debug, Default)]
struct Sums {
    mos: Mean,
    mos_least: Option<f32>,
    loss: Mean,
    loss_most: f32,
    jitter: Mean,
    delay: Mean,
}

#[derive(Clone, Copy, Debug, Default)]
struct Mean {
    sum: f64,
    count: u32,
}

impl Tally {
    pub(super) fn add(&mut self, now: Moment, quality: Option<&QualityView>) {
        let passed = self.last.map_or(Duration::ZERO, |last| now.since(last));
        self.last = Some(now);
        if passed <= PAUSE {
            self.lasted += passed;
        }
        let Some(quality) = quality else { return };
        let whole = self.lasted >= WHOLE;
        self.received.add(whole, quality.mos, quality.loss, quality.jitter, quality.delay);
        if let Some(sent) = quality.sent {
            self.sent.add(whole, sent.mos, sent.loss, sent.jitter, 0.0);
        }
        if let Some(trip) = quality.round_trip {
            self.round_trip.add(trip);
        }
        let layers = quality.layers;
        let used = [
            (layers.retransmission, VoiceLayer::Retransmission),
            (layers.copies > 0, VoiceLayer::Copies),
            (layers.fec, VoiceLayer::Fec),
            (layers.deep > 0, VoiceLayer::Deep),
            ((1..20).contains(&layers.packet), VoiceLayer::Short),
        ];
        self.layers.extend(used.into_iter().filter(|(is, _)| *is).map(|(_, layer)| layer));
    }

    /// What was in use last.
    pub(super) fn surroundings(&mut self, voice: &VoiceView, audio: &AudioView) {
        (self.link, self.path) = (voice.link, voice.path);
        let using = [
            (&mut self.microphone, &audio.microphone.using),
            (&mut self.speaker, &audio.speaker.using),
        ];
        for (kept, using) in using {
            if let Some(name) = using.as_ref().filter(|name| *name != kept) {
                kept.clone_from(name);
            }
        }
    }

    pub(super) fn reconnected(&mut self) {
        self.reconnects = self.reconnects.saturating_add(1);
    }

    pub(super) fn measured(&self) -> bool {
        self.last.is_some()
    }

    /// `None`: nobody has spoken.
    pub(super) fn record(self) -> Option<VoiceRecord> {
        self.last?;
        let record = VoiceRecord {
            seconds: u32::try_from(self.lasted.as_secs()).unwrap_or(u32::MAX),
            received: self.received.figures(),
            sent: self.sent.figures(),
            round_trip: self.round_trip.mean().map(|trip| whole(trip, 1.0)),
            link: self.link,
            path: self.path,
            reconnects: self.reconnects,
            layers: self.layers.into_iter().collect(),
            microphone: self.microphone,
            speaker: self.speaker,
        };
        Some(record.bounded())
    }
}

impl Sums {
    fn add(&mut self, is_whole: bool, mos: f32, loss: f32, jitter: f32, delay: f32) {
        self.mos.add(mos);
        self.loss.add(loss);
        self.jitter.add(jitter);
        self.delay.add(delay);
        if is_whole {
            self.mos_least = Some(self.mos_least.map_or(mos, |least| least.min(mos)));
            self.loss_most = self.loss_most.max(loss);
        }
    }

    fn figures(&self) -> Option<VoiceFigures> {
        let mos = self.mos.mean()?;
        let mean = |mean: Mean, scale| whole(mean.mean().unwrap_or_default(), scale);
        Some(VoiceFigures {
            mos_least: whole(f64::from(self.mos_least.unwrap_or(mos as f32)), 100.0),
            mos_mean: whole(mos, 100.0),
            loss_most: whole(f64::from(self.loss_most), 100.0),
            loss_mean: mean(self.loss, 100.0),
            jitter: mean(self.jitter, 1.0),
            delay: mean(self.delay, 1.0),
        })
    }
}

impl Mean {
    fn add(&mut self, value: f32) {
        if value.is_finite() {
            self.sum += f64::from(value);
            self.count = self.count.saturating_add(1);
        }
    }

    fn mean(self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / f64::from(self.count))
    }
}

fn whole(value: f64, scale: f64) -> u16 {
    (value * scale).round().clamp(0.0, f64::from(u16::MAX)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use omnibar_contract::{LayersView, SentView};

    fn quality(mos: f32, loss: f32) -> QualityView {
        let sent = SentView { mos: mos - 0.5, loss: loss * 2.0, gaps: loss, jitter: 7.0 };
        QualityView {
            mos,
            loss,
            jitter: 3.0,
            delay: 42.0,
            round_trip: Some(24.0),
            sent: Some(sent),
            ..QualityView::default()
        }
    }

    fn pass(tally: &mut Tally, from: u64, to: u64, quality: &QualityView) {
        for ms in (from..to).step_by(100) {
            tally.add(Moment(ms), Some(quality));
        }
    }

    #[test]
    fn a_call_is_summed_up_both_ways() {
        let mut tally = Tally::default();
        pass(&mut tally, 0, 10_000, &quality(4.4, 0.0));
        let layers = LayersView { copies: 1, packet: 10, ..LayersView::default() };
        pass(&mut tally, 10_000, 20_000, &QualityView { layers, ..quality(3.4, 4.0) });
        tally.reconnected();
        let record = tally.record().unwrap();
        assert_eq!(record.seconds, 19);
        let heard = VoiceFigures {
            mos_least: 340,
            mos_mean: 390,
            loss_most: 400,
            loss_mean: 200,
            jitter: 3,
            delay: 42,
        };
        assert_eq!(record.received, Some(heard));
        let sent = record.sent.unwrap();
        assert_eq!((sent.mos_least, sent.mos_mean, sent.loss_mean), (290, 340, 400));
        assert_eq!(record.layers, [VoiceLayer::Copies, VoiceLayer::Short]);
        assert_eq!((record.round_trip, record.reconnects), (Some(24), 1));
    }

    #[test]
    fn its_first_seconds_and_its_holds_do_not_make_it_worse_or_longer() {
        let mut tally = Tally::default();
        pass(&mut tally, 0, 2_000, &quality(1.5, 40.0));
        pass(&mut tally, 2_000, 8_000, &quality(4.4, 0.0));
        pass(&mut tally, 100_000, 102_000, &quality(4.4, 0.0));
        let record = tally.record().unwrap();
        assert_eq!(record.seconds, 9);
        let received = record.received.unwrap();
        assert_eq!(received.mos_least, received.mos_mean, "nothing whole was worse than the mean");
        assert!(received.mos_mean > 350, "{received:?}");
    }

    #[test]
    fn a_call_without_voice_has_none_and_one_never_measured_has_no_record() {
        assert_eq!(Tally::default().record(), None);
        let mut tally = Tally::default();
        tally.add(Moment(0), None);
        tally.add(Moment(900), None);
        let record = tally.record().unwrap();
        assert_eq!((record.received, record.sent, record.seconds), (None, None, 0));
    }
}
