//! Where the CRM is. Secrets go in and never come out.

use super::session::Administrator;
use crate::crm::{self, CrmFault, GivenSecrets, Step, Trouble, WebSettings};
use crate::endpoint::{Answer, Refusal};
use crate::outside;
use crate::rpc::Shared;
use crate::store::{ConnectorKind, ConnectorRow};
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use omnibar_model::Secret;
use omnibar_protocol::wire;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::Semaphore;
use url::Url;

const MOST: usize = 20;
/// For a whole test; below what a question may take.
const LIMIT: Duration = Duration::from_secs(20);
/// Tests one at a time: each is a handful of requests to somebody else.
static ONE: Semaphore = Semaphore::const_new(1);

/// A connector as the form has it. Of secrets what is left out stays as it was.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Given {
    Salesforce(Salesforce),
    Web(Web),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Salesforce {
    name: String,
    /// `https://example.my.salesforce.com`
    domain: String,
    login: Option<String>,
    api_version: Option<String>,
    objects: Option<BTreeMap<String, Vec<String>>>,
    client_id: Option<String>,
    client_secret: Option<wire::Password>,
    refresh_token: Option<wire::Password>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Web {
    name: String,
    settings: WebSettings,
    /// The header `Authorization`, whole.
    authorization: Option<wire::Password>,
    push_key: Option<wire::Password>,
}

type Asked = Result<Json<Given>, JsonRejection>;

/// For the page: every connector, without its secrets.
pub(super) async fn shown(shared: &Shared) -> Result<Value, Refusal> {
    let used = shared.crm.row("default").await?.id;
    let shown = |row: &ConnectorRow| {
        json!({
            "id": row.id,
            "kind": row.kind,
            "name": row.name,
            "domain": row.domain,
            "settings": crm::whole_settings(row),
            "changed_at": row.changed_at,
            "used": row.id == used,
        })
    };
    Ok(shared.crm.rows().await?.iter().map(shown).collect())
}

/// `POST /admin/api/connectors`
pub(super) async fn add(
    State(shared): State<Shared>,
    Administrator(user): Administrator,
    given: Asked,
) -> Answer {
    let Json(given) = given.map_err(|e| unread(&e))?;
    if shared.crm.rows().await?.len() >= MOST {
        let words = "There are 20 connectors already. Remove those that nobody uses.";
        return Err(Refusal::new(StatusCode::CONFLICT, words));
    }
    let id = match given {
        Given::Salesforce(given) => {
            let (form, secrets) = form(given);
            let hosts = crm::salesforce_hosts(&form.domain, &form.settings);
            near(&shared, &hosts.map_err(Refusal::bad)?).await?;
            let Form { name, domain, settings } = form;
            crm::add_salesforce(&shared.store, &name, &domain, &settings, secrets).await
        }
        Given::Web(Web { name, settings, authorization, push_key }) => {
            let secrets = [secret(authorization), secret(push_key)];
            crm::add_web(&shared.store, &name, &settings, secrets).await
        }
    }
    .map_err(Refusal::bad)?;
    tracing::info!(%user, connector = id, "a CRM was connected");
    Ok(Json(json!({ "id": id })))
}

/// `PUT /admin/api/connectors/{id}`
pub(super) async fn change(
    State(shared): State<Shared>,
    Administrator(user): Administrator,
    Path(id): Path<u32>,
    given: Asked,
) -> Answer {
    let Json(given) = given.map_err(|e| unread(&e))?;
    let row = row(&shared, id).await?;
    let changed = match (row.kind, given) {
        (ConnectorKind::Salesforce, Given::Salesforce(given)) => {
            let (form, secrets) = form(given);
            let hosts = crm::salesforce_hosts(&form.domain, &form.settings);
            near(&shared, &hosts.map_err(Refusal::bad)?).await?;
            let Form { name, domain, settings } = form;
            crm::change_salesforce(&shared.store, row, &name, &domain, settings, secrets).await
        }
        (ConnectorKind::Web, Given::Web(Web { name, settings, authorization, push_key })) => {
            let secrets = [secret(authorization), secret(push_key)];
            crm::change_web(&shared.store, row, &name, &settings, secrets).await
        }
        (ConnectorKind::Directory | ConnectorKind::Salesforce | ConnectorKind::Web, _) => {
            return Err(Refusal::bad("A connector stays of its kind. Add another one."));
        }
    };
    if !changed.map_err(Refusal::bad)? {
        return Err(missing());
    }
    tracing::info!(%user, connector = id, "a connector was changed");
    Ok(Json(json!({})))
}

/// `DELETE /admin/api/connectors/{id}`
pub(super) async fn remove(
    State(shared): State<Shared>,
    Administrator(user): Administrator,
    Path(id): Path<u32>,
) -> Answer {
    if !shared.store.remove_connector(id).await? {
        return Err(missing());
    }
    tracing::info!(%user, connector = id, "a connector was removed");
    Ok(Json(json!({})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Choice {
    id: u32,
}

/// `PUT /admin/api/connector`: which of them the centre works with.
pub(super) async fn choose(
    State(shared): State<Shared>,
    Administrator(user): Administrator,
    given: Result<Json<Choice>, JsonRejection>,
) -> Answer {
    let Json(Choice { id }) = given.map_err(|e| Refusal::bad(e.to_string()))?;
    if !shared.store.choose_connector(id).await? {
        return Err(missing());
    }
    tracing::info!(%user, connector = id, "the centre's CRM was chosen");
    Ok(Json(json!({})))
}

/// `POST /admin/api/connectors/{id}/test`: what was kept is tried, so that no secret is
/// sent anywhere that it was not meant for.
pub(super) async fn test(
    State(shared): State<Shared>,
    Administrator(user): Administrator,
    Path(id): Path<u32>,
) -> Answer {
    let row = row(&shared, id).await?;
    let Ok(_turn) = ONE.acquire().await else {
        return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "The centre is stopping."));
    };
    let tested = tokio::time::timeout(LIMIT, shared.crm.test(&row)).await.unwrap_or_else(|_| {
        Err(Trouble::new(Step::Connection, "The CRM took too long. Try again in a moment."))
    });
    Ok(Json(match tested {
        Ok(objects) => {
            tracing::info!(%user, connector = id, "a connector was tested: it works");
            let fields = |object: &crm::Object| -> Vec<String> {
                object.fields.iter().map(|field| field.name.clone()).collect()
            };
            let objects: BTreeMap<&str, Vec<String>> =
                objects.iter().map(|object| (object.kind.as_str(), fields(object))).collect();
            json!({"works": true, "objects": objects})
        }
        Err(Trouble { step, message }) => {
            tracing::info!(%user, connector = id, ?step, "a connector was tested: it fails");
            json!({"works": false, "step": step, "message": message})
        }
    }))
}

struct Form {
    name: String,
    domain: String,
    settings: Value,
}

fn form(given: Salesforce) -> (Form, GivenSecrets) {
    let Salesforce {
        name,
        domain,
        login,
        api_version,
        objects,
        client_id,
        client_secret,
        refresh_token,
    } = given;
    let mut settings = Map::new();
    let parts = [
        ("login", filled(login).map(|login| json!(bare(&login)))),
        ("api_version", filled(api_version).map(|version| json!(version))),
        ("objects", objects.filter(|o| !o.is_empty()).map(|objects| json!(objects))),
    ];
    for (part, value) in parts {
        settings.extend(value.map(|value| (part.to_owned(), value)));
    }
    let secrets = GivenSecrets {
        client_id: filled(client_id),
        client_secret: secret(client_secret),
        refresh_token: secret(refresh_token),
    };
    (Form { name, domain: bare(&domain), settings: Value::Object(settings) }, secrets)
}

fn secret(given: Option<wire::Password>) -> Option<Secret> {
    given.map(wire::Password::into_secret).filter(|secret| !secret.expose().is_empty())
}

fn filled(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// As it is copied from a browser.
fn bare(address: &str) -> String {
    address.trim().trim_end_matches('/').to_owned()
}

/// Nobody looks about in the centre's own network by naming a CRM there.
async fn near(shared: &Shared, urls: &[Url]) -> Result<(), Refusal> {
    let listed = shared.store.outside_hosts().await?;
    for url in urls {
        if let Err(fault) = outside::check(&listed, url).await {
            return Err(Refusal::new(fault.status(), fault.to_string()));
        }
    }
    Ok(())
}

async fn row(shared: &Shared, id: u32) -> Result<ConnectorRow, Refusal> {
    match shared.crm.row(&id.to_string()).await {
        Ok(row) => Ok(row),
        Err(CrmFault::NoConnector) => Err(missing()),
        Err(other) => Err(other.into()),
    }
}

/// What stands in the form is said to nobody, secrets least of all.
fn unread(error: &JsonRejection) -> Refusal {
    tracing::debug!(status = %error.status(), "a connector's form could not be read");
    Refusal::bad("The form could not be read. Load the page again.")
}

fn missing() -> Refusal {
    Refusal::missing("There is no such connector that this can be done with. Load the page again.")
}
