use super::OutsideFault;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::RequestBuilder;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::multipart::{Form, Part};
use serde_json::Value;

/// JSON; a text as it is; a form where the content type says so. In a multipart body
/// each field is a text, or a file `{"name", "type", "data": base64}`, or a list of both.
pub(super) fn put(
    request: RequestBuilder,
    body: &Value,
    multipart: bool,
    headers: &HeaderMap,
) -> Result<RequestBuilder, OutsideFault> {
    if body.is_null() {
        return Ok(request);
    }
    let kind = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if multipart {
        return Ok(request.multipart(form(body)?));
    }
    if kind.starts_with("application/x-www-form-urlencoded")
        && let Value::Object(fields) = body
    {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in fields {
            form.append_pair(name, &text(value));
        }
        return Ok(request.body(form.finish()));
    }
    if let (Value::String(plain), false) = (body, kind.contains("json")) {
        return Ok(request.body(plain.clone()));
    }
    let request =
        if kind.is_empty() { request.header(CONTENT_TYPE, "application/json") } else { request };
    Ok(request.body(body.to_string()))
}

/// A value where only text can stand.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn form(body: &Value) -> Result<Form, OutsideFault> {
    let Value::Object(fields) = body else {
        return Err(bad("A multipart body is an object of fields."));
    };
    let mut form = Form::new();
    for (name, value) in fields {
        match value {
            Value::Array(values) => {
                for value in values {
                    form = form.part(name.clone(), part(value)?);
                }
            }
            one => form = form.part(name.clone(), part(one)?),
        }
    }
    Ok(form)
}

fn part(value: &Value) -> Result<Part, OutsideFault> {
    let Some(data) = value.get("data").and_then(Value::as_str) else {
        return Ok(Part::text(text(value)));
    };
    let bytes = STANDARD.decode(data).map_err(|_| bad("A file's data is not base64."))?;
    let mut part = Part::bytes(bytes);
    if let Some(name) = value.get("name").and_then(Value::as_str) {
        part = part.file_name(name.to_owned());
    }
    match value.get("type").and_then(Value::as_str) {
        Some(kind) => part.mime_str(kind).map_err(|_| bad("A file's type is no MIME type.")),
        None => Ok(part),
    }
}

fn bad(why: &str) -> OutsideFault {
    OutsideFault::Bad(why.to_owned())
}
