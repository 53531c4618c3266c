//! The centre's directory of customers (contract: `customer-manager`).

use super::{Answer, Caller, Refusal};
use crate::rpc::Shared;
use crate::store::{Customer, CustomerFault, Wanted};
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Extension, Json, Router};
use omnibar_model::PhoneNumber;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const MOST_FOUND: u32 = 200;
/// Characters.
const LONGEST_LINE: usize = 255;
const LONGEST_FIELD: usize = 1000;
const MOST_FIELDS: usize = 50;

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/customers", get(find).post(add))
        .route("/customers/{id}", get(one).put(change).delete(remove))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(default)]
    search: String,
    phone: Option<String>,
    limit: Option<u32>,
    #[serde(default)]
    offset: u32,
}

/// What is not given stays as it is; an empty text takes away.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Draft {
    name: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    company: Option<String>,
    fields: Option<BTreeMap<String, String>>,
}

async fn find(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Answer {
    let Query(asked) = asked.map_err(|e| Refusal::bad(e.body_text()))?;
    let (found, total) = match &asked.phone {
        // Who knows the whole number may know whose it is.
        Some(phone) => {
            let found = shared.store.customer_of(&number(phone)?).await?;
            let total = u64::from(found.is_some());
            (found.into_iter().collect(), total)
        }
        None => {
            let wanted = Wanted {
                text: asked.search.trim(),
                by_number: !caller.desk.masked,
                limit: asked.limit.unwrap_or(50).clamp(1, MOST_FOUND),
                offset: asked.offset,
            };
            shared.store.customers(&wanted).await?
        }
    };
    let customers: Vec<Value> = found.iter().map(|customer| told(&caller, customer)).collect();
    Ok(Json(json!({"customers": customers, "total": total})))
}

async fn one(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    id: Result<Path<u64>, PathRejection>,
) -> Answer {
    Ok(Json(told(&caller, &stored(&shared, id).await?)))
}

async fn add(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    draft: Result<Json<Draft>, JsonRejection>,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let Json(draft) = draft.map_err(|e| Refusal::bad(e.body_text()))?;
    let new = draft.over(Customer::default())?;
    let added = shared.store.add_customer(shared.clock.now(), &new).await?;
    Ok((StatusCode::CREATED, Json(told(&caller, &added))))
}

async fn change(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    id: Result<Path<u64>, PathRejection>,
    draft: Result<Json<Draft>, JsonRejection>,
) -> Answer {
    let Json(draft) = draft.map_err(|e| Refusal::bad(e.body_text()))?;
    let new = draft.over(stored(&shared, id).await?)?;
    shared.store.change_customer(shared.clock.now(), &new).await?;
    Ok(Json(told(&caller, &new)))
}

async fn remove(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    id: Result<Path<u64>, PathRejection>,
) -> Answer {
    let customer = stored(&shared, id).await?;
    if caller.desk.open.iter().any(|open| open.view.customer_id == Some(customer.id)) {
        let message = "You have an interaction with this customer. Dispose it first.";
        return Err(Refusal::new(StatusCode::CONFLICT, message));
    }
    shared.store.remove_customer(customer.id).await?;
    tracing::info!(user = %caller.desk.user, customer = customer.id, "a customer was removed");
    Ok(Json(json!({})))
}

async fn stored(
    shared: &Shared,
    id: Result<Path<u64>, PathRejection>,
) -> Result<Customer, Refusal> {
    let unknown = || Refusal::missing("There is no such customer.");
    let Path(id) = id.map_err(|_| unknown())?;
    shared.store.customer(id).await?.ok_or_else(unknown)
}

fn told(caller: &Caller, customer: &Customer) -> Value {
    let masked = caller.desk.masked;
    let phone = customer.phone.clone().map(|n| if masked { n.masked() } else { n });
    json!({
        "id": customer.id,
        "name": customer.name,
        "phone": phone,
        "email": customer.email,
        "company": customer.company,
        "fields": customer.fields,
        "masked": masked,
    })
}

impl Draft {
    fn over(self, mut customer: Customer) -> Result<Customer, Refusal> {
        if let Some(name) = self.name {
            customer.name = line("name", name)?;
        }
        if let Some(phone) = self.phone {
            if phone.trim().is_empty() {
                customer.phone = None;
            } else {
                let number = number(&phone)?;
                // A masked one has come from here: the stored one stays.
                if !number.is_masked() {
                    customer.phone = Some(number);
                } else if customer.phone.is_none() {
                    return Err(Refusal::bad("phone is masked: give the whole number."));
                }
            }
        }
        if let Some(email) = self.email {
            customer.email = line("email", email)?;
        }
        if let Some(company) = self.company {
            customer.company = line("company", company)?;
        }
        if let Some(fields) = self.fields {
            let long = |text: &str| text.chars().count() > LONGEST_FIELD;
            if fields.len() > MOST_FIELDS || fields.iter().any(|(k, v)| long(k) || long(v)) {
                return Err(Refusal::bad("fields has at most 50 texts of 1,000 characters."));
            }
            customer.fields = fields;
        }
        if customer.name.is_empty() {
            return Err(Refusal::bad("name is missing."));
        }
        Ok(customer)
    }
}

fn line(name: &str, text: String) -> Result<String, Refusal> {
    let text = text.trim();
    if text.chars().count() > LONGEST_LINE || text.chars().any(char::is_control) {
        let words = format!("{name} is one line of at most {LONGEST_LINE} characters.");
        return Err(Refusal::bad(words));
    }
    Ok(text.to_owned())
}

fn number(text: &str) -> Result<PhoneNumber, Refusal> {
    PhoneNumber::parse(text).map_err(|e| Refusal::bad(format!("phone cannot be dialled: {e}.")))
}

impl From<CustomerFault> for Refusal {
    fn from(fault: CustomerFault) -> Self {
        match fault {
            CustomerFault::NumberTaken => Self::new(StatusCode::CONFLICT, fault.to_string()),
            CustomerFault::Unknown => Self::missing(fault.to_string()),
            CustomerFault::Store(fault) => fault.into(),
        }
    }
}
