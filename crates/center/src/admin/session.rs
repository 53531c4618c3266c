use crate::endpoint::Refusal;
use crate::rpc::{self, Shared, new_token, token_hash};
use crate::store::Role;
use axum::extract::rejection::JsonRejection;
use axum::extract::{ConnectInfo, FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use omnibar_model::{AgentId, Moment, Secret};
use omnibar_protocol::{Code, wire};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

const COOKIE: &str = "omnibar_admin";
/// Sent by the page with everything that changes something.
const MARK: &str = "x-omnibar-admin";
/// After so long without a question the session is over,
const IDLE: Duration = Duration::from_secs(30 * 60);
/// and after so long in any case.
const LONGEST: Duration = Duration::from_secs(10 * 3600);
const MOST: usize = 100;

/// Who is signed in, by the hash of the cookie. They end with the centre.
#[derive(Clone, Debug, Default)]
pub(super) struct Sessions(Arc<Mutex<BTreeMap<String, Open>>>);

#[derive(Clone, Debug)]
struct Open {
    user: AgentId,
    began: Moment,
    seen: Moment,
}

impl Open {
    fn is_over(&self, now: Moment) -> bool {
        now.since(self.seen) > IDLE || now.since(self.began) > LONGEST
    }
}

impl Sessions {
    fn begin(&self, now: Moment, user: AgentId, hash: String) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, s| !s.is_over(now));
        while open.len() >= MOST {
            let Some(oldest) = open.iter().min_by_key(|(_, s)| s.seen).map(|(h, _)| h.clone())
            else {
                break;
            };
            open.remove(&oldest);
        }
        open.insert(hash, Open { user, began: now, seen: now });
    }

    fn touch(&self, now: Moment, hash: &str) -> Option<AgentId> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, s| !s.is_over(now));
        let session = open.get_mut(hash)?;
        session.seen = now;
        Some(session.user.clone())
    }

    fn end(&self, hash: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(hash);
    }
}

/// Somebody who is signed in here; taken out of every request that needs it.
pub(super) struct Administrator(pub(super) AgentId);

impl FromRequestParts<Shared> for Administrator {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Refusal> {
        own(&parts.headers, &parts.method, shared)?;
        let over = || Refusal::new(StatusCode::UNAUTHORIZED, "You are signed out. Sign in again.");
        let sessions = parts.extensions.get::<Sessions>().ok_or_else(over)?;
        let hash = cookie(&parts.headers).ok_or_else(over)?;
        let user = sessions.touch(shared.clock.now(), &hash).ok_or_else(over)?;
        // He may have ceased to be one meanwhile.
        match shared.store.role(&user).await? {
            Some(Role::Administrator) => Ok(Self(user)),
            Some(Role::Agent | Role::Supervisor) | None => {
                sessions.end(&hash);
                Err(over())
            }
        }
    }
}

/// What changes something comes from our own page.
fn own(headers: &HeaderMap, method: &Method, shared: &Shared) -> Result<(), Refusal> {
    let good = if method == Method::GET || method == Method::HEAD {
        rpc::allowed(headers, &shared.site)
    } else {
        shared.site.own_origin(headers).is_some() && headers.contains_key(MARK)
    };
    if good {
        return Ok(());
    }
    let message = "This is for the centre's own page only. Open /admin/ at the centre.";
    Err(Refusal::new(StatusCode::FORBIDDEN, message))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignIn {
    user: String,
    password: wire::Password,
}

/// `POST /admin/api/session`
pub(super) async fn sign_in(
    State(shared): State<Shared>,
    Extension(sessions): Extension<Sessions>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    ask: Result<Json<SignIn>, JsonRejection>,
) -> Result<Response, Refusal> {
    own(&headers, &Method::POST, &shared)?;
    let Json(ask) = ask.map_err(|_| Refusal::bad("Give user and password."))?;
    let user = AgentId::new(&ask.user);
    let password: Secret = ask.password.into_secret();
    if let Err(error) = rpc::check(&shared, from.ip(), &user, password).await {
        let status = match Code::from(error.code) {
            Code::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Code::Unauthorised => StatusCode::UNAUTHORIZED,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        return Err(Refusal::new(status, error.message));
    }
    match shared.store.role(&user).await? {
        Some(Role::Administrator) => {}
        Some(Role::Agent | Role::Supervisor) | None => {
            return Err(Refusal::new(
                StatusCode::FORBIDDEN,
                "This account is an agent's. Sign in as an administrator.",
            ));
        }
    }
    let token = new_token();
    sessions.begin(shared.clock.now(), user.clone(), token_hash(&token));
    tracing::info!(%user, "an administrator signed in");
    let secure = shared.site.own_origin(&headers).is_some_and(|own| own.starts_with("https:"));
    let cookie = set_cookie(token.expose(), LONGEST.as_secs(), secure)?;
    Ok(([(header::SET_COOKIE, cookie)], Json(json!({"user": user}))).into_response())
}

/// `GET /admin/api/session`
pub(super) async fn who(Administrator(user): Administrator) -> Response {
    Json(json!({"user": user})).into_response()
}

/// `DELETE /admin/api/session`
pub(super) async fn sign_out(
    _: Administrator,
    Extension(sessions): Extension<Sessions>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    if let Some(hash) = cookie(&headers) {
        sessions.end(&hash);
    }
    let cookie = set_cookie("", 0, false)?;
    Ok(([(header::SET_COOKIE, cookie)], Json(json!({}))).into_response())
}

fn set_cookie(value: &str, seconds: u64, secure: bool) -> Result<HeaderValue, Refusal> {
    let secure = if secure { "; Secure" } else { "" };
    let text = format!(
        "{COOKIE}={value}; Path=/admin; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
    );
    HeaderValue::from_str(&text)
        .map_err(|_| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "The sign-in failed."))
}

/// The hash of our cookie's value.
fn cookie(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
        .map(|value| token_hash(&Secret::new(value)))
}
