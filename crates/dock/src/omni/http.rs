//! API-34 and API-35: services of the centre, and hosts outside, through the centre.

use super::arguments::{required, unfit};
use super::{Call, Omni, Reply, Right, missing_right, seen};
use omnibar_contract::{SdkError, SdkErrorType};
use omnibar_softphone::EndpointCall;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;

/// The contract's services; the centre's others are not for pages.
const SERVICES: [&str; 9] = [
    "appserver",
    "cms",
    "cfs",
    "data-engine",
    "callback-server",
    "customer-manager",
    "chat-service",
    "interaction-service",
    "chat-bosch-service",
];
/// Services that name no customers.
const WITHOUT_CUSTOMERS: [&str; 2] = ["appserver", "cms"];
const PATH_MAX: usize = 1_024;
const QUERY_MAX: usize = 64;

impl Omni {
    /// API-34. Beyond seeing what happens, reading customers and changing anything are
    /// rights of their own.
    pub(super) fn invoke_ecc(&mut self, call: &Call<'_>) -> Result<Reply, SdkError> {
        let wanted = call.arguments.text("microservice").to_lowercase();
        let service = SERVICES
            .into_iter()
            .find(|s| *s == wanted)
            .ok_or_else(|| seen::not_found("microservice names no service of the centre"))?;
        let method = method(call, &["GET", "POST", "PUT", "DELETE"])?;
        let dials = service == "callback-server"
            && method == "POST"
            && call.arguments.text("url").contains("/dial");
        for (needed, right) in [
            (dials, Right::Dial),
            (!WITHOUT_CUSTOMERS.contains(&service), Right::Customers),
            (method != "GET", Right::Control),
        ] {
            if needed && !right.is_in(call.caller.rights) {
                return Err(missing_right(call.caller, right, "http.invokeECCAPI"));
            }
        }
        let (path, mut query) = path(call.arguments.text("url"))?;
        for (name, value) in call.arguments.object("queryParams").into_iter().flatten() {
            query.insert(name.clone(), plain(value));
        }
        if query.len() > QUERY_MAX {
            return Err(unfit("queryParams", "at most 64 values"));
        }
        let body = body(call, false);
        let ask = EndpointCall { service: service.into(), method, path, query, body };
        Ok(self.pass(call, ask))
    }

    /// API-35. The centre calls only hosts that an administrator has listed.
    pub(super) fn invoke_third_party(&mut self, call: &Call<'_>) -> Result<Reply, SdkError> {
        let method = method(call, &["GET", "POST", "PUT", "DELETE", "PATCH"])?;
        let url = call.arguments.text("url");
        if !matches!(url::Url::parse(url).as_ref().map(url::Url::scheme), Ok("http" | "https")) {
            return Err(unfit("url", "an http or https address"));
        }
        let multipart = call.arguments.flag("isMultipart") || form(&call.arguments.any("data"));
        let headers: Map<String, Value> = call
            .arguments
            .object("headers")
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.clone(), Value::String(plain(value))))
            .collect();
        let mut ask = get("proxy", "/request");
        ask.method = "POST".into();
        ask.body = json!({
            "url": url,
            "method": method,
            "headers": headers,
            "query": call.arguments.object("queryParams").cloned().unwrap_or_default(),
            "body": body(call, multipart),
            "multipart": multipart,
        });
        Ok(self.pass_or(call, ask, SdkErrorType::HttpError))
    }
}

pub(super) fn get(service: &str, path: &str) -> EndpointCall {
    EndpointCall {
        service: service.into(),
        method: "GET".into(),
        path: path.into(),
        query: BTreeMap::new(),
        body: Value::Null,
    }
}

pub(super) fn put(path: String, body: Value) -> EndpointCall {
    EndpointCall { method: "PUT".into(), body, ..get("interaction-service", &path) }
}

/// One segment of a path (RFC 3986 section 3.3): everything but letters, digits and
/// `-._~` is escaped, so that it stays one. `.` and `..` would not.
pub(super) fn segment(text: &str) -> String {
    if text.bytes().all(|b| b == b'.') {
        return text.replace('.', "%2E");
    }
    let mut segment = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            segment.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(segment, "%{byte:02X}");
        }
    }
    segment
}

fn method(call: &Call<'_>, known: &[&str]) -> Result<String, SdkError> {
    let method = call.arguments.text("method").to_uppercase();
    if known.contains(&method.as_str()) {
        return Ok(method);
    }
    Err(unfit("method", &known.join(", ").to_lowercase()))
}

/// A path of the centre's services, and the query that stood in it.
fn path(url: &str) -> Result<(String, BTreeMap<String, String>), SdkError> {
    let url = url.split('#').next().unwrap_or("");
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let path = path.trim_start_matches('/');
    if path.is_empty() {
        return Err(required("url"));
    }
    let is_path = path.len() < PATH_MAX
        && path.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
        && path.split('/').all(|part| !matches!(part, "." | ".."))
        && !path.contains("://");
    if !is_path {
        return Err(unfit("url", "a path of that service"));
    }
    let query = url::form_urlencoded::parse(query.as_bytes());
    let query = query.take(QUERY_MAX + 1).map(|(k, v)| (k.into_owned(), v.into_owned())).collect();
    Ok((format!("/{path}"), query))
}

/// A value where only text can stand.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

fn form(data: &Value) -> bool {
    data.get("$form").is_some_and(Value::is_array)
}

/// A form comes from the SDK as its parts in order; the centre takes fields by name, a
/// file as `{name, type, data}`.
fn body(call: &Call<'_>, multipart: bool) -> Value {
    let data = call.arguments.any("data");
    let Some(parts) = data.get("$form").and_then(Value::as_array) else { return data };
    let mut fields: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for part in parts {
        let Some(name) = part.get("name").and_then(Value::as_str) else { continue };
        let value = match part.get("base64") {
            Some(data) => {
                json!({"name": part.get("filename"), "type": part.get("type"), "data": data})
            }
            None => part.get("value").cloned().unwrap_or_default(),
        };
        fields.entry(name).or_default().push(value);
    }
    let fields = fields.into_iter().map(|(name, mut values)| match values.len() {
        // JSON has a form's field as what it is; only a multipart body repeats names.
        1 if !multipart => (name.to_owned(), values.remove(0)),
        _ => (name.to_owned(), Value::Array(values)),
    });
    Value::Object(fields.collect())
}
