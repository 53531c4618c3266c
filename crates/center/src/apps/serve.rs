//! `/si/{name}/{version}/…`

use crate::rpc::Shared;
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;

/// An app has an origin of its own: `sandbox` without `allow-same-origin` makes it an
/// opaque one, so that it reaches neither the centre's pages and cookies nor another
/// app's, whoever frames it or opens it alone. It speaks with the workspace by
/// postMessage. Only the centre's own pages frame it.
const POLICY: &str = "sandbox allow-scripts allow-forms allow-popups allow-downloads; \
                      default-src 'self' data: blob:; script-src 'self' 'unsafe-inline'; \
                      style-src 'self' 'unsafe-inline'; img-src 'self' data: blob: https:; \
                      connect-src 'self' https:; base-uri 'self'; object-src 'none'; \
                      frame-ancestors 'self'";

/// No app gets at the machine.
const NOTHING: &str = "accelerometer=(), autoplay=(), camera=(), clipboard-read=(), \
                       display-capture=(), geolocation=(), gyroscope=(), hid=(), microphone=(), \
                       midi=(), payment=(), publickey-credentials-get=(), screen-wake-lock=(), \
                       serial=(), usb=(), xr-spatial-tracking=()";

pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/si/{name}/{version}", get(into_folder))
        .route("/si/{name}/{version}/", get(first))
        .route("/si/{name}/{version}/{*path}", get(file))
}

/// The app's files are named relative to its folder.
async fn into_folder(
    Path((name, version)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Response {
    let good = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if !name.chars().all(good) || !version.chars().all(good) {
        return missing();
    }
    let query = query.map(|q| format!("?{q}")).unwrap_or_default();
    Redirect::permanent(&format!("/si/{name}/{version}/{query}")).into_response()
}

async fn first(state: State<Shared>, Path((name, version)): Path<(String, String)>) -> Response {
    file(state, Path((name, version, "index.html".to_owned()))).await
}

async fn file(
    State(shared): State<Shared>,
    Path((name, version, path)): Path<(String, String, String)>,
) -> Response {
    let content = match shared.store.app_file(&name, &version, &path).await {
        Ok(Some(content)) => content,
        Ok(None) => return missing(),
        Err(fault) => {
            tracing::error!(%fault, "an app's file could not be read");
            return (StatusCode::SERVICE_UNAVAILABLE, "Try again in a moment.").into_response();
        }
    };
    let kind = mime_guess::from_path(&path).first_or_octet_stream();
    let kind = match kind.type_() {
        mime_guess::mime::TEXT => format!("{kind}; charset=utf-8"),
        _ => kind.to_string(),
    };
    let headers = [
        (header::CONTENT_TYPE, kind),
        // One version may be taken away and given again.
        (header::CACHE_CONTROL, "no-cache".to_owned()),
        (header::CONTENT_SECURITY_POLICY, POLICY.to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
        (HeaderName::from_static("permissions-policy"), NOTHING.to_owned()),
        // An opaque origin is a stranger even to its own files; they are no secret.
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*".to_owned()),
    ];
    (headers, content).into_response()
}

fn missing() -> Response {
    (StatusCode::NOT_FOUND, "There is no such app, or no such file in it.").into_response()
}
