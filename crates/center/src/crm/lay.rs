//! What an administrator lays down for a connector, from the command line or in the page.

use super::salesforce::Plan;
use super::web::Settings as WebSettings;
use crate::clock::Clock;
use crate::store::{ConnectorKind, ConnectorRow, ConnectorSecrets, Store, WebSecrets};
use omnibar_model::Secret;
use serde_json::{Value, json};
use url::Url;

const LONGEST_NAME: usize = 64;
const LONGEST_SECRET: usize = 4096;

/// Adds a Salesforce organisation to a centre's store, which a running centre uses from
/// then on. Returns the connector's number.
///
/// `settings`: `{"login": origin, "api_version": "62.0", "objects": {"Case": ["Id", …]}}`,
/// each of which may be left out.
///
/// # Errors
/// In words, what is wrong with what was given.
pub async fn connect_salesforce(
    store: &Store,
    name: &str,
    domain: &str,
    settings: &Value,
    secrets: &ConnectorSecrets,
) -> Result<u32, String> {
    let given = GivenSecrets {
        client_id: Some(secrets.client_id.clone()),
        client_secret: Some(secrets.client_secret.clone()),
        refresh_token: Some(secrets.refresh_token.clone()),
    };
    add_salesforce(store, name, domain, settings, given).await
}

/// As they were written into the form; what was kept before stays where nothing was.
#[derive(Debug)]
pub(crate) struct GivenSecrets {
    pub(crate) client_id: Option<String>,
    pub(crate) client_secret: Option<Secret>,
    pub(crate) refresh_token: Option<Secret>,
}

/// As [`connect_salesforce`].
pub(crate) async fn add_salesforce(
    store: &Store,
    name: &str,
    domain: &str,
    settings: &Value,
    given: GivenSecrets,
) -> Result<u32, String> {
    let name = checked_name(name)?;
    let domain = Plan::read(domain, settings)?.domain.origin().ascii_serialization();
    let secrets = ConnectorSecrets {
        client_id: given.client_id.unwrap_or_default(),
        client_secret: given.client_secret.unwrap_or_else(|| Secret::new("")),
        refresh_token: given.refresh_token.unwrap_or_else(|| Secret::new("")),
    };
    checked(&secrets)?;
    let now = Clock::start().now();
    store
        .add_connector(now, ConnectorKind::Salesforce, name, &domain, settings, &secrets.text())
        .await
        .map_err(|e| e.to_string())
}

/// Where the secrets are sent to does not change unless they are given anew: nobody can
/// read them by naming another host.
pub(crate) async fn change_salesforce(
    store: &Store,
    row: ConnectorRow,
    name: &str,
    domain: &str,
    settings: Value,
    given: GivenSecrets,
) -> Result<bool, String> {
    let name = checked_name(name)?.to_owned();
    let plan = Plan::read(domain, &settings)?;
    let before = Plan::read(&row.domain, &row.settings).ok();
    let kept = store.connector_secrets(row.id).await.map_err(|e| e.to_string())?;
    let elsewhere = before.is_none_or(|before| {
        before.domain.origin() != plan.domain.origin()
            || before.login.origin() != plan.login.origin()
    });
    if elsewhere && (given.client_secret.is_none() || given.refresh_token.is_none()) {
        return Err("The address is another one: give the client secret and the refresh token \
                    again."
            .into());
    }
    let none = || Secret::new("");
    let secrets = match kept {
        Some(kept) => ConnectorSecrets {
            client_id: given.client_id.unwrap_or(kept.client_id),
            client_secret: given.client_secret.unwrap_or(kept.client_secret),
            refresh_token: given.refresh_token.unwrap_or(kept.refresh_token),
        },
        None => ConnectorSecrets {
            client_id: given.client_id.unwrap_or_default(),
            client_secret: given.client_secret.unwrap_or_else(none),
            refresh_token: given.refresh_token.unwrap_or_else(none),
        },
    };
    checked(&secrets)?;
    let domain = plan.domain.origin().ascii_serialization();
    let row = ConnectorRow { name, domain, settings, ..row };
    let now = Clock::start().now();
    store.change_connector(now, &row, Some(&secrets.text())).await.map_err(|e| e.to_string())
}

/// `authorization`, `push_key`: `None` is none. Returns the connector's number.
pub(crate) async fn add_web(
    store: &Store,
    name: &str,
    settings: &WebSettings,
    [authorization, push_key]: [Option<Secret>; 2],
) -> Result<u32, String> {
    let name = checked_name(name)?;
    settings.check()?;
    let none = || Secret::new("");
    let secrets = WebSecrets {
        authorization: authorization.unwrap_or_else(none),
        push_key: push_key.unwrap_or_else(none),
    };
    let (now, settings) = (Clock::start().now(), json!(settings));
    let domain = domain(&settings);
    let id = store
        .add_connector(now, ConnectorKind::Web, name, &domain, &settings, &secrets.text())
        .await
        .map_err(|e| e.to_string())?;
    store.begin_pushes(id).await.map_err(|e| e.to_string())?;
    Ok(id)
}

/// What is kept goes to no other host than before, as with [`change_salesforce`].
pub(crate) async fn change_web(
    store: &Store,
    row: ConnectorRow,
    name: &str,
    settings: &WebSettings,
    [authorization, push_key]: [Option<Secret>; 2],
) -> Result<bool, String> {
    let name = checked_name(name)?.to_owned();
    settings.check()?;
    let kept = store.web_secrets(row.id).await.map_err(|e| e.to_string())?;
    let before = serde_json::from_value::<WebSettings>(row.settings.clone())
        .map(|before| before.origins())
        .unwrap_or_default();
    let elsewhere = !settings.origins().is_subset(&before);
    let held = |given: &Option<Secret>, kept: &Secret| given.is_none() && !kept.expose().is_empty();
    if elsewhere && (held(&authorization, &kept.authorization) || held(&push_key, &kept.push_key)) {
        return Err("An address is at another host: give the secrets again.".into());
    }
    let secrets = WebSecrets {
        authorization: authorization.unwrap_or(kept.authorization),
        push_key: push_key.unwrap_or(kept.push_key),
    };
    let settings = json!(settings);
    let row = ConnectorRow { name, domain: domain(&settings), settings, ..row };
    let now = Clock::start().now();
    store.change_connector(now, &row, Some(&secrets.text())).await.map_err(|e| e.to_string())
}

/// Of the address that records come from.
fn domain(settings: &Value) -> String {
    let address = settings["get"].as_str().unwrap_or_default();
    let end = address.find(['{', '?']).unwrap_or(address.len());
    Url::parse(&address[..end]).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
}

/// Hosts that a Salesforce connector speaks to.
pub(crate) fn salesforce_hosts(domain: &str, settings: &Value) -> Result<[Url; 2], String> {
    let plan = Plan::read(domain, settings)?;
    Ok([plan.domain, plan.login])
}

/// A connector's settings with what is taken where nothing is said.
pub(crate) fn whole_settings(row: &ConnectorRow) -> Value {
    match row.kind {
        ConnectorKind::Directory | ConnectorKind::Web => row.settings.clone(),
        ConnectorKind::Salesforce => {
            let plan = Plan::read(&row.domain, &row.settings);
            plan.map_or_else(|_| row.settings.clone(), |plan| plan.settings())
        }
    }
}

pub(super) fn checked_name(name: &str) -> Result<&str, String> {
    let name = name.trim();
    let good = (1..=LONGEST_NAME).contains(&name.chars().count());
    if good && !name.contains(char::is_control) {
        return Ok(name);
    }
    Err(format!("A connector's name has 1 to {LONGEST_NAME} characters."))
}

fn checked(secrets: &ConnectorSecrets) -> Result<(), String> {
    let ConnectorSecrets { client_id, client_secret, refresh_token } = secrets;
    if client_id.is_empty() || refresh_token.expose().is_empty() {
        return Err("A client id and a refresh token are needed.".into());
    }
    let all = [client_id.as_str(), client_secret.expose(), refresh_token.expose()];
    if all.iter().any(|text| text.len() > LONGEST_SECRET) {
        return Err(format!("A client id or a secret has at most {LONGEST_SECRET} characters."));
    }
    Ok(())
}
