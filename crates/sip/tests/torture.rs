//! What RFC 4475 says a user agent does with messages that are hard to read, or wrong.
//! The files hold a message each, written after the section of the RFC that they are named
//! for, with a WebSocket's Via.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests, which read files")]

mod world;

use omnibar_model::Moment;
use omnibar_sip::{Input, Output, UserAgent};
use std::collections::BTreeMap;
use std::path::Path;

/// Status of the answer; 0 for none, as for everything that is no request.
const EXPECTED: &[(&str, u16)] = &[
    // 481: its To has a tag, and there is no such dialog.
    ("3.1.1.01-wsinv", 481),
    ("3.1.1.02-intmeth", 501),
    ("3.1.1.03-esc01", 200),
    ("3.1.1.04-escnull", 200),
    ("3.1.1.05-esc02", 501),
    ("3.1.1.06-lwsdisp", 200),
    ("3.1.1.07-longreq", 200),
    ("3.1.1.08-dblreq", 200),
    ("3.1.1.09-semiuri", 200),
    ("3.1.1.10-transports", 200),
    ("3.1.1.11-mpart01", 405),
    ("3.1.1.12-unreason", 0),
    ("3.1.1.13-noreason", 0),
    ("3.1.2.01-badinv01", 400),
    ("3.1.2.02-clerr", 400),
    ("3.1.2.03-ncl", 400),
    ("3.1.2.04-scalar02", 400),
    ("3.1.2.05-scalarlg", 0),
    ("3.1.2.06-quotbal", 400),
    ("3.1.2.07-ltgtruri", 400),
    ("3.1.2.08-lwsruri", 400),
    ("3.1.2.09-lwsstart", 400),
    ("3.1.2.10-trws", 200),
    ("3.1.2.11-escruri", 180),
    ("3.1.2.12-baddate", 180),
    ("3.1.2.13-regbadct", 400),
    ("3.1.2.14-badaspec", 200),
    ("3.1.2.15-baddn", 200),
    ("3.1.2.16-badvers", 505),
    ("3.1.2.17-mismatch01", 400),
    ("3.1.2.18-mismatch02", 400),
    ("3.1.2.19-bigcode", 0),
    ("3.2.1-badbranch", 200),
    // Without From, To and Call-ID nobody would know what an answer is to.
    ("3.3.01-insuf", 0),
    ("3.3.02-unkscm", 416),
    ("3.3.03-novelsc", 416),
    ("3.3.04-unksm2", 405),
    ("3.3.05-bext01", 420),
    ("3.3.06-invut", 415),
    ("3.3.07-regaut01", 405),
    ("3.3.08-multi01", 400),
    ("3.3.09-mcl01", 400),
    ("3.3.10-bcast", 0),
    ("3.3.11-zeromf", 200),
    ("3.3.12-cparam01", 405),
    ("3.3.13-cparam02", 405),
    ("3.3.14-regescrt", 405),
    ("3.3.15-sdp01", 180),
    // A caller of RFC 2543 has no Contact, without which nobody could end the call.
    ("3.4.1-inv2543", 400),
];

fn files() -> BTreeMap<String, Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/torture");
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "sip"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect()
}

/// Statuses that a user agent answers with.
fn answers(bytes: Vec<u8>) -> Vec<u16> {
    let mut agent = UserAgent::new(world::account("1001"), [1; 32]);
    agent.handle(Moment::ZERO, Input::Connected);
    agent.handle(Moment::ZERO, Input::Received(bytes));
    let mut statuses = vec![];
    while let Some(output) = agent.poll_output() {
        match output {
            // What was wrong in a request is copied into its refusal.
            Output::Send(bytes) => {
                let text = String::from_utf8_lossy(&bytes);
                let status = text.strip_prefix("SIP/2.0 ").and_then(|rest| rest.get(..3));
                // The other half of a keep-alive.
                if bytes != b"\r\n" {
                    statuses.push(status.unwrap().parse().unwrap());
                }
            }
            Output::Event(_) | Output::Reconnect => {}
        }
    }
    statuses
}

#[test]
fn every_message_is_answered_as_the_rfc_says() {
    let files = files();
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    let listed: Vec<&str> = EXPECTED.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, listed, "files and expectations belong together");
    let mut wrong = vec![];
    for (name, status) in EXPECTED {
        let got = answers(files[*name].clone());
        let expected: Vec<u16> = (*status != 0).then_some(*status).into_iter().collect();
        if got != expected {
            wrong.push(format!("{name}: {got:?}, not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Cut anywhere, a message is refused or read, and never brings anybody down.
#[test]
fn every_piece_of_every_message_is_survived() {
    for bytes in files().into_values() {
        for end in 0..bytes.len() {
            answers(bytes[..end].to_vec());
        }
    }
}
