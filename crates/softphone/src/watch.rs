//! Watches the voice of calls: what to say of it now, and what to keep of it.

mod tally;

use crate::scene::Scene;
use omnibar_contract::{Meter, SourceMute, SpeakerOff};
use omnibar_desk::{CallView, Device, Heard, Judge, LineState, Snapshot, VoiceFacts};
use omnibar_model::{Conversation, InteractionId, Moment, VoiceRecord};
use std::collections::BTreeMap;
use std::time::Duration;
use tally::Tally;

#[derive(Debug, Default)]
pub(crate) struct Watch {
    judge: Judge,
    /// Since when somebody is meant to hear the agent: what was before counts for nothing.
    talking: Option<Moment>,
    tallies: BTreeMap<InteractionId, Tally>,
    line: LineState,
}

impl Watch {
    /// Takes one measurement. True: what is said of the voice has changed.
    pub(crate) fn meter(
        &mut self,
        now: Moment,
        meter: &Meter,
        scene: &mut Scene,
        desk: &Snapshot,
    ) -> bool {
        if desk.calls.iter().any(is_talking) {
            self.talking.get_or_insert(now);
        } else {
            self.talking = None;
        }
        for call in desk.calls.iter().filter(|call| is_talking(call)) {
            if let Some(tally) = self.tallies.get_mut(&call.interaction.id) {
                tally.add(now, meter.quality.as_ref());
            }
        }
        self.say(now, &facts(self.talking.map(|since| now.since(since)), meter, scene, desk), scene)
    }

    /// Follows the calls and the line; returns the records of those that are over.
    pub(crate) fn calls(
        &mut self,
        scene: &mut Scene,
        desk: &Snapshot,
    ) -> Vec<(InteractionId, VoiceRecord)> {
        let before = std::mem::replace(&mut self.line, desk.line);
        let back = before != LineState::Up && desk.line == LineState::Up;
        for call in desk.calls.iter().filter(|call| is_up(call)) {
            let tally = self.tallies.entry(call.interaction.id.clone()).or_default();
            tally.surroundings(&scene.voice, &scene.audio);
            if back && tally.measured() {
                tally.reconnected();
            }
        }
        let up =
            |id: &InteractionId| desk.calls.iter().any(|c| c.interaction.id == *id && is_up(c));
        let over: Vec<_> = self.tallies.keys().filter(|id| !up(id)).cloned().collect();
        if self.tallies.len() == over.len() {
            scene.voice.diagnoses.clear();
        }
        over.into_iter()
            .filter_map(|id| {
                let record = self.tallies.remove(&id)?.record()?;
                Some((id, record))
            })
            .collect()
    }

    fn say(&mut self, now: Moment, facts: &VoiceFacts, scene: &mut Scene) -> bool {
        let said = self.judge.judge(now, facts);
        let changed = said != scene.voice.diagnoses;
        if changed {
            tracing::info!(faults = ?said.iter().map(|d| &d.fault).collect::<Vec<_>>(), "voice");
            scene.voice.diagnoses = said;
        }
        changed
    }
}

fn facts(talking: Option<Duration>, meter: &Meter, scene: &Scene, desk: &Snapshot) -> VoiceFacts {
    let (signs, audio) = (meter.signs, &scene.audio);
    let longest = talking.unwrap_or_default();
    let since =
        |seconds: f32| Duration::try_from_secs_f32(seconds).unwrap_or_default().min(longest);
    let quality = meter.quality;
    VoiceFacts {
        talking: talking.is_some(),
        muted: desk.muted,
        line_up: desk.line == LineState::Up,
        link: scene.voice.link,
        received: quality.map(|q| Heard {
            loss: q.loss,
            gaps: q.gaps,
            jitter: q.jitter,
            delay: q.delay,
            beyond: q.beyond,
        }),
        nothing_received: since(signs.nothing_received),
        sent: quality.and_then(|q| q.sent).map(|sent| Heard {
            loss: sent.loss,
            gaps: sent.gaps,
            jitter: sent.jitter,
            ..Heard::default()
        }),
        unheard: since(signs.unheard),
        round_trip: quality.and_then(|q| q.round_trip),
        microphone: Device {
            name: audio.microphone.using.clone().unwrap_or_default(),
            muted: audio.mute == SourceMute::System,
            at_zero: false,
        },
        // That there is no microphone is said elsewhere.
        microphone_silent: match audio.microphone.using {
            Some(_) => since(signs.microphone_silent),
            None => Duration::ZERO,
        },
        microphone_heard: signs.microphone_heard,
        better: audio.hears.as_ref().map(|device| device.name.clone()),
        speaker: Device {
            name: audio.speaker.using.clone().unwrap_or_default(),
            muted: audio.speaker_off == Some(SpeakerOff::Muted),
            at_zero: audio.speaker_off == Some(SpeakerOff::AtZero)
                || scene.settings.volumes.speaker <= 0.0,
        },
        far_silent: since(signs.far_silent),
        starved: signs.starved,
        late: signs.late,
    }
}

/// The agent and another party are meant to hear each other.
fn is_talking(call: &CallView) -> bool {
    call.interaction.conversation == Conversation::Connected
}

fn is_up(call: &CallView) -> bool {
    match call.interaction.conversation {
        Conversation::Connected | Conversation::Held => true,
        Conversation::Offered { .. }
        | Conversation::Ringing
        | Conversation::Wrapping { .. }
        | Conversation::Ended => false,
    }
}
