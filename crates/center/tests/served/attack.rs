//! What somebody who means harm gets: agents against agents, guessers, floods, and
//! those who open a door and do not come in.

use crate::customer::Page;
use crate::desk::{Desk, code};
use crate::world::World;
use omnibar_center::FromPage;
use omnibar_center::store::{Store, Write};
use omnibar_model::{AgentId, Destination, Moment, MonitorMode, Presence};
use omnibar_protocol::{Code, Command};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use uuid::Uuid;

/// Every command that names an interaction or one of its legs.
fn on(interaction: &omnibar_model::InteractionId, leg: &omnibar_model::LegId) -> Vec<Command> {
    let interaction = || interaction.clone();
    let to = || Destination::Agent(AgentId::new("agent2"));
    vec![
        Command::Accept { interaction: interaction() },
        Command::Reject { interaction: interaction() },
        Command::Note { interaction: interaction(), note: "stolen".into() },
        Command::Dispose {
            interaction: interaction(),
            disposition: "resolved".into(),
            note: "stolen".into(),
            callback: None,
        },
        Command::Hold { interaction: interaction(), leg: None },
        Command::Hold { interaction: interaction(), leg: Some(leg.clone()) },
        Command::Resume { interaction: interaction(), leg: None },
        Command::Resume { interaction: interaction(), leg: Some(leg.clone()) },
        Command::Dtmf { interaction: interaction(), digits: "1".into() },
        Command::Transfer { interaction: interaction(), to: to() },
        Command::Consult { interaction: interaction(), to: to() },
        Command::Complete { interaction: interaction() },
        Command::Conference { interaction: interaction() },
        Command::Drop { interaction: interaction(), leg: leg.clone() },
        Command::Record { interaction: interaction(), on: false },
        Command::Monitor { agent: "agent1".into(), mode: MonitorMode::Barge },
        Command::End { interaction: interaction() },
    ]
}

#[tokio::test]
async fn an_agent_can_do_nothing_to_anothers_call() {
    let world = World::start().await;
    let _page = Page::call(&world).await;
    let (mut owner, _) = Desk::ready(&world.url(), "agent1").await;
    let (mut thief, _) = Desk::ready(&world.url(), "agent2").await;
    owner.available().await;
    let offer = owner.offered().await;
    let leg = offer.legs[0].id.clone();
    for command in on(&offer.id, &leg) {
        let refused = thief.ask(command.clone()).await.map_err(|e| Code::from(e.code));
        assert!(
            matches!(refused, Err(Code::NotFound | Code::Conflict)),
            "{command:?} on an offer: {refused:?}"
        );
    }
    owner.ask(Command::Accept { interaction: offer.id.clone() }).await.unwrap();
    for command in on(&offer.id, &leg) {
        let refused = thief.ask(command.clone()).await.map_err(|e| Code::from(e.code));
        assert!(
            matches!(refused, Err(Code::NotFound | Code::Conflict)),
            "{command:?} in a call: {refused:?}"
        );
    }
    // Nothing has happened to the call: its owner goes on.
    owner.ask(Command::Hold { interaction: offer.id.clone(), leg: None }).await.unwrap();
    let held = owner.interaction("a held call", |i| {
        matches!(i.conversation, omnibar_protocol::wire::Conversation::Held)
    });
    assert_eq!(held.await.note, "");
    world.centre.stop().await;
}

#[tokio::test]
async fn a_leg_of_another_call_cannot_be_reached_through_ones_own() {
    let world = World::start().await;
    let (_first, _second) = (Page::call(&world).await, Page::call(&world).await);
    let (mut victim, _) = Desk::ready(&world.url(), "agent1").await;
    victim.available().await;
    let theirs = victim.offered().await;
    victim.ask(Command::Accept { interaction: theirs.id.clone() }).await.unwrap();
    let (mut thief, _) = Desk::ready(&world.url(), "agent2").await;
    thief.available().await;
    let own = thief.offered().await;
    thief.ask(Command::Accept { interaction: own.id.clone() }).await.unwrap();
    let leg = theirs.legs[0].id.clone();
    for command in [
        Command::Drop { interaction: own.id.clone(), leg: leg.clone() },
        Command::Hold { interaction: own.id.clone(), leg: Some(leg.clone()) },
        Command::Resume { interaction: own.id.clone(), leg: Some(leg.clone()) },
    ] {
        assert_eq!(code(thief.ask(command).await), Code::NotFound);
    }
    world.centre.stop().await;
}

#[tokio::test]
async fn a_token_opens_only_its_own_users_session() {
    let world = World::start().await;
    let (_desk, opened) = Desk::ready(&world.url(), "agent1").await;
    let (_other, _) = Desk::ready(&world.url(), "agent2").await;
    for user in ["agent2", "agent3", "nobody", "agent1' OR '1'='1"] {
        let mut thief = Desk::connect(&world.url()).await;
        assert_eq!(code(thief.resume(user, &opened.token, 0).await), Code::SessionExpired);
        assert_eq!(
            code(thief.ask(Command::Search { text: String::new() }).await),
            Code::Unauthorised
        );
    }
    world.centre.stop().await;
}

#[tokio::test]
async fn an_idempotency_key_of_another_agent_is_a_fresh_one() {
    let world = World::start().await;
    let (mut first, _) = Desk::ready(&world.url(), "agent1").await;
    let (mut second, _) = Desk::ready(&world.url(), "agent2").await;
    let key = Uuid::new_v4();
    let refused = Command::End { interaction: "no-such-call".into() };
    assert_eq!(code(first.ask_as(key, refused).await), Code::NotFound);
    let available = Command::PresenceSet { presence: Presence::Available };
    assert!(second.ask_as(key, available.clone()).await.is_ok(), "not the first one's answer");
    assert_eq!(code(first.ask_as(key, available).await), Code::NotFound, "his own first answer");
    world.centre.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guesses_that_come_all_at_once_are_slowed_down_as_well() {
    let world = World::start().await;
    let mut desks = Vec::new();
    for _ in 0..30 {
        desks.push(Desk::connect(&world.url()).await);
    }
    let guesses = desks.into_iter().map(|mut desk| {
        tokio::spawn(async move { code(desk.sign_in("agent1", "guess", false).await) })
    });
    let mut tried = 0;
    for guess in guesses.collect::<Vec<_>>() {
        match guess.await.unwrap() {
            Code::Unauthorised => tried += 1,
            Code::TooMany => {}
            other => panic!("{other:?}"),
        }
    }
    assert!(tried <= 8, "{tried} of 30 guesses were tried: 4 are free, 4 are checked at a time");
    world.centre.stop().await;
}

#[tokio::test]
async fn a_user_name_cannot_write_lines_into_the_log() {
    let world = World::start().await;
    let mut desk = Desk::connect(&world.url()).await;
    let open = serde_json::json!({
        "jsonrpc": "2.0", "id": Uuid::new_v4(), "method": "session.open",
        "params": {
            "client": {"agent": "x", "protocol": omnibar_protocol::VERSION},
            "user": "agent1\n2026-01-01T00:00:00Z  INFO signed in user=admin",
            "password": "demo",
        },
    });
    desk.send(&open.to_string()).await;
    match desk.receive().await {
        Some(omnibar_protocol::FromCentre::Response(r)) => {
            assert_eq!(Code::from(r.result.unwrap_err().code), Code::InvalidParams);
        }
        other => panic!("{other:?}"),
    }
    world.centre.stop().await;
}

#[tokio::test]
async fn a_note_of_any_length_is_answered_and_only_a_short_one_kept() {
    let world = World::start().await;
    let _page = Page::call(&world).await;
    let (mut desk, _) = Desk::ready(&world.url(), "agent1").await;
    desk.available().await;
    let offer = desk.offered().await;
    desk.ask(Command::Accept { interaction: offer.id.clone() }).await.unwrap();
    let note = |note: String| Command::Note { interaction: offer.id.clone(), note };
    assert_eq!(code(desk.ask(note("x".repeat(200_000))).await), Code::InvalidParams);
    desk.ask(note("<b>bold</b> \u{1b}[31m".into())).await.unwrap();
    let digits = Command::Dtmf { interaction: offer.id.clone(), digits: "1".repeat(10_000) };
    assert_eq!(code(desk.ask(digits).await), Code::InvalidParams);
    world.centre.stop().await;
}

#[tokio::test]
async fn a_customers_name_reaches_the_agent_as_plain_short_text() {
    let world = World::start().await;
    let mut page = Page::open(&world).await;
    let name = format!("<img src=x>\u{202e}0150\u{1b}[2J\n\u{200b}{}", "x".repeat(5_000));
    page.say(&FromPage::Call { name, number: None, queue: "support".into() }).await;
    page.say(&FromPage::Offer { sdp: "v=0 page".into() }).await;
    let (mut desk, _) = Desk::ready(&world.url(), "agent1").await;
    desk.available().await;
    let shown = desk.offered().await.customer.name;
    assert!(shown.starts_with("<img src=x>0150[2Jxxx"), "as it was typed, for people: {shown}");
    assert_eq!(shown.chars().count(), 64);
    world.centre.stop().await;
}

#[tokio::test]
async fn candidates_and_offers_without_end_do_not_take_the_lines() {
    let world = World::with(|c| c.web_calls = 1).await;
    let mut page = Page::call(&world).await;
    for n in 0..100 {
        let candidate = format!("candidate:{n} 1 udp 1 10.0.0.{n} 9 typ host");
        page.say(&FromPage::Candidate { candidate }).await;
    }
    // More than 50 a second: the connection is over, and with it the call.
    while page.hear().await.is_some() {}
    // The line is free again.
    let mut next = None;
    for _ in 0..100 {
        next = Page::try_open(&world).await;
        if next.is_some() {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert!(next.is_some(), "the flooder's line was given back");
    world.centre.stop().await;
}

#[tokio::test]
async fn a_request_that_is_never_finished_is_cut_off() {
    let world = World::start().await;
    let cut_off = async |begun: &str| {
        let mut stream = TcpStream::connect(world.centre.address()).await.unwrap();
        stream.write_all(begun.as_bytes()).await.unwrap();
        let mut rest = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(15), stream.read_to_end(&mut rest));
        let closed = read.await.unwrap_or_else(|_| panic!("still open after 15 s: {begun:?}"));
        assert!(closed.is_err() || !rest.starts_with(b"HTTP/1.1 200"), "{begun:?}");
    };
    let unfinished = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ";
    let after_one = "GET /no-such-page HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    let posted = |path: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n\
             Content-Length: 100\r\n\r\n{{"
        )
    };
    let sign_in = posted("/admin/api/session");
    let dial = posted("/ameyorestapi/voice/manualdial");
    let settings = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    tokio::join!(
        cut_off(""),
        cut_off("P"),
        cut_off("PRI * HTTP/2"),
        cut_off(unfinished),
        cut_off(after_one),
        cut_off(&sign_in),
        cut_off(&dial),
        cut_off(settings)
    );
    world.centre.stop().await;
}

#[tokio::test]
async fn a_connection_too_many_is_closed_at_once_and_the_idle_make_room() {
    let world = World::with(|c| c.connections = 20).await;
    let connect = async || TcpStream::connect(world.centre.address()).await.unwrap();
    let mut crowd = Vec::new();
    for _ in 0..20 {
        crowd.push(connect().await);
    }
    for _ in 0..100 {
        let mut more = connect().await;
        let closed = tokio::time::timeout(Duration::from_secs(2), more.read_u8());
        assert!(closed.await.expect("it is closed before the idle are").is_err());
    }
    for idle in &mut crowd {
        assert!(idle.read_u8().await.is_err(), "nothing said in five seconds");
    }
    let (_desk, _) = Desk::ready(&world.url(), "agent1").await;
    world.centre.stop().await;
}

#[tokio::test]
async fn answers_are_kept_for_repeats_but_not_without_end() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).await.unwrap();
    let (flooder, honest) = (AgentId::new("agent1"), AgentId::new("agent2"));
    let answer = Ok(serde_json::json!({}));
    let now = Moment::from_millis(1_800_000_000_000);
    let hour = Duration::from_secs(3600);
    let write = |user, n: u64, at| Write {
        now: at,
        effects: &[],
        answer: Some((user, Uuid::from_u128(n.into()), &answer)),
    };
    let yesterday = now - hour * 25;
    let mut writes: Vec<Write<'_>> =
        (0..4_100).map(|n| write(&flooder, n, now - hour + Duration::from_millis(n))).collect();
    writes.push(write(&honest, 1, yesterday));
    writes.push(write(&honest, 2, now - hour * 23));
    store.commit(&writes).await.unwrap();
    store.forget_old_answers(now).await.unwrap();
    let kept = async |user, n: u64| {
        store.answered(user, Uuid::from_u128(n.into())).await.unwrap().is_some()
    };
    assert!(!kept(&honest, 1).await, "more than a day old");
    assert!(kept(&honest, 2).await);
    assert!(!kept(&flooder, 99).await, "4,000 newer ones");
    assert!(kept(&flooder, 100).await && kept(&flooder, 4_099).await);
    store.close().await;
}

#[cfg(unix)]
#[tokio::test]
async fn what_the_centre_writes_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    let parent = tempfile::tempdir().unwrap();
    let data = parent.path().join("fresh");
    let inside = data.clone();
    let world = World::with(|c| c.data = inside).await;
    let (_desk, _) = Desk::ready(&world.url(), "agent1").await;
    assert_eq!(mode(&data), 0o700);
    let mut files = 0;
    for entry in std::fs::read_dir(&data).unwrap().map(|e| e.unwrap().path()) {
        let wanted = if entry.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode(&entry), wanted, "{}", entry.display());
        files += 1;
    }
    assert!(files >= 2, "database and write-ahead log");
    world.centre.stop().await;
}
