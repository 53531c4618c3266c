//! The bodies (contract: REST-01 to REST-03). What the contract does not name is
//! ignored.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ManualDial {
    /// The authentication token: the same value as the Authorization header.
    #[schema(max_length = 1024, example = "Bearer <token>")]
    pub(super) session_id: String,
    /// Whether a customer record is made when there is none of this number.
    pub(super) should_add_customer: bool,
    /// A campaign that the agent works for (Knowledge Base URL).
    #[schema(value_type = u32, minimum = 1, example = 103)]
    #[serde(deserialize_with = "whole")]
    pub(super) campaign_id: u32,
    /// Made by the client; a repeat gets the first answer.
    #[schema(min_length = 1, max_length = 128)]
    pub(super) request_id: String,
    /// The agent's session (Knowledge Base URL); the same value as the header sessionid.
    #[serde(rename = "userCRTObjectId")]
    #[schema(min_length = 1, max_length = 256)]
    pub(super) user_crt_object_id: String,
    /// The primary search key, as a rule the number.
    #[schema(max_length = 256)]
    pub(super) searchable: String,
    /// The number to dial.
    #[schema(
        max_length = 64,
        pattern = r"^\+?[ ()./-]*([0-9*#][ ()./-]*){1,32}$",
        example = "+15550101"
    )]
    pub(super) phone: String,
    /// Kept with the call's history.
    #[schema(value_type = Option<Object>)]
    pub(super) additional_params: Option<Map<String, Value>>,
    /// Kept with the call's history.
    #[schema(value_type = Option<Vec<Value>>)]
    pub(super) selected_searchables: Option<Vec<Value>>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DisposeCall {
    /// The authentication token: the same value as the Authorization header.
    #[schema(max_length = 1024, example = "Bearer <token>")]
    pub(super) session_id: String,
    /// The campaign of the call (CRM URL).
    #[schema(value_type = u32, minimum = 1, example = 103)]
    #[serde(deserialize_with = "whole")]
    pub(super) campaign_id: u32,
    /// The agent's session (CRM URL); the same value as the header sessionid.
    #[serde(rename = "userCRTObjectId")]
    #[schema(min_length = 1, max_length = 256)]
    pub(super) user_crt_object_id: String,
    /// The customer's leg (CRM URL).
    #[schema(min_length = 1, max_length = 256)]
    pub(super) crt_object_id: String,
    /// The disposition code's number.
    #[schema(value_type = u32, minimum = 1, example = 1030)]
    #[serde(deserialize_with = "whole")]
    pub(super) disposition_code_id: u32,
    /// Kept with the call's history.
    #[schema(value_type = Option<Object>)]
    pub(super) disposition_params: Option<Map<String, Value>>,
    #[schema(max_length = 4000)]
    pub(super) notes: Option<String>,
    /// Made by the client; a repeat gets the first answer.
    #[schema(min_length = 1, max_length = 128)]
    pub(super) request_id: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DisposeAndManualDial {
    /// The campaign of the call that is disposed, and of the next one.
    #[schema(value_type = u32, minimum = 1, example = 103)]
    #[serde(deserialize_with = "whole")]
    pub(super) campaign_context_id: u32,
    /// The agent's session (CRM URL); the same value as the header sessionid.
    #[serde(rename = "userCRTObjectId")]
    #[schema(min_length = 1, max_length = 256)]
    pub(super) user_crt_object_id: String,
    /// The customer's leg (CRM URL).
    #[schema(min_length = 1, max_length = 256)]
    pub(super) crt_object_id: String,
    /// The disposition's label, in any case of letters.
    #[schema(min_length = 1, max_length = 128, example = "Interested")]
    pub(super) disposition_code: String,
    /// The next number.
    #[schema(
        max_length = 64,
        pattern = r"^\+?[ ()./-]*([0-9*#][ ()./-]*){1,32}$",
        example = "+15550102"
    )]
    pub(super) phone: String,
    /// The customer of the call that is disposed; -1 when unknown.
    pub(super) customer_id: Option<CustomerId>,
    #[schema(max_length = 4000)]
    pub(super) notes: Option<String>,
    /// Made by the client; a repeat gets the first answer.
    #[schema(min_length = 1, max_length = 128)]
    pub(super) request_id: String,
    /// Kept with the next call's history.
    #[schema(value_type = Option<Object>)]
    pub(super) additional_params: Option<Map<String, Value>>,
}

/// The contract prints a number, and a text that holds one.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum CustomerId {
    Number(serde_json::Number),
    Text(String),
}

impl PartialSchema for CustomerId {
    fn schema() -> RefOr<Schema> {
        OneOfBuilder::new()
            .item(
                ObjectBuilder::new()
                    .schema_type(Type::Integer)
                    .minimum(Some(-1))
                    .maximum(Some(LARGEST_ID)),
            )
            .item(
                ObjectBuilder::new().schema_type(Type::String).pattern(Some("^(-1|[0-9]{1,15})$")),
            )
            .description(Some("A whole number, or a text that holds one; -1: unknown."))
            .into()
    }
}

impl ToSchema for CustomerId {}

impl CustomerId {
    /// `None`: none is named. An error when this is no id.
    pub(super) fn named(&self) -> Result<Option<u64>, String> {
        let id = match self {
            Self::Number(n) => n.as_i64().or_else(|| whole_of(n)),
            Self::Text(text) => digits(text),
        };
        match id {
            Some(-1) => Ok(None),
            Some(id) if id <= LARGEST_ID => Ok(u64::try_from(id).map(Some).map_err(no_id)?),
            Some(_) | None => Err(no_id(())),
        }
    }
}

const LARGEST_ID: i64 = 1_000_000_000_000_000;

fn no_id<T>(_: T) -> String {
    "customerId is a whole number, or a text that holds one; -1 when unknown".to_owned()
}

fn digits(text: &str) -> Option<i64> {
    let all = (1..=15).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if all || text == "-1" { text.parse().ok() } else { None }
}

/// JSON's 60.0 is the number 60.
fn whole_of(number: &serde_json::Number) -> Option<i64> {
    let float = number.as_f64()?;
    // Within what a float holds exactly.
    #[expect(clippy::cast_possible_truncation, reason = "whole, and small enough")]
    (float.fract() == 0.0 && float.abs() < 9.0e15).then_some(float as i64)
}

fn whole<'de, D: Deserializer<'de>>(d: D) -> Result<u32, D::Error> {
    let number = serde_json::Number::deserialize(d)?;
    number
        .as_i64()
        .or_else(|| whole_of(&number))
        .and_then(|n| u32::try_from(n).ok())
        .filter(|n| *n >= 1)
        .ok_or_else(|| serde::de::Error::custom("a whole number from 1 to 4294967295 is expected"))
}

/// It was done, now or the first time.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Done {
    #[schema(example = "success")]
    result: String,
    #[schema(example = "success")]
    reason: String,
    /// The call that was begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    interaction_id: Option<String>,
}

impl Done {
    pub(super) fn success(interaction_id: Option<String>) -> Self {
        let word = || "success".to_owned();
        Self { result: word(), reason: word(), interaction_id }
    }
}

/// It was not done.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Failed {
    #[schema(example = "failure")]
    pub(super) result: String,
    /// Cause and next step, for a person.
    pub(super) reason: String,
}
