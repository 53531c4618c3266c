//! What the workspace shows besides the toolbar: the CRM's pages, and apps.

use super::{Answer, Caller, Refusal};
use crate::rpc::Shared;
use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde_json::{Value, json};

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/configuration", get(configuration))
        .route("/apps/{name}/{version}", get(app))
}

/// What a desktop needs to know of an app that is about to speak to it.
async fn app(
    State(shared): State<Shared>,
    Path((name, version)): Path<(String, String)>,
) -> Answer {
    let apps = shared.store.apps().await?;
    let placed =
        |app: &crate::store::App| app.slot.is_some() && app.name == name && app.version == version;
    match apps.into_iter().find(placed) {
        Some(app) => Ok(Json(json!({"rights": app.rights, "crmIntegrationConfig": app.fields}))),
        None => Err(Refusal::missing("There is no such app in a slot of the workspace.")),
    }
}

async fn configuration(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
) -> Answer {
    let setup = shared.store.setup().await?;
    let pages = shared.store.crm_urls().await?;
    let campaigns: Vec<Value> = setup
        .campaigns
        .iter()
        .filter(|(id, _)| caller.desk.campaigns.contains(*id))
        .map(|(id, rule)| {
            let pages = pages.get(id).cloned().unwrap_or_default();
            json!({
                "campaignId": rule.campaign.number,
                "landingUrl": pages.landing_url,
                "callUrl": pages.call_url,
                "sessionPolicy": pages.session_policy,
            })
        })
        .collect();
    let apps: Vec<Value> = shared
        .store
        .apps()
        .await?
        .into_iter()
        .filter(|app| app.slot.is_some())
        .map(|app| {
            json!({
                "name": app.name,
                "version": app.version,
                "slot": app.slot,
                "url": format!("/si/{}/{}/", app.name, app.version),
                "crmIntegrationConfig": app.fields,
            })
        })
        .collect();
    Ok(Json(json!({"campaigns": campaigns, "apps": apps})))
}
