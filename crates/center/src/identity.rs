//! Single sign-on for the CRM's pages (contract: REST-11): who the agent is, in a token
//! that lives a minute, is meant for one origin and is signed by this centre (JWT, RFC
//! 7519, with Ed25519, RFC 8037). A CRM checks it with `POST /omniapp/identity/verify`,
//! which takes each token once, or by itself with the keys of
//! `GET /omniapp/identity/keys.json` (RFC 7517). It opens nothing at the centre.

use crate::core::Whose;
use crate::endpoint::Refusal;
use crate::rpc::Shared;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use omnibar_model::{AgentId, Secret};
use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};
use uuid::Uuid;

/// How long a token is good for, in s: the page is loaded with it at once.
pub(crate) const LIFE: u64 = 60;
/// A CRM's clock may be behind by this, in s.
const LENIENCE: u64 = 5;
/// Bytes of a token, and of a question about one.
const LONGEST: usize = 4 * 1024;
const LONGEST_BODY: usize = 8 * 1024;
/// Tokens that were used and have not expired yet.
const MOST_USED: usize = 10_000;
/// Who signs, where nothing in front of the centre gives it a name.
const ISSUER: &str = "omnibar-center";

pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/omniapp/identity/keys.json", get(keys))
        .route("/omniapp/identity/verify", post(verify))
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
}

/// Signs with a key that is as old as the centre's process: no token outlives it.
#[derive(Debug)]
pub(crate) struct Identities {
    key: Ed25519KeyPair,
    /// Thumbprint of the public key (RFC 7638).
    id: String,
    used: Mutex<BTreeMap<Uuid, u64>>,
}

/// What a token says, in seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    pub(crate) sub: AgentId,
    pub(crate) name: String,
    /// Origin of the page that it is for.
    pub(crate) aud: String,
    /// The session's handle, by which the page's `sessionId` names it; opens nothing.
    pub(crate) sid: String,
    pub(crate) iat: u64,
    pub(crate) exp: u64,
    pub(crate) jti: Uuid,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Invalid {
    #[error("It is no token of this centre.")]
    Foreign,
    #[error("It is for another page.")]
    Audience,
    #[error("It has expired. The page gets a new one when it is opened again.")]
    Expired,
    #[error("It has been used.")]
    Used,
    #[error("The agent has signed out.")]
    SignedOut,
}

impl Identities {
    pub(crate) fn new() -> Result<Self, ring::error::Unspecified> {
        let seed = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())?;
        let key =
            Ed25519KeyPair::from_pkcs8(seed.as_ref()).map_err(|_| ring::error::Unspecified)?;
        let x = BASE64.encode(key.public_key());
        let thumbprint = Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#));
        Ok(Self { key, id: BASE64.encode(thumbprint), used: Mutex::default() })
    }

    pub(crate) fn sign(&self, claims: &Claims) -> Secret {
        let head = json!({"alg": "EdDSA", "typ": "JWT", "kid": self.id}).to_string();
        let text = format!("{}.{}", BASE64.encode(head), BASE64.encode(json!(claims).to_string()));
        let signature = self.key.sign(text.as_bytes());
        Secret::new(format!("{text}.{}", BASE64.encode(signature)))
    }

    /// What the token says, if this centre has signed it for `audience`; once.
    fn take(&self, token: &str, audience: &str, now: u64) -> Result<Claims, Invalid> {
        let claims = self.read(token).ok_or(Invalid::Foreign)?;
        if claims.aud != audience {
            return Err(Invalid::Audience);
        }
        if claims.exp <= now {
            return Err(Invalid::Expired);
        }
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.retain(|_, exp| *exp > now);
        // Room is what the tokens of the last minute need; without it none is believed twice.
        if used.len() >= MOST_USED || used.insert(claims.jti, claims.exp).is_some() {
            return Err(Invalid::Used);
        }
        Ok(claims)
    }

    fn read(&self, token: &str) -> Option<Claims> {
        if token.len() > LONGEST {
            return None;
        }
        let (text, signature) = token.rsplit_once('.')?;
        let signature = BASE64.decode(signature).ok()?;
        // Before anything in it is looked at; the algorithm is ours, whatever the head says.
        UnparsedPublicKey::new(&ED25519, self.key.public_key())
            .verify(text.as_bytes(), &signature)
            .ok()?;
        let (_, claims) = text.split_once('.')?;
        serde_json::from_slice(&BASE64.decode(claims).ok()?).ok()
    }

    fn keys(&self) -> Value {
        json!({"keys": [{
            "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": self.id,
            "x": BASE64.encode(self.key.public_key()),
        }]})
    }
}

/// A token for this agent and a page of this origin.
pub(crate) fn token(
    shared: &Shared,
    user: &AgentId,
    name: &str,
    sid: &str,
    origin: &str,
) -> Secret {
    let iat = now();
    shared.identities.sign(&Claims {
        iss: shared.site.public().unwrap_or(ISSUER).to_owned(),
        sub: user.clone(),
        name: name.to_owned(),
        aud: origin.to_owned(),
        sid: sid.to_owned(),
        iat: iat.saturating_sub(LENIENCE),
        exp: iat + LIFE,
        jti: Uuid::new_v4(),
    })
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

async fn keys(State(shared): State<Shared>) -> Response {
    let open = [(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"), (header::CACHE_CONTROL, "no-cache")];
    (open, Json(shared.identities.keys())).into_response()
}

#[derive(Deserialize)]
struct Question {
    token: String,
    /// The CRM's own origin: a token that another page got is none for this one.
    audience: String,
}

/// As RFC 7662 has it: `{"active": true, …claims}`, or `{"active": false, "reason"}`.
async fn verify(State(shared): State<Shared>, body: axum::body::Bytes) -> Response {
    let Ok(Question { token, audience }) = serde_json::from_slice(&body) else {
        let words =
            "The body is JSON: {\"token\", \"audience\"}, the audience being the CRM's origin.";
        return Refusal::new(StatusCode::BAD_REQUEST, words).into_response();
    };
    let answer = match shared.identities.take(&token, &audience, now()) {
        Ok(claims) if is_signed_in(&shared, &claims).await => {
            tracing::info!(agent = %claims.sub, audience, "a page of the CRM knows the agent");
            let mut answer = json!(claims);
            answer["active"] = true.into();
            answer
        }
        Ok(_) => inactive(Invalid::SignedOut),
        Err(invalid) => inactive(invalid),
    };
    ([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response()
}

fn inactive(invalid: Invalid) -> Value {
    tracing::debug!(%invalid, "a token of a page");
    json!({"active": false, "reason": invalid.to_string()})
}

async fn is_signed_in(shared: &Shared, claims: &Claims) -> bool {
    let desk = shared.door.desk(Whose::Handle(claims.sid.clone())).await;
    desk.is_some_and(|desk| desk.user == claims.sub)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CRM: &str = "https://crm.example";

    fn claims(exp: u64) -> Claims {
        Claims {
            iss: ISSUER.into(),
            sub: AgentId::new("agent1"),
            name: "Ada Palmer".into(),
            aud: CRM.into(),
            sid: "ses-1".into(),
            iat: exp - LIFE,
            exp,
            jti: Uuid::new_v4(),
        }
    }

    #[test]
    fn a_token_is_good_once_for_its_page_and_for_a_minute() {
        let centre = Identities::new().unwrap();
        let claims = claims(1_060);
        let token = centre.sign(&claims);
        let take = |audience, now| centre.take(token.expose(), audience, now);
        assert_eq!(take("https://other.example", 1_000), Err(Invalid::Audience));
        assert_eq!(take(CRM, 1_060), Err(Invalid::Expired));
        assert_eq!(take(CRM, 1_059), Ok(claims));
        assert_eq!(take(CRM, 1_059), Err(Invalid::Used));
    }

    #[test]
    fn what_another_centre_signed_or_nobody_is_foreign() {
        let centre = Identities::new().unwrap();
        let other = Identities::new().unwrap().sign(&claims(1_060));
        let none = BASE64.encode(r#"{"alg":"none","typ":"JWT"}"#);
        let body = BASE64.encode(json!(claims(1_060)).to_string());
        let own = centre.sign(&claims(1_060));
        let (_, signature) = own.expose().rsplit_once('.').unwrap();
        for token in [
            other.expose(),
            &format!("{none}.{body}."),
            &format!("{none}.{body}.{signature}"),
            "",
            "..",
            &"a".repeat(LONGEST + 1),
        ] {
            assert_eq!(centre.take(token, CRM, 1_000), Err(Invalid::Foreign), "{token:.40}");
        }
    }

    #[test]
    fn the_published_key_checks_it() {
        let centre = Identities::new().unwrap();
        let keys = centre.keys();
        let key = &keys["keys"][0];
        let public = BASE64.decode(key["x"].as_str().unwrap()).unwrap();
        let token = centre.sign(&claims(1_060));
        let (text, signature) = token.expose().rsplit_once('.').unwrap();
        let signature = BASE64.decode(signature).unwrap();
        UnparsedPublicKey::new(&ED25519, public).verify(text.as_bytes(), &signature).unwrap();
        let (head, _) = text.split_once('.').unwrap();
        let head: Value = serde_json::from_slice(&BASE64.decode(head).unwrap()).unwrap();
        assert_eq!((&head["alg"], &head["kid"]), (&json!("EdDSA"), &key["kid"]));
    }

    proptest! {
        #[test]
        fn anything_is_refused_without_a_panic(token in "[A-Za-z0-9._=-]{0,200}|.{0,60}") {
            let centre = Identities::new().unwrap();
            prop_assert_eq!(centre.take(&token, CRM, 0), Err(Invalid::Foreign));
        }
    }
}
