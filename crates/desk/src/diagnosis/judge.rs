use super::gauge::{Gauge, Patience, Shown};
use super::{Affected, Diagnosis, Heard, Remedy, VoiceFacts, VoiceFault, Whose};
use omnibar_model::Moment;
use std::time::Duration;

/// Says what is wrong with the voice of the present call, and takes it back.
#[derive(Debug, Default)]
pub struct Judge {
    gauges: [Gauge; KINDS],
    numbers: [Shown; KINDS],
}

/// Kinds of faults, gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    NothingArrives,
    MicrophoneMuted,
    SpeakerMuted,
    SpeakerAtZero,
    MicrophoneSilent,
    NothingLeaves,
    Received,
    Sent,
    Overloaded,
    Starved,
    Late,
    FarSilent,
}

const KINDS: usize = Kind::FarSilent as usize + 1;

/// Per cent of the voice that is missing: from here on it is heard, and no more below.
const GAPS: (f32, f32) = (1.5, 0.7);
/// ms from which on unevenness, not loss, is named for gaps.
const UNEVEN: f32 = 40.0;
/// ms from mouth to ear: people begin to talk at the same time (ITU-T G.114).
const SLOW: (f32, f32) = (400.0, 300.0);
/// ms of packetization, codec and devices at both ends.
const ENDS: f32 = 45.0;
/// Times in 5 s that the speaker waited; ms that the media thread was late.
const STARVED: u16 = 3;
const OVERLOADED: (f32, f32) = (40.0, 20.0);
/// Nothing has come, or gone, for so long.
const NOTHING: Duration = Duration::from_secs(2);
const UNHEARD: Duration = Duration::from_secs(5);
/// A microphone that has given no sound since the call began, and one that did before:
/// some headsets give digital silence between words.
const SILENT_FIRST: Duration = Duration::from_secs(8);
const SILENT_LATER: Duration = Duration::from_secs(45);
const FAR_SILENT: Duration = Duration::from_secs(20);

const AT_ONCE: Patience = Patience { rise: Duration::ZERO, fall: Duration::ZERO };
const SOON: Patience = Patience { rise: Duration::ZERO, fall: Duration::from_secs(1) };
const SLOWLY: Patience = Patience { rise: Duration::from_secs(2), fall: Duration::from_secs(5) };

impl Judge {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What is to be said now, gravest first; at most one for each direction and kind.
    pub fn judge(&mut self, now: Moment, facts: &VoiceFacts) -> Vec<Diagnosis> {
        if !facts.talking || !facts.line_up {
            *self = Self::default();
            return Vec::new();
        }
        let mut said = Vec::new();
        let mut say = |affected, remedy, fault| said.push(Diagnosis { affected, fault, remedy });
        let link = facts.link;

        let nothing = facts.nothing_received >= NOTHING;
        let nothing = self.follow(now, Kind::NothingArrives, nothing, !nothing, SOON);
        if nothing {
            let fault = VoiceFault::NothingArrives { link };
            say(Affected::Agent, Some(Remedy::RestartVoice), fault);
        }
        let microphone_muted = self.when(now, Kind::MicrophoneMuted, facts.microphone.muted);
        if microphone_muted {
            let fault = VoiceFault::MicrophoneMuted { device: facts.microphone.name.clone() };
            say(Affected::Customer, Some(Remedy::UnmuteMicrophone), fault);
        }
        if self.when(now, Kind::SpeakerMuted, facts.speaker.muted) {
            let fault = VoiceFault::SpeakerMuted { device: facts.speaker.name.clone() };
            say(Affected::Agent, Some(Remedy::UnmuteSpeaker), fault);
        }
        if self.when(now, Kind::SpeakerAtZero, facts.speaker.at_zero) {
            let fault = VoiceFault::SpeakerAtZero { device: facts.speaker.name.clone() };
            say(Affected::Agent, Some(Remedy::RaiseSpeaker), fault);
        }
        let silent = !facts.muted && !microphone_muted && is_silent(facts);
        if self.when(now, Kind::MicrophoneSilent, silent) {
            let device = facts.microphone.name.clone();
            let fault = VoiceFault::MicrophoneSilent { device, better: facts.better.clone() };
            say(Affected::Customer, Some(Remedy::SwitchMicrophone), fault);
        }
        let unheard = facts.unheard >= UNHEARD;
        // While nothing comes, no report comes either.
        let leaves = self.follow(now, Kind::NothingLeaves, unheard && !nothing, !unheard, SOON);
        if leaves {
            let fault = VoiceFault::NothingLeaves { link };
            say(Affected::Customer, Some(Remedy::RestartVoice), fault);
        }
        self.quality(now, facts, nothing, &mut said);
        said
    }

    fn quality(
        &mut self,
        now: Moment,
        facts: &VoiceFacts,
        nothing: bool,
        said: &mut Vec<Diagnosis>,
    ) {
        let mut say = |affected, remedy, fault| said.push(Diagnosis { affected, fault, remedy });
        let received = facts.received.filter(|_| !nothing);
        if let Some(fault) = self.gaps(now, Kind::Received, received, facts) {
            say(Affected::Agent, None, fault);
        }
        let sent = facts.sent.filter(|_| !facts.muted);
        if let Some(fault) = self.gaps(now, Kind::Sent, sent, facts) {
            say(Affected::Customer, None, fault);
        }
        let (bad, good) = (facts.late >= OVERLOADED.0, facts.late < OVERLOADED.1);
        let overloaded = self.follow(now, Kind::Overloaded, bad, good, SLOWLY);
        if overloaded {
            let ms = self.number(now, Kind::Overloaded, facts.late);
            say(Affected::Both, None, VoiceFault::Overloaded { ms });
        }
        let (bad, good) = (facts.starved >= STARVED && !overloaded, facts.starved == 0);
        if self.follow(now, Kind::Starved, bad, good || overloaded, SLOWLY) {
            let device = facts.speaker.name.clone();
            say(Affected::Agent, None, VoiceFault::SpeakerStarved { device });
        }
        let late = received
            .zip(facts.round_trip)
            .map(|(heard, trip)| (trip / 2.0 + heard.delay + ENDS).max(0.0));
        match late {
            None => self.forget(Kind::Late),
            Some(late) => {
                let (bad, good) = over(late, SLOW);
                if self.follow(now, Kind::Late, bad, good, SLOWLY) {
                    let ms = self.number(now, Kind::Late, late);
                    say(Affected::Both, None, VoiceFault::Delay { ms, link: facts.link });
                }
            }
        }
        let silent = facts.far_silent >= FAR_SILENT && received.is_some();
        if self.when(now, Kind::FarSilent, silent) {
            say(Affected::Agent, None, VoiceFault::FarSilent);
        }
    }

    fn gaps(
        &mut self,
        now: Moment,
        kind: Kind,
        heard: Option<Heard>,
        facts: &VoiceFacts,
    ) -> Option<VoiceFault> {
        let Some(heard) = heard else {
            self.forget(kind);
            return None;
        };
        let (bad, good) = over(heard.gaps, GAPS);
        if !self.follow(now, kind, bad, good, SLOWLY) {
            return None;
        }
        let theirs = heard.beyond > heard.loss - heard.beyond;
        let whose = if theirs { Whose::Theirs } else { Whose::Own { link: facts.link } };
        if heard.jitter >= UNEVEN {
            let ms = self.number(now, kind, heard.jitter);
            return Some(VoiceFault::Jitter { ms, whose });
        }
        // What is said is what the named link loses.
        let loss = if theirs { heard.beyond } else { heard.loss - heard.beyond };
        let percent = self.number(now, kind, loss.clamp(1.0, 100.0));
        Some(VoiceFault::Loss { percent: percent.clamp(1, 100) as u8, whose })
    }

    /// What is either so or not.
    fn when(&mut self, now: Moment, kind: Kind, is: bool) -> bool {
        self.follow(now, kind, is, !is, AT_ONCE)
    }

    fn follow(&mut self, now: Moment, kind: Kind, bad: bool, good: bool, how: Patience) -> bool {
        let on = self.gauges[kind as usize].follow(now, bad, good, how);
        if !on {
            self.numbers[kind as usize].forget();
        }
        on
    }

    /// Nothing is known of it: what was said does not hold any more.
    fn forget(&mut self, kind: Kind) {
        self.gauges[kind as usize] = Gauge::default();
        self.numbers[kind as usize].forget();
    }

    fn number(&mut self, now: Moment, kind: Kind, value: f32) -> u16 {
        self.numbers[kind as usize].follow(now, value)
    }
}

fn is_silent(facts: &VoiceFacts) -> bool {
    let longest =
        if facts.microphone_heard && facts.better.is_none() { SILENT_LATER } else { SILENT_FIRST };
    facts.microphone_silent >= longest
}

/// Beyond the first: bad; below the second: good. What is no number is neither.
fn over(value: f32, (most, least): (f32, f32)) -> (bool, bool) {
    (value >= most, value < least)
}
