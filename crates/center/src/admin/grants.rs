//! Tokens for servers, and apps.

use super::session::Administrator;
use crate::apps::{self, AppField, AppRights, SLOTS};
use crate::endpoint::{Answer, Refusal};
use crate::rpc::{Shared, new_token, token_hash};
use crate::store::{AppFault, RestToken};
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, JsonRejection};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use omnibar_model::Secret;
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;
use tokio::sync::Semaphore;
use uuid::Uuid;

const MOST_TOKENS: usize = 200;
const MOST_APPS: usize = 50;
const DAY: Duration = Duration::from_secs(24 * 3600);
/// Packages are taken apart one at a time: each may fill 30 MiB of memory.
static ONE: Semaphore = Semaphore::const_new(1);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewToken {
    name: String,
    /// `None`: until it is removed.
    days: Option<u32>,
    /// Good for one request.
    once: bool,
}

/// `POST /admin/api/tokens`: the one time that the token itself is told.
pub(super) async fn add_token(
    State(shared): State<Shared>,
    Administrator(user): Administrator,
    given: Result<Json<NewToken>, JsonRejection>,
) -> Answer {
    let Json(given) = given.map_err(|e| Refusal::bad(e.to_string()))?;
    let name = given.name.trim();
    if name.is_empty() || name.chars().count() > 64 {
        return Err(Refusal::bad("A token's name has 1 to 64 characters."));
    }
    if given.days.is_some_and(|days| !(1..=3650).contains(&days)) {
        return Err(Refusal::bad("A token is good for 1 to 3650 days, or until it is removed."));
    }
    if shared.store.tokens().await?.len() >= MOST_TOKENS {
        return Err(Refusal::new(
            StatusCode::CONFLICT,
            "There are 200 tokens already. Remove those that nobody uses.",
        ));
    }
    let now = shared.clock.now();
    let millis = |at: omnibar_model::Moment| i64::try_from(at.as_millis()).unwrap_or(i64::MAX);
    let token = RestToken {
        id: Uuid::new_v4().simple().to_string(),
        name: name.to_owned(),
        made_by: user.to_string(),
        made_at: millis(now),
        expires_at: given.days.map(|days| millis(now + DAY * days)),
        once: given.once,
        used_at: None,
    };
    let secret = Secret::new(format!("omr_{}", new_token().expose()));
    shared.store.add_token(&token, &token_hash(&secret)).await?;
    tracing::info!(%user, token = token.id, "a token for servers was made");
    let mut answer = json!(token);
    answer["token"] = json!(secret.expose());
    Ok(Json(answer))
}

/// `DELETE /admin/api/tokens/{id}`
pub(super) async fn remove_token(
    State(shared): State<Shared>,
    Administrator(user): Administrator,
    Path(id): Path<String>,
) -> Answer {
    if !shared.store.remove_token(&id).await? {
        return Err(Refusal::missing("There is no such token. Load the page again."));
    }
    tracing::info!(%user, token = id, "a token for servers was removed");
    Ok(Json(json!({})))
}

/// `POST /admin/api/apps`: the package's bytes.
pub(super) async fn add_app(
    State(shared): State<Shared>,
    Administrator(user): Administrator,
    given: Result<Bytes, BytesRejection>,
) -> Answer {
    let bytes = given.map_err(|refused| match refused.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "The package is longer than 10 MiB. Leave out what the page does not need.",
        ),
        _ => Refusal::bad("The package did not arrive whole. Upload it again."),
    })?;
    let Ok(_turn) = ONE.acquire().await else {
        return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "The centre is stopping."));
    };
    let opened = tokio::task::spawn_blocking(move || apps::open(&bytes)).await;
    let package = opened
        .map_err(|_| Refusal::bad("The package cannot be read. Pack the app again."))?
        .map_err(|fault| {
            tracing::info!(%user, %fault, "a package was refused");
            Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, fault.to_string())
        })?;
    if shared.store.apps().await?.len() >= MOST_APPS {
        return Err(Refusal::new(
            StatusCode::CONFLICT,
            "There are 50 apps already. Remove old versions.",
        ));
    }
    let id = shared.store.add_app(shared.clock.now(), &user, &package).await?;
    tracing::info!(%user, name = package.name, version = package.version, "an app was uploaded");
    let url = format!("/si/{}/{}/", package.name, package.version);
    Ok(Json(json!({
        "id": id,
        "name": package.name,
        "version": package.version,
        "url": url,
        "asks": package.asks,
    })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    slot: Option<String>,
    fields: Vec<AppField>,
    /// `None`: as they are.
    rights: Option<AppRights>,
}

/// `PUT /admin/api/apps/{id}`
pub(super) async fn set_app(
    State(shared): State<Shared>,
    Administrator(user): Administrator,
    Path(id): Path<i64>,
    given: Result<Json<Place>, JsonRejection>,
) -> Answer {
    let Json(given) = given.map_err(|e| Refusal::bad(e.to_string()))?;
    if given.slot.as_deref().is_some_and(|slot| !SLOTS.contains(&slot)) {
        return Err(Refusal::bad("There is no such slot. Choose one of the list."));
    }
    AppField::check(&given.fields).map_err(Refusal::bad)?;
    shared.store.set_app(id, given.slot.as_deref(), &given.fields, given.rights).await?;
    tracing::info!(%user, app = id, slot = given.slot, rights = ?given.rights, "an app was placed");
    Ok(Json(json!({})))
}

/// `DELETE /admin/api/apps/{id}`
pub(super) async fn remove_app(
    State(shared): State<Shared>,
    Administrator(user): Administrator,
    Path(id): Path<i64>,
) -> Answer {
    shared.store.remove_app(id).await?;
    tracing::info!(%user, app = id, "an app was removed");
    Ok(Json(json!({})))
}

impl From<AppFault> for Refusal {
    fn from(fault: AppFault) -> Self {
        match fault {
            AppFault::Store(fault) => fault.into(),
            AppFault::Unknown => Self::missing(fault.to_string()),
            AppFault::Exists | AppFault::SlotTaken => {
                Self::new(StatusCode::CONFLICT, fault.to_string())
            }
        }
    }
}
