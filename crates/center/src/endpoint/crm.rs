//! Records of the CRM, in the contract's shapes (API-22 to 26, 30, 31).

use super::appserver::PROCESS;
use super::date::iso;
use super::{Answer, Caller, Refusal};
use crate::crm::{CrmFault, Data, Field, LARGEST_OFFSET, MOST_RECORDS, Object, Page, Record};
use crate::rpc::Shared;
use crate::store::ConnectorRow;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use axum::{Extension, Json, Router};
use omnibar_model::PhoneNumber;
use serde::Deserialize;
use serde_json::{Map, Value, json};

const DEFAULT: &str = "default";
/// Fields of a record that is written.
const MOST_FIELDS: usize = 200;

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/configuration", get(|s| configuration(s, Path(DEFAULT.into()))))
        .route("/objects", get(|s| objects(s, Path(DEFAULT.into()))))
        .route("/connectors", get(connectors))
        .route("/connectors/{connector}/configuration", get(configuration))
        .route("/connectors/{connector}/objects", get(objects))
        .route("/connectors/{connector}/contacts/{object}", get(list))
        .route("/connectors/{connector}/cases/{object}", get(list))
        .route("/connectors/{connector}/search/{object}", get(search))
        .route("/connectors/{connector}/records/{object}", post(create))
        .route("/connectors/{connector}/records/{object}/{record}", put(update))
}

async fn connectors(State(shared): State<Shared>) -> Answer {
    let rows = shared.crm.rows().await?;
    let told = |row: &ConnectorRow| json!({"id": row.id, "kind": row.kind, "name": row.name, "domain": row.domain});
    Ok(Json(rows.iter().map(told).collect()))
}

/// API-31. Nothing is copied from a CRM, so nothing is synchronised.
async fn configuration(State(shared): State<Shared>, Path(connector): Path<String>) -> Answer {
    let row = shared.crm.row(&connector).await?;
    Ok(Json(json!({
        "crm_connector_id": row.id,
        "process_id": PROCESS,
        "crm_type": row.kind,
        "crm_domain": row.domain,
        "crm_version": row.settings["api_version"].as_str().unwrap_or_default(),
        "syncing_enabled": false,
        "syncing_mode": "PERIODIC",
        "record_syncing_interval": 3_600_000,
        "record_syncing_complete": true,
        "batch_size": 1000,
        "max_number_of_distinct_recordings": 3,
        "date_added": iso(row.added_at),
        "date_modified": iso(row.changed_at),
        "ref": 1,
        "version": row.version,
    })))
}

/// API-30.
async fn objects(State(shared): State<Shared>, Path(connector): Path<String>) -> Answer {
    let row = shared.crm.row(&connector).await?;
    let objects = shared.crm.open(&row)?.objects().await?;
    Ok(Json((1..).zip(&objects).map(|(nth, object)| described(&row, nth, object)).collect()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Paged {
    limit: Option<u32>,
    offset: Option<u32>,
}

/// API-22, API-23.
async fn list(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path((connector, object)): Path<(String, String)>,
    paged: Result<Query<Paged>, QueryRejection>,
) -> Answer {
    let Query(paged) = paged.map_err(|e| Refusal::bad(e.body_text()))?;
    let row = shared.crm.row(&connector).await?;
    let crm = shared.crm.open(&row)?;
    let kind = kind_of(&row, &crm.objects().await?, &object)?;
    let found = crm.list(&kind, page(paged.limit, paged.offset)?).await?;
    Ok(Json(shown(&caller, found)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sought {
    field: String,
    search: String,
    limit: Option<u32>,
    offset: Option<u32>,
}

/// API-26.
async fn search(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path((connector, object)): Path<(String, String)>,
    sought: Result<Query<Sought>, QueryRejection>,
) -> Answer {
    let Query(sought) = sought.map_err(|e| Refusal::bad(e.body_text()))?;
    let row = shared.crm.row(&connector).await?;
    let crm = shared.crm.open(&row)?;
    let objects = crm.objects().await?;
    let kind = kind_of(&row, &objects, &object)?;
    // By parts that match, a number could be found out digit by digit.
    let fields = objects.iter().filter(|o| o.kind == kind).flat_map(|o| &o.fields);
    let is_number =
        |f: &Field| f.kind == "phone" && f.name.eq_ignore_ascii_case(sought.field.trim());
    if caller.desk.masked && fields.into_iter().any(is_number) {
        let message = "Numbers are hidden from you. Search by another field.";
        return Err(Refusal::new(StatusCode::FORBIDDEN, message));
    }
    let page = page(sought.limit, sought.offset)?;
    let found = crm.search(&kind, sought.field.trim(), &sought.search, page).await?;
    Ok(Json(shown(&caller, found)))
}

/// API-24.
async fn create(
    State(shared): State<Shared>,
    Path((connector, object)): Path<(String, String)>,
    data: Result<Json<Value>, JsonRejection>,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let data = written(data)?;
    let row = shared.crm.row(&connector).await?;
    let crm = shared.crm.open(&row)?;
    let kind = kind_of(&row, &crm.objects().await?, &object)?;
    let id = crm.create(&kind, data).await?;
    Ok((StatusCode::CREATED, Json(json!({"id": id, "success": true}))))
}

/// API-25.
async fn update(
    State(shared): State<Shared>,
    Path((connector, object, record)): Path<(String, String, String)>,
    data: Result<Json<Value>, JsonRejection>,
) -> Answer {
    let mut data = written(data)?;
    // A masked number has come from here: the stored one stays.
    data.retain(|_, value| {
        let number = value.as_str().and_then(|text| PhoneNumber::parse(text).ok());
        !number.is_some_and(|n| n.is_masked())
    });
    let row = shared.crm.row(&connector).await?;
    let crm = shared.crm.open(&row)?;
    let kind = kind_of(&row, &crm.objects().await?, &object)?;
    crm.update(&kind, &record, data).await?;
    Ok(Json(json!({"id": record, "success": true})))
}

fn page(limit: Option<u32>, offset: Option<u32>) -> Result<Page, Refusal> {
    let (limit, offset) = (limit.unwrap_or(200), offset.unwrap_or(0));
    if limit == 0 || limit > MOST_RECORDS || offset > LARGEST_OFFSET {
        return Err(Refusal::bad("limit is 1 to 500, offset at most 2000."));
    }
    Ok(Page { limit, offset })
}

/// Given as an object `{field: value}`, or as the contract's `FieldValue[]`.
fn written(data: Result<Json<Value>, JsonRejection>) -> Result<Data, Refusal> {
    let Json(data) = data.map_err(|e| Refusal::bad(e.body_text()))?;
    let wrong = || Refusal::bad("Give the fields as {\"Subject\": \"…\"}.");
    let data = match data {
        Value::Object(data) => data,
        Value::Array(values) => values
            .into_iter()
            .map(|value| match value {
                Value::Object(mut pair) => {
                    let field = pair.get("field").and_then(Value::as_str).map(str::to_owned);
                    Some((field?, pair.remove("value").unwrap_or_default()))
                }
                _ => None,
            })
            .collect::<Option<Map<String, Value>>>()
            .ok_or_else(wrong)?,
        _ => return Err(wrong()),
    };
    if data.len() > MOST_FIELDS { Err(wrong()) } else { Ok(data) }
}

/// By number ([`number`]) or by type.
fn kind_of(row: &ConnectorRow, objects: &[Object], name: &str) -> Result<String, Refusal> {
    let named = (1..).zip(objects).find(|(nth, object)| {
        object.kind.eq_ignore_ascii_case(name) || number(row, *nth).to_string() == name
    });
    let missing = || Refusal::from(CrmFault::NoObject);
    named.map(|(_, object)| object.kind.clone()).ok_or_else(missing)
}

/// Unique among all connectors' objects.
fn number(row: &ConnectorRow, nth: u32) -> u32 {
    row.id.saturating_mul(100).saturating_add(nth)
}

fn shown(caller: &Caller, mut records: Vec<Record>) -> Value {
    if caller.desk.masked {
        for value in records.iter_mut().flatten().filter(|v| v.kind == "phone") {
            if let Some(text) = value.value.as_str() {
                let number = PhoneNumber::parse(text);
                // What is no number as we know them might still be read as one.
                let masked =
                    number.map_or_else(|_| "******".to_owned(), |n| n.masked().to_string());
                value.value = json!(masked);
            }
        }
    }
    json!(records)
}

fn described(row: &ConnectorRow, nth: u32, object: &Object) -> Value {
    let fields: Vec<Value> =
        (1..).zip(&object.fields).map(|(priority, field)| metadata(priority, field)).collect();
    let mut metadata = Map::new();
    let body = json!({"is_visible": true, "field_metadata": fields, "visible": true});
    metadata.insert(object.kind.clone(), body);
    json!({
        "id": number(row, nth),
        "crm_connector_id": row.id,
        "object_type": object.kind,
        "objects_metadata": metadata,
        "date_added": iso(row.added_at),
        "date_modified": iso(row.changed_at),
        "ref": 1,
        "version": row.version,
    })
}

fn metadata(priority: u32, field: &Field) -> Value {
    let crm_type = match field.kind.as_str() {
        "boolean" => "Boolean",
        "int" | "long" => "Integer",
        "double" | "currency" | "percent" => "Double",
        "date" | "datetime" | "time" => "Date",
        _ => "String",
    };
    json!({
        "field_name": field.name,
        "label": field.label,
        "crm_field_type": crm_type,
        "field_type": field.kind,
        "should_show_on_preview": true,
        "is_required_in_object_creation": field.required,
        "is_searchable": field.searchable,
        "standard_field_name": "",
        "priority": priority,
        "should_hide_on_object_creation": !field.writable,
        "complex_fields": null,
        "required_in_object_creation": field.required,
        "searchable": field.searchable,
    })
}

impl From<CrmFault> for Refusal {
    fn from(fault: CrmFault) -> Self {
        let status = match &fault {
            CrmFault::NoConnector | CrmFault::NoObject | CrmFault::NoRecord => {
                StatusCode::NOT_FOUND
            }
            CrmFault::NoField { .. } => StatusCode::BAD_REQUEST,
            CrmFault::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
            CrmFault::TooMany => StatusCode::TOO_MANY_REQUESTS,
            CrmFault::SignIn(_)
            | CrmFault::Unreachable(_)
            | CrmFault::Untrusted(_)
            | CrmFault::Answer(_) => StatusCode::BAD_GATEWAY,
            CrmFault::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        if let CrmFault::Store(fault) = fault {
            return fault.into();
        }
        if status == StatusCode::BAD_GATEWAY {
            tracing::warn!(%fault, "the CRM failed");
        }
        Self::new(status, fault.to_string())
    }
}
