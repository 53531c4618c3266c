//! API-12 to API-17: dialling, disposing, and what the agent has open.

use super::arguments::{as_text, required, unfit};
use super::payload::{self, WEB_CHAT};
use super::pending::{self, Awaited, Disposal};
use super::{Act, Call, Omni, Reply, http, seen, ui, when};
use omnibar_contract::{SdkError, SdkErrorType};
use omnibar_desk::{CallView, SessionView};
use omnibar_model::{
    Booking, CampaignId, Channel, ChatTarget, Conversation, DispositionCode, PhoneNumber,
};
use serde_json::{Map, Value, json};

/// Longest note, in characters: what the desk takes.
const NOTE_MAX: usize = 2_000;
/// How far ahead the centre books a callback.
const AHEAD_MAX_MS: i64 = 366 * 86_400_000;

impl Omni {
    /// API-12: done when the new interaction is there.
    pub(super) fn initiate(&mut self, call: &Call<'_>) -> Result<Reply, SdkError> {
        let channel = channel(call)?;
        let number = call.arguments.number("campaignId");
        let act = match channel {
            Channel::Voice => {
                let phone = ui::dialled(detail(call, "phone").as_deref())?;
                pending::dial(chosen_campaign(call, number)?, phone)
            }
            Channel::Chat => {
                let customer = target(call)?;
                pending::start_chat(chosen_campaign(call, number)?, customer)
            }
        };
        let value = json!({"result": "success", "reason": "success"});
        let what = Awaited::Dialled { channel, known: pending::known(call.view), value };
        self.wait(call.now, call.slip(), call.view, what);
        Ok(Reply::later().and(act))
    }

    /// API-13: done when the interaction has left the desk. A call or chat that is still
    /// up is ended first.
    pub(super) fn dispose(&mut self, call: &Call<'_>) -> Result<Reply, SdkError> {
        let channel = channel(call)?;
        let open = seen::named_call(&call.view.desk, call.arguments.text("interactionId"))?;
        if open.interaction.channel != channel {
            return Err(unfit("channelType", "the one of this interaction"));
        }
        let number = call.arguments.number("dispositionCodeId").unwrap_or_default();
        let code = campaign_of(call, open)
            .and_then(|campaign| seen::code(campaign, number))
            .ok_or_else(|| seen::not_found(NO_CODE))?
            .1;
        let disposal = disposal(call, open, code, None)?;
        self.start(call, open, disposal)
    }

    /// API-14: done when the next interaction is there. Voice only.
    pub(super) fn dispose_and_initiate(&mut self, call: &Call<'_>) -> Result<Reply, SdkError> {
        let open = seen::named_call(&call.view.desk, call.arguments.text("interactionId"))?;
        if open.interaction.channel != Channel::Voice {
            return Err(seen::not_found("interactionId names a chat: dispose it, then dial"));
        }
        let label = call.arguments.text("dispositionCode");
        let campaign = campaign_of(call, open).ok_or_else(|| seen::not_found(NO_CODE))?;
        let code = seen::code_named(campaign, label)
            .or_else(|| seen::code(campaign, label.trim().parse().ok()?))
            .ok_or_else(|| seen::not_found(NO_CODE))?
            .1;
        let number = ui::dialled(Some(call.arguments.text("phone")))?;
        let wanted = call.arguments.number("campaignId").unwrap_or(i64::from(campaign.number));
        let next = chosen_campaign(call, Some(wanted))?;
        let disposal = disposal(call, open, code, Some((next, number)))?;
        self.start(call, open, disposal)
    }

    fn start(
        &mut self,
        call: &Call<'_>,
        open: &CallView,
        disposal: Disposal,
    ) -> Result<Reply, SdkError> {
        let (act, disposal) = begin(open, disposal)?;
        self.wait(call.now, call.slip(), call.view, Awaited::Disposed(disposal));
        Ok(Reply::later().and(act))
    }

    /// API-15.
    pub(super) fn live(&mut self, call: &Call<'_>) -> Reply {
        self.pass(call, http::get("interaction-service", "/interactions/live"))
    }

    /// API-16.
    pub(super) fn current(&mut self, call: &Call<'_>) -> Reply {
        self.pass(call, http::get("interaction-service", "/interactions/current"))
    }

    /// API-17.
    pub(super) fn is_owned(call: &Call<'_>) -> Result<Reply, SdkError> {
        seen::current(&call.view.desk)
            .map(|c| Reply::now(c.interaction.owner))
            .ok_or_else(|| seen::not_found("no interaction is open"))
    }
}

const NO_CODE: &str = "the campaign of this interaction has no such disposition: read the codes \
                       with getDispositionCodesWithDispositionClass";

/// The contract's channel, compared without case.
pub(super) fn channel(call: &Call<'_>) -> Result<Channel, SdkError> {
    let kind = call.arguments.text("channelSubType").to_lowercase();
    match call.arguments.text("channelType").to_lowercase().as_str() {
        "voice" => Ok(Channel::Voice),
        "chat" if kind.is_empty() || kind == WEB_CHAT => Ok(Channel::Chat),
        "chat" => Err(unfit("channelSubType", "webchat: this centre has no other chat")),
        _ => Err(unfit("channelType", "voice or chat")),
    }
}

/// A field of `channelDetails`; empty ones are not there.
fn detail(call: &Call<'_>, name: &str) -> Option<String> {
    let details = call.arguments.object("channelDetails");
    let given = details.and_then(|d| d.get(name)).and_then(as_text);
    given.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// With whom a chat is to begin: all that is given must fit.
fn target(call: &Call<'_>) -> Result<ChatTarget, SdkError> {
    let phone = detail(call, "phone");
    let number = phone.map(|given| ui::phone(Some(&given))).transpose()?;
    let name = detail(call, "name");
    let given = call.arguments.number("customerId").filter(|id| *id != payload::NOBODY);
    let customer_id = given
        .map(|id| u64::try_from(id).map_err(|_| unfit("customerId", "a customer's number")))
        .transpose()?;
    if name.is_none() && number.is_none() && customer_id.is_none() {
        let words = "phone is required, or name, or customerId: a chat needs to know with whom";
        return Err(SdkError::new(SdkErrorType::RequiredFieldMissing, words));
    }
    Ok(ChatTarget { name, number, customer_id })
}

/// The first step of a disposal, and the disposal with what is left.
fn begin(open: &CallView, mut disposal: Disposal) -> Result<(Act, Disposal), SdkError> {
    let act = match open.interaction.conversation {
        Conversation::Wrapping { .. } => pending::dispose(&disposal),
        Conversation::Ringing | Conversation::Connected | Conversation::Held => {
            disposal.ending = true;
            pending::end(&disposal)
        }
        Conversation::Offered { .. } | Conversation::Ended => {
            return Err(seen::http_error("it has not been answered: accept or reject it"));
        }
    };
    Ok((act, disposal))
}

fn campaign_of<'a>(call: &Call<'a>, open: &CallView) -> Option<&'a omnibar_model::Campaign> {
    seen::campaign(&call.view.desk, &open.interaction.campaign)
}

fn disposal(
    call: &Call<'_>,
    open: &CallView,
    code: &DispositionCode,
    next: Option<(CampaignId, PhoneNumber)>,
) -> Result<Disposal, SdkError> {
    let note = match call.arguments.get("notes") {
        Some(_) => call.arguments.text("notes").to_owned(),
        // What the agent has typed is not lost to a page that gives none.
        None => open.interaction.note.clone(),
    };
    if note.chars().count() > NOTE_MAX {
        return Err(unfit("notes", "at most 2000 characters long"));
    }
    let (interaction, disposition) = (open.interaction.id.clone(), code.id.clone());
    let channel = open.interaction.channel;
    let callback = callback(call)?;
    if callback.is_some() && channel == Channel::Chat {
        let words = "a callback is booked with a call: dispose the chat without one";
        return Err(seen::not_found(words));
    }
    Ok(Disposal { channel, interaction, disposition, note, callback, next, ending: false })
}

/// A campaign, by its number, that the agent works for.
fn chosen_campaign(call: &Call<'_>, number: Option<i64>) -> Result<CampaignId, SdkError> {
    let desk = &call.view.desk;
    if !matches!(desk.session, SessionView::SignedIn { .. }) {
        return Err(seen::http_error("the agent is not signed in: sign in first"));
    }
    let is_it = |c: &omnibar_model::Campaign| Some(i64::from(c.number)) == number;
    if let Some(campaign) = seen::chosen(desk).into_iter().find(|c| is_it(c)) {
        return Ok(campaign.id.clone());
    }
    let words = if seen::campaigns(desk).iter().any(is_it) {
        "campaignId is not among the campaigns that the agent has selected"
    } else {
        "campaignId names no campaign of this agent"
    };
    Err(seen::not_found(words))
}

/// The callback that `additionalParams` asks for, if it does.
fn callback(call: &Call<'_>) -> Result<Option<Booking>, SdkError> {
    const FIELDS: [&str; 3] = ["callbackTime", "phone", "isSelfCallback"];
    let Some(given) = call.arguments.object("additionalParams") else { return Ok(None) };
    let field = |name: &str| given.get(name).filter(|v| !v.is_null());
    if FIELDS.iter().all(|name| field(name).is_none()) {
        return Ok(None);
    }
    let at = when::parse(&text(given, "callbackTime")?)
        .ok_or_else(|| unfit("callbackTime", "a time like 2025-07-06T09:56:40+0530"))?;
    // Before a call that is up is ended for it.
    if at <= call.now || at > call.now.saturating_add(AHEAD_MAX_MS) {
        return Err(unfit("callbackTime", "a time that is still to come, at most a year ahead"));
    }
    let number = Some(ui::dialled(Some(&text(given, "phone")?))?);
    let own = field("isSelfCallback").ok_or_else(|| required("isSelfCallback"))?;
    let own = own.as_bool().ok_or_else(|| unfit("isSelfCallback", "true or false"))?;
    Ok(Some(Booking { at, number, own }))
}

fn text(given: &Map<String, Value>, name: &str) -> Result<String, SdkError> {
    given.get(name).and_then(as_text).filter(|t| !t.is_empty()).ok_or_else(|| required(name))
}
