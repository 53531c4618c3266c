//! Requests to hosts outside, in the name of a page that nobody trusts.
//!
//! A host is listed as `host`, which serves its public addresses on the standard ports
//! only, or as `host:port`, which may be anywhere. A name is looked up once, and the
//! connection goes to the addresses that were checked: a name that changes its mind
//! gains nothing. A redirect is a request like any other.

mod address;
mod body;

use address::is_public;
use axum::http::StatusCode;
use omnibar_tls::TlsFault;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::sync::Semaphore;
use url::{Host, Url};

/// For looking up, asking and reading, all redirects together.
const LIMIT: Duration = Duration::from_secs(10);
/// Bytes: what fits into one answer over an agent's session.
const LONGEST_ANSWER: usize = 192 * 1024;
const MOST_REDIRECTS: usize = 5;
const MOST_HEADERS: usize = 64;
static AT_ONCE: Semaphore = Semaphore::const_new(16);

/// Never sent on: they belong to one connection, or to the centre.
const OURS: [&str; 18] = [
    "accept-encoding",
    "connection",
    "content-length",
    "cookie",
    "cookie2",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "origin",
    "referer",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
];

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ask {
    url: String,
    method: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    query: BTreeMap<String, Value>,
    #[serde(default)]
    body: Value,
    #[serde(default)]
    multipart: bool,
}

impl Ask {
    /// With a body of JSON; null: none.
    pub(crate) fn new(
        url: &Url,
        method: &str,
        headers: BTreeMap<String, String>,
        body: Value,
    ) -> Self {
        let (method, query) = (method.to_owned(), BTreeMap::new());
        Self { url: url.to_string(), method, headers, query, body, multipart: false }
    }
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum OutsideFault {
    #[error("{0}")]
    Bad(String),
    #[error("Calls to {0} are not allowed. Ask an administrator to list this host.")]
    NotListed(String),
    #[error(
        "{0} is at an address of a private network. An administrator can list it with its port."
    )]
    Private(String),
    #[error("{0} cannot be reached. Check the address, or try again in a moment.")]
    Unreachable(String),
    #[error("{0} took too long to answer. Try again in a moment.")]
    TooSlow(String),
    #[error("The answer is longer than 192 KiB. Ask for less.")]
    TooLong,
    #[error("{0} redirects in circles. Check the address.")]
    Circles(String),
    #[error("The centre makes as many calls as it can. Try again in a moment.")]
    Busy,
}

impl OutsideFault {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Bad(_) => StatusCode::BAD_REQUEST,
            Self::NotListed(_) | Self::Private(_) => StatusCode::FORBIDDEN,
            Self::Unreachable(_) | Self::TooLong | Self::Circles(_) => StatusCode::BAD_GATEWAY,
            Self::TooSlow(_) => StatusCode::GATEWAY_TIMEOUT,
            Self::Busy => StatusCode::TOO_MANY_REQUESTS,
        }
    }
}

/// Answers `{"status", "statusText", "data"}`; `data` is JSON where the answer was, and
/// text otherwise.
pub(crate) async fn request(hosts: &[String], ask: Ask) -> Result<Value, OutsideFault> {
    let Ok(_turn) = AT_ONCE.try_acquire() else { return Err(OutsideFault::Busy) };
    let first = target(&ask)?;
    let slow = OutsideFault::TooSlow(place(&first));
    match tokio::time::timeout(LIMIT, follow(hosts, ask, first)).await {
        Ok(answer) => answer,
        Err(_) => Err(slow),
    }
}

async fn follow(hosts: &[String], ask: Ask, first: Url) -> Result<Value, OutsideFault> {
    let mut method = method(&ask.method)?;
    let mut headers = headers(&ask.headers)?;
    if ask.multipart {
        // Pages write it without the boundary, which is ours.
        headers.remove(reqwest::header::CONTENT_TYPE);
    }
    let mut with_body = true;
    let mut url = first.clone();
    for _ in 0..=MOST_REDIRECTS {
        let client = client(hosts, &url).await?;
        let mut request = client.request(method.clone(), url.clone()).headers(headers.clone());
        if with_body {
            request = body::put(request, &ask.body, ask.multipart, &headers)?;
        }
        let response = request.send().await.map_err(|_| OutsideFault::Unreachable(place(&url)))?;
        let Some(next) = redirect(&response, &url)? else { return read(response, &url).await };
        // RFC 9110 section 15.4: what was posted is not posted again, but for 307 and 308.
        let keeps = matches!(response.status().as_u16(), 307 | 308);
        if !keeps && method != Method::GET {
            method = Method::GET;
            with_body = false;
        }
        if next.origin() != url.origin() {
            headers.remove(reqwest::header::AUTHORIZATION);
            if with_body && method != Method::GET {
                // Data meant for one host is not carried to another.
                return Err(OutsideFault::NotListed(place(&next)));
            }
        }
        url = next;
    }
    Err(OutsideFault::Circles(place(&first)))
}

fn target(ask: &Ask) -> Result<Url, OutsideFault> {
    let mut url = parse(&ask.url)?;
    if !ask.query.is_empty() {
        let mut pairs = url.query_pairs_mut();
        for (name, value) in &ask.query {
            match value {
                Value::Null => {}
                Value::Array(values) => {
                    for value in values {
                        pairs.append_pair(name, &body::text(value));
                    }
                }
                one => {
                    pairs.append_pair(name, &body::text(one));
                }
            }
        }
    }
    Ok(url)
}

fn parse(text: &str) -> Result<Url, OutsideFault> {
    let bad = |why: &str| OutsideFault::Bad(format!("{why} It looks like https://host/path."));
    let url = Url::parse(text).map_err(|_| bad("That is no address."))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(bad("Only http and https are called."));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad("An address holds no user and password: use the Authorization header."));
    }
    Ok(url)
}

fn method(text: &str) -> Result<Method, OutsideFault> {
    match text.to_ascii_uppercase().as_str() {
        "GET" => Ok(Method::GET),
        "POST" => Ok(Method::POST),
        "PUT" => Ok(Method::PUT),
        "PATCH" => Ok(Method::PATCH),
        "DELETE" => Ok(Method::DELETE),
        _ => Err(OutsideFault::Bad(
            "The method is one of get, post, put, patch and delete.".to_owned(),
        )),
    }
}

fn headers(given: &BTreeMap<String, String>) -> Result<HeaderMap, OutsideFault> {
    let bad =
        || OutsideFault::Bad("A header's name or value has characters it may not have.".into());
    if given.len() > MOST_HEADERS {
        return Err(OutsideFault::Bad("There are more than 64 headers.".to_owned()));
    }
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?;
        if OURS.contains(&name.as_str()) || name.as_str().starts_with("proxy-") {
            continue;
        }
        headers.insert(name, HeaderValue::from_str(value).map_err(|_| bad())?);
    }
    Ok(headers)
}

/// Whether the centre may go to this host for an administrator who has not listed it: to
/// public addresses only. A name that is not known is said so when it is used.
pub(crate) async fn check(hosts: &[String], url: &Url) -> Result<(), OutsideFault> {
    let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
        return Err(OutsideFault::Bad("That address names no host.".to_owned()));
    };
    let exact = format!("{host}:{port}");
    if hosts.iter().any(|h| h.eq_ignore_ascii_case(&exact)) {
        return Ok(());
    }
    let addresses = match &host {
        Host::Domain(name) => match tokio::net::lookup_host((*name, port)).await {
            Ok(found) => found.map(|address| address.ip()).collect(),
            Err(_) => Vec::new(),
        },
        Host::Ipv4(v4) => vec![IpAddr::V4(*v4)],
        Host::Ipv6(v6) => vec![IpAddr::V6(*v6)],
    };
    if addresses.into_iter().all(is_public) { Ok(()) } else { Err(OutsideFault::Private(exact)) }
}

/// A client that can reach this host at its checked addresses, and nothing else.
async fn client(hosts: &[String], url: &Url) -> Result<Client, OutsideFault> {
    let at = place(url);
    let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
        return Err(OutsideFault::Bad("That address names no host.".to_owned()));
    };
    let name = host.to_string();
    let exact = hosts.iter().any(|h| h.eq_ignore_ascii_case(&format!("{name}:{port}")));
    let standard = url.port().is_none() && hosts.iter().any(|h| h.eq_ignore_ascii_case(&name));
    if !exact && !standard {
        return Err(OutsideFault::NotListed(at));
    }
    let addresses: Vec<SocketAddr> = match &host {
        Host::Domain(name) => match tokio::net::lookup_host((*name, port)).await {
            Ok(found) => found.collect(),
            Err(_) => return Err(OutsideFault::Unreachable(at)),
        },
        Host::Ipv4(v4) => vec![(IpAddr::V4(*v4), port).into()],
        Host::Ipv6(v6) => vec![(IpAddr::V6(*v6), port).into()],
    };
    if !exact && !addresses.iter().all(|a| is_public(a.ip())) {
        return Err(OutsideFault::Private(at));
    }
    let tls = TLS.as_ref().map_err(|fault| {
        tracing::warn!(%fault, "nobody outside can be called");
        OutsideFault::Unreachable(at.clone())
    })?;
    let mut builder = Client::builder()
        .tls_backend_preconfigured(rustls::ClientConfig::clone(tls))
        .no_proxy()
        .redirect(Policy::none())
        .pool_max_idle_per_host(0)
        .timeout(LIMIT);
    if let Host::Domain(name) = &host {
        builder = builder.resolve_to_addrs(name, &addresses);
    }
    builder.build().map_err(|_| OutsideFault::Unreachable(at))
}

fn redirect(response: &Response, from: &Url) -> Result<Option<Url>, OutsideFault> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(to) = response.headers().get(LOCATION).and_then(|v| v.to_str().ok()) else {
        return Ok(None);
    };
    let next = from.join(to).map_err(|_| OutsideFault::Unreachable(place(from)))?;
    parse(next.as_str()).map(Some)
}

async fn read(mut response: Response, url: &Url) -> Result<Value, OutsideFault> {
    let status = response.status();
    let mut bytes = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if bytes.len() + chunk.len() <= LONGEST_ANSWER => {
                bytes.extend_from_slice(&chunk);
            }
            Ok(Some(_)) => return Err(OutsideFault::TooLong),
            Ok(None) => break,
            Err(_) => return Err(OutsideFault::Unreachable(place(url))),
        }
    }
    let data = if bytes.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()))
    };
    let reason = status.canonical_reason().unwrap_or_default();
    Ok(json!({"status": status.as_u16(), "statusText": reason, "data": data}))
}

/// Without path and query, which may hold what is nobody's business.
fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or("that address");
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

static TLS: LazyLock<Result<Arc<rustls::ClientConfig>, TlsFault>> =
    LazyLock::new(|| omnibar_tls::client_config(None));
