//! A call at TRACE leaves no secret and no customer's number in the log. A program
//! of its own: what is listened to is the whole process.

#![allow(clippy::unwrap_used)]

use omnibar_desk::{Ask, Link};
use omnibar_model::{AgentId, Destination, PhoneNumber};
use omnibar_tests::world::{CUSTOMER1, CUSTOMER2, OUTSIDE, PASSWORD, World, token};
use std::io::Write;
use std::sync::{Arc, Mutex};
use tracing_subscriber::filter::LevelFilter;

#[derive(Clone, Default)]
struct Capture(Arc<Mutex<Vec<u8>>>);

impl Write for Capture {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Whatever any crate says at any level, also by the `log` crate.
fn listen() -> Capture {
    let capture = Capture::default();
    let writer = capture.clone();
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_ansi(false)
        // The digits of a time may happen to be those of a secret.
        .without_time()
        .with_writer(move || writer.clone())
        .try_init()
        .expect("the only subscriber of this program");
    capture
}

/// The text as itself, as its digits alone, and as the bytes of a frame in hex.
fn spellings(secret: &str) -> [String; 3] {
    let hex = secret.bytes().map(|b| format!("{b:02x}")).collect();
    [secret.to_owned(), secret.trim_start_matches('+').to_owned(), hex]
}

#[tokio::test(start_paused = true)]
async fn no_password_token_or_number_reaches_the_log() {
    let capture = listen();
    let world = World::new();
    let agent = world.desktop("agent1");
    agent.sign_in(Some("a-wrong-password"), true, false);
    world.settle().await;
    agent.go_to_work().await;
    let customer = world.customer(CUSTOMER1);
    agent.answer().await;
    agent.ask(Ask::Dtmf { interaction: None, digits: "8642".into() });
    let note = format!("call {CUSTOMER2} back");
    agent.ask(Ask::Note { interaction: None, note });
    let to = Destination::Number(PhoneNumber::parse(OUTSIDE).unwrap());
    agent.ask(Ask::Consult { interaction: None, to });
    agent.held().await;
    world.answers();
    agent.until_call("an answer", |call| call.can.complete).await;
    agent.plug(false);
    agent.until("a lost link", |v| matches!(v.desk.link, Link::Reconnecting { .. })).await;
    agent.plug(true);
    agent.until("the link", |view| view.desk.link == Link::Up).await;
    agent.ask(Ask::Complete { interaction: None });
    agent.wrapping().await;
    agent.dispose();
    agent.no_calls().await;
    world.hangs_up(&customer);
    world.settle().await;

    let log = String::from_utf8_lossy(&capture.0.lock().unwrap()).into_owned();
    assert!(log.contains("TRACE") && log.contains("session opened"), "nothing was captured");
    assert!(log.contains("tungstenite"), "the log crate's users are captured too");
    let tokens = (0..100).map(|n| token(&AgentId::new("agent1"), n));
    let fixed = [PASSWORD, "a-wrong-password", CUSTOMER1, CUSTOMER2, OUTSIDE, "8642"];
    for secret in fixed.into_iter().map(str::to_owned).chain(tokens) {
        for spelling in spellings(&secret) {
            let leaked = log.lines().find(|line| line.to_lowercase().contains(&spelling));
            assert_eq!(leaked, None, "the log tells {secret}");
        }
    }
}
