//! What a body asks of the agent's desk.

use super::body::{DisposeAndManualDial, DisposeCall, ManualDial};
use super::fault::RestFault;
use crate::calls::Contact;
use crate::core::{DeskNow, OpenInteraction};
use crate::directory::{self, DialFault};
use crate::rpc::Shared;
use crate::setup::{CampaignRule, Setup};
use crate::store::CustomerFault;
use omnibar_model::{AgentId, Campaign, Conversation, DispositionCode, DispositionId, PhoneNumber};
use omnibar_protocol::Command;
use serde_json::{Map, Value};

/// Characters of what is kept beside a call's history.
const LONGEST_DETAIL: usize = 16 * 1024;
const LONGEST_NOTE: usize = crate::calls::MAX_NOTE;

pub(super) struct Orders {
    pub(super) user: AgentId,
    pub(super) orders: Vec<Command>,
    /// Whose the dialled number is.
    pub(super) contact: Contact,
    /// Kept with the history of the call.
    pub(super) detail: String,
}

/// What every body begins with.
pub(super) struct Head<'a> {
    pub(super) request_id: &'a str,
    /// What repeats the Authorization header, where there is one.
    pub(super) session_id: Option<&'a str>,
    user_crt_object_id: &'a str,
}

impl Head<'_> {
    fn check(&self) -> Result<(), String> {
        length("sessionId", self.session_id.unwrap_or_default(), 0, 1024)?;
        length("requestId", self.request_id, 1, 128)?;
        length("userCRTObjectId", self.user_crt_object_id, 1, 256)
    }
}

pub(super) trait Asked: Send + Sync {
    fn head(&self) -> Head<'_>;
    /// What the document says of the lengths and forms of the rest.
    fn check_rest(&self) -> Result<(), String>;
    /// For the desk of this body's session.
    fn orders_for(
        &self,
        shared: &Shared,
        desk: &DeskNow,
    ) -> impl Future<Output = Result<Orders, RestFault>> + Send;
}

/// What the document says of lengths and forms.
pub(super) fn check(body: &impl Asked) -> Result<(), String> {
    body.head().check()?;
    body.check_rest()
}

pub(super) async fn orders(
    body: &impl Asked,
    shared: &Shared,
    desk: &DeskNow,
) -> Result<Orders, RestFault> {
    same_session(body.head().user_crt_object_id, desk)?;
    body.orders_for(shared, desk).await
}

impl Asked for ManualDial {
    fn head(&self) -> Head<'_> {
        Head {
            request_id: &self.request_id,
            session_id: Some(&self.session_id),
            user_crt_object_id: &self.user_crt_object_id,
        }
    }

    fn check_rest(&self) -> Result<(), String> {
        length("searchable", &self.searchable, 0, 256)?;
        number(&self.phone)?;
        self.detail().map(drop)
    }

    async fn orders_for(&self, shared: &Shared, desk: &DeskNow) -> Result<Orders, RestFault> {
        let setup = shared.store.setup().await?;
        let campaign = &campaign(&setup, desk, self.campaign_id)?.campaign;
        let number = target(shared, desk, campaign, &self.phone).await?;
        let contact = if self.should_add_customer {
            let now = shared.clock.now();
            directory::contact_or_new(&shared.store, now, &number).await.map_err(not_added)?
        } else {
            directory::contact(&shared.store, &number).await?
        };
        Ok(Orders {
            user: desk.user.clone(),
            orders: vec![Command::Dial { campaign: campaign.id.clone(), number }],
            contact,
            detail: self.detail().map_err(RestFault::Bad)?,
        })
    }
}

impl ManualDial {
    fn detail(&self) -> Result<String, String> {
        let mut kept = self.additional_params.clone().unwrap_or_default();
        if let Some(chosen) = self.selected_searchables.as_ref().filter(|s| !s.is_empty()) {
            kept.insert("selectedSearchables".to_owned(), Value::Array(chosen.clone()));
        }
        detail(Some(&kept))
    }
}

impl Asked for DisposeCall {
    fn head(&self) -> Head<'_> {
        Head {
            request_id: &self.request_id,
            session_id: Some(&self.session_id),
            user_crt_object_id: &self.user_crt_object_id,
        }
    }

    fn check_rest(&self) -> Result<(), String> {
        ended_call(&self.crt_object_id, self.notes.as_deref())?;
        detail(self.disposition_params.as_ref()).map(drop)
    }

    async fn orders_for(&self, shared: &Shared, desk: &DeskNow) -> Result<Orders, RestFault> {
        let setup = shared.store.setup().await?;
        let call = call(desk, &self.crt_object_id)?;
        let campaign = campaign_of(&setup, call, self.campaign_id)?;
        let code = code(campaign, |code| code.number == self.disposition_code_id)?;
        Ok(Orders {
            user: desk.user.clone(),
            orders: dispose(call, code, self.notes.as_deref())?,
            contact: Contact::default(),
            detail: detail(self.disposition_params.as_ref()).map_err(RestFault::Bad)?,
        })
    }
}

impl Asked for DisposeAndManualDial {
    fn head(&self) -> Head<'_> {
        Head {
            request_id: &self.request_id,
            session_id: None,
            user_crt_object_id: &self.user_crt_object_id,
        }
    }

    fn check_rest(&self) -> Result<(), String> {
        ended_call(&self.crt_object_id, self.notes.as_deref())?;
        length("dispositionCode", &self.disposition_code, 1, 128)?;
        if let Some(id) = &self.customer_id {
            id.named()?;
        }
        number(&self.phone)?;
        detail(self.additional_params.as_ref()).map(drop)
    }

    async fn orders_for(&self, shared: &Shared, desk: &DeskNow) -> Result<Orders, RestFault> {
        let setup = shared.store.setup().await?;
        let call = call(desk, &self.crt_object_id)?;
        let campaign = campaign_of(&setup, call, self.campaign_context_id)?;
        let named = match &self.customer_id {
            Some(id) => id.named().map_err(RestFault::Bad)?,
            None => None,
        };
        if let (Some(named), Some(known)) = (named, call.view.customer_id)
            && named != known
        {
            return Err(RestFault::Conflict(
                "customerId is another customer than the call's. Take it from the CRM URL."
                    .to_owned(),
            ));
        }
        let label = self.disposition_code.trim();
        let code = code(campaign, |code| {
            code.name.eq_ignore_ascii_case(label) || code.id.as_str() == label
        })?;
        let number = target(shared, desk, campaign, &self.phone).await?;
        let contact = directory::contact(&shared.store, &number).await?;
        let mut orders = dispose(call, code, self.notes.as_deref())?;
        orders.push(Command::Dial { campaign: campaign.id.clone(), number });
        Ok(Orders {
            user: desk.user.clone(),
            orders,
            contact,
            detail: detail(self.additional_params.as_ref()).map_err(RestFault::Bad)?,
        })
    }
}

/// What serde found wrong, without what was given: that may be a number or a note.
pub(super) fn harmless(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if error.is_data() {
        // "missing field `x`" names only fields; "invalid type: string \"…\"" quotes.
        if text.contains("missing field") || text.contains("duplicate field") {
            return text;
        }
        return format!(
            "a field has the wrong type or value (line {}, column {})",
            error.line(),
            error.column()
        );
    }
    format!("it is no JSON (line {}, column {})", error.line(), error.column())
}

fn length(name: &str, text: &str, least: usize, most: usize) -> Result<(), String> {
    let count = text.chars().count();
    if (least..=most).contains(&count) {
        return Ok(());
    }
    Err(format!("{name} has {least} to {most} characters"))
}

/// The call that is disposed, and what is noted of it.
fn ended_call(leg: &str, notes: Option<&str>) -> Result<(), String> {
    length("crtObjectId", leg, 1, 256)?;
    length("notes", notes.unwrap_or_default(), 0, LONGEST_NOTE)
}

/// Stricter than what people type: this comes from a program.
fn number(text: &str) -> Result<PhoneNumber, String> {
    let rest = text.strip_prefix('+').unwrap_or(text);
    let good = |c: char| c.is_ascii_digit() || "*# ()./-".contains(c);
    if text.len() <= 64
        && rest.chars().all(good)
        && let Ok(number) = PhoneNumber::parse(text)
    {
        return Ok(number);
    }
    Err("phone is a number of 1 to 32 digits, * and #, with at most one leading +".to_owned())
}

/// The number to dial. One that was masked for the agent stands for the one it hides.
async fn target(
    shared: &Shared,
    desk: &DeskNow,
    campaign: &Campaign,
    phone: &str,
) -> Result<PhoneNumber, RestFault> {
    let given = number(phone).map_err(RestFault::Bad)?;
    match directory::dialled(&shared.store, &desk.user, &campaign.id, &given).await {
        Ok(number) => Ok(number),
        Err(DialFault::Store(fault)) => Err(fault.into()),
        Err(fault @ (DialFault::Hidden | DialFault::Nobody | DialFault::Ambiguous)) => {
            Err(RestFault::NotFound(fault.to_string()))
        }
    }
}

fn not_added(fault: CustomerFault) -> RestFault {
    match fault {
        CustomerFault::Store(fault) => fault.into(),
        other => RestFault::Conflict(other.to_string()),
    }
}

fn detail(given: Option<&Map<String, Value>>) -> Result<String, String> {
    let Some(given) = given.filter(|g| !g.is_empty()) else { return Ok(String::new()) };
    let text = serde_json::to_string(given).map_err(|e| e.to_string())?;
    if text.chars().count() > LONGEST_DETAIL {
        return Err("the free data is longer than 16384 characters".to_owned());
    }
    Ok(text)
}

fn same_session(given: &str, desk: &DeskNow) -> Result<(), RestFault> {
    if given == desk.handle {
        return Ok(());
    }
    Err(RestFault::NotFound(
        "userCRTObjectId is not the session of the header sessionid. Send the same value in both."
            .to_owned(),
    ))
}

fn campaign<'a>(
    setup: &'a Setup,
    desk: &DeskNow,
    number: u32,
) -> Result<&'a CampaignRule, RestFault> {
    setup
        .campaigns
        .values()
        .find(|rule| rule.campaign.number == number && desk.campaigns.contains(&rule.campaign.id))
        .ok_or_else(|| {
            RestFault::NotFound(
                "The agent does not work for a campaign of that number. Take campaignId from the \
                 Knowledge Base URL."
                    .to_owned(),
            )
        })
}

fn call<'a>(desk: &'a DeskNow, id: &str) -> Result<&'a OpenInteraction, RestFault> {
    desk.open
        .iter()
        .find(|open| {
            open.customer_leg.as_ref().is_some_and(|leg| leg.as_str() == id)
                || open.view.id.as_str() == id
        })
        .ok_or_else(|| {
            RestFault::NotFound(
                "The agent has no such call, or it is disposed. Take crtObjectId from the CRM URL."
                    .to_owned(),
            )
        })
}

fn campaign_of<'a>(
    setup: &'a Setup,
    call: &OpenInteraction,
    number: u32,
) -> Result<&'a Campaign, RestFault> {
    setup
        .campaigns
        .get(&call.view.campaign)
        .map(|rule| &rule.campaign)
        .filter(|campaign| campaign.number == number)
        .ok_or_else(|| {
            RestFault::NotFound(
                "The call is not of that campaign. Take the campaign's number from the CRM URL."
                    .to_owned(),
            )
        })
}

fn code(
    campaign: &Campaign,
    wanted: impl Fn(&DispositionCode) -> bool,
) -> Result<DispositionId, RestFault> {
    let mut codes = campaign.dispositions.iter().flat_map(|class| &class.codes);
    codes.find(|code| wanted(code)).map(|code| code.id.clone()).ok_or_else(|| {
        RestFault::NotFound(
            "The call's campaign has no such disposition. Take one of its list of dispositions."
                .to_owned(),
        )
    })
}

fn dispose(
    call: &OpenInteraction,
    disposition: DispositionId,
    note: Option<&str>,
) -> Result<Vec<Command>, RestFault> {
    let interaction = call.view.id.clone();
    let note = note.unwrap_or_default().to_owned();
    let callback = None;
    let dispose =
        Command::Dispose { interaction: interaction.clone(), disposition, note, callback };
    match call.view.conversation {
        Conversation::Wrapping { .. } => Ok(vec![dispose]),
        Conversation::Ringing | Conversation::Connected | Conversation::Held => {
            Ok(vec![Command::End { interaction }, dispose])
        }
        Conversation::Offered { .. } | Conversation::Ended => Err(RestFault::Conflict(
            "The call is only offered to the agent: there is nothing to dispose yet.".to_owned(),
        )),
    }
}
