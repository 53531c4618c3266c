//! Who asks (contract: REST-04).

use super::fault::RestFault;
use crate::core::{DeskNow, Whose};
use crate::rpc::{self, Shared, token_hash};
use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use omnibar_model::{AgentId, Secret};
use std::net::IpAddr;

const LONGEST: usize = 1024;

/// What the Authorization header says.
pub(super) struct Proof {
    header: Secret,
    credentials: Secret,
    how: How,
}

enum How {
    /// A token that an administrator made, as Bearer, or as Basic.
    Token,
    /// Basic (RFC 7617) with an agent's own user and password.
    Agent { user: AgentId, password: Secret },
}

/// Somebody whose proof was good.
pub(super) enum Caller {
    /// May act for every agent.
    Server {
        hash: String,
    },
    Agent(AgentId),
}

pub(super) fn proof(headers: &HeaderMap) -> Result<Proof, RestFault> {
    let refused = |why: &str| Err(RestFault::Unauthorised(why.to_owned()));
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (given.next(), given.next()) else {
        return refused(
            "The header Authorization is missing, or there twice. Send Bearer or Basic with a \
             token that an administrator has made.",
        );
    };
    let Ok(text) = value.to_str() else {
        return refused("The header Authorization has characters that it may not have.");
    };
    let text = text.trim();
    if text.len() > LONGEST {
        return refused("The header Authorization is too long.");
    }
    let Some((scheme, credentials)) = text.split_once(' ') else {
        return refused("The header Authorization begins with Bearer or Basic.");
    };
    let credentials = credentials.trim();
    let how = if scheme.eq_ignore_ascii_case("Bearer") {
        How::Token
    } else if scheme.eq_ignore_ascii_case("Basic") {
        agent(credentials).unwrap_or(How::Token)
    } else {
        return refused("The header Authorization begins with Bearer or Basic.");
    };
    Ok(Proof { header: Secret::new(text), credentials: Secret::new(credentials), how })
}

fn agent(credentials: &str) -> Option<How> {
    let bytes = STANDARD.decode(credentials).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (user, password) = text.split_once(':')?;
    Some(How::Agent { user: AgentId::new(user), password: Secret::new(password) })
}

impl Proof {
    /// The body repeats it, with the scheme or without.
    pub(super) fn is(&self, repeated: &str) -> bool {
        let repeated = repeated.trim();
        repeated == self.header.expose() || repeated == self.credentials.expose()
    }
}

pub(super) async fn check(
    shared: &Shared,
    from: IpAddr,
    proof: &Proof,
) -> Result<Caller, RestFault> {
    match &proof.how {
        How::Token => {
            let hash = token_hash(&proof.credentials);
            if shared.store.knows_token(&hash, shared.clock.now()).await? {
                return Ok(Caller::Server { hash });
            }
            Err(bad_token())
        }
        How::Agent { user, password } => {
            rpc::check(shared, from, user, password.clone()).await?;
            Ok(Caller::Agent(user.clone()))
        }
    }
}

/// The desk of this session, if the caller may act for its agent.
pub(super) async fn desk(
    shared: &Shared,
    caller: &Caller,
    session: &str,
) -> Result<DeskNow, RestFault> {
    let Some(desk) = shared.door.desk(Whose::Handle(session.to_owned())).await else {
        return Err(RestFault::NoSuchSession);
    };
    if caller.may_act_for(&desk.user) {
        return Ok(desk);
    }
    // Who may not act for him does not learn that he is there.
    Err(RestFault::NoSuchSession)
}

impl Caller {
    pub(super) fn may_act_for(&self, user: &AgentId) -> bool {
        match self {
            Self::Server { .. } => true,
            Self::Agent(own) => own == user,
        }
    }

    /// A one-time token is good for this request alone.
    pub(super) async fn take(&self, shared: &Shared, request: &str) -> Result<(), RestFault> {
        match self {
            Self::Agent(_) => Ok(()),
            Self::Server { hash } => {
                let taken = shared.store.use_token(hash, request, shared.clock.now()).await?;
                if taken { Ok(()) } else { Err(bad_token()) }
            }
        }
    }
}

fn bad_token() -> RestFault {
    RestFault::Unauthorised(
        "This token is not good, or not any more. Ask an administrator for another.".to_owned(),
    )
}
