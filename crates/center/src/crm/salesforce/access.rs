//! Requests with an access token, which is got and renewed by the refresh token
//! (RFC 6749 section 6). The access token is in memory only.

use super::super::CrmFault;
use crate::store::Store;
use omnibar_model::Secret;
use reqwest::{Client, Method, Response, header};
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use url::{Host, Url};

/// For the whole of a request; those who ask the centre wait a little longer.
const LIMIT: Duration = Duration::from_secs(7);
/// Bytes of an answer.
const LONGEST_ANSWER: usize = 8 * 1024 * 1024;
/// Characters of what the CRM says of an error.
const LONGEST_WORDS: usize = 300;

pub(super) struct Access {
    connector: u32,
    store: Store,
    client: Client,
    domain: Url,
    login: Url,
    token: Mutex<Option<Secret>>,
    /// One renews the token; who comes meanwhile waits for that.
    turn: Semaphore,
}

/// HTTP's status and what came with it; null where nothing did.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
}

impl Access {
    pub(super) fn new(
        connector: u32,
        store: Store,
        domain: Url,
        login: Url,
    ) -> Result<Self, CrmFault> {
        // Another part of the process may have chosen a provider already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut client = Client::builder()
            .timeout(LIMIT)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("omnibar-center/", env!("CARGO_PKG_VERSION")));
        if is_loopback(&domain) {
            client = client.no_proxy();
        }
        let client = client.build().map_err(|e| CrmFault::Unreachable(e.to_string()))?;
        let (token, turn) = (Mutex::default(), Semaphore::new(1));
        Ok(Self { connector, store, client, domain, login, token, turn })
    }

    /// `path` begins with `/` and may have a query. Asked again once with a new token when
    /// the CRM does not take the one that there is.
    pub(super) async fn ask(
        self: &Arc<Self>,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, CrmFault> {
        let url = self.domain.join(path).map_err(|e| CrmFault::Answer(e.to_string()))?;
        let token = match self.present() {
            Some(token) => token,
            None => self.renew(None).await?,
        };
        let answer = self.send(method.clone(), url.clone(), &token, body).await?;
        if answer.status != 401 {
            return Ok(answer);
        }
        let token = self.renew(Some(token)).await?;
        let answer = self.send(method, url, &token, body).await?;
        if answer.status == 401 {
            return Err(CrmFault::SignIn(words(&answer.body)));
        }
        Ok(answer)
    }

    /// Lets the centre in anew, whatever token there is.
    pub(super) async fn sign_in(self: &Arc<Self>) -> Result<(), CrmFault> {
        self.renew(self.present()).await.map(drop)
    }

    /// What needs no token.
    pub(super) async fn ask_openly(&self, path: &str) -> Result<Answer, CrmFault> {
        let url = self.domain.join(path).map_err(|e| CrmFault::Answer(e.to_string()))?;
        read(self.client.get(url).send().await.map_err(unreachable)?).await
    }

    pub(super) fn hosts(&self) -> [&Url; 2] {
        [&self.login, &self.domain]
    }

    fn present(&self) -> Option<Secret> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn send(
        &self,
        method: Method,
        url: Url,
        token: &Secret,
        body: Option<&Value>,
    ) -> Result<Answer, CrmFault> {
        let mut request = self.client.request(method, url).bearer_auth(token.expose());
        if let Some(body) = body {
            request =
                request.header(header::CONTENT_TYPE, "application/json").body(body.to_string());
        }
        read(request.send().await.map_err(unreachable)?).await
    }

    /// Goes on when nobody waits any more: a refresh token that was exchanged and not kept
    /// would be the last one.
    async fn renew(self: &Arc<Self>, refused: Option<Secret>) -> Result<Secret, CrmFault> {
        let this = Arc::clone(self);
        let renewing = tokio::spawn(async move { this.renewed(refused.as_ref()).await });
        renewing.await.unwrap_or_else(|e| Err(CrmFault::Unreachable(e.to_string())))
    }

    /// A token that is another than the one that was refused.
    async fn renewed(&self, refused: Option<&Secret>) -> Result<Secret, CrmFault> {
        let Ok(_turn) = self.turn.acquire().await else {
            return Err(CrmFault::Unreachable("the centre is stopping".into()));
        };
        if let Some(token) = self.present()
            && refused.is_none_or(|r| r.expose() != token.expose())
        {
            return Ok(token);
        }
        let kept = self.store.connector_secrets(self.connector).await?;
        let Some(mut secrets) = kept else {
            return Err(CrmFault::SignIn("nothing to sign in with".into()));
        };
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "refresh_token")
            .append_pair("client_id", &secrets.client_id)
            .append_pair("client_secret", secrets.client_secret.expose())
            .append_pair("refresh_token", secrets.refresh_token.expose())
            .finish();
        let url = self.login.join("/services/oauth2/token");
        let url = url.map_err(|e| CrmFault::Answer(e.to_string()))?;
        let sent = self
            .client
            .post(url)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form)
            .send()
            .await
            .map_err(unreachable)?;
        let Answer { status, body } = read(sent).await?;
        match status {
            200 => {}
            400..=499 => {
                tracing::warn!(connector = self.connector, status, "the CRM gives no token");
                return Err(CrmFault::SignIn(words(&body)));
            }
            _ => return Err(CrmFault::Unreachable(format!("HTTP {status}"))),
        }
        let Some(token) = body["access_token"].as_str() else {
            return Err(CrmFault::Answer("no access token".into()));
        };
        let token = Secret::new(token);
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        // Salesforce may rotate refresh tokens.
        if let Some(next) = body["refresh_token"].as_str()
            && next != secrets.refresh_token.expose()
        {
            secrets.refresh_token = Secret::new(next);
            self.store.renew_connector_secrets(self.connector, &secrets).await?;
        }
        tracing::debug!(connector = self.connector, "the CRM has let the centre in");
        Ok(token)
    }
}

async fn read(mut response: Response) -> Result<Answer, CrmFault> {
    let status = response.status().as_u16();
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if bytes.len() + chunk.len() > LONGEST_ANSWER {
            return Err(CrmFault::Answer("it is too long".into()));
        }
        bytes.extend_from_slice(&chunk);
    }
    let body = match serde_json::from_slice(&bytes) {
        Ok(body) => body,
        Err(_) if bytes.is_empty() || status >= 400 => Value::Null,
        Err(_) => return Err(CrmFault::Answer("it is no JSON".into())),
    };
    Ok(Answer { status, body })
}

/// What the CRM says of an error: `[{"message", "errorCode"}]`, or of OAuth
/// `{"error", "error_description"}`.
pub(super) fn words(body: &Value) -> String {
    let first = body.get(0).unwrap_or(body);
    let said = |name: &str| first[name].as_str();
    let text = match (said("message"), said("error"), said("error_description")) {
        (Some(message), _, _) => message.to_owned(),
        (None, Some(error), Some(why)) => format!("{error}: {why}"),
        (None, one, other) => one.or(other).unwrap_or("it did not say why").to_owned(),
    };
    text.chars().filter(|c| !c.is_control()).take(LONGEST_WORDS).collect()
}

/// Without the address: a query holds what was searched for.
#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unreachable(error: reqwest::Error) -> CrmFault {
    if let Some(tls) = tls(&error) {
        return CrmFault::Untrusted(tls);
    }
    let why = if error.is_timeout() {
        "it took too long"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection broke"
    };
    CrmFault::Unreachable(why.into())
}

/// What TLS found wrong, if it was that: at the end of a chain of causes, some of which
/// hide the next one from it.
fn tls(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    if let Some(tls) = error.downcast_ref::<rustls::Error>() {
        return Some(tls.to_string().chars().take(LONGEST_WORDS).collect());
    }
    let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    if let Some(found) = inner.and_then(|inner| tls(inner)) {
        return Some(found);
    }
    error.source().and_then(tls)
}

pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}
