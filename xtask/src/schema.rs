use omnibar_protocol::{
    Code, Command, MAX_FRAME, Notification, Searched, SessionOpened, SessionSelected, VERSION,
    VoiceAnswered, wire,
};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// The centre protocol for those who write a client in another language: JSON
/// Schema (2020-12) of every method's parameters and result, of every
/// notification, and the error codes.
pub(crate) fn centre_protocol() -> String {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut methods = messages::<Command>(&mut generator);
    for (method, entry) in &mut methods {
        let result = result_of(method, &mut generator);
        if let Value::Object(entry) = entry {
            entry.insert("result".to_owned(), result);
        }
    }
    let notifications = messages::<Notification>(&mut generator);
    let mut document = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Omnibar centre protocol",
        "description": "JSON-RPC 2.0 in WebSocket text frames at /ws/agent. A request's id is a \
            UUID made by the client: the centre answers a repeat with the first answer. A \
            notification carries seq, which rises by one within a session.",
        "x-generated-by": "cargo run -p xtask -- generate",
        "version": VERSION,
        "max_frame_bytes": MAX_FRAME,
        "methods": methods,
        "notifications": notifications,
        "errors": errors(),
        "$defs": generator.take_definitions(true),
    });
    // Another crate may turn on serde_json's insertion order for the whole build.
    document.sort_all_objects();
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

/// Variants of an enum with `method` and `params`: what each means and carries.
fn messages<T: JsonSchema>(generator: &mut SchemaGenerator) -> Map<String, Value> {
    let schema = T::json_schema(generator);
    let variants = schema.get("oneOf").and_then(Value::as_array).cloned().unwrap_or_default();
    variants
        .into_iter()
        .filter_map(|variant| {
            let method = variant["properties"]["method"]["const"].as_str()?.to_owned();
            let mut entry = Map::new();
            if let Some(text) = variant.get("description") {
                entry.insert("description".to_owned(), text.clone());
            }
            entry.insert("params".to_owned(), variant["properties"]["params"].clone());
            Some((method, Value::Object(entry)))
        })
        .collect()
}

fn result_of(method: &str, generator: &mut SchemaGenerator) -> Value {
    match method {
        "session.open" => generator.subschema_for::<SessionOpened>().into(),
        "session.select" => generator.subschema_for::<SessionSelected>().into(),
        "call.dial" | "chat.start" => generator.subschema_for::<wire::Dialled>().into(),
        "chat.say" => generator.subschema_for::<wire::Said>().into(),
        "callback.book" => generator.subschema_for::<wire::Booked>().into(),
        "directory.search" => generator.subschema_for::<Searched>().into(),
        "history.list" => generator.subschema_for::<wire::History>().into(),
        "endpoint.call" => generator.subschema_for::<wire::EndpointAnswer>().into(),
        "voice.offer" => generator.subschema_for::<VoiceAnswered>().into(),
        _ => json!({"type": "object", "properties": {}}),
    }
}

fn errors() -> Vec<Value> {
    Code::KNOWN
        .iter()
        .map(|code| json!({"code": code.number(), "name": format!("{code:?}")}))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_and_every_code_is_described() {
        let document: Value = serde_json::from_str(&centre_protocol()).expect("JSON");
        for method in Command::METHODS {
            let entry = &document["methods"][method];
            assert!(entry["params"].is_object() && entry["result"].is_object(), "{method}");
        }
        assert_eq!(document["methods"].as_object().map(Map::len), Some(Command::METHODS.len()));
        assert!(document["notifications"]["interaction.changed"]["params"].is_object());
        assert!(document["$defs"]["Interaction"].is_object());
        assert_eq!(document["errors"].as_array().map(Vec::len), Some(Code::KNOWN.len()));
    }
}
