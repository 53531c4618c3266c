//! Everything that an administrator sees, and what he decides for campaigns and pages.

use super::session::Administrator;
use super::{check, connectors};
use crate::apps::SLOTS;
use crate::core::CoreInput;
use crate::endpoint::{Answer, Refusal};
use crate::rpc::Shared;
use crate::store::{Choices, CrmPages, SessionPolicy};
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use omnibar_model::{CampaignId, placeholder};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// `GET /admin/api/state`
pub(super) async fn state(
    State(shared): State<Shared>,
    Administrator(user): Administrator,
) -> Answer {
    let setup = shared.store.setup().await?;
    let pages = shared.store.crm_urls().await?;
    let campaigns: Vec<Value> = setup
        .campaigns
        .iter()
        .map(|(id, rule)| {
            let pages = pages.get(id).cloned().unwrap_or_default();
            json!({
                "id": id,
                "number": rule.campaign.number,
                "name": rule.campaign.name,
                "kind": rule.campaign.kind,
                "landing_url": pages.landing_url,
                "call_url": pages.call_url,
                "session_policy": pages.session_policy,
                "mask_numbers": rule.campaign.mask_numbers,
                "record": rule.record,
                "tell_monitored": rule.tell_monitored,
            })
        })
        .collect();
    Ok(Json(json!({
        "user": user,
        "centre": setup.centre,
        "campaigns": campaigns,
        "frame_origins": shared.store.frame_origins().await?,
        "outside_hosts": shared.store.outside_hosts().await?,
        "tokens": shared.store.tokens().await?,
        "apps": shared.store.apps().await?,
        "connectors": connectors::shown(&shared).await?,
        "slots": SLOTS,
        "placeholders": {"landing_url": placeholder::LANDING, "call_url": placeholder::CALL},
    })))
}

type List = Result<Json<Vec<String>>, JsonRejection>;

/// `PUT /admin/api/frame-origins`
pub(super) async fn frame_origins(
    State(shared): State<Shared>,
    Administrator(user): Administrator,
    given: List,
) -> Answer {
    let Json(given) = given.map_err(|e| Refusal::bad(e.to_string()))?;
    let origins = check::frame_origins(given).map_err(Refusal::bad)?;
    shared.store.set_frame_origins(&origins).await?;
    tracing::info!(%user, ?origins, "who may frame the toolbar was laid down");
    Ok(Json(json!(origins)))
}

/// `PUT /admin/api/outside-hosts`
pub(super) async fn outside_hosts(
    State(shared): State<Shared>,
    Administrator(user): Administrator,
    given: List,
) -> Answer {
    let Json(given) = given.map_err(|e| Refusal::bad(e.to_string()))?;
    let hosts = check::hosts(given).map_err(Refusal::bad)?;
    shared.store.set_outside_hosts(&hosts).await?;
    tracing::info!(%user, ?hosts, "hosts for third-party calls were laid down");
    Ok(Json(json!(hosts)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Campaign {
    landing_url: String,
    call_url: String,
    session_policy: SessionPolicy,
    mask_numbers: bool,
    record: bool,
    /// Younger than the others: who does not name it leaves it as it is.
    tell_monitored: Option<bool>,
}

/// `PUT /admin/api/campaigns/{id}`
pub(super) async fn campaign(
    State(shared): State<Shared>,
    Administrator(user): Administrator,
    Path(id): Path<String>,
    given: Result<Json<Campaign>, JsonRejection>,
) -> Answer {
    let Json(given) = given.map_err(|e| Refusal::bad(e.to_string()))?;
    let campaign = CampaignId::new(&id);
    let setup = shared.store.setup().await?;
    let Some(rule) = setup.campaigns.get(&campaign) else {
        return Err(Refusal::missing("There is no such campaign. Load the page again."));
    };
    let wrong = |what: &str, why: String| Refusal::bad(format!("{what}: {why}"));
    let pages = CrmPages {
        landing_url: check::page(&given.landing_url, &placeholder::LANDING)
            .map_err(|why| wrong("Knowledge Base URL", why))?,
        call_url: check::page(&given.call_url, &placeholder::CALL)
            .map_err(|why| wrong("Call URL", why))?,
        session_policy: given.session_policy,
    };
    let choices = Choices {
        mask_numbers: given.mask_numbers,
        record: given.record,
        tell_monitored: given.tell_monitored.unwrap_or(rule.tell_monitored),
    };
    shared.store.set_campaign(&campaign, &pages, &choices).await?;
    // The floor goes by it from now on.
    let setup = Arc::new(shared.store.setup().await?);
    shared.door.input(CoreInput::Setup(setup), None).await.map_err(|error| {
        Refusal::new(axum::http::StatusCode::SERVICE_UNAVAILABLE, error.message)
    })?;
    tracing::info!(
        %user, %campaign, mask = given.mask_numbers, record = given.record,
        tell_monitored = choices.tell_monitored, "a campaign was changed"
    );
    Ok(Json(json!({})))
}
