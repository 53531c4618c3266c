//! `omnibar phone --sip … --check`: what is wrong with an extension, and what to do.

use super::super::{error, print};
use super::words::{RELAY_REFUSED, RELAY_SILENT, RELAY_UNTRUSTED, reason, words};
use crate::cli::PhoneArgs;
use omnibar_line::Bind;
use omnibar_line::sip::core::{Cause, CauseKind, Uri};
use omnibar_line::sip::{
    CallTest, CertificateFault, Check, CheckFault, Checked, ConnectFault, ExtensionConfig, Outcome,
    Step, Verdict, check,
};
use omnibar_softphone::IceServer;
use serde_json::{Value, json};
use std::process::ExitCode;

pub(super) async fn run(
    args: &PhoneArgs,
    extension: ExtensionConfig,
    bind: Bind,
    ice_servers: Vec<IceServer>,
) -> ExitCode {
    let domain = extension.account.address.host().to_owned();
    let call = match args.check_call.as_deref().map(|to| Uri::dialled(to, &domain)) {
        None => None,
        Some(Ok(to)) if to.is_sip() => Some(to),
        Some(_) => {
            print(&error("--check-call needs a number, a name or a sip: address."));
            return ExitCode::FAILURE;
        }
    };
    let relay_only = args.common.relay_only;
    let wanted = Check { extension, bind, relay_only, ice_servers, call };
    let never = std::future::pending();
    let verdict = check(wanted, never, |checked| print(&told(&checked))).await;
    let well = verdict == Verdict::Passed;
    print(&json!({"event": "checked", "ok": well}));
    if well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn told(checked: &Checked) -> Value {
    let step = match checked.step {
        Step::Name => "name",
        Step::Connection => "connection",
        Step::Security => "security",
        Step::WebSocket => "websocket",
        Step::Registration => "registration",
        Step::Relay => "relay",
        Step::Call => "call",
        Step::Voice => "voice",
    };
    match &checked.outcome {
        Outcome::Passed { took } => {
            json!({"event": "check", "step": step, "ok": true, "took_ms": took.as_millis()})
        }
        Outcome::Failed(fault) => {
            let Finding { reason, cause, next, detail } = finding(fault);
            json!({"event": "check", "step": step, "ok": false, "reason": reason, "cause": cause,
                   "next": next, "detail": detail})
        }
    }
}

struct Finding {
    /// For programs.
    reason: &'static str,
    /// What is wrong, for people.
    cause: &'static str,
    /// What they can do.
    next: &'static str,
    /// What a machine said itself, for whoever helps.
    detail: Option<String>,
}

impl Finding {
    fn new(reason: &'static str, cause: &'static str, next: &'static str) -> Self {
        Self { reason, cause, next, detail: None }
    }

    fn with(self, detail: impl ToString) -> Self {
        Self { detail: Some(detail.to_string()), ..self }
    }
}

fn finding(fault: &CheckFault) -> Finding {
    match fault {
        CheckFault::Connect(fault) => connecting(fault),
        CheckFault::Registration(cause) => registering(cause),
        CheckFault::NoAnswer => Finding::new(
            "no_answer",
            "The exchange takes the connection, but does not answer the registration.",
            "Ask whoever runs the exchange whether it takes phones over WebSocket.",
        ),
        CheckFault::RelayRefused { url } => Finding::new(
            "relay_refused",
            RELAY_REFUSED,
            "Check the TURN server's name and password.",
        )
        .with(url),
        CheckFault::RelayUntrusted { url } => Finding::new(
            "relay_untrusted",
            RELAY_UNTRUSTED,
            "Check its name and port. If an authority of your own issued its certificate, give \
             that with --ca.",
        )
        .with(url),
        CheckFault::RelaySilent { url } => Finding::new(
            "relay_silent",
            RELAY_SILENT,
            "Check its address and port, and that the network lets this computer through to it. \
             Where it lets no UDP out, turns:host or transport=tcp may pass.",
        )
        .with(url),
        CheckFault::Call(test) => calling(test),
    }
}

fn connecting(fault: &ConnectFault) -> Finding {
    let plain = Finding::new;
    match fault {
        ConnectFault::BadAddress => plain(
            "bad_address",
            "The server's address makes no sense.",
            "It looks like wss://pbx.example/ws; ask whoever runs the exchange for it.",
        ),
        ConnectFault::NameNotFound => plain(
            "name_not_found",
            "There is no computer of this name.",
            "Check the spelling of the server's name. If it is right, check the network or the VPN.",
        ),
        ConnectFault::Refused => plain(
            "refused",
            "The computer is there, but takes no connection at this port.",
            "Check the port in the server's address, and whether the exchange is running.",
        ),
        ConnectFault::TimedOut => plain(
            "timed_out",
            "Nothing answers at this address.",
            "Check the address. A firewall may keep the connection away: ask for the port to be opened.",
        ),
        ConnectFault::Unreachable(why) => plain(
            "unreachable",
            "There is no way to this address.",
            "Check the network or the VPN of this computer.",
        )
        .with(why),
        ConnectFault::NoTrust(why) => plain(
            "no_trust",
            "Certificates cannot be checked on this computer.",
            "Check the file of the certificate authority.",
        )
        .with(why),
        ConnectFault::Certificate(fault) => certificate(fault),
        ConnectFault::Tls(why) => plain(
            "no_tls",
            "What answers there does not speak TLS, or a version that is too old.",
            "Check the port; a ws:// address is one without TLS.",
        )
        .with(why),
        ConnectFault::Http(status) => plain(
            "http",
            "A web server answers there, but it takes no SIP at this address.",
            "Check the path at the end of the address, often /ws.",
        )
        .with(format!("HTTP {status}")),
        ConnectFault::NoSip => plain(
            "no_sip",
            "A WebSocket answers there, but it does not speak SIP.",
            "Check the address with whoever runs the exchange.",
        ),
        ConnectFault::Broken(why) => plain(
            "broken",
            "The connection broke.",
            "Try again; if it breaks again, a firewall or proxy may be in the way.",
        )
        .with(why),
        ConnectFault::Silent | ConnectFault::Closed | ConnectFault::Renewed => plain(
            "closed",
            "The exchange ended the connection.",
            "Try again; if it ends again, ask whoever runs the exchange.",
        ),
    }
}

fn certificate(fault: &CertificateFault) -> Finding {
    match fault {
        CertificateFault::UnknownAuthority => Finding::new(
            "unknown_authority",
            "Nobody whom this computer trusts vouches for the exchange.",
            "If the company has a certificate authority of its own, give its file (--ca).",
        ),
        CertificateFault::WrongName => Finding::new(
            "wrong_name",
            "The certificate of the exchange is for another name.",
            "Use the name that the certificate is for, or have the exchange given another one.",
        ),
        CertificateFault::Expired => Finding::new(
            "expired",
            "The certificate of the exchange has expired.",
            "Ask whoever runs the exchange to renew it, and check this computer's clock.",
        ),
        CertificateFault::NotYetValid => Finding::new(
            "not_yet_valid",
            "The certificate of the exchange is not valid yet.",
            "Check this computer's clock.",
        ),
        CertificateFault::Other(why) => Finding::new(
            "certificate",
            "The certificate of the exchange is not accepted.",
            "Ask whoever runs the exchange to look at it.",
        )
        .with(why),
    }
}

fn registering(cause: &Cause) -> Finding {
    let next = match cause.kind {
        CauseKind::WrongPassword => "Check the user name and the password.",
        CauseKind::Forbidden => {
            "Ask whoever runs the exchange to let this extension register from here."
        }
        CauseKind::NotFound => "Check the number in the address: the exchange does not have it.",
        _ => "Try again later; if it stays, ask whoever runs the exchange.",
    };
    let said = match cause.kind {
        CauseKind::Forbidden => "The exchange does not let this extension register.",
        CauseKind::NotFound => "The exchange has no such extension.",
        other => words(other),
    };
    of(cause, said, next)
}

fn calling(test: &CallTest) -> Finding {
    match test {
        CallTest::Ended(cause) => {
            let next = match cause.kind {
                CauseKind::NotFound => "Check the number of the test call.",
                CauseKind::NoCommonMedia => {
                    "Have the exchange allow one of Opus, G.722 and G.711 for this extension."
                }
                CauseKind::Forbidden => "Ask for this extension to be allowed to call the number.",
                _ => "Try another number for the test call.",
            };
            of(cause, words(cause.kind), next)
        }
        CallTest::Unanswered => Finding::new(
            "no_answer",
            "Nobody answered the test call.",
            "Give a number that answers by itself, as an echo test does.",
        ),
        CallTest::NoPath => Finding::new(
            "no_media",
            "The call was answered, but there is no way for voice.",
            "A firewall keeps voice (UDP) away, or the exchange does not offer ICE. Ask for the \
             ports to be opened, or use a TURN server.",
        ),
        CallTest::NothingComes => Finding::new(
            "nothing_heard",
            "The call is up, but nothing comes from the exchange.",
            "Give a number that says back what it hears. If it is one, the exchange sends its \
             voice elsewhere: ask whoever runs it.",
        ),
        CallTest::NothingReturns => Finding::new(
            "not_heard",
            "The exchange is heard, but what is said here does not come back.",
            "Give a number that says back what it hears. If it is one, a firewall keeps voice \
             from here away.",
        ),
    }
}

/// With what the exchange said itself.
fn of(cause: &Cause, said: &'static str, next: &'static str) -> Finding {
    let status = cause.status.map(|status| status.to_string());
    let words = Some(cause.words.clone()).filter(|words| !words.is_empty());
    let detail: Vec<String> = status.into_iter().chain(words).collect();
    let found = Finding::new(reason(cause.kind), said, next);
    if detail.is_empty() { found } else { found.with(detail.join(" ")) }
}
