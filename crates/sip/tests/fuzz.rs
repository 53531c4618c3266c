//! Everything that reads what the network sends, by fuzzing. `cargo test` replays the committed
//! corpus (`__fuzz__/<name>/corpus`) and then makes inputs up for a second;
//! `cargo bolero test -p omnibar-sip <name>` goes on from the corpus, led by coverage.

#![allow(clippy::unwrap_used)]

mod world;

use bolero::check;
use omnibar_model::Moment;
use omnibar_sip::{
    Address, CallNumber, Command, Input, Message, Output, Uri, UserAgent, WatchNumber,
};
use std::time::Duration;

/// What is read is written so that it reads the same again.
#[test]
fn messages() {
    check!().for_each(|bytes: &[u8]| {
        let Ok(message) = Message::read(bytes) else { return };
        let again = Message::read(&message.to_bytes());
        // A name that was no UTF-8 has become longer, and may pass a bound by it.
        let Ok(again) = again else { return };
        assert_eq!(again.to_bytes(), message.to_bytes());
    });
}

#[test]
fn addresses() {
    check!().for_each(|bytes: &[u8]| {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        if let Ok(uri) = Uri::read(text) {
            assert!(!uri.to_string().contains(['\r', '\n', ' ', '<', '>']));
        }
        if let Ok(address) = Address::read(text) {
            assert!(!address.display().contains(char::is_control));
        }
    });
}

/// A user agent with a call, a subscription and a registration hears frames made of
/// anything: it tells no deadline in the past and does not say more than it was told.
#[test]
fn frames() {
    check!().for_each(|bytes: &[u8]| {
        let mut agent = UserAgent::new(world::account("1001"), [3; 32]);
        let mut now = Moment::from_millis(1);
        let whom = Uri::read("sip:1002@pbx.test").unwrap();
        let call = CallNumber::Out(1);
        agent.handle(now, Input::Connected);
        for command in [
            Command::Register,
            Command::Call { call, to: whom.clone(), offer: world::sdp(4_000), replaces: None },
            Command::Watch { watch: WatchNumber(1), whom },
        ] {
            agent.handle(now, Input::Command(command));
        }
        let sent = sent(&mut agent);
        for piece in bytes.split(|byte| *byte == 0) {
            // A number picks one of the agent's own requests to answer.
            let frame = match piece {
                [kind, rest @ ..] if *kind < 9 && !sent.is_empty() => {
                    answer(&sent[usize::from(*kind) % sent.len()], rest)
                }
                _ => piece.to_vec(),
            };
            agent.handle(now, Input::Received(frame));
            now = now + Duration::from_millis(100);
            agent.handle(now, Input::Tick);
            assert!(agent.deadline().is_none_or(|at| at > now), "a deadline has passed");
            let said = self::sent(&mut agent).iter().map(Vec::len).sum::<usize>();
            assert!(said < 512 * 1024, "{said} bytes for one frame");
        }
        assert!(agent.calls().len() <= 16);
    });
}

fn sent(agent: &mut UserAgent) -> Vec<Vec<u8>> {
    let mut sent = vec![];
    while let Some(output) = agent.poll_output() {
        if let Output::Send(bytes) = output {
            sent.push(bytes);
        }
    }
    sent
}

/// An answer to a request, with any status and fields.
fn answer(request: &[u8], rest: &[u8]) -> Vec<u8> {
    let Ok(Message::Request(request)) = Message::read(request) else { return rest.to_vec() };
    let (status, more) = rest.split_first().unwrap_or((&0, &[]));
    let statuses = [100, 180, 183, 200, 202, 302, 401, 407, 408, 422, 423, 481, 486, 491, 503, 603];
    let status = statuses[usize::from(*status) % statuses.len()];
    let mut bytes = format!("SIP/2.0 {status} X\r\n").into_bytes();
    for (name, value) in request.fields.iter() {
        if ["Via", "From", "Call-ID", "CSeq"].contains(&name) {
            bytes.extend(format!("{name}: {value}\r\n").into_bytes());
        } else if name == "To" {
            bytes.extend(format!("To: {value};tag=far\r\n").into_bytes());
        }
    }
    bytes.extend(more);
    bytes.extend(b"\r\n\r\n");
    bytes
}
