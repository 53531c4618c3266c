//! Who the agent is, for the CRM's page in the app's own window (contract: REST-11).

use super::{Answer, Caller, Refusal};
use crate::identity;
use crate::rpc::Shared;
use crate::store::SessionPolicy;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Extension, Json, Router};
use omnibar_protocol::wire::Password;
use serde::Deserialize;
use serde_json::json;
use url::Url;

pub(super) fn router() -> Router<Shared> {
    Router::new().route("/token", post(token))
}

#[derive(Deserialize)]
struct Asked {
    origin: String,
}

/// `{"token", "expiresIn": 60}`, for an origin whose pages an administrator has set up with
/// single sign-on for one of the agent's campaigns.
async fn token(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Json(Asked { origin }): Json<Asked>,
) -> Answer {
    let pages = shared.store.crm_urls().await?;
    let knows = pages.iter().any(|(campaign, pages)| {
        pages.session_policy == SessionPolicy::Sso
            && caller.desk.campaigns.contains(campaign)
            && [&pages.landing_url, &pages.call_url].iter().any(|url| leads_to(url, &origin))
    });
    if !knows {
        let words = "No campaign of yours signs in to that page. Ask an administrator.";
        return Err(Refusal::new(StatusCode::FORBIDDEN, words));
    }
    let desk = &caller.desk;
    let token = identity::token(&shared, &desk.user, &desk.name, &desk.handle, &origin);
    Ok(Json(json!({"token": Password::from(&token), "expiresIn": identity::LIFE})))
}

/// No placeholder stands in a page's host.
fn leads_to(template: &str, origin: &str) -> bool {
    Url::parse(template).is_ok_and(|url| url.origin().ascii_serialization() == origin)
}
