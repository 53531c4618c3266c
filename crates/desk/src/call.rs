use crate::table::{Ruling, decide};
use crate::{LineState, Refusal, Verb};
use omnibar_model::{Cause, Conversation, Destination, Interaction, InteractionId, Leg, LegId};
use omnibar_model::{LegState, Moment, MonitorMode, PartyKind, VoicePath};

/// Longest note, in characters.
pub(crate) const NOTE_MAX: usize = 2_000;

/// More legs than any conference has; the rest of a longer list is not kept.
const LEGS_MAX: usize = 32;

/// One call on its two axes.
///
/// ```text
/// conversation (the centre's word is taken for it, whatever it was before)
///
///   Offered ──accept──▶ Connected ⇄ Held      Ringing ──answered──▶ Connected
///      │                    └──────┴─────────────┴──▶ Wrapping ──disposed──▶ gone
///      └── rejected, not taken, abandoned ──▶ gone
///
/// voice path (from the one line of the session; None unless Ringing, Connected
/// or Held, and always None when the agent's voice is at a desk phone)
///
///   None ─▶ Connecting ─▶ Flowing ⇄ Lost ⇄ Recovering ─▶ Flowing
///                            └─ line failed: Recovering until the new one is up
/// ```
///
/// Between the press of Accept and the centre's word the call is `Offered` with an
/// accept under way: it does not ring any more and the microphone is open already.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) interaction: Interaction,
    /// What the agent typed, until the centre has it.
    pub(crate) draft: Option<String>,
    /// Voice has flowed in this call.
    pub(crate) flowed: bool,
    pub(crate) hold_reminder: Option<Moment>,
    /// It was answered by itself once; if that failed, the agent decides.
    pub(crate) auto_tried: bool,
    /// Where the agent last asked to send it.
    pub(crate) sent_to: Option<Destination>,
}

impl Call {
    pub(crate) fn new(interaction: Interaction) -> Self {
        Self {
            interaction: bounded(interaction),
            draft: None,
            flowed: false,
            hold_reminder: None,
            auto_tried: false,
            sent_to: None,
        }
    }

    /// Takes the centre's word; returns what the call was before.
    pub(crate) fn learn(&mut self, interaction: Interaction) -> Interaction {
        std::mem::replace(&mut self.interaction, bounded(interaction))
    }

    pub(crate) fn id(&self) -> &InteractionId {
        &self.interaction.id
    }

    pub(crate) fn conversation(&self) -> Conversation {
        self.interaction.conversation
    }

    /// When the offer ends, if this is one.
    pub(crate) fn offered_until(&self) -> Option<Moment> {
        match self.conversation() {
            Conversation::Offered { expires } => Some(expires),
            Conversation::Ringing
            | Conversation::Connected
            | Conversation::Held
            | Conversation::Wrapping { .. }
            | Conversation::Ended => None,
        }
    }

    /// Somebody hears the agent, if he is not muted.
    pub(crate) fn is_talking(&self) -> bool {
        match self.conversation() {
            Conversation::Connected => true,
            // The customer hears music; a consulted party may hear the agent.
            Conversation::Held => self.connected_leg().is_some(),
            Conversation::Offered { .. }
            | Conversation::Ringing
            | Conversation::Wrapping { .. }
            | Conversation::Ended => false,
        }
    }

    /// The customer hears music, and the two speak meanwhile.
    pub(crate) fn is_heard_by_supervisor(&self) -> bool {
        matches!(self.conversation(), Conversation::Held)
            && self.interaction.monitored.is_some_and(MonitorMode::is_heard)
    }

    /// On hold with nobody consulted: the customer is waiting for the agent.
    pub(crate) fn is_waiting(&self) -> bool {
        matches!(self.conversation(), Conversation::Held) && self.connected_leg().is_none()
    }

    pub(crate) fn voice(&self, line: Option<LineState>) -> VoicePath {
        let Some(line) = line.filter(|_| is_up(self.conversation())) else {
            return VoicePath::None;
        };
        match line {
            LineState::Up => VoicePath::Flowing,
            LineState::Lost => VoicePath::Lost,
            LineState::Recovering => VoicePath::Recovering,
            // The desk is opening another one.
            LineState::Closed | LineState::Connecting | LineState::Failed => {
                if self.flowed {
                    VoicePath::Recovering
                } else {
                    VoicePath::Connecting
                }
            }
        }
    }

    /// Whether this call and its legs allow the verb. `leg` is the one named, if any.
    pub(crate) fn permits(
        &self,
        voice: VoicePath,
        verb: Verb,
        leg: Option<&LegId>,
    ) -> Result<(), Refusal> {
        let allowed = match decide(self.conversation(), voice, verb) {
            Ruling::Allowed => true,
            Ruling::NotNow => false,
            // Held, while the agent is back with the customer for a moment.
            Ruling::WithConsult => self
                .consult()
                .is_some_and(|l| matches!(l.state, LegState::Connected | LegState::Held)),
            Ruling::WithoutConsult => self.consult().is_none(),
            Ruling::WithConnectedLeg => self.connected_leg().is_some(),
            Ruling::WithHeldLeg => self.live_legs().any(|l| matches!(l.state, LegState::Held)),
            Ruling::WithSecondLeg => self.live_legs().count() > 1,
            Ruling::FinishFirst => return Err(Refusal::FinishCallFirst),
            Ruling::MustClose => return Err(Refusal::InteractionsOpen),
        };
        if !allowed {
            return Err(Refusal::NotNow { verb });
        }
        let Some(id) = leg else { return Ok(()) };
        let leg = self.live_legs().find(|l| l.id == *id).ok_or(Refusal::NoSuchLeg)?;
        let fits = match verb {
            Verb::Hold => matches!(leg.state, LegState::Connected),
            Verb::Resume => matches!(leg.state, LegState::Held),
            Verb::Drop => true,
            Verb::SignIn
            | Verb::Choose
            | Verb::SignOut
            | Verb::SetPresence
            | Verb::Select
            | Verb::Accept
            | Verb::Reject
            | Verb::Dial
            | Verb::Mute
            | Verb::Dtmf
            | Verb::Transfer
            | Verb::Consult
            | Verb::Complete
            | Verb::Conference
            | Verb::End
            | Verb::Record
            | Verb::Note
            | Verb::Dispose
            | Verb::Callback
            | Verb::Monitor
            | Verb::Say
            | Verb::StartChat => false,
        };
        if fits { Ok(()) } else { Err(Refusal::NotNow { verb }) }
    }

    /// A leg that the agent called has just failed.
    pub(crate) fn leg_failed_since(&self, before: &Interaction) -> bool {
        self.interaction.legs.iter().any(|leg| match leg.state {
            LegState::Ended { cause } => {
                is_failure(cause)
                    && before
                        .legs
                        .iter()
                        .any(|l| l.id == leg.id && matches!(l.state, LegState::Ringing))
            }
            LegState::Ringing | LegState::Connected | LegState::Held => false,
        })
    }

    fn live_legs(&self) -> impl Iterator<Item = &Leg> {
        self.interaction.legs.iter().filter(|leg| match leg.state {
            LegState::Ringing | LegState::Connected | LegState::Held => true,
            LegState::Ended { .. } => false,
        })
    }

    /// While the call is held: who else hears the agent. The customer may be connected
    /// to a colleague meanwhile, but not to this agent.
    fn connected_leg(&self) -> Option<&Leg> {
        self.live_legs().find(|leg| {
            matches!(leg.state, LegState::Connected)
                && !matches!(leg.party.kind, PartyKind::Customer)
        })
    }

    fn consult(&self) -> Option<&Leg> {
        self.live_legs().find(|leg| leg.consult)
    }
}

/// The other side is being called or is there.
pub(crate) fn is_up(conversation: Conversation) -> bool {
    match conversation {
        Conversation::Ringing | Conversation::Connected | Conversation::Held => true,
        Conversation::Offered { .. } | Conversation::Wrapping { .. } | Conversation::Ended => false,
    }
}

/// Nobody hung up: it did not work.
pub(crate) fn is_failure(cause: Cause) -> bool {
    match cause {
        Cause::Busy
        | Cause::NoAnswer
        | Cause::Unreachable
        | Cause::Rejected
        | Cause::MediaFailed
        | Cause::SwitchLost => true,
        Cause::AgentHungUp
        | Cause::CustomerHungUp
        | Cause::Abandoned
        | Cause::Transferred
        | Cause::Dropped => false,
    }
}

fn bounded(mut interaction: Interaction) -> Interaction {
    interaction.legs.truncate(LEGS_MAX);
    if let Some((end, _)) = interaction.note.char_indices().nth(NOTE_MAX) {
        interaction.note.truncate(end);
    }
    interaction
}
