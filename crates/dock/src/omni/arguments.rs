//! Arguments of a call: positional, or one object with the parameters' names.

use super::names::{Entry, Kind, Parameter};
use omnibar_contract::{SdkError, SdkErrorType};
use serde_json::{Map, Value};

/// The arguments of one call, in the kinds that the table asks for. Not printable: a
/// password may be among them.
pub(super) struct Arguments(Vec<(&'static str, Value)>);

impl Arguments {
    /// `REQUIRED_FIELD_MISSING` names what is missing or of the wrong kind.
    pub(super) fn read(entry: &Entry, given: &[Value]) -> Result<Self, SdkError> {
        let named = named(entry.parameters, given);
        let mut read = Vec::with_capacity(entry.parameters.len());
        for (position, parameter) in entry.parameters.iter().enumerate() {
            let value = match named {
                Some(object) => object.get(parameter.name).or_else(|| object.get(parameter.alias)),
                None => given.get(position),
            };
            match value.filter(|v| !v.is_null()) {
                Some(value) => read.push((parameter.name, parameter.take(value)?)),
                None if parameter.required => return Err(required(parameter.name)),
                None => {}
            }
        }
        Ok(Self(read))
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(n, _)| *n == name).map(|(_, value)| value)
    }

    /// Empty when it was not given.
    pub(super) fn text(&self, name: &str) -> &str {
        self.get(name).and_then(Value::as_str).unwrap_or("")
    }

    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.get(name).and_then(Value::as_i64)
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    pub(super) fn object(&self, name: &str) -> Option<&Map<String, Value>> {
        self.get(name).and_then(Value::as_object)
    }

    pub(super) fn list(&self, name: &str) -> &[Value] {
        self.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// Null when it was not given.
    pub(super) fn any(&self, name: &str) -> Value {
        self.get(name).cloned().unwrap_or(Value::Null)
    }
}

pub(super) fn required(name: &str) -> SdkError {
    SdkError::new(SdkErrorType::RequiredFieldMissing, format!("{name} is required"))
}

/// A field that is there, but is not what it should be.
pub(super) fn unfit(name: &str, what: &str) -> SdkError {
    SdkError::new(SdkErrorType::RequiredFieldMissing, format!("{name} must be {what}"))
}

/// Text as pages write it: numbers are taken for their digits.
pub(super) fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A whole number as pages write it: also as text.
pub(super) fn as_number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn whole(number: f64) -> Option<i64> {
    // 2^53: beyond it JavaScript itself does not tell whole numbers apart.
    let is_exact = number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "just checked")]
    is_exact.then_some(number as i64)
}

/// The one object that names the parameters, if that is how they were given. An object
/// that is itself the first argument (a record, or any data) is taken for that.
fn named<'a>(parameters: &[Parameter], given: &'a [Value]) -> Option<&'a Map<String, Value>> {
    let ([Value::Object(object)], Some(first)) = (given, parameters.first()) else { return None };
    match first.kind {
        Kind::Text | Kind::Raw | Kind::Number | Kind::Flag | Kind::List => Some(object),
        Kind::Object if object.contains_key(first.name) => Some(object),
        Kind::Object => None,
        Kind::Any => None,
    }
}

impl Parameter {
    fn take(&self, value: &Value) -> Result<Value, SdkError> {
        match self.kind {
            Kind::Text | Kind::Raw => match as_text(value) {
                Some(text) if text.is_empty() && self.required && self.kind == Kind::Text => {
                    Err(required(self.name))
                }
                Some(text) => Ok(Value::String(text)),
                None => Err(unfit(self.name, "text")),
            },
            Kind::Number => {
                as_number(value).map(Value::from).ok_or_else(|| unfit(self.name, "a whole number"))
            }
            Kind::Flag => match value {
                Value::Bool(flag) => Ok(Value::Bool(*flag)),
                Value::String(text) if text == "true" => Ok(Value::Bool(true)),
                Value::String(text) if text == "false" => Ok(Value::Bool(false)),
                _ => Err(unfit(self.name, "true or false")),
            },
            Kind::Object if value.is_object() => Ok(value.clone()),
            Kind::Object => Err(unfit(self.name, "an object")),
            Kind::List if value.is_array() => Ok(value.clone()),
            Kind::List if value.is_object() => Ok(Value::Array(vec![value.clone()])),
            Kind::List => Err(unfit(self.name, "a list")),
            Kind::Any => Ok(value.clone()),
        }
    }
}
