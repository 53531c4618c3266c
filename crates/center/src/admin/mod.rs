//! `/admin/`: what administrators lay down, and the page on which they do it.
//!
//! A session is a cookie that scripts cannot read and other sites' pages do not send
//! (`HttpOnly`, `SameSite=Strict`); what changes something needs the page's own origin
//! and a header besides, which no form and no foreign script can send.

mod campaigns;
mod check;
mod connectors;
mod grants;
mod session;

use crate::endpoint::Refusal;
use crate::rpc::Shared;
use crate::web;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Path};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware;
use axum::response::{Redirect, Response};
use axum::routing::{delete, get, post, put};
use include_dir::{Dir, include_dir};
use session::Sessions;
use tower_http::set_header::SetResponseHeaderLayer;

static PAGE: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/web/admin");

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// Bytes of a question, but for packages of apps.
const LONGEST_QUESTION: usize = 256 * 1024;

pub(crate) fn router() -> Router<Shared> {
    let fixed = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
    };
    let package = DefaultBodyLimit::max(crate::apps::LONGEST_PACKAGE);
    let api = Router::new()
        .route("/session", get(session::who).post(session::sign_in).delete(session::sign_out))
        // The others read nothing of who is not an administrator.
        .layer(middleware::from_fn(web::in_time))
        .route("/state", get(campaigns::state))
        .route("/frame-origins", put(campaigns::frame_origins))
        .route("/outside-hosts", put(campaigns::outside_hosts))
        .route("/campaigns/{id}", put(campaigns::campaign))
        .route("/tokens", post(grants::add_token))
        .route("/tokens/{id}", delete(grants::remove_token))
        .route("/connector", put(connectors::choose))
        .route("/connectors", post(connectors::add))
        .route("/connectors/{id}", put(connectors::change).delete(connectors::remove))
        .route("/apps/{id}", put(grants::set_app).delete(grants::remove_app))
        .layer(DefaultBodyLimit::max(LONGEST_QUESTION))
        .route("/apps", post(grants::add_app).layer(package))
        // Its own limit: it waits for somebody else's servers.
        .route("/connectors/{id}/test", post(connectors::test))
        .fallback(|| async { Refusal::missing("There is no such path.") })
        .layer(fixed(header::CACHE_CONTROL, "no-store"))
        .layer(axum::Extension(Sessions::default()));
    Router::new()
        .route("/admin", get(|| async { Redirect::permanent("/admin/") }))
        .route("/admin/", get(|| async { page("index.html") }))
        .route("/admin/{file}", get(|Path(file): Path<String>| async move { page(&file) }))
        .nest("/admin/api", api)
        .layer(fixed(header::CONTENT_SECURITY_POLICY, POLICY))
        .layer(fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(fixed(header::X_FRAME_OPTIONS, "DENY"))
        .layer(fixed(header::REFERRER_POLICY, "no-referrer"))
        .layer(fixed(HeaderName::from_static("cross-origin-opener-policy"), "same-origin"))
        .layer(fixed(HeaderName::from_static("cross-origin-resource-policy"), "same-origin"))
        .layer(fixed(HeaderName::from_static("permissions-policy"), "camera=(), microphone=()"))
}

fn page(file: &str) -> Response {
    web::part(&PAGE, file)
}
