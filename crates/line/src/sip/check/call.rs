//! The test call: a tone is said, and listened for.

use super::CallTest;
use crate::sip::ExtensionEvent;
use crate::sip::phone::{Phone, PhoneEvent};
use crate::voice::LineSink;
use omnibar_media::{BLOCK, Channel, Engine, EngineConfig, Micros, Received, SAMPLE_RATE};
use omnibar_sip::{CallNumber, Event, Uri};
use std::collections::hash_map::RandomState;
use std::f32::consts::TAU;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};

/// For somebody to answer, and for a way to be found.
const ANSWERED: Duration = Duration::from_secs(20);
/// For the first packet, and for the tone.
const HEARD: Duration = Duration::from_secs(5);
const TURN: Duration = Duration::from_millis(10);
/// Hz and amplitude: within every codec's band, and no tone of a telephone network.
const TONE: f32 = 800.0;
const LOUD: f32 = 0.25;
/// Amplitude from which it has come back: 20 dB less than was said.
const BACK: f32 = 0.025;
/// Blocks that are listened to at once.
const SPAN: usize = 10;

pub(super) struct Talk<'a> {
    phone: &'a Phone,
    events: mpsc::UnboundedReceiver<PhoneEvent>,
    sink: LineSink,
    arriving: rtrb::Consumer<Received>,
    epoch: std::time::Instant,
}

impl<'a> Talk<'a> {
    pub(super) fn new(
        phone: &'a Phone,
        events: mpsc::UnboundedReceiver<PhoneEvent>,
        sink: LineSink,
        arriving: rtrb::Consumer<Received>,
        epoch: std::time::Instant,
    ) -> Self {
        Self { phone, events, sink, arriving, epoch }
    }

    /// Calls, and waits until voice can pass.
    pub(super) async fn begin(&mut self, to: Uri) -> Result<CallNumber, CallTest> {
        let ours = self.phone.call(to);
        let until = Instant::now() + ANSWERED;
        let mut answered = false;
        while let Ok(Some(event)) = timeout_at(until, self.events.recv()).await {
            match event {
                PhoneEvent::Connected { call, .. } if call == ours => return Ok(ours),
                PhoneEvent::NoVoice { call, .. } if call == ours => return Err(CallTest::NoPath),
                PhoneEvent::Extension(ExtensionEvent::Sip(Event::Answered { call, .. }))
                    if call == ours =>
                {
                    answered = true;
                }
                PhoneEvent::Extension(ExtensionEvent::Sip(Event::Ended { call, cause }))
                    if call == ours =>
                {
                    return Err(if answered { CallTest::NoPath } else { CallTest::Ended(cause) });
                }
                _ => {}
            }
        }
        Err(if answered { CallTest::NoPath } else { CallTest::Unanswered })
    }

    /// Speaks, until what is said is heard.
    pub(super) async fn listen(&mut self, call: CallNumber) -> Result<(), CallTest> {
        let heard = self.converse().await;
        self.phone.hang_up(call);
        heard
    }

    async fn converse(&mut self) -> Result<(), CallTest> {
        let seed = RandomState::new().build_hasher().finish();
        let mut engine = Engine::new(EngineConfig { seed, ..EngineConfig::default() })
            .map_err(|_| CallTest::NothingComes)?;
        engine.set_microphone(true);
        let mut turns = interval(TURN);
        turns.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let until = Instant::now() + HEARD;
        let (mut came, mut said) = (false, 0);
        let mut heard = [0.0; SPAN * BLOCK];
        while Instant::now() < until {
            turns.tick().await;
            let now = u64::try_from(self.epoch.elapsed().as_micros()).unwrap_or(u64::MAX);
            let agreed = self.sink.agreed();
            engine.set_sources(agreed.sources);
            engine.speak(agreed.codec);
            while let Ok(received) = self.arriving.pop() {
                came = true;
                engine.receive(received);
            }
            let tone: [f32; BLOCK] = std::array::from_fn(|n| LOUD * turn(said + n).1);
            said += BLOCK;
            // A block that is not sent is one less of the tone.
            let _ = engine.capture(&tone, &mut self.sink);
            heard.copy_within(BLOCK.., 0);
            if let Some(newest) = heard.last_chunk_mut() {
                engine.playout(Micros(now), newest);
            }
            if let Some(rtcp) = engine.rtcp(Micros(now)) {
                self.sink.report(rtcp);
            }
            if amplitude(&heard) > BACK {
                return Ok(());
            }
        }
        Err(if came { CallTest::NothingReturns } else { CallTest::NothingComes })
    }
}

/// Cosine and sine of the tone at a sample.
fn turn(sample: usize) -> (f32, f32) {
    // Whole periods of the tone: the product stays exact.
    let sample = sample % SAMPLE_RATE as usize;
    let (sin, cos) = (TAU * TONE * sample as f32 / SAMPLE_RATE as f32).sin_cos();
    (cos, sin)
}

/// Of the tone in it.
fn amplitude(samples: &[f32]) -> f32 {
    let (re, im) = samples.iter().enumerate().fold((0.0, 0.0), |(re, im), (n, sample)| {
        let (cos, sin) = turn(n);
        (re + sample * cos, im + sample * sin)
    });
    2.0 * f32::hypot(re, im) / samples.len() as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tone_is_told_from_other_sound() {
        let tone: Vec<f32> = (5..4_805).map(|n| LOUD * turn(n).1).collect();
        assert!((amplitude(&tone) - LOUD).abs() < 1e-3);
        let other = |hertz: f32| {
            let at = |n: usize| 0.5 * (TAU * hertz * n as f32 / SAMPLE_RATE as f32).sin();
            (0..4_800).map(at).collect::<Vec<f32>>()
        };
        for hertz in [350.0, 425.0, 480.0, 700.0, 880.0, 1_000.0] {
            assert!(amplitude(&other(hertz)) < BACK, "{hertz} Hz");
        }
        assert_eq!(amplitude(&[0.0; 4_800]), 0.0);
    }
}
