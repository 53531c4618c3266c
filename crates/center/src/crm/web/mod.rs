//! A mini-CRM by web services (contract: TB-09): records are asked for with GET, written
//! with POST where it works both ways, and told of interactions by [`push`].

mod push;
mod template;

pub(crate) use push::run as push;

use super::lay::checked_name;
use super::{Connector, CrmFault, Data, Field, FieldValue, Object, Page, Record, Step, Trouble};
use crate::outside::{self, Ask, OutsideFault};
use crate::store::{ConnectorRow, Store, WebSecrets};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use url::Url;

const MOST_FIELDS: usize = 100;
const GET: [&str; 5] = ["phone", "field", "text", "limit", "offset"];
const POST: [&str; 1] = ["id"];
/// Looked for in a test: nobody's.
const NOBODY: &str = "+15550100";

/// `crm_connectors.settings`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// The one kind of record: `Contact`.
    pub(crate) object: String,
    pub(crate) fields: Vec<WebField>,
    /// `https://crm.example/contacts?phone={phone}`, or with `{field}` and `{text}`.
    pub(crate) get: String,
    /// Where records are in the answer, names with dots between; empty: the answer itself.
    #[serde(default)]
    pub(crate) records: String,
    /// `https://crm.example/contacts/{id}`; empty: records are shown only.
    #[serde(default)]
    pub(crate) post: String,
    /// Told what happens to interactions; empty: nobody is.
    #[serde(default)]
    pub(crate) push: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebField {
    pub(crate) name: String,
    /// `id`, `string`, `phone`, `email`, …
    #[serde(rename = "type")]
    pub(crate) kind: String,
}

impl Settings {
    /// What is wrong, in words.
    pub(crate) fn check(&self) -> Result<(), String> {
        checked_name(&self.object)?;
        let good = |name: &str| {
            (1..=64).contains(&name.len())
                && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
        };
        let names: BTreeSet<&str> = self.fields.iter().map(|f| f.name.as_str()).collect();
        if names.len() != self.fields.len() || !(1..=MOST_FIELDS).contains(&names.len()) {
            return Err(format!("Name 1 to {MOST_FIELDS} fields, each once."));
        }
        if !self.fields.iter().all(|f| good(&f.name) && good(&f.kind)) || !good(&self.object) {
            return Err("Names have letters, digits, dots, dashes and underscores.".into());
        }
        if !self.records.is_empty() && !self.records.split('.').all(good) {
            return Err("Where the records are is names with dots between, as data.items.".into());
        }
        template::checked(&self.get, &GET)?;
        for (text, known) in [(&self.post, &POST[..]), (&self.push, &[])] {
            if !text.is_empty() {
                template::checked(text, known)?;
            }
        }
        if !self.post.is_empty() && !self.fields.iter().any(|f| f.kind == "id") {
            return Err("Records that are written need a field of type id.".into());
        }
        Ok(())
    }

    /// Where it sends what it keeps secret.
    pub(crate) fn origins(&self) -> BTreeSet<String> {
        let all = [(&self.get, &GET[..]), (&self.post, &POST[..]), (&self.push, &[])];
        let filled = |(text, known): (&String, &[&str])| {
            let values: Vec<(&str, &str)> = known.iter().map(|name| (*name, "a")).collect();
            template::filled(text, &values)
        };
        all.into_iter().filter_map(filled).map(|url| url.origin().ascii_serialization()).collect()
    }
}

pub(super) struct Web {
    connector: u32,
    store: Store,
    settings: Settings,
}

impl Web {
    pub(super) fn new(row: &ConnectorRow, store: Store) -> Result<Self, CrmFault> {
        let settings = serde_json::from_value(row.settings.clone())
            .map_err(|e| CrmFault::Refused(format!("the connector's settings are wrong: {e}")))?;
        Ok(Self { connector: row.id, store, settings })
    }

    pub(super) async fn test(&self) -> Result<Vec<Object>, Trouble> {
        let page = Page { limit: 1, offset: 0 };
        let field = self.settings.fields.first().map_or("", |f| f.name.as_str());
        let found = self.get(NOBODY, field, NOBODY, page).await?;
        if let Some(record) = found.first()
            && record.iter().all(|value| value.value.is_null())
        {
            let words = "It answers, but its records have none of these fields.";
            return Err(Trouble::new(Step::Objects, words));
        }
        if !self.settings.push.is_empty() {
            let told = json!({"event": "test", "id": 0});
            let secrets = self.secrets().await?;
            push::tell(&self.store, &self.settings.push, &secrets, 0, &told)
                .await
                .map_err(Trouble::from)?;
        }
        Ok(self.objects().await?)
    }

    async fn get(
        &self,
        phone: &str,
        field: &str,
        text: &str,
        page: Page,
    ) -> Result<Vec<Record>, CrmFault> {
        let (limit, offset) = (page.limit.to_string(), page.offset.to_string());
        let values = [
            ("phone", phone),
            ("field", field),
            ("text", text),
            ("limit", limit.as_str()),
            ("offset", offset.as_str()),
        ];
        let Answer { status, data } = self.ask(&self.settings.get, &values, "GET", None).await?;
        if status == 404 {
            return Ok(Vec::new());
        }
        good(status, &data, CrmFault::NoObject)?;
        let path = self.settings.records.split('.').filter(|name| !name.is_empty());
        let found = path.fold(&data, |value, name| &value[name]);
        let records = match found {
            Value::Array(records) => records.iter().take(limit_of(page)).collect(),
            Value::Object(_) => vec![found],
            Value::Null => Vec::new(),
            Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                return Err(CrmFault::Answer("there are no records where they should be".into()));
            }
        };
        Ok(records.into_iter().map(|record| self.record(record)).collect())
    }

    /// Returns what the service answers.
    async fn post(&self, record: Option<&str>, data: Data) -> Result<Value, CrmFault> {
        if self.settings.post.is_empty() {
            return Err(CrmFault::Refused("its records are shown only".into()));
        }
        for (field, value) in &data {
            if !self.settings.fields.iter().any(|f| f.name == *field && f.kind != "id") {
                let object = self.settings.object.clone();
                return Err(CrmFault::NoField { object, field: super::shown(field) });
            }
            if value.is_array() || value.is_object() {
                return Err(CrmFault::Refused(format!(
                    "{field} is a text, number or truth value."
                )));
            }
        }
        let body = json!({"object": self.settings.object, "record": record, "fields": data});
        let values = [("id", record.unwrap_or_default())];
        let answer = self.ask(&self.settings.post, &values, "POST", Some(body)).await?;
        good(answer.status, &answer.data, CrmFault::NoRecord)?;
        Ok(answer.data)
    }

    async fn ask(
        &self,
        address: &str,
        values: &[(&str, &str)],
        method: &str,
        body: Option<Value>,
    ) -> Result<Answer, CrmFault> {
        let url = template::filled(address, values)
            .ok_or_else(|| CrmFault::Refused("its address is wrong".into()))?;
        let secrets = self.secrets().await?;
        let authorization = secrets.authorization.expose();
        let headers = (!authorization.is_empty())
            .then(|| ("authorization".to_owned(), authorization.to_owned()));
        ask(&self.store, &url, method, headers.into_iter().collect(), body.unwrap_or_default())
            .await
    }

    async fn secrets(&self) -> Result<WebSecrets, CrmFault> {
        Ok(self.store.web_secrets(self.connector).await?)
    }

    fn record(&self, record: &Value) -> Record {
        let value = |field: &WebField| FieldValue {
            field: field.name.clone(),
            value: match &record[&field.name] {
                Value::Array(_) | Value::Object(_) => Value::Null,
                plain => plain.clone(),
            },
            kind: field.kind.clone(),
        };
        self.settings.fields.iter().map(value).collect()
    }
}

#[async_trait]
impl Connector for Web {
    async fn objects(&self) -> Result<Vec<Object>, CrmFault> {
        let by_number = template::has(&self.settings.get, "phone");
        let by_text = template::has(&self.settings.get, "text");
        let writable = !self.settings.post.is_empty();
        let field = |f: &WebField| Field {
            name: f.name.clone(),
            label: f.name.clone(),
            kind: f.kind.clone(),
            required: false,
            searchable: by_text || (by_number && f.kind == "phone"),
            writable: writable && f.kind != "id",
        };
        let fields = self.settings.fields.iter().map(field).collect();
        Ok(vec![Object { kind: self.settings.object.clone(), fields }])
    }

    async fn list(&self, _: &str, page: Page) -> Result<Vec<Record>, CrmFault> {
        if template::has(&self.settings.get, "phone") {
            return Err(CrmFault::Refused("it finds records by their number only".into()));
        }
        self.get("", "", "", page).await
    }

    async fn search(
        &self,
        object: &str,
        field: &str,
        text: &str,
        page: Page,
    ) -> Result<Vec<Record>, CrmFault> {
        let objects = self.objects().await?;
        let mut fields = objects.iter().flat_map(|o| &o.fields);
        let known = fields.find(|f| f.searchable && f.name.eq_ignore_ascii_case(field));
        match known {
            Some(known) => self.get(text, &known.name, text, page).await,
            None => {
                Err(CrmFault::NoField { object: object.to_owned(), field: super::shown(field) })
            }
        }
    }

    async fn create(&self, _: &str, data: Data) -> Result<String, CrmFault> {
        let made = self.post(None, data).await?;
        let id = self.settings.fields.iter().find(|f| f.kind == "id");
        match id.map(|id| &made[&id.name]) {
            Some(Value::String(id)) => Ok(id.clone()),
            Some(Value::Number(id)) => Ok(id.to_string()),
            Some(_) | None => Err(CrmFault::Answer("it does not tell the new record's id".into())),
        }
    }

    async fn update(&self, _: &str, record: &str, data: Data) -> Result<(), CrmFault> {
        if record.is_empty() || record.len() > 128 || record.contains(char::is_control) {
            return Err(CrmFault::NoRecord);
        }
        self.post(Some(record), data).await.map(drop)
    }
}

struct Answer {
    status: u64,
    data: Value,
}

/// Only to hosts that an administrator has listed.
async fn ask(
    store: &Store,
    url: &Url,
    method: &str,
    headers: BTreeMap<String, String>,
    body: Value,
) -> Result<Answer, CrmFault> {
    let hosts = store.outside_hosts().await?;
    let mut told = outside::request(&hosts, Ask::new(url, method, headers, body)).await?;
    let status = told["status"].as_u64().unwrap_or_default();
    Ok(Answer { status, data: told["data"].take() })
}

fn good(status: u64, data: &Value, missing: CrmFault) -> Result<(), CrmFault> {
    let words = || {
        let said = ["message", "error", "reason"].iter().find_map(|name| data[*name].as_str());
        let said = said.map(super::shown).filter(|said| !said.is_empty());
        said.unwrap_or_else(|| format!("HTTP {status}"))
    };
    match status {
        200..=299 => Ok(()),
        401 => Err(CrmFault::SignIn(words())),
        404 => Err(missing),
        429 => Err(CrmFault::TooMany),
        400..=499 => Err(CrmFault::Refused(words())),
        _ => Err(CrmFault::Unreachable(format!("HTTP {status}"))),
    }
}

fn limit_of(page: Page) -> usize {
    usize::try_from(page.limit).unwrap_or(usize::MAX)
}

impl From<OutsideFault> for CrmFault {
    fn from(fault: OutsideFault) -> Self {
        match fault {
            OutsideFault::Bad(_) | OutsideFault::NotListed(_) | OutsideFault::Private(_) => {
                Self::Refused(fault.to_string())
            }
            OutsideFault::Unreachable(_)
            | OutsideFault::TooSlow(_)
            | OutsideFault::TooLong
            | OutsideFault::Circles(_) => Self::Unreachable(fault.to_string()),
            OutsideFault::Busy => Self::TooMany,
        }
    }
}
