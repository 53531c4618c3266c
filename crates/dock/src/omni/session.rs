//! API-01 to API-11: the page, the agent and the session.

use super::arguments::unfit;
use super::pending::{Awaited, Why};
use super::{Act, Call, Omni, Reply, payload, seen};
use omnibar_contract::{Intent, Password, Remembered, SdkError, SdkErrorType};
use omnibar_desk::{Ask, SessionView};
use omnibar_model::{AgentId, Campaign, CampaignId, Extension, ExtensionId, ExtensionKind};
use serde_json::{Value, json};

pub(super) const LOGGED_IN: &str = "Successfully Logged In";
pub(super) const LOGGED_OUT: &str = "Logout successful";

/// What an agent worked with last, to choose it again when a page signs him in.
#[derive(Clone, Debug)]
pub(super) struct LastChoice {
    user: AgentId,
    campaigns: Vec<CampaignId>,
    extension: ExtensionId,
}

impl Omni {
    /// API-01: the frame has said hello by now; what is left is what was configured.
    pub(super) fn initialize(call: &Call<'_>) -> Result<Reply, SdkError> {
        let Some(config) = call.arguments.object("config") else {
            return Err(super::arguments::required("config"));
        };
        for key in ["context", "origin"] {
            if config.get(key).is_none_or(Value::is_null) {
                return Err(super::arguments::required(&format!("config.{key}")));
            }
        }
        if config.get("origin").and_then(Value::as_str) != Some(call.caller.origin.as_str()) {
            let words = format!("config.origin is not the page's own, {}", call.caller.origin);
            return Err(SdkError::new(SdkErrorType::InvalidOrigin, words));
        }
        Ok(Reply::void())
    }

    /// API-02. The agent, not a page, says which centre this app trusts: the address may
    /// only be that centre's.
    pub(super) fn set_base_url(call: &Call<'_>) -> Result<Reply, SdkError> {
        let url = call.arguments.text("url");
        let Some(wanted) = web_origin(url) else {
            return Err(unfit("url", "an http or https address"));
        };
        match base(call) {
            Some(known) if known == wanted => Ok(Reply::void()),
            Some(known) => Err(SdkError::new(
                SdkErrorType::InvalidOrigin,
                format!("this Omnibar works with {known}: the agent can change it in its window"),
            )),
            None => Err(SdkError::new(SdkErrorType::InvalidOrigin, NO_CENTRE)),
        }
    }

    /// API-03.
    pub(super) fn get_base_url(call: &Call<'_>) -> Result<Reply, SdkError> {
        base(call).map(Reply::now).ok_or_else(|| seen::not_found(NO_CENTRE))
    }

    /// API-04.
    pub(super) fn on_load(&mut self, call: &Call<'_>) -> Reply {
        let loading = call.arguments.flag("isLoading");
        self.shown.set_loading(call.caller.page, loading);
        Reply::void()
    }

    /// API-05, API-06.
    pub(super) fn login(&mut self, call: &Call<'_>, take_over: bool) -> Result<Reply, SdkError> {
        let user = user(call)?;
        match &call.view.desk.session {
            SessionView::SignedOut { .. } => {}
            SessionView::SigningIn { user: who, .. } if *who == user => {
                let what = Awaited::SignedIn { user, begun: true, chosen: false };
                self.wait(call.now, call.slip(), call.view, what);
                return Ok(Reply::later());
            }
            SessionView::Choosing { user: who, .. } | SessionView::SignedIn { user: who, .. }
                if *who == user =>
            {
                return Ok(Reply::now(LOGGED_IN));
            }
            SessionView::SigningIn { user: who, .. }
            | SessionView::Choosing { user: who, .. }
            | SessionView::SignedIn { user: who, .. } => {
                let words = format!("{who} is signed in to this Omnibar: sign out first");
                return Err(seen::http_error(words));
            }
        }
        let Remembered { centre, account, .. } = call.view.remembered.clone();
        if centre.is_empty() {
            return Err(seen::http_error(NO_CENTRE));
        }
        let intent = Intent::SignIn {
            centre,
            user: user.clone(),
            password: Some(Password::from(call.arguments.text("password").to_owned())),
            remember: false,
            take_over,
            account,
        };
        let what = Awaited::SignedIn { user, begun: false, chosen: false };
        self.wait(call.now, call.slip(), call.view, what);
        Ok(Reply::later().and(Act::Intent(intent)))
    }

    /// API-07.
    pub(super) fn selected_extension(call: &Call<'_>) -> Result<Reply, SdkError> {
        seen::known_agent(&call.view.desk)?;
        let (_, _, extension) = seen::choice(&call.view.desk)
            .ok_or_else(|| seen::not_found("no extension is selected: choose one in Omnibar"))?;
        Ok(Reply::now(json!({"callContextId": payload::CALL_CONTEXT, "phone": extension})))
    }

    /// API-08.
    pub(super) fn logout(&mut self, call: &Call<'_>) -> Result<Reply, SdkError> {
        let desk = &call.view.desk;
        if matches!(desk.session, SessionView::SignedOut { .. }) {
            return Err(seen::http_error("nobody is signed in"));
        }
        if !desk.can_sign_out && !desk.calls.is_empty() {
            let words = "an interaction is live or not disposed: end and dispose it first";
            return Err(seen::http_error(words));
        }
        self.wait(call.now, call.slip(), call.view, Awaited::SignedOut);
        Ok(Reply::later().and(Act::Intent(Intent::Desk { ask: Ask::SignOut })))
    }

    /// API-09.
    pub(super) fn current_user(call: &Call<'_>) -> Result<Reply, SdkError> {
        let (user, name) = seen::known_agent(&call.view.desk)?;
        Ok(Reply::now(json!({"userId": user, "userType": "Executive", "userName": name})))
    }

    /// API-10.
    pub(super) fn selected_campaigns(call: &Call<'_>) -> Result<Reply, SdkError> {
        seen::known_agent(&call.view.desk)?;
        let chosen = seen::chosen(&call.view.desk);
        if chosen.is_empty() {
            return Err(seen::not_found("no campaign is selected: choose one in Omnibar"));
        }
        Ok(Reply::now(chosen.into_iter().map(payload::campaign).collect::<Vec<_>>()))
    }

    /// API-11: the centre knows the session's settings.
    pub(super) fn agent_session(&mut self, call: &Call<'_>) -> Result<Reply, SdkError> {
        seen::known_agent(&call.view.desk)?;
        Ok(self.pass(call, super::http::get("appserver", "/session")))
    }

    pub(super) fn remember_choice(&mut self, desk: &omnibar_desk::Snapshot) {
        if let Some((user, campaigns, extension)) = seen::choice(desk) {
            let is_same = self.last_choice.as_ref().is_some_and(|last| {
                last.user == *user && last.campaigns == campaigns && last.extension == *extension
            });
            if !is_same {
                self.last_choice = Some(LastChoice {
                    user: user.clone(),
                    campaigns: campaigns.to_vec(),
                    extension: extension.clone(),
                });
            }
        }
    }

    /// The choice to make for an agent whom a page has signed in: what he had before, or
    /// the only one there is (contract: `autoSelectSingleAssignedCampaign`).
    pub(super) fn fitting_choice(
        &self,
        user: &AgentId,
        campaigns: &[Campaign],
        extensions: &[Extension],
    ) -> Option<Ask> {
        let before = self.last_choice.as_ref().filter(|last| {
            last.user == *user
                && last.campaigns.iter().all(|id| campaigns.iter().any(|c| c.id == *id))
                && extensions.iter().any(|e| e.id == last.extension)
        });
        if let Some(last) = before {
            let (campaigns, extension) = (last.campaigns.clone(), last.extension.clone());
            return Some(Ask::Choose { campaigns, extension });
        }
        let [campaign] = campaigns else { return None };
        let own = extensions.iter().find(|e| e.kind == ExtensionKind::Centre);
        let extension = own.or_else(|| extensions.first())?;
        Some(Ask::Choose { campaigns: vec![campaign.id.clone()], extension: extension.id.clone() })
    }

    pub(super) fn pass(&mut self, call: &Call<'_>, ask: omnibar_softphone::EndpointCall) -> Reply {
        self.pass_or(call, ask, SdkErrorType::DataNotFound)
    }

    /// `missing` stands for a 404 of the centre.
    pub(super) fn pass_or(
        &mut self,
        call: &Call<'_>,
        ask: omnibar_softphone::EndpointCall,
        missing: SdkErrorType,
    ) -> Reply {
        let why = Why::Pass { slip: call.slip(), missing, named: call.caller.rights.customers };
        Reply::later().and(self.ask(call.now, ask, why))
    }
}

const NO_CENTRE: &str = "Omnibar knows no centre yet: sign in once in its window";

pub(super) fn user(call: &Call<'_>) -> Result<AgentId, SdkError> {
    let given = call.arguments.text("username").trim();
    let user = AgentId::new(given);
    // An id is cut to what is allowed; a name that had to be cut is nobody's.
    if user.as_str() == given { Ok(user) } else { Err(unfit("username", "a user of the centre")) }
}

/// Web address of the centre that this app works with.
fn base(call: &Call<'_>) -> Option<String> {
    let session = match &call.view.desk.session {
        SessionView::SignedOut { .. } | SessionView::Choosing { .. } => "",
        SessionView::SigningIn { centre, .. } | SessionView::SignedIn { centre, .. } => centre,
    };
    web_origin(session).or_else(|| web_origin(&call.view.remembered.centre))
}

/// `https://host:port` of an address with a web or WebSocket scheme.
fn web_origin(address: &str) -> Option<String> {
    let mut url = url::Url::parse(address).ok()?;
    let scheme = match url.scheme() {
        "ws" | "http" => "http",
        "wss" | "https" => "https",
        _ => return None,
    };
    url.set_scheme(scheme).ok()?;
    Some(url.origin().ascii_serialization())
}
