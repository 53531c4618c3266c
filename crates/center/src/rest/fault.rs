use super::body::Failed;
use crate::store::StoreFault;
use axum::http::StatusCode;
use omnibar_protocol::{Code, ErrorObject};

/// Why a request was not carried out: cause, and next step.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum RestFault {
    #[error("The body is not understood: {0}. Compare it with /openapi.json.")]
    Bad(String),
    #[error("The header sessionid is missing. Send the sessionId of the Knowledge Base URL.")]
    NoSession,
    #[error("{0}")]
    Unauthorised(String),
    #[error(
        "The session is over, or never was. Take the sessionId of the agent's present Knowledge \
         Base URL."
    )]
    NoSuchSession,
    #[error(
        "sessionId in the body is not what the Authorization header says. Send the same value in \
         both."
    )]
    OtherToken,
    #[error("{0}")]
    NotFound(String),
    #[error("There is no such path. Compare it with /openapi.json.")]
    NoSuchPath,
    #[error("This path takes POST only.")]
    NoSuchMethod,
    #[error("{0}")]
    Conflict(String),
    #[error("The body is longer than 64 KiB. Send less.")]
    TooLong,
    #[error("The body is JSON: send Content-Type: application/json.")]
    NotJson,
    #[error("{0}")]
    TooMany(String),
    #[error("The centre could not do it now, and has done nothing. Send the same request again.")]
    Failed,
}

impl RestFault {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Bad(_) | Self::NoSession => StatusCode::BAD_REQUEST,
            Self::Unauthorised(_) | Self::NoSuchSession | Self::OtherToken => {
                StatusCode::UNAUTHORIZED
            }
            Self::NotFound(_) | Self::NoSuchPath => StatusCode::NOT_FOUND,
            Self::NoSuchMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Failed => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    pub(super) fn body(&self) -> Failed {
        Failed { result: "failure".to_owned(), reason: self.to_string() }
    }
}

impl From<StoreFault> for RestFault {
    fn from(fault: StoreFault) -> Self {
        tracing::error!(%fault, "a REST request could not be carried out");
        Self::Failed
    }
}

impl From<ErrorObject> for RestFault {
    fn from(error: ErrorObject) -> Self {
        match Code::from(error.code) {
            Code::InvalidParams | Code::ParseError | Code::InvalidRequest => {
                Self::Bad(error.message)
            }
            Code::Unauthorised => Self::Unauthorised(error.message),
            Code::SessionExpired => Self::NoSuchSession,
            Code::NotFound => Self::NotFound(error.message),
            Code::Conflict | Code::SessionElsewhere => Self::Conflict(error.message),
            Code::TooMany => Self::TooMany(error.message),
            Code::MethodNotFound | Code::Internal | Code::Version | Code::Other(_) => Self::Failed,
        }
    }
}
