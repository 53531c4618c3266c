use crate::{Effect, LineState};
use omnibar_model::Moment;
use std::time::Duration;

/// Two attempts are at least this far apart, so that a network that comes and goes
/// costs one attempt a second.
const APART: Duration = Duration::from_secs(1);
/// Longest pause between two attempts.
const PAUSE_MAX: Duration = Duration::from_secs(15);
/// An attempt that has not succeeded by then is made again: gathering candidates,
/// ICE and DTLS over a slow network take several seconds.
const OPEN_PATIENCE: Duration = Duration::from_secs(15);
const RESTART_PATIENCE: Duration = Duration::from_secs(6);

/// Keeps the session's one voice connection up. Calls never end for it.
///
/// ```text
///  not wanted ──signed in──▶ Open ──▶ Connecting ──▶ Up
///                             ▲                       │ Lost, or the network changed
///                Failed, Closed, gone                 ▼
///                             └────────────────── Restart ──▶ Recovering ──▶ Up
/// ```
///
/// Both attempts need the centre for the exchange of descriptions: while it is away
/// they wait, and are made at once when it is back.
#[derive(Debug, Default)]
pub(crate) struct Voice {
    pub(crate) line: LineState,
    wanted: bool,
    centre_up: bool,
    /// Attempts since the line was last up.
    attempts: u32,
    last: Option<Moment>,
    next: Option<(Moment, Attempt)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attempt {
    Open,
    Restart,
}

impl Voice {
    /// Whether a line is wanted, and whether the centre can be reached to make one.
    pub(crate) fn want(&mut self, now: Moment, wanted: bool, centre_up: bool) -> Option<Effect> {
        let back = centre_up && !self.centre_up;
        self.centre_up = centre_up;
        if self.wanted && !wanted {
            *self = Self { centre_up, ..Self::default() };
            return Some(Effect::CloseLine);
        }
        if wanted && !self.wanted {
            self.wanted = true;
            self.plan(now, Attempt::Open);
        } else if back && let Some((_, attempt)) = self.next {
            self.next = Some((now, attempt));
        }
        None
    }

    pub(crate) fn changed(&mut self, now: Moment, line: LineState) {
        if !self.wanted {
            // What a line that was given up still says is of no interest.
            return;
        }
        let before = std::mem::replace(&mut self.line, line);
        match line {
            LineState::Up => (self.attempts, self.next) = (0, None),
            LineState::Connecting => self.next = Some((now + OPEN_PATIENCE, Attempt::Open)),
            LineState::Recovering => self.wait_for(now, Attempt::Restart),
            LineState::Lost => match before {
                LineState::Up | LineState::Closed | LineState::Connecting | LineState::Failed => {
                    self.plan(now, Attempt::Restart);
                }
                LineState::Recovering => self.plan(now + self.pause(), Attempt::Restart),
                LineState::Lost => {}
            },
            LineState::Failed => self.plan(now + self.pause(), Attempt::Open),
            // Also the last word of a line that is being replaced: not in a hurry.
            LineState::Closed => self.plan(now + self.pause().max(APART), Attempt::Open),
        }
    }

    /// The centre has lost its end; this end does not know yet.
    pub(crate) fn gone(&mut self, now: Moment) {
        if self.wanted {
            self.plan(now, Attempt::Open);
        }
    }

    pub(crate) fn network_changed(&mut self, now: Moment) {
        if !self.wanted {
            return;
        }
        match self.line {
            LineState::Up | LineState::Lost | LineState::Recovering => {
                self.plan(now, Attempt::Restart);
            }
            LineState::Connecting | LineState::Failed | LineState::Closed => {
                self.plan(now, Attempt::Open);
            }
        }
    }

    /// Makes the attempt that is due.
    pub(crate) fn act(&mut self, now: Moment) -> Option<Effect> {
        let (_, attempt) = self.next.filter(|(at, _)| self.centre_up && *at <= now)?;
        self.attempts = self.attempts.saturating_add(1);
        self.last = Some(now);
        let patience = match attempt {
            Attempt::Open => OPEN_PATIENCE,
            Attempt::Restart => RESTART_PATIENCE,
        };
        self.next = Some((now + patience.max(self.pause()), attempt));
        Some(match attempt {
            Attempt::Open => Effect::OpenLine,
            Attempt::Restart => Effect::RestartLine,
        })
    }

    pub(crate) fn deadline(&self) -> Option<Moment> {
        self.next.filter(|_| self.centre_up).map(|(at, _)| at)
    }

    /// An end that was up is not any more, and is not being mended with success yet.
    pub(crate) fn is_broken(&self) -> bool {
        match self.line {
            LineState::Lost | LineState::Failed | LineState::Closed => true,
            LineState::Up | LineState::Connecting | LineState::Recovering => false,
        }
    }

    fn plan(&mut self, at: Moment, attempt: Attempt) {
        let earliest = self.last.map_or(at, |last| last + APART);
        self.next = Some((at.max(earliest), attempt));
    }

    /// Leaves an attempt that is under way its time.
    fn wait_for(&mut self, now: Moment, attempt: Attempt) {
        if self.next.is_none_or(|(_, planned)| planned != attempt) {
            self.next = Some((now + RESTART_PATIENCE, attempt));
        }
    }

    /// 0, 1, 2, 4, 8, 15 s after as many attempts.
    fn pause(&self) -> Duration {
        match self.attempts {
            0 => Duration::ZERO,
            n => Duration::from_secs(1 << (n - 1).min(4)).min(PAUSE_MAX),
        }
    }
}
