//! Requests to the Asterisk REST Interface.
//!
//! What is asked travels in bodies, never in the address: addresses end up in logs, here
//! and at Asterisk, and a number or a key that somebody pressed has no business there.

use super::AsteriskConfig;
use omnibar_model::Secret;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Method, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use url::Url;

/// An Asterisk that takes longer for a request is as good as gone: calls wait for it.
const LIMIT: Duration = Duration::from_secs(5);
/// For a whole recording.
const FILE_LIMIT: Duration = Duration::from_secs(600);
const CONNECT_LIMIT: Duration = Duration::from_secs(3);
/// Bytes. A channel is described in less than 1 KiB.
const LONGEST_ANSWER: usize = 16 * 1024 * 1024;
/// Characters of Asterisk's own words that are repeated.
const LONGEST_REASON: usize = 200;

#[derive(Debug, thiserror::Error)]
pub(super) enum AriFault {
    #[error("Asterisk cannot be reached: {0}")]
    Unreachable(String),
    /// `status` is HTTP's.
    #[error("Asterisk refused with {status}: {reason}")]
    Refused { status: u16, reason: String },
    #[error("Asterisk's answer is not understood: {0}")]
    Answer(String),
    #[error("what Asterisk gave cannot be kept: {0}")]
    Kept(String),
}

impl AriFault {
    /// What was to be changed is not there: 404 no such thing, 409 a channel that has left
    /// the application, 412 and 422 one that is not in that state any more.
    pub(super) fn is_gone(&self) -> bool {
        matches!(self, Self::Refused { status: 404 | 409 | 412 | 422, .. })
    }
}

#[derive(Clone, Debug)]
pub(super) struct Ari {
    client: Client,
    base: Url,
    user: String,
    password: Secret,
}

impl Ari {
    pub(super) fn new(
        config: &AsteriskConfig,
        tls: &Arc<rustls::ClientConfig>,
    ) -> Result<Self, AriFault> {
        let client = Client::builder()
            .tls_backend_preconfigured(rustls::ClientConfig::clone(tls))
            // The exchange is the centre's own: a proxy for the web is not on the way to it.
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_LIMIT)
            .tcp_nodelay(true)
            .user_agent(concat!("omnibar-center/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|e| AriFault::Unreachable(e.to_string()))?;
        let (user, password) = (config.user.clone(), config.password.clone());
        Ok(Self { client, base: config.ari.clone(), user, password })
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, path: &[&str]) -> Result<T, AriFault> {
        let answer = self.send(Method::GET, path, None, LIMIT).await?;
        let bytes = read(answer, LONGEST_ANSWER).await?;
        serde_json::from_slice(&bytes).map_err(|e| AriFault::Answer(e.to_string()))
    }

    pub(super) async fn post(&self, path: &[&str], body: Value) -> Result<(), AriFault> {
        self.send(Method::POST, path, Some(&body), LIMIT).await.map(drop)
    }

    pub(super) async fn put(&self, path: &[&str], body: Value) -> Result<(), AriFault> {
        self.send(Method::PUT, path, Some(&body), LIMIT).await.map(drop)
    }

    /// What is not there any more is deleted.
    pub(super) async fn delete(&self, path: &[&str]) -> Result<(), AriFault> {
        match self.send(Method::DELETE, path, None, LIMIT).await {
            Ok(_) => Ok(()),
            Err(fault) if fault.is_gone() => Ok(()),
            Err(fault) => Err(fault),
        }
    }

    /// A file that Asterisk keeps, of at most so many bytes, part by part.
    pub(super) async fn file(
        &self,
        path: &[&str],
        longest: usize,
        to: &mut tokio::fs::File,
    ) -> Result<(), AriFault> {
        let mut answer = self.send(Method::GET, path, None, FILE_LIMIT).await?;
        let mut length = 0;
        while let Some(part) = answer.chunk().await.map_err(unreachable)? {
            length += part.len();
            if length > longest {
                return Err(AriFault::Answer(format!("it is longer than {longest} bytes")));
            }
            to.write_all(&part).await.map_err(|e| AriFault::Kept(e.to_string()))?;
        }
        to.flush().await.map_err(|e| AriFault::Kept(e.to_string()))
    }

    async fn send(
        &self,
        method: Method,
        path: &[&str],
        body: Option<&Value>,
        limit: Duration,
    ) -> Result<Response, AriFault> {
        let mut request = self
            .client
            .request(method.clone(), below(&self.base, path)?)
            .timeout(limit)
            .basic_auth(&self.user, Some(self.password.expose()));
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
        }
        let answer = request.send().await.map_err(unreachable)?;
        let status = answer.status();
        tracing::debug!(%method, what = path.first(), status = status.as_u16(), "ari");
        if status.is_success() {
            return Ok(answer);
        }
        let said = read(answer, 4 * 1024).await.unwrap_or_default();
        Err(AriFault::Refused { status: status.as_u16(), reason: reason(&said) })
    }
}

/// The address of what lies below ARI's own; every segment is written so that it stays one.
pub(super) fn below(base: &Url, path: &[&str]) -> Result<Url, AriFault> {
    let mut url = base.clone();
    match url.path_segments_mut() {
        Ok(mut segments) => {
            segments.pop_if_empty().extend(path);
        }
        Err(()) => return Err(AriFault::Unreachable("its address has no path".into())),
    }
    Ok(url)
}

async fn read(mut answer: Response, longest: usize) -> Result<Vec<u8>, AriFault> {
    let mut whole = Vec::new();
    while let Some(part) = answer.chunk().await.map_err(unreachable)? {
        if whole.len() + part.len() > longest {
            return Err(AriFault::Answer(format!("it is longer than {longest} bytes")));
        }
        whole.extend_from_slice(&part);
    }
    Ok(whole)
}

/// Without the address, which is the administrator's and may name hosts of his.
fn unreachable(error: reqwest::Error) -> AriFault {
    let error = error.without_url();
    let cause = std::error::Error::source(&error).map(ToString::to_string);
    AriFault::Unreachable(cause.unwrap_or_else(|| error.to_string()))
}

/// Asterisk says `{"message": …}` or `{"error": …}`.
fn reason(said: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Said {
        #[serde(alias = "error")]
        message: String,
    }
    let text = serde_json::from_slice::<Said>(said).map(|said| said.message).unwrap_or_default();
    text.chars().filter(|c| !c.is_control()).take(LONGEST_REASON).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_stays_one_segment_of_the_address() {
        let base = Url::parse("http://pbx.test:8088/ari/").unwrap();
        let url = below(&base, &["channels", "../asterisk?x=1#y", "moh"]).unwrap();
        assert_eq!(url.as_str(), "http://pbx.test:8088/ari/channels/..%2Fasterisk%3Fx=1%23y/moh");
        let bare = Url::parse("https://pbx.test/ari").unwrap();
        let url = below(&bare, &["bridges"]).unwrap();
        assert_eq!(url.as_str(), "https://pbx.test/ari/bridges");
    }

    #[test]
    fn a_refusal_is_told_in_asterisks_words_and_no_more_of_it() {
        assert_eq!(reason(br#"{"message":"Channel not found"}"#), "Channel not found");
        assert_eq!(reason(br#"{"error":"Authentication required"}"#), "Authentication required");
        assert_eq!(reason(b"<html>"), "");
        let long = format!(r#"{{"message":"\u001b[2J{}"}}"#, "x".repeat(1_000));
        assert_eq!(reason(long.as_bytes()).len(), LONGEST_REASON);
    }
}
