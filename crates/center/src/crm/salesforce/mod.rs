//! Salesforce by its REST API: SOQL queries, sobjects, describe.

mod access;
mod soql;
mod test;

use super::{Connector, CrmFault, Data, Field, FieldValue, Object, Page, Record};
use crate::store::{ConnectorRow, Store};
use access::{Access, Answer, is_loopback, words};
use async_trait::async_trait;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use url::Url;

/// Where refresh tokens are exchanged unless the settings say otherwise.
const DEFAULT_LOGIN: &str = "https://login.salesforce.com";
const API: &str = "62.0";
/// What is known of an object's fields is asked again after this time.
const DESCRIBED_FOR: Duration = Duration::from_secs(600);
const MOST_OBJECTS: usize = 20;
const MOST_FIELDS: usize = 100;
/// Pages of one answer that are followed.
const MOST_PAGES: usize = 10;

/// `crm_connectors.settings`.
#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    login: String,
    api_version: String,
    /// Objects, and of each the fields that are shown, in this order.
    objects: BTreeMap<String, Vec<String>>,
}

impl Default for Settings {
    fn default() -> Self {
        let fields = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
        Self {
            login: DEFAULT_LOGIN.into(),
            api_version: API.into(),
            objects: BTreeMap::from([
                ("Contact".into(), fields(&["Id", "FirstName", "LastName", "Phone", "OtherPhone"])),
                ("Case".into(), fields(&["Id", "Subject", "Description"])),
            ]),
        }
    }
}

pub(super) struct Salesforce {
    access: Arc<Access>,
    settings: Settings,
    described: Mutex<BTreeMap<String, (Instant, Object)>>,
}

/// Who Salesforce is and what is wanted of it, checked.
pub(super) struct Plan {
    /// `https`, or this machine.
    pub(super) domain: Url,
    pub(super) login: Url,
    settings: Settings,
}

impl Plan {
    /// An error says in words what is wrong.
    pub(super) fn read(domain: &str, settings: &Value) -> Result<Self, String> {
        let settings: Settings = serde_json::from_value(settings.clone())
            .map_err(|e| format!("The connector's settings are wrong: {e}."))?;
        let sizes = settings.objects.values().map(Vec::len);
        if settings.objects.len() > MOST_OBJECTS || sizes.clone().any(|fields| fields > MOST_FIELDS)
        {
            return Err(format!(
                "A connector shows at most {MOST_OBJECTS} objects, and {MOST_FIELDS} fields of each."
            ));
        }
        let digits = |c: char| c.is_ascii_digit() || c == '.';
        let mut names = settings
            .objects
            .iter()
            .flat_map(|(object, fields)| std::iter::once(object).chain(fields));
        if !settings.api_version.chars().all(digits) || !names.all(|name| soql::is_name(name)) {
            return Err("The connector's settings name an impossible version or field.".into());
        }
        Ok(Self { domain: origin(domain)?, login: origin(&settings.login)?, settings })
    }

    pub(super) fn settings(&self) -> Value {
        serde_json::json!(self.settings)
    }
}

fn origin(text: &str) -> Result<Url, String> {
    let wrong = || format!("{text:?} is no address like https://example.my.salesforce.com.");
    let url = Url::parse(text).map_err(|_| wrong())?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    if !bare || !url.username().is_empty() || url.password().is_some() || url.host().is_none() {
        return Err(wrong());
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        _ => Err("A CRM is reached by https.".into()),
    }
}

impl Salesforce {
    pub(super) fn new(row: &ConnectorRow, store: Store) -> Result<Self, CrmFault> {
        let plan = Plan::read(&row.domain, &row.settings).map_err(CrmFault::SignIn)?;
        let Plan { domain, login, settings } = plan;
        let access = Arc::new(Access::new(row.id, store, domain, login)?);
        Ok(Self { access, settings, described: Mutex::default() })
    }

    fn path(&self, rest: &str) -> String {
        format!("/services/data/v{}/{rest}", self.settings.api_version)
    }

    /// The object with the fields of the settings that the centre may see.
    async fn object(&self, name: &str) -> Result<Object, CrmFault> {
        let known = self.settings.objects.keys().find(|kind| kind.eq_ignore_ascii_case(name));
        let name = known.ok_or(CrmFault::NoObject)?;
        let kept = self.described.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        if let Some((at, object)) = kept
            && at.elapsed() < DESCRIBED_FOR
        {
            return Ok(object);
        }
        let path = self.path(&format!("sobjects/{name}/describe"));
        let answer = self.access.ask(Method::GET, &path, None).await?;
        let described = good(answer, CrmFault::NoObject)?;
        let object = described_object(name, &self.settings.objects[name], &described)?;
        let mut kept = self.described.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(name.clone(), (Instant::now(), object.clone()));
        Ok(object)
    }

    async fn query(
        &self,
        object: &Object,
        condition: &str,
        page: Page,
    ) -> Result<Vec<Record>, CrmFault> {
        let query = soql::select(&object.kind, &object.fields, condition, page);
        let query =
            url::form_urlencoded::Serializer::new(String::new()).append_pair("q", &query).finish();
        let mut path = self.path(&format!("query?{query}"));
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let mut records = Vec::new();
        for _ in 0..MOST_PAGES {
            let answer = self.access.ask(Method::GET, &path, None).await?;
            let body = good(answer, CrmFault::NoObject)?;
            let Some(found) = body["records"].as_array() else {
                return Err(CrmFault::Answer("it has no records".into()));
            };
            records.extend(found.iter().map(|record| values(object, record)));
            match body["nextRecordsUrl"].as_str() {
                // Only a path of the API: the token goes nowhere else.
                Some(next) if next.starts_with("/services/data/") && records.len() < limit => {
                    next.clone_into(&mut path);
                }
                Some(_) | None => break,
            }
        }
        records.truncate(limit);
        Ok(records)
    }
}

#[async_trait]
impl Connector for Salesforce {
    async fn objects(&self) -> Result<Vec<Object>, CrmFault> {
        let mut objects = Vec::new();
        for name in self.settings.objects.keys() {
            objects.push(self.object(name).await?);
        }
        Ok(objects)
    }

    async fn list(&self, object: &str, page: Page) -> Result<Vec<Record>, CrmFault> {
        let object = self.object(object).await?;
        self.query(&object, "", page).await
    }

    async fn search(
        &self,
        object: &str,
        field: &str,
        text: &str,
        page: Page,
    ) -> Result<Vec<Record>, CrmFault> {
        let object = self.object(object).await?;
        let known = object.fields.iter().find(|f| f.name.eq_ignore_ascii_case(field));
        let condition =
            known.filter(|f| f.searchable).and_then(|field| soql::condition(field, text));
        let Some(condition) = condition else {
            return Err(CrmFault::NoField { object: object.kind, field: super::shown(field) });
        };
        self.query(&object, &condition, page).await
    }

    async fn create(&self, object: &str, data: Data) -> Result<String, CrmFault> {
        let object = self.object(object).await?;
        let body = writable(&object, data)?;
        let path = self.path(&format!("sobjects/{}", object.kind));
        let answer = self.access.ask(Method::POST, &path, Some(&body)).await?;
        let made = good(answer, CrmFault::NoObject)?;
        match made["id"].as_str() {
            Some(id) if made["success"] == true => Ok(id.to_owned()),
            Some(_) | None => Err(CrmFault::Refused(words(&made["errors"]))),
        }
    }

    async fn update(&self, object: &str, record: &str, data: Data) -> Result<(), CrmFault> {
        let object = self.object(object).await?;
        // 15 or 18 letters and digits.
        let is_id =
            matches!(record.len(), 15 | 18) && record.chars().all(|c| c.is_ascii_alphanumeric());
        if !is_id {
            return Err(CrmFault::NoRecord);
        }
        let body = writable(&object, data)?;
        let path = self.path(&format!("sobjects/{}/{record}", object.kind));
        let answer = self.access.ask(Method::PATCH, &path, Some(&body)).await?;
        good(answer, CrmFault::NoRecord).map(drop)
    }
}

/// Any field that has a proper name: Salesforce knows and says which of them it takes.
fn writable(object: &Object, data: Data) -> Result<Value, CrmFault> {
    for (field, value) in &data {
        if !soql::is_name(field) {
            let (object, field) = (object.kind.clone(), super::shown(field));
            return Err(CrmFault::NoField { object, field });
        }
        if value.is_array() || value.is_object() {
            return Err(CrmFault::Refused(format!("{field} is a text, number or truth value.")));
        }
    }
    if data.is_empty() {
        return Err(CrmFault::Refused("No field was given.".into()));
    }
    Ok(Value::Object(data))
}

fn good(answer: Answer, missing: CrmFault) -> Result<Value, CrmFault> {
    let Answer { status, body } = answer;
    let code = body[0]["errorCode"].as_str().unwrap_or_default();
    match status {
        200..=299 => Ok(body),
        404 => Err(missing),
        400 if code == "INVALID_TYPE" => Err(CrmFault::NoObject),
        403 | 429 if code == "REQUEST_LIMIT_EXCEEDED" => Err(CrmFault::TooMany),
        429 => Err(CrmFault::TooMany),
        400..=499 => Err(CrmFault::Refused(words(&body))),
        _ => Err(CrmFault::Unreachable(format!("HTTP {status}"))),
    }
}

fn described_object(kind: &str, wanted: &[String], described: &Value) -> Result<Object, CrmFault> {
    let Some(all) = described["fields"].as_array() else {
        return Err(CrmFault::Answer("the description has no fields".into()));
    };
    let is = |field: &Value, flag: &str| field[flag].as_bool().unwrap_or(false);
    let fields: Vec<Field> = wanted
        .iter()
        .filter_map(|name| all.iter().find(|f| f["name"].as_str() == Some(name)))
        .filter_map(|f| {
            Some(Field {
                name: f["name"].as_str()?.to_owned(),
                label: f["label"].as_str()?.to_owned(),
                kind: f["type"].as_str()?.to_owned(),
                required: is(f, "createable") && !is(f, "nillable") && !is(f, "defaultedOnCreate"),
                searchable: is(f, "filterable"),
                writable: is(f, "createable") || is(f, "updateable"),
            })
        })
        .collect();
    if fields.is_empty() {
        return Err(CrmFault::Answer(format!("none of {kind}'s fields may be seen")));
    }
    Ok(Object { kind: kind.to_owned(), fields })
}

fn values(object: &Object, record: &Value) -> Record {
    object
        .fields
        .iter()
        .map(|field| FieldValue {
            field: field.name.clone(),
            value: record[&field.name].clone(),
            kind: field.kind.clone(),
        })
        .collect()
}
