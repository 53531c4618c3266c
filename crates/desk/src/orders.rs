use crate::{Ask, Pending, Verb};
use omnibar_model::{CommandId, Conversation, InteractionId, LegId, Moment};
use std::time::Duration;

/// How long the centre may take to answer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Commands under way at most. Nobody presses that much in ten seconds.
const MAX: usize = 64;

/// A command that the centre has not answered yet.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) command: CommandId,
    pub(crate) verb: Verb,
    pub(crate) interaction: Option<InteractionId>,
    pub(crate) leg: Option<LegId>,
    /// To name it if it is refused.
    pub(crate) ask: Ask,
    since: Moment,
    /// `None`: it waits in the outbox until the centre is back.
    until: Option<Moment>,
}

/// The commands under way, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    last: u64,
    waiting: Vec<Waiting>,
}

impl Orders {
    pub(crate) fn place(
        &mut self,
        now: Moment,
        centre_up: bool,
        verb: Verb,
        (interaction, leg): (Option<InteractionId>, Option<LegId>),
        ask: Ask,
    ) -> CommandId {
        let command = self.number();
        let until = centre_up.then_some(now + PATIENCE);
        self.waiting.push(Waiting { command, verb, interaction, leg, ask, since: now, until });
        command
    }

    /// The number of a command whose answer changes nothing here.
    pub(crate) fn number(&mut self) -> CommandId {
        self.last += 1;
        CommandId(self.last)
    }

    /// What stands in the way of another command, if anything: too many of them, the
    /// same one, or one that contradicts it.
    pub(crate) fn obstacle(
        &self,
        interaction: Option<&InteractionId>,
        verb: Verb,
        leg: Option<&LegId>,
    ) -> Option<Verb> {
        if self.waiting.len() >= MAX {
            return Some(verb);
        }
        if may_overtake(verb) {
            return None;
        }
        self.waiting
            .iter()
            .find(|w| {
                w.interaction.as_ref() == interaction
                    && (w.verb == verb && w.leg.as_ref() == leg
                        || matches!(
                            (w.verb, verb),
                            (Verb::Accept, Verb::Reject) | (Verb::Reject, Verb::Accept)
                        ))
            })
            .map(|w| w.verb)
    }

    /// The verb is under way for the whole call.
    pub(crate) fn has(&self, interaction: &InteractionId, verb: Verb) -> bool {
        self.waiting.iter().any(|w| {
            w.verb == verb && w.leg.is_none() && w.interaction.as_ref() == Some(interaction)
        })
    }

    pub(crate) fn of(&self, interaction: &InteractionId) -> Vec<Pending> {
        self.waiting
            .iter()
            .filter(|w| w.interaction.as_ref() == Some(interaction))
            .map(|w| Pending { verb: w.verb, since: w.since })
            .collect()
    }

    /// Takes the answered command off the list. Between a yes to accept or reject and
    /// the call's new state the offer must neither ring nor close the microphone, so
    /// those stay until the state has come.
    pub(crate) fn answered(&mut self, command: CommandId, yes: bool) -> Option<Waiting> {
        let at = self.waiting.iter().position(|w| w.command == command)?;
        if yes && matches!(self.waiting[at].verb, Verb::Accept | Verb::Reject) {
            return None;
        }
        Some(self.waiting.remove(at))
    }

    /// Forgets what the call's new state has answered or made pointless.
    pub(crate) fn reconcile(&mut self, interaction: &InteractionId, conversation: Conversation) {
        self.waiting.retain(|w| {
            w.interaction.as_ref() != Some(interaction)
                || !is_moot(w.verb, w.leg.is_some(), conversation)
        });
    }

    pub(crate) fn forget_verb(&mut self, verb: Verb) {
        self.waiting.retain(|w| w.verb != verb);
    }

    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
    }

    /// What has waited in the outbox is on its way now.
    pub(crate) fn centre_is_back(&mut self, now: Moment) {
        for w in &mut self.waiting {
            w.until.get_or_insert(now + PATIENCE);
        }
    }

    /// Notes and dispositions go to the outbox; the others still run out.
    pub(crate) fn centre_is_away(&mut self) {
        for w in &mut self.waiting {
            if is_kept(w.verb) {
                w.until = None;
            }
        }
    }

    pub(crate) fn take_overdue(&mut self, now: Moment) -> Vec<Waiting> {
        self.waiting.extract_if(.., |w| w.until.is_some_and(|t| t <= now)).collect()
    }

    pub(crate) fn deadline(&self) -> Option<Moment> {
        self.waiting.iter().filter_map(|w| w.until).min()
    }
}

/// Delivered by the outbox even when given while the centre is away.
pub(crate) fn is_kept(verb: Verb) -> bool {
    match verb {
        Verb::Note | Verb::Dispose | Verb::Say => true,
        Verb::SignIn
        | Verb::Choose
        | Verb::SignOut
        | Verb::SetPresence
        | Verb::Select
        | Verb::Accept
        | Verb::Reject
        | Verb::Dial
        | Verb::Hold
        | Verb::Resume
        | Verb::Mute
        | Verb::Dtmf
        | Verb::Transfer
        | Verb::Consult
        | Verb::Complete
        | Verb::Conference
        | Verb::Drop
        | Verb::End
        | Verb::Record
        | Verb::StartChat
        | Verb::Callback
        | Verb::Monitor => false,
    }
}

/// Keys are pressed faster than they are answered, a newer note or presence replaces
/// an older one.
fn may_overtake(verb: Verb) -> bool {
    match verb {
        Verb::Dtmf | Verb::Note | Verb::Say | Verb::SetPresence | Verb::Callback => true,
        Verb::SignIn
        | Verb::Choose
        | Verb::SignOut
        | Verb::Select
        | Verb::Accept
        | Verb::Reject
        | Verb::Dial
        | Verb::Hold
        | Verb::Resume
        | Verb::Mute
        | Verb::Transfer
        | Verb::Consult
        | Verb::Complete
        | Verb::Conference
        | Verb::Drop
        | Verb::End
        | Verb::Record
        | Verb::StartChat
        | Verb::Monitor
        | Verb::Dispose => false,
    }
}

/// Whether a call in this state has done the command, or can no longer do it.
fn is_moot(verb: Verb, one_leg: bool, conversation: Conversation) -> bool {
    use Conversation as C;
    match verb {
        Verb::Accept | Verb::Reject => !matches!(conversation, C::Offered { .. }),
        Verb::Hold if !one_leg => !matches!(conversation, C::Connected),
        Verb::Resume if !one_leg => !matches!(conversation, C::Held),
        Verb::Hold
        | Verb::Resume
        | Verb::Dtmf
        | Verb::Transfer
        | Verb::Consult
        | Verb::Complete
        | Verb::Conference
        | Verb::Drop
        | Verb::Record
        | Verb::End => !crate::call::is_up(conversation),
        Verb::Dispose => !matches!(conversation, C::Wrapping { .. }),
        Verb::Note | Verb::Say => matches!(conversation, C::Ended),
        Verb::SignIn
        | Verb::Choose
        | Verb::SignOut
        | Verb::SetPresence
        | Verb::Select
        | Verb::Dial
        | Verb::StartChat
        | Verb::Callback
        | Verb::Monitor
        | Verb::Mute => false,
    }
}
