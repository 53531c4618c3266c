//! What pages of CRMs load (contract: `/omniapp/…`): the SDK, the toolbar that they frame,
//! and the workspace that frames them. Built before this crate, and kept in the program:
//! `npm run build` in `ui` and in `sdk/omni`; without their folders it does not compile.

use crate::identity;
use crate::rpc::Shared;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use include_dir::{Dir, include_dir};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

static UI: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../ui/dist");
static SDK: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../sdk/omni/dist");

const EMPTY_UI: &str = "ui/dist is empty: run `npm run build` in ui/ first";
const EMPTY_SDK: &str = "sdk/omni/dist is empty: run `npm run build` in sdk/omni/ first";
const _: () = assert!(!UI.entries().is_empty(), "{}", EMPTY_UI);
const _: () = assert!(!SDK.entries().is_empty(), "{}", EMPTY_SDK);

/// Ports of the app's own socket: the first that is free.
const LOOPBACK_PORTS: std::ops::RangeInclusive<u16> = 47_620..=47_624;

/// The browser asks the agent before a page may reach his machine; ours may ask.
const PERMISSIONS: &str = "loopback-network=(self), local-network=(self), \
                           local-network-access=(self), microphone=(), camera=(), geolocation=()";

static TAGS: LazyLock<BTreeMap<&'static str, String>> = LazyLock::new(|| {
    let mut tags = BTreeMap::new();
    tag(&UI, &mut tags);
    tag(&SDK, &mut tags);
    tags
});

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/omniapp/sdk/{*file}", get(sdk))
        .route("/omniapp/toolbar", get(|| async { Redirect::permanent("/omniapp/toolbar/") }))
        .route("/omniapp/toolbar/", get(toolbar))
        .route("/omniapp/toolbar/index.html", get(toolbar))
        .route("/omniapp/toolbar/bridge.html", get(bridge))
        .route("/omniapp/workspace", get(|| async { Redirect::permanent("/omniapp/workspace/") }))
        .route("/omniapp/workspace/", get(workspace))
        .route("/omniapp/workspace/index.html", get(workspace))
        .route(
            "/omniapp/boot.js",
            get(|headers: HeaderMap| async move { part("boot.js", &headers) }),
        )
        .route("/omniapp/assets/{*file}", get(asset))
        .merge(identity::router())
}

/// Any page may load it: what it may do is decided elsewhere.
async fn sdk(Path(file): Path<String>, headers: HeaderMap) -> Response {
    let mut response = found(&SDK, &file, &headers);
    let set = response.headers_mut();
    set.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    set.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    response
}

/// The agent's own toolbar: a page that nobody allowed must not lead his clicks.
async fn toolbar(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    let ancestors = match shared.store.frame_origins().await {
        Ok(origins) => ancestors(&origins),
        Err(fault) => {
            tracing::error!(%fault, "it is not known who may frame the toolbar: nobody may");
            ancestors(&[])
        }
    };
    page(&shared, "toolbar/index.html", &headers, "", &ancestors)
}

/// Shows nothing, so everybody may frame it.
async fn bridge(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    page(&shared, "toolbar/bridge.html", &headers, "", "*")
}

async fn workspace(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    page(&shared, "workspace/index.html", &headers, " frame-src http: https:;", "'none'")
}

/// Their names change with what they hold.
async fn asset(Path(file): Path<String>, headers: HeaderMap) -> Response {
    let mut response = part(&format!("assets/{file}"), &headers);
    if response.status() != StatusCode::NOT_FOUND {
        let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
        response.headers_mut().insert(header::CACHE_CONTROL, forever);
    }
    response
}

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

fn part(file: &str, headers: &HeaderMap) -> Response {
    let mut response = found(&UI, file, headers);
    response.headers_mut().insert(RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
    response
}

fn page(
    shared: &Shared,
    file: &str,
    headers: &HeaderMap,
    more: &str,
    frame_ancestors: &str,
) -> Response {
    let sockets = shared.site.sockets(headers);
    let policy = policy(&sockets, more, frame_ancestors);
    let mut response = found(&UI, file, headers);
    let set = response.headers_mut();
    // Made of checked parts; a policy that is no header's value would leave the page open.
    let policy = HeaderValue::from_str(&policy)
        .unwrap_or(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    set.insert(header::CONTENT_SECURITY_POLICY, policy);
    set.insert(
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static(PERMISSIONS),
    );
    // The policy depends on the name under which the centre was asked, and on the list.
    set.insert(header::VARY, HeaderValue::from_static("Host"));
    response
}

fn policy(sockets: &[String], more: &str, frame_ancestors: &str) -> String {
    let mut connect = String::from("'self'");
    for socket in sockets {
        let _ = write!(connect, " {socket}");
    }
    for port in LOOPBACK_PORTS {
        let _ = write!(connect, " http://127.0.0.1:{port} ws://127.0.0.1:{port}");
    }
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
         img-src 'self' data:; font-src 'self'; connect-src {connect};{more} base-uri 'none'; \
         form-action 'none'; frame-ancestors {frame_ancestors}"
    )
}

/// The administrator's list as sources of a policy; nothing in it ends the directive.
fn ancestors(origins: &[String]) -> String {
    let plain = |origin: &&str| {
        let rest = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        let allowed =
            |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '*' | '[' | ']');
        rest.is_some_and(|host| !host.is_empty() && host.chars().all(allowed))
    };
    let sources: Vec<&str> = origins.iter().map(String::as_str).filter(plain).collect();
    if sources.is_empty() { "'none'".into() } else { sources.join(" ") }
}

fn found(from: &'static Dir<'static>, file: &str, headers: &HeaderMap) -> Response {
    let Some(found) = from.get_file(file) else {
        return (StatusCode::NOT_FOUND, "There is no such file.").into_response();
    };
    let tag = found.path().to_str().and_then(|path| TAGS.get(path)).map_or("", String::as_str);
    let known = headers.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    let kind = kind(file);
    let described =
        [(header::ETAG, tag), (header::CACHE_CONTROL, "no-cache"), (header::CONTENT_TYPE, &kind)];
    // RFC 9110 section 13.1.2
    let same = |tags: &str| {
        tags.split(',').any(|one| one.trim().trim_start_matches("W/") == tag || one.trim() == "*")
    };
    if !tag.is_empty() && known.is_some_and(same) {
        return (StatusCode::NOT_MODIFIED, described).into_response();
    }
    (described, found.contents()).into_response()
}

fn kind(file: &str) -> String {
    if file.ends_with(".d.ts") {
        return "text/plain; charset=utf-8".into();
    }
    // A source map (ECMA-426 section 8).
    if file.ends_with(".map") {
        return "application/json".into();
    }
    let guess = mime_guess::from_path(file).first_or_octet_stream();
    let text = guess.type_() == "text" && guess.get_param("charset").is_none();
    format!("{guess}{}", if text { "; charset=utf-8" } else { "" })
}

/// The beginning of each file's SHA-256, quoted as an entity tag is.
fn tag(dir: &Dir<'static>, tags: &mut BTreeMap<&'static str, String>) {
    for file in dir.files() {
        if let Some(path) = file.path().to_str() {
            let digest = Sha256::digest(file.contents());
            let hex = digest.iter().take(12).fold(String::new(), |mut text, byte| {
                let _ = write!(text, "{byte:02x}");
                text
            });
            tags.insert(path, format!("\"{hex}\""));
        }
    }
    dir.dirs().for_each(|dir| tag(dir, tags));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_pages_and_the_sdk_are_in_the_program() {
        for page in ["toolbar/index.html", "toolbar/bridge.html", "workspace/index.html", "boot.js"]
        {
            assert!(UI.get_file(page).is_some(), "{page}");
        }
        assert!(SDK.get_file("ameyo-sdk.js").is_some());
        assert!(SDK.get_file("ameyo-sdk.d.ts").is_some());
        let map = SDK.get_file("ameyo-sdk.js.map").unwrap().contents_utf8().unwrap();
        let map: serde_json::Value = serde_json::from_str(map).unwrap();
        let sources = map["sources"].as_array().unwrap();
        assert_eq!(sources.len(), map["sourcesContent"].as_array().unwrap().len());
        for source in sources {
            assert!(source.as_str().unwrap().starts_with("../src/"), "{source}: no machine's path");
        }
        assert_eq!(kind("ameyo-sdk.js.map"), "application/json");
    }

    #[test]
    fn nothing_in_the_list_ends_the_directive() {
        let list =
            |origins: &[&str]| ancestors(&origins.iter().map(|o| (*o).into()).collect::<Vec<_>>());
        assert_eq!(list(&[]), "'none'");
        let both = ["https://*.crm.example:8443", "http://127.0.0.1:*"];
        assert_eq!(list(&both), both.join(" "));
        for bad in
            ["*", "https://a.example; script-src *", "https://a.example,b", "data:", "https://"]
        {
            assert_eq!(list(&[bad]), "'none'", "{bad}");
        }
    }

    #[test]
    fn the_pages_reach_the_centre_and_this_machine_and_nothing_else() {
        let policy = policy(&["wss://centre.example".into()], "", "'none'");
        let connect = policy.split("; ").find_map(|d| d.strip_prefix("connect-src ")).unwrap();
        let wanted = (47_620..=47_624)
            .flat_map(|p| [format!("http://127.0.0.1:{p}"), format!("ws://127.0.0.1:{p}")]);
        let mut sources: Vec<String> = vec!["'self'".into(), "wss://centre.example".into()];
        sources.extend(wanted);
        assert_eq!(connect.split(' ').collect::<Vec<_>>(), sources);
    }
}
