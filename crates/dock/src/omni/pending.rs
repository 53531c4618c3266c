//! Calls that wait: for the desk to change, or for an answer of the centre.

use super::{Act, Omni, seen, words};
use omnibar_contract::{Intent, SdkError, SdkErrorType, View};
use omnibar_desk::{Ask, ChatAsk, RefusalView, SessionView};
use omnibar_model::{
    AgentId, Booking, CampaignId, Channel, ChatTarget, Conversation, Direction, DispositionId,
    Interaction, InteractionId, LegId, PhoneNumber,
};
use omnibar_softphone::{EndpointAnswer, EndpointCall};
use serde_json::{Value, json};

/// How long a call waits (contract: `commandTimeout`), in milliseconds.
pub(super) const PATIENCE_MS: i64 = 20_000;

/// Calls of one page that may wait at a time.
const OPEN_MAX: usize = 64;

/// Which call of which page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slip {
    pub(super) page: u32,
    pub(super) id: u32,
}

impl Slip {
    pub(super) fn done(self, value: impl Into<Value>) -> Act {
        Act::Done { page: self.page, id: self.id, value: value.into() }
    }

    pub(super) fn failed(self, error: SdkError) -> Act {
        Act::Failed { page: self.page, id: self.id, error }
    }
}

/// A call that waits for the desk.
#[derive(Debug)]
pub(super) struct Wait {
    slip: Slip,
    until: i64,
    /// The refusal that was shown when it was asked: a later one is this call's.
    refusal: Option<RefusalView>,
    what: Awaited,
}

#[derive(Clone, Debug)]
pub(super) enum Awaited {
    SignedIn {
        user: AgentId,
        /// The attempt has been seen: a fault from now on is its own.
        begun: bool,
        /// Campaigns and extension have been chosen for the agent.
        chosen: bool,
    },
    SignedOut,
    /// An outbound interaction that is not among these.
    Dialled {
        channel: Channel,
        known: Vec<InteractionId>,
        value: Value,
    },
    Disposed(Disposal),
}

/// An interaction on its way out: ended if need be, disposed, and the next one dialled.
#[derive(Clone, Debug)]
pub(super) struct Disposal {
    pub(super) channel: Channel,
    pub(super) interaction: InteractionId,
    pub(super) disposition: DispositionId,
    pub(super) note: String,
    pub(super) callback: Option<Booking>,
    pub(super) next: Option<(CampaignId, PhoneNumber)>,
    /// The call is still being ended.
    pub(super) ending: bool,
}

/// A question to the centre that is on its way.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) until: i64,
    pub(super) why: Why,
}

#[derive(Debug)]
pub(super) enum Why {
    /// The answer is the call's result.
    Pass { slip: Slip, missing: SdkErrorType, named: bool },
    /// The connector's configuration; an app gets its fields of the CRM with it (TB-14).
    Configuration { slip: Slip },
    /// How an interaction that has left was disposed.
    Gone { interaction: Box<Interaction>, customer: Option<LegId> },
    /// The agent links a record to an interaction, or takes it away.
    Linked,
}

impl Why {
    fn slip(&self) -> Option<Slip> {
        match self {
            Self::Pass { slip, .. } | Self::Configuration { slip } => Some(*slip),
            Self::Gone { .. } | Self::Linked => None,
        }
    }
}

impl Omni {
    /// `TIMEOUT` for a page that lets too many calls pile up.
    pub(super) fn make_room(&self, page: u32) -> Result<(), SdkError> {
        let waits = self.waits.iter().filter(|w| w.slip.page == page).count();
        let asked = self.asked.values().filter_map(|a| a.why.slip());
        if waits + asked.filter(|s| s.page == page).count() < OPEN_MAX {
            return Ok(());
        }
        let words = format!("{OPEN_MAX} calls of this page are open: wait for their answers");
        Err(SdkError::new(SdkErrorType::Timeout, words))
    }

    pub(super) fn wait(&mut self, now: i64, slip: Slip, view: &View, what: Awaited) {
        let (until, refusal) = (now.saturating_add(PATIENCE_MS), view.desk.refusal.clone());
        self.waits.push(Wait { slip, until, refusal, what });
    }

    pub(super) fn ask(&mut self, now: i64, call: EndpointCall, why: Why) -> Act {
        self.last_ticket += 1;
        let until = now.saturating_add(PATIENCE_MS);
        self.asked.insert(self.last_ticket, Asked { until, why });
        Act::Ask { ticket: self.last_ticket, call }
    }

    /// Whether the desk has done by now what calls wait for.
    pub(super) fn settle(&mut self, now: i64, view: &View) -> Vec<Act> {
        let mut acts = Vec::new();
        // One new call of the desk answers one wait for it, the oldest.
        let mut taken: Vec<InteractionId> = Vec::new();
        for mut wait in std::mem::take(&mut self.waits) {
            let (refusal, slip) = (wait.refusal.clone(), wait.slip);
            let outcome = match &mut wait.what {
                Awaited::SignedIn { user, begun, chosen } => {
                    self.signed_in(view, user, begun, chosen, &mut acts)
                }
                Awaited::SignedOut => signed_out(view, refusal.as_ref()),
                Awaited::Dialled { channel, known, value } => {
                    let outcome = dialled(view, *channel, known, &taken, refusal.as_ref());
                    outcome.map(|outcome| {
                        outcome.map(|id| {
                            taken.push(id);
                            value.clone()
                        })
                    })
                }
                Awaited::Disposed(disposal) => {
                    match disposed(view, disposal, refusal.as_ref(), &mut acts) {
                        Some(Ok(())) => match disposal.next.take() {
                            Some((campaign, number)) => {
                                acts.push(dial(campaign, number));
                                self.wait(now, slip, view, dialled_next(view));
                                continue;
                            }
                            None => Some(Ok(json!("ok"))),
                        },
                        Some(Err(error)) => Some(Err(error)),
                        None => None,
                    }
                }
            };
            match outcome {
                Some(Ok(value)) => acts.push(slip.done(value)),
                Some(Err(error)) => acts.push(slip.failed(error)),
                None => self.waits.push(wait),
            }
        }
        acts
    }

    pub(super) fn earliest(&self) -> Option<i64> {
        let waits = self.waits.iter().map(|w| w.until);
        waits.chain(self.asked.values().map(|a| a.until)).min()
    }

    /// Ends what has waited long enough.
    pub(super) fn give_up(&mut self, now: i64) -> Vec<Act> {
        let mut late: Vec<Slip> = Vec::new();
        self.waits.retain(|wait| {
            let is_late = wait.until <= now;
            if is_late {
                late.push(wait.slip);
            }
            !is_late
        });
        self.asked.retain(|_, asked| match asked.why.slip() {
            Some(slip) if asked.until <= now => {
                late.push(slip);
                false
            }
            Some(_) => true,
            // Without a page that waits, a late answer is still good.
            None => asked.until.saturating_add(PATIENCE_MS) > now,
        });
        let words = "no answer within 20 seconds: look at Omnibar, then try again";
        let error = SdkError::new(SdkErrorType::Timeout, words);
        late.into_iter().map(|slip| slip.failed(error.clone())).collect()
    }

    /// Nobody waits at a page that has gone; what it had begun goes on.
    pub(super) fn abandon(&mut self, page: u32) {
        self.waits.retain(|w| w.slip.page != page || matches!(w.what, Awaited::Disposed(_)));
        self.asked.retain(|_, a| match &a.why {
            Why::Pass { slip, .. } | Why::Configuration { slip } => slip.page != page,
            Why::Gone { .. } | Why::Linked => true,
        });
    }

    fn signed_in(
        &self,
        view: &View,
        user: &AgentId,
        begun: &mut bool,
        chosen: &mut bool,
        acts: &mut Vec<Act>,
    ) -> Option<Result<Value, SdkError>> {
        let done = Some(Ok(json!(super::session::LOGGED_IN)));
        match &view.desk.session {
            SessionView::SignedOut { fault } => match fault {
                Some(fault) if *begun => Some(Err(seen::http_error(words::sign_in_fault(fault)))),
                None if *begun => Some(Err(seen::http_error("the sign-in was given up"))),
                Some(_) | None => None,
            },
            SessionView::SigningIn { .. } => {
                *begun = true;
                None
            }
            SessionView::Choosing { user: who, campaigns, extensions, .. } if who == user => {
                *begun = true;
                let fitting = self.fitting_choice(user, campaigns, extensions);
                match fitting {
                    Some(ask) if !*chosen => {
                        *chosen = true;
                        acts.push(Act::Intent(Intent::Desk { ask }));
                        None
                    }
                    Some(_) if view.desk.refusal.is_none() => None,
                    // The agent chooses in the toolbar.
                    Some(_) | None => done,
                }
            }
            SessionView::SignedIn { user: who, .. } if who == user => done,
            SessionView::Choosing { .. } | SessionView::SignedIn { .. } => {
                Some(Err(seen::http_error("another agent has signed in here meanwhile")))
            }
        }
    }
}

pub(super) fn dial(campaign: CampaignId, number: PhoneNumber) -> Act {
    Act::Intent(Intent::Desk { ask: Ask::Dial { number, campaign: Some(campaign) } })
}

pub(super) fn start_chat(campaign: CampaignId, customer: ChatTarget) -> Act {
    let ask = ChatAsk::Start { campaign: Some(campaign), customer };
    Act::Intent(Intent::Desk { ask: Ask::Chat { ask } })
}

fn dialled_next(view: &View) -> Awaited {
    Awaited::Dialled { channel: Channel::Voice, known: known(view), value: json!("ok") }
}

pub(super) fn known(view: &View) -> Vec<InteractionId> {
    view.desk.calls.iter().map(|c| c.interaction.id.clone()).collect()
}

fn signed_out(view: &View, before: Option<&RefusalView>) -> Option<Result<Value, SdkError>> {
    match &view.desk.session {
        SessionView::SignedOut { .. } => Some(Ok(json!(super::session::LOGGED_OUT))),
        SessionView::SigningIn { .. }
        | SessionView::Choosing { .. }
        | SessionView::SignedIn { .. } => refused(view, before, None).map(Err),
    }
}

fn dialled(
    view: &View,
    channel: Channel,
    known: &[InteractionId],
    taken: &[InteractionId],
    before: Option<&RefusalView>,
) -> Option<Result<InteractionId, SdkError>> {
    let new = view.desk.calls.iter().map(|c| &c.interaction).find(|i| {
        let is_new = !known.contains(&i.id) && !taken.contains(&i.id);
        i.channel == channel && i.direction == Direction::Outbound && is_new
    });
    match new {
        Some(interaction) => Some(Ok(interaction.id.clone())),
        None => refused(view, before, None).map(Err),
    }
}

fn disposed(
    view: &View,
    disposal: &mut Disposal,
    before: Option<&RefusalView>,
    acts: &mut Vec<Act>,
) -> Option<Result<(), SdkError>> {
    let Some(call) = seen::call(&view.desk, &disposal.interaction) else { return Some(Ok(())) };
    if let Some(error) = refused(view, before, Some(&disposal.interaction)) {
        return Some(Err(error));
    }
    let is_over = matches!(call.interaction.conversation, Conversation::Wrapping { .. });
    if disposal.ending && is_over {
        disposal.ending = false;
        acts.push(dispose(disposal));
    }
    None
}

pub(super) fn dispose(disposal: &Disposal) -> Act {
    let (disposition, note) = (disposal.disposition.clone(), disposal.note.clone());
    let id = disposal.interaction.clone();
    let ask = match disposal.channel {
        Channel::Voice => Ask::Dispose {
            interaction: Some(id),
            disposition,
            note,
            callback: disposal.callback.clone(),
        },
        Channel::Chat => Ask::Chat { ask: ChatAsk::Dispose { chat: id, disposition, note } },
    };
    Act::Intent(Intent::Desk { ask })
}

pub(super) fn end(disposal: &Disposal) -> Act {
    let id = disposal.interaction.clone();
    let ask = match disposal.channel {
        Channel::Voice => Ask::End { interaction: Some(id) },
        Channel::Chat => Ask::Chat { ask: ChatAsk::End { chat: id } },
    };
    Act::Intent(Intent::Desk { ask })
}

/// The desk's refusal of what was asked about `interaction` since `before`.
fn refused(
    view: &View,
    before: Option<&RefusalView>,
    interaction: Option<&InteractionId>,
) -> Option<SdkError> {
    let refusal = view.desk.refusal.as_ref().filter(|r| Some(*r) != before)?;
    (refusal.interaction.as_ref() == interaction)
        .then(|| seen::http_error(words::refusal(&refusal.reason)))
}

/// The centre's answer as a call's result. `missing` is the error for its 404.
pub(super) fn result(
    answer: Result<EndpointAnswer, String>,
    missing: SdkErrorType,
) -> Result<Value, SdkError> {
    let answer = answer.map_err(seen::http_error)?;
    if answer.status < 400 {
        return Ok(answer.body);
    }
    let words = answer.body.get("message").and_then(Value::as_str);
    let words =
        words.map_or_else(|| format!("the centre answered {}", answer.status), str::to_owned);
    let kind = if answer.status == 404 { missing } else { SdkErrorType::HttpError };
    Err(SdkError::new(kind, words))
}
