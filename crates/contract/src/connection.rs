//! The test of an extension's connection: what is asked of it, and what it has found so far.

use crate::{Password, PhoneAccount};
use omnibar_desk::{ServerFault, SignInFault};
use omnibar_model::AgentId;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

#[derive(Clone, Debug, PartialEq, Deserialize, TS)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum ConnectionIntent {
    /// Tests an extension, or the one that is signed in. `echo` is a number that says back
    /// what it hears; empty: no call is made.
    Test {
        #[serde(default)]
        #[ts(optional = nullable)]
        of: Option<Box<TestedAccount>>,
        echo: String,
    },
    /// Ends a test that runs.
    Stop,
    /// Takes the last test's findings away.
    Dismiss,
}

/// What a sign-in would be asked for. With `None` the password in the keychain is used.
#[derive(Clone, Debug, PartialEq, Deserialize, TS)]
pub struct TestedAccount {
    /// `sip:1001@pbx.example`
    pub address: String,
    pub user: AgentId,
    pub account: PhoneAccount,
    pub password: Option<Password>,
}

/// The last test, or the one that runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ConnectionTest {
    pub state: ConnectionTestState,
    /// In the order in which they are tried; those that do not apply are left out. Behind
    /// one that failed none is tried.
    pub steps: Vec<TestStep>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionTestState {
    /// Not run, or dismissed.
    #[default]
    Idle,
    Running,
    Passed,
    Failed,
    /// By the agent.
    Stopped,
    /// A call came first.
    Interrupted,
    /// It needs the line that a call is on, so it was not begun.
    InCall,
    /// Address, server or echo number cannot be right, so it was not begun.
    BadAddress,
    /// There is no password, so it was not begun.
    NoPassword,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TestStep {
    pub step: ConnectionStep,
    pub state: StepState,
}

/// What a registration does, and a call behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionStep {
    /// The server's name has an address.
    Name,
    /// A connection (TCP) to its port.
    Port,
    /// TLS, and the certificate.
    Security,
    /// The handshake of RFC 7118.
    WebSocket,
    /// REGISTER, with name and password.
    Registration,
    /// The TURN servers give an address.
    Relay,
    /// The echo number answers, and there is a way for its voice.
    Call,
    /// What is said to it comes back.
    Voice,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum StepState {
    /// Not tried, or not yet.
    Waiting,
    Running,
    Passed {
        took_ms: u32,
    },
    Failed {
        fault: StepFault,
    },
}

/// Why a step failed. The UI has words and a next step for each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum StepFault {
    Server {
        server: ServerFault,
    },
    /// The registration was refused.
    Refused {
        why: SignInFault,
    },
    /// It was not answered.
    NoAnswer,
    /// A TURN server does not take its name and password.
    RelayRefused {
        url: String,
    },
    /// Its certificate is not accepted, or it speaks no TLS.
    RelayUntrusted {
        url: String,
    },
    RelaySilent {
        url: String,
    },
    Call {
        call: CallFault,
    },
}

/// What is wrong with the call to the echo number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "call", rename_all = "snake_case")]
pub enum CallFault {
    NoSuchNumber,
    NotAllowed,
    NoCommonCodec,
    /// It ended before voice could pass; `said` is a sentence.
    Ended {
        said: String,
    },
    Unanswered,
    /// It was answered, and no way for its voice was found.
    NoPath,
    /// There is a way, and nothing comes on it.
    NothingComes,
    /// Something comes, but not what is said here.
    NothingReturns,
}
