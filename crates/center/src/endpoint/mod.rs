//! The centre's own services, asked by desktops over their session (`endpoint.call`;
//! contract: API-34 and `Microservices`). Each is a router of its own: a path leads to
//! no other service. Routes, shapes and refusals: `docs/endpoints.md`.

mod absent;
mod appserver;
mod callbacks;
mod chats;
mod cms;
mod crm;
mod customers;
mod data_engine;
mod date;
mod hub;
mod identity;
mod interactions;
mod proxy;
mod refusal;
mod workspace;

pub(crate) use refusal::Refusal;

use crate::core::{DeskNow, Whose};
use crate::rpc::Shared;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use omnibar_protocol::wire::EndpointAnswer;
use omnibar_protocol::{Code, ErrorObject, MAX_FRAME};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use tower::ServiceExt as _;

/// The rest of a frame is JSON-RPC's.
const LONGEST_ANSWER: usize = MAX_FRAME - 1024;
const LONGEST_PATH: usize = 1024;
/// Parameters in a query, and their bytes.
const MOST_PARAMETERS: usize = 64;
const LONGEST_QUERY: usize = 16 * 1024;
/// Shorter than the time that a desktop waits for an answer.
const LIMIT: Duration = Duration::from_secs(15);

/// Who asks; an extension of every request.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) desk: DeskNow,
}

/// A request as it came over the session.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) service: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) body: Value,
}

/// All services by name.
#[derive(Clone, Debug)]
pub(crate) struct Endpoints {
    shared: Shared,
    services: BTreeMap<&'static str, Router>,
}

impl Endpoints {
    pub(crate) fn new(shared: &Shared) -> Self {
        let services = [
            ("appserver", appserver::router()),
            ("callback-server", callbacks::router()),
            ("hub", hub::router()),
            ("identity", identity::router()),
            ("cms", cms::router()),
            ("crm", crm::router()),
            ("customer-manager", customers::router()),
            ("data-engine", data_engine::router()),
            ("interaction-service", interactions::router()),
            ("cfs", absent::router(absent::FILES)),
            ("chat-service", chats::router()),
            ("chat-bosch-service", absent::router(absent::CHAT)),
            ("proxy", proxy::router()),
            ("workspace", workspace::router()),
        ]
        .map(|(name, routes)| (name, finish(routes, shared)));
        Self { shared: shared.clone(), services: services.into() }
    }

    /// An error only when the asking agent has no session; everything else is the
    /// service's answer.
    pub(crate) async fn call(&self, whose: Whose, call: Call) -> Result<Value, ErrorObject> {
        let Some(desk) = self.shared.door.desk(whose).await else {
            return Err(ErrorObject::new(Code::Unauthorised, "Sign in first."));
        };
        let response = match self.ask(Caller { desk }, call).await {
            Ok(response) => response,
            Err(refusal) => refusal.into_response(),
        };
        Ok(json!(answer(response).await))
    }

    async fn ask(&self, caller: Caller, call: Call) -> Result<Response, Refusal> {
        let Some(service) = self.services.get(call.service.as_str()).cloned() else {
            return Err(Refusal::missing("This centre has no service of that name."));
        };
        let mut request = request(call)?;
        request.extensions_mut().insert(caller);
        match tokio::time::timeout(LIMIT, service.oneshot(request)).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(never)) => match never {},
            Err(_) => Err(Refusal::new(
                StatusCode::GATEWAY_TIMEOUT,
                "The answer took too long. Try again in a moment.",
            )),
        }
    }
}

fn finish(routes: Router<Shared>, shared: &Shared) -> Router {
    routes
        .fallback(|| async { Refusal::missing("This service has no such path.") })
        .method_not_allowed_fallback(|| async {
            Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "This path has no such method.")
        })
        .with_state(shared.clone())
}

fn request(call: Call) -> Result<Request<Body>, Refusal> {
    let method = match call.method.to_ascii_uppercase().as_str() {
        "GET" => Method::GET,
        "POST" => Method::POST,
        "PUT" => Method::PUT,
        "PATCH" => Method::PATCH,
        "DELETE" => Method::DELETE,
        _ => return Err(Refusal::bad("The method is one of GET, POST, PUT, PATCH and DELETE.")),
    };
    if !call.path.starts_with('/') || call.path.len() > LONGEST_PATH {
        return Err(Refusal::bad("The path begins with / and has at most 1024 characters."));
    }
    let size: usize = call.query.iter().map(|(name, value)| name.len() + value.len()).sum();
    if call.query.len() > MOST_PARAMETERS || size > LONGEST_QUERY {
        return Err(Refusal::bad("The query is too long."));
    }
    // A page may give its query with the path.
    let (path, given) = call.path.split_once('?').unwrap_or((&call.path, ""));
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(url::form_urlencoded::parse(given.as_bytes()))
        .extend_pairs(&call.query)
        .finish();
    let uri = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    let (kind, body) = if call.body.is_null() {
        (None, Body::empty())
    } else {
        (Some("application/json"), Body::from(call.body.to_string()))
    };
    let mut request = Request::builder().method(method).uri(uri);
    if let Some(kind) = kind {
        request = request.header(header::CONTENT_TYPE, kind);
    }
    request
        .body(body)
        .map_err(|_| Refusal::bad("That is no path: write special characters as %XX."))
}

async fn answer(response: Response) -> EndpointAnswer {
    let status = response.status();
    let too_long = || EndpointAnswer {
        status: StatusCode::PAYLOAD_TOO_LARGE.as_u16(),
        body: json!({"message": "The answer is too long. Ask for less with limit and offset."}),
    };
    let Ok(bytes) = to_bytes(response.into_body(), LONGEST_ANSWER).await else {
        return too_long();
    };
    let body = if bytes.is_empty() {
        Value::Null
    } else {
        // What axum itself refuses (a body that cannot be read) is plain text.
        serde_json::from_slice(&bytes).unwrap_or_else(|_| {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            if status.is_success() { Value::String(text) } else { json!({ "message": text }) }
        })
    };
    EndpointAnswer { status: status.as_u16(), body }
}

pub(crate) type Answer = Result<Json<Value>, Refusal>;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn call(method: &str, path: &str, query: &[(&str, &str)]) -> Call {
        Call {
            service: "appserver".into(),
            method: method.into(),
            path: path.into(),
            query: query.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            body: Value::Null,
        }
    }

    #[test]
    fn a_query_is_written_so_that_it_is_read_as_it_was() {
        let asked = request(call("get", "/x?limit=1", &[("search", "a&b=c d+é%")])).unwrap();
        assert_eq!(asked.uri(), "/x?limit=1&search=a%26b%3Dc+d%2B%C3%A9%25");
        assert_eq!(asked.method(), Method::GET);
    }

    proptest! {
        #[test]
        fn anything_is_a_request_or_refused(
            method in "get|PUT|.{0,8}",
            path in "/?.{0,40}|/[a-z/%?=.]{0,40}",
            name in ".{0,10}",
            value in ".{0,40}",
        ) {
            if let Ok(made) = request(call(&method, &path, &[(&name, &value)])) {
                prop_assert!(made.uri().path().starts_with('/'));
                prop_assert!(made.uri().authority().is_none());
            }
        }
    }
}
