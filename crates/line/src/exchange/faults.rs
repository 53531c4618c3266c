//! What is wrong with a way to a telephone system, as the desk and the window have it.

use crate::sip::core::{Cause, CauseKind};
use crate::sip::{
    CallTest, CertificateFault as NotAccepted, CheckFault, ConnectFault, Step, words,
};
use omnibar_contract::{CallFault, ConnectionStep, StepFault};
use omnibar_desk::{CertificateFault, ServerFault, SignInFault};

/// Of a registration that was refused.
pub(super) fn refused(cause: &Cause) -> SignInFault {
    if cause.kind == CauseKind::WrongPassword {
        SignInFault::WrongCredentials
    } else {
        SignInFault::NotRegistered { status: cause.status }
    }
}

pub(super) fn server(fault: &ConnectFault) -> ServerFault {
    match fault {
        ConnectFault::NameNotFound | ConnectFault::BadAddress => ServerFault::NameNotFound,
        ConnectFault::Refused => ServerFault::Closed,
        ConnectFault::TimedOut | ConnectFault::Silent => ServerFault::TimedOut,
        ConnectFault::Unreachable(detail) => ServerFault::NoWay { detail: detail.clone() },
        ConnectFault::NoTrust(detail) => ServerFault::NoTrust { detail: detail.clone() },
        ConnectFault::Certificate(fault) => {
            ServerFault::Certificate { fault: certificate(fault), detail: fault.to_string() }
        }
        ConnectFault::Tls(detail) => ServerFault::Tls { detail: detail.clone() },
        ConnectFault::Http(status) => ServerFault::Http { status: *status },
        ConnectFault::NoSip => ServerFault::NoSip,
        ConnectFault::Broken(_) | ConnectFault::Closed | ConnectFault::Renewed => {
            ServerFault::Broken { detail: fault.to_string() }
        }
    }
}

fn certificate(fault: &NotAccepted) -> CertificateFault {
    match fault {
        NotAccepted::UnknownAuthority => CertificateFault::UnknownAuthority,
        NotAccepted::WrongName => CertificateFault::WrongName,
        NotAccepted::Expired => CertificateFault::Expired,
        NotAccepted::NotYetValid => CertificateFault::NotYetValid,
        NotAccepted::Other(_) => CertificateFault::Other,
    }
}

pub(super) fn step(step: Step) -> ConnectionStep {
    match step {
        Step::Name => ConnectionStep::Name,
        Step::Connection => ConnectionStep::Port,
        Step::Security => ConnectionStep::Security,
        Step::WebSocket => ConnectionStep::WebSocket,
        Step::Registration => ConnectionStep::Registration,
        Step::Relay => ConnectionStep::Relay,
        Step::Call => ConnectionStep::Call,
        Step::Voice => ConnectionStep::Voice,
    }
}

/// Of a step of the test.
pub(super) fn failed(fault: &CheckFault) -> StepFault {
    match fault {
        CheckFault::Connect(fault) => StepFault::Server { server: server(fault) },
        CheckFault::Registration(cause) => StepFault::Refused { why: refused(cause) },
        CheckFault::NoAnswer => StepFault::NoAnswer,
        CheckFault::RelayRefused { url } => StepFault::RelayRefused { url: url.clone() },
        CheckFault::RelayUntrusted { url } => StepFault::RelayUntrusted { url: url.clone() },
        CheckFault::RelaySilent { url } => StepFault::RelaySilent { url: url.clone() },
        CheckFault::Call(test) => StepFault::Call { call: call(test) },
    }
}

fn call(test: &CallTest) -> CallFault {
    match test {
        CallTest::Ended(cause) => match cause.kind {
            CauseKind::NotFound => CallFault::NoSuchNumber,
            CauseKind::Forbidden => CallFault::NotAllowed,
            CauseKind::NoCommonMedia => CallFault::NoCommonCodec,
            kind => CallFault::Ended { said: words::cause(kind).to_owned() },
        },
        CallTest::Unanswered => CallFault::Unanswered,
        CallTest::NoPath => CallFault::NoPath,
        CallTest::NothingComes => CallFault::NothingComes,
        CallTest::NothingReturns => CallFault::NothingReturns,
    }
}
