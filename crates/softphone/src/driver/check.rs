//! The check before the first call: devices, voice connection, network, TURN servers.

use super::Softphone;
use crate::port::{AudioProbe, LineProbe, PathProbe, RelayProbe};
use omnibar_contract::{AudioIntent, CheckState, CheckView, Finding, SourceMute, SpeakerOff};
use omnibar_desk::LineState;
use omnibar_model::Moment;
use std::time::Duration;

/// How long after the sign-in the voice connection may take to come up.
const LINE_PATIENCE: Duration = Duration::from_secs(8);
/// What has not answered by then does not.
const PATIENCE: Duration = Duration::from_secs(10);
/// −80 dBFS: a microphone that is on gives more than that, if only noise of its own.
const LIVE: f32 = 0.000_1;

#[derive(Debug)]
pub(super) struct Check {
    at_sign_in: bool,
    /// When the check of this session is to begin.
    planned: Option<Moment>,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    until: Moment,
    /// There was a voice connection to try.
    line: bool,
    audio: Option<AudioProbe>,
    probed: Option<LineProbe>,
}

impl Check {
    pub(super) fn new(at_sign_in: bool) -> Self {
        Self { at_sign_in, planned: None, running: None }
    }

    pub(super) fn deadline(&self) -> Option<Moment> {
        self.running.as_ref().map(|running| running.until).or(self.planned)
    }
}

impl Softphone {
    pub(super) fn plan_check(&mut self) {
        if self.check.at_sign_in {
            self.check.planned = Some(self.clock.now() + LINE_PATIENCE);
        }
    }

    /// The planned check begins as soon as the voice connection is up.
    pub(super) fn line_for_check(&mut self, line: LineState) {
        if line == LineState::Up && self.check.planned.is_some() {
            self.start_check();
        }
    }

    pub(super) fn check_due(&mut self) {
        let now = self.clock.now();
        if self.check.running.as_ref().is_some_and(|running| running.until <= now) {
            self.finish_check();
        } else if self.check.planned.is_some_and(|at| at <= now) {
            // Where the voice is in a desk phone there is nothing to check.
            match self.desk.shown().line {
                LineState::Closed => self.check.planned = None,
                LineState::Up
                | LineState::Connecting
                | LineState::Lost
                | LineState::Recovering
                | LineState::Failed => self.start_check(),
            }
        }
    }

    pub(super) fn start_check(&mut self) {
        self.check.planned = None;
        if self.in_call || self.check.running.is_some() {
            return;
        }
        let line = self.desk.shown().line == LineState::Up;
        let until = self.clock.now() + PATIENCE;
        self.check.running = Some(Running { until, line, audio: None, probed: None });
        self.show_check(CheckState::Running, Vec::new());
        if line {
            self.ports.centre.echo(true);
        }
        let servers = self.servers();
        self.ports.line.probe(servers);
        self.ports.audio.ask(AudioIntent::Probe);
    }

    pub(super) fn probed_audio(&mut self, probe: AudioProbe) {
        if let Some(running) = &mut self.check.running {
            running.audio = Some(probe);
            self.finish_when_known();
        }
    }

    pub(super) fn probed_line(&mut self, probe: LineProbe) {
        if let Some(running) = &mut self.check.running {
            running.probed = Some(probe);
            self.finish_when_known();
        }
    }

    /// The call has the devices now.
    pub(super) fn interrupt_check(&mut self) {
        self.check.planned = None;
        if self.check.running.take().is_some() {
            self.ports.centre.echo(false);
            self.show_check(CheckState::Interrupted, Vec::new());
        }
    }

    pub(super) fn dismiss_check(&mut self) {
        if self.check.running.is_none() {
            self.show_check(CheckState::Idle, Vec::new());
        }
    }

    pub(super) fn forget_check(&mut self) {
        self.check.planned = None;
        self.check.running = None;
        self.scene.voice.check = CheckView::default();
    }

    fn finish_when_known(&mut self) {
        let known = |running: &Running| running.audio.is_some() && running.probed.is_some();
        if self.check.running.as_ref().is_some_and(known) {
            self.finish_check();
        }
    }

    fn finish_check(&mut self) {
        let Some(running) = self.check.running.take() else { return };
        if running.line {
            self.ports.centre.echo(false);
        }
        let audio = running.audio.unwrap_or_default();
        let mut items = vec![self.microphone(audio), self.speaker(audio)];
        let probed = running.probed.unwrap_or_default();
        items.extend(self.network(running.line, &probed, audio.path));
        items.extend(probed.relays.into_iter().map(relay));
        tracing::info!(?items, "checked before calls");
        self.show_check(CheckState::Done, items);
    }

    fn show_check(&mut self, state: CheckState, items: Vec<Finding>) {
        let at = (state == CheckState::Done).then(|| self.clock.now());
        self.scene.voice.check = CheckView { state, at, items };
        self.changed = true;
    }

    fn microphone(&self, probe: AudioProbe) -> Finding {
        let audio = &self.scene.audio;
        let Some(name) = audio.microphone.using.clone() else { return Finding::NoMicrophone };
        match (audio.mute, probe.microphone) {
            (SourceMute::System, _) => Finding::MicrophoneMuted { name },
            (SourceMute::Open | SourceMute::Switch, None) => Finding::MicrophoneDead { name },
            (SourceMute::Open | SourceMute::Switch, Some(peak)) if peak < LIVE => {
                Finding::MicrophoneSilent { name }
            }
            (SourceMute::Open | SourceMute::Switch, Some(_)) => Finding::Microphone { name },
        }
    }

    fn speaker(&self, probe: AudioProbe) -> Finding {
        let audio = &self.scene.audio;
        let Some(name) = audio.speaker.using.clone() else { return Finding::NoSpeaker };
        match audio.speaker_off {
            Some(SpeakerOff::Muted) => Finding::SpeakerMuted { name },
            Some(SpeakerOff::AtZero) => Finding::SpeakerAtZero { name },
            None if self.scene.settings.volumes.speaker <= 0.0 => Finding::SpeakerAtZero { name },
            None if probe.speaker => Finding::Speaker { name },
            None => Finding::SpeakerDead { name },
        }
    }

    fn network(&self, line: bool, probed: &LineProbe, path: Option<PathProbe>) -> Vec<Finding> {
        let (link, kind) = (self.scene.voice.link, self.scene.voice.path);
        if line && probed.of_each_call {
            return Vec::new();
        }
        if !line {
            return vec![Finding::NoLine { link }];
        }
        let round_trip = probed.round_trip.map(|trip| trip.as_secs_f32() * 1000.0);
        let network = match path {
            Some(PathProbe { lost_out, lost_back, jitter }) => {
                Finding::Network { link, lost_out, lost_back, jitter }
            }
            None => Finding::NetworkSilent { link },
        };
        vec![Finding::Line { link, path: kind, round_trip }, network]
    }
}

fn relay((url, probe): (String, RelayProbe)) -> Finding {
    match probe {
        RelayProbe::Ready(took) => {
            Finding::Relay { url, took: u16::try_from(took.as_millis()).unwrap_or(u16::MAX) }
        }
        RelayProbe::Refused => Finding::RelayRefused { url },
        RelayProbe::Untrusted => Finding::RelayUntrusted { url },
        RelayProbe::Silent => Finding::RelaySilent { url },
    }
}
