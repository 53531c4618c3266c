use super::CrmFault;
use serde::Serialize;

/// Where a test of a connector came to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Step {
    /// The host's name.
    Dns,
    Tls,
    Connection,
    /// Client id, client secret, refresh token, or another credential.
    SignIn,
    /// It let the centre in, but not to this.
    Rights,
    Version,
    /// An object or a field that is not there.
    Objects,
    Answer,
    /// The centre itself.
    Centre,
}

/// What is wrong with a connector: cause, and what to do.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub(crate) step: Step,
    pub(crate) message: String,
}

impl Trouble {
    pub(crate) fn new(step: Step, message: impl Into<String>) -> Self {
        Self { step, message: message.into() }
    }
}

impl From<CrmFault> for Trouble {
    fn from(fault: CrmFault) -> Self {
        let step = match &fault {
            CrmFault::SignIn(_) => Step::SignIn,
            CrmFault::Untrusted(_) => Step::Tls,
            CrmFault::Unreachable(_) | CrmFault::TooMany => Step::Connection,
            CrmFault::Answer(_) => Step::Answer,
            CrmFault::Refused(_) => Step::Rights,
            CrmFault::NoObject | CrmFault::NoField { .. } | CrmFault::NoRecord => Step::Objects,
            CrmFault::NoConnector | CrmFault::Store(_) => Step::Centre,
        };
        Self::new(step, fault.to_string())
    }
}
