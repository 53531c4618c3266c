//! API-18 to API-26: records of the CRM, shown in the toolbar or asked of its connector.

use super::arguments::{as_text, required, unfit};
use super::http::{self, segment};
use super::{Call, Omni, Reply, seen, ui};
use omnibar_contract::{Preview, SdkError, SdkErrorType};
use omnibar_model::Record;
use serde_json::{Map, Value, json};

const RECORDS_MAX: usize = 50;
/// Longest text of a record, in characters: what the centre keeps.
const TEXT_MAX: usize = 255;
/// Longest `additionalInfo`, in bytes of JSON.
const MORE_MAX: usize = 16 * 1024;

impl Omni {
    /// API-18: the centre links it, and every page hears of it (EVT-11).
    pub(super) fn set_record(&mut self, call: &Call<'_>) -> Result<Reply, SdkError> {
        let interaction =
            &seen::named_call(&call.view.desk, call.arguments.text("interactionId"))?.interaction;
        let mut body = Map::new();
        for key in ["recordId", "recordType", "recordName", "additionalInfo"] {
            if let Some(value) = call.arguments.get(key) {
                body.insert(key.to_owned(), value.clone());
            }
        }
        let record = read(&body)?;
        let path = record_path(interaction.id.as_str());
        let ask = http::put(path, super::payload::record(&record));
        Ok(self.pass(call, ask))
    }

    /// API-19.
    pub(super) fn show_records(&mut self, call: &Call<'_>) -> Result<Reply, SdkError> {
        let interaction = call.arguments.text("interactionId");
        let id = seen::named_call(&call.view.desk, interaction)?.interaction.id.clone();
        self.shown.records.insert(id, records(call.arguments.list("recordsInfo"))?);
        Ok(Reply::void())
    }

    /// API-20.
    pub(super) fn show_preview(&mut self, call: &Call<'_>) -> Result<Reply, SdkError> {
        let phone = ui::phone(Some(call.arguments.text("phone")))?.to_string();
        let records = Some(records(call.arguments.list("recordsInfo"))?);
        self.shown.preview = Some(Preview { phone, records });
        Ok(Reply::void())
    }

    /// API-21.
    pub(super) fn record_opened(&mut self, call: &Call<'_>) -> Result<Reply, SdkError> {
        let record = call.arguments.object("record").ok_or_else(|| required("record"))?;
        self.shown.open = Some((call.caller.page, read(record)?));
        Ok(Reply::void())
    }

    /// API-22 (`contacts`) and API-23 (`cases`).
    pub(super) fn all_records(&mut self, call: &Call<'_>, what: &str) -> Reply {
        let connector = segment(call.arguments.text("connectorId"));
        let object = segment(call.arguments.text("objectId"));
        self.pass(call, http::get("crm", &format!("/connectors/{connector}/{what}/{object}")))
    }

    /// API-24.
    pub(super) fn create_case(&mut self, call: &Call<'_>) -> Result<Reply, SdkError> {
        let connector = segment(call.arguments.text("connectorId"));
        let object = segment(call.arguments.text("objectType"));
        let path = format!("/connectors/{connector}/records/{object}");
        let mut ask = http::get("crm", &path);
        ask.method = "POST".into();
        ask.body = fields(call)?;
        Ok(self.pass_or(call, ask, SdkErrorType::HttpError))
    }

    /// API-25.
    pub(super) fn update_object(&mut self, call: &Call<'_>) -> Result<Reply, SdkError> {
        let connector = segment(call.arguments.text("connectorId"));
        let object = segment(call.arguments.text("objectType"));
        let record = segment(call.arguments.text("objectId"));
        let path = format!("/connectors/{connector}/records/{object}/{record}");
        let mut ask = http::get("crm", &path);
        ask.method = "PUT".into();
        ask.body = fields(call)?;
        Ok(self.pass(call, ask))
    }

    /// API-26.
    pub(super) fn search_case(&mut self, call: &Call<'_>) -> Result<Reply, SdkError> {
        let connector = segment(call.arguments.text("connectorId"));
        let object = segment(call.arguments.text("objectType"));
        let path = format!("/connectors/{connector}/search/{object}");
        let mut ask = http::get("crm", &path);
        ask.query.insert("field".into(), call.arguments.text("searchField").to_owned());
        ask.query.insert("search".into(), call.arguments.text("search").to_owned());
        for name in ["limit", "offset"] {
            match call.arguments.number(name) {
                Some(count @ 0..) => ask.query.insert(name.into(), count.to_string()),
                Some(_) | None => return Err(unfit(name, "0 or more")),
            };
        }
        Ok(self.pass(call, ask))
    }
}

pub(super) fn record_path(interaction: &str) -> String {
    format!("/interactions/{}/record", segment(interaction))
}

fn fields(call: &Call<'_>) -> Result<Value, SdkError> {
    match call.arguments.any("data") {
        data @ (Value::Object(_) | Value::Array(_)) => Ok(data),
        Value::String(text) => match serde_json::from_str(&text) {
            Ok(data @ (Value::Object(_) | Value::Array(_))) => Ok(data),
            Ok(_) | Err(_) => Err(unfit("data", "the object's fields")),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) => {
            Err(unfit("data", "the object's fields"))
        }
    }
}

fn records(given: &[Value]) -> Result<Vec<Record>, SdkError> {
    if given.len() > RECORDS_MAX {
        return Err(unfit("recordsInfo", "a list of at most 50 records"));
    }
    given
        .iter()
        .map(|v| v.as_object().map_or_else(|| Err(unfit("recordsInfo", "a list of records")), read))
        .collect()
}

/// CRMRecordInfo.
fn read(given: &Map<String, Value>) -> Result<Record, SdkError> {
    let text = |name: &str| match given.get(name).and_then(as_text) {
        Some(text) if text.is_empty() => Err(required(name)),
        Some(text) if text.chars().count() > TEXT_MAX => {
            Err(unfit(name, "at most 255 characters long"))
        }
        Some(text) => Ok(text),
        None => Err(required(name)),
    };
    let more = given.get("additionalInfo").filter(|v| !v.is_null()).map(Value::to_string);
    if more.as_ref().is_some_and(|m| m.len() > MORE_MAX) {
        return Err(unfit("additionalInfo", "at most 16 KiB long"));
    }
    Ok(Record {
        record_id: text("recordId")?,
        record_type: text("recordType")?,
        record_name: text("recordName")?,
        additional_info: more,
    })
}

/// What the agent's press on a record tells pages (EVT-19, EVT-20).
pub(super) fn attached(interaction: &str, record: Option<&Record>) -> Value {
    json!({
        "interactionId": interaction,
        "recordInfo": record.map(super::payload::record),
    })
}
