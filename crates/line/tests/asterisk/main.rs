//! An extension at a real Asterisk, with voice. Needs the rig's exchange
//! (`OMNIBAR_PBX_WS`, `OMNIBAR_PBX_WSS`, `OMNIBAR_PBX_CA`), so these are left out of
//! `cargo test` and run, one after the other, by whoever has started one:
//! `cargo test -p omnibar-line --test asterisk -- --ignored --test-threads 1`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "tests")]

mod phone;

use omnibar_line::sip::core::{CauseKind, Command, Digit, Event, Uri};
use omnibar_line::sip::{ConnectFault, ExtensionEvent};
use phone::Phone;
use std::time::{Duration, Instant};

macro_rules! exchange {
    ($(#[doc = $doc:literal])* $name:ident, $body:expr) => {
        $(#[doc = $doc])*
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        #[ignore = "needs the rig's Asterisk"]
        async fn $name() {
            $body.await
        }
    };
}

exchange!(registers_with_md5, async {
    let (phone, took) = Phone::registered("1001", false).await;
    println!("REGISTER to 200, MD5, ws: {took:?}");
    phone.extension.close().await;
});

exchange!(registers_with_sha_256_over_tls, async {
    let (phone, took) = Phone::registered("1004", true).await;
    println!("REGISTER to 200, SHA-256, wss: {took:?}");
    phone.extension.close().await;
});

exchange!(a_wrong_password_is_named_and_not_tried_again, async {
    let mut phone = Phone::start("1002", "wrong", false);
    phone.extension.command(Command::Register);
    let (cause, again_in) = phone
        .until(|event| match event {
            Event::RegistrationFailed { cause, again_in } => Some((cause, again_in)),
            _ => None,
        })
        .await;
    assert_eq!((cause.kind, again_in), (CauseKind::WrongPassword, None));
});

exchange!(an_unknown_authority_is_named, async {
    // Without the rig's authority its certificate is nobody's.
    let mut phone = Phone::start_untrusting("1001");
    let ExtensionEvent::Disconnected { fault, .. } = phone.link().await else {
        panic!("it connected")
    };
    assert!(matches!(fault, ConnectFault::Certificate(_)), "{fault:?}");
});

exchange!(the_echo_is_heard, async {
    for (user, secure) in [("1001", false), ("1004", true)] {
        let (mut phone, _) = Phone::registered(user, secure).await;
        let begun = Instant::now();
        let (call, mut voice) = phone.answered("600").await;
        let answered = begun.elapsed();
        voice.hears(1).await;
        println!("secure {secure}: answered after {answered:?}, heard after {:?}", begun.elapsed());
        voice.hears(20).await;
        phone.extension.command(Command::HangUp { call });
        assert_eq!(phone.ended(call).await.kind, CauseKind::Ended);
        phone.extension.close().await;
    }
});

exchange!(hold_and_resume_are_agreed_on, async {
    let (mut phone, _) = Phone::registered("1001", false).await;
    let (call, mut voice) = phone.answered("600").await;
    voice.hears(5).await;
    for on in [true, false] {
        let begun = Instant::now();
        phone.extension.command(Command::Hold { call, on, offer: None });
        let here = phone
            .until(|event| match event {
                Event::Held { here, .. } => Some(here),
                _ => None,
            })
            .await;
        println!("hold {on}: {:?}", begun.elapsed());
        assert_eq!(here, on);
    }
    voice.hears(10).await;
    phone.extension.command(Command::HangUp { call });
    phone.ended(call).await;
});

exchange!(an_announcement_is_heard_before_the_answer, async {
    let (mut phone, _) = Phone::registered("1001", false).await;
    let (call, mut voice) = phone.call("607").await;
    let answer = phone
        .until(|event| match event {
            Event::EarlyMedia { answer, .. } => Some(answer),
            _ => None,
        })
        .await;
    voice.peer.accept(&answer).await.unwrap();
    voice.hears(20).await;
    phone.extension.command(Command::HangUp { call });
    assert_eq!(phone.ended(call).await.kind, CauseKind::Ended);
});

exchange!(refusals_say_why, async {
    let (mut phone, _) = Phone::registered("1001", false).await;
    for (to, kinds) in [
        ("608", &[CauseKind::Busy][..]),
        ("609", &[CauseKind::ServerFailed, CauseKind::Unavailable]),
        ("55599", &[CauseKind::NotFound]),
    ] {
        let (call, _voice) = phone.call(to).await;
        let cause = phone.ended(call).await;
        println!("{to}: {cause:?}");
        assert!(kinds.contains(&cause.kind), "{cause:?}");
    }
});

exchange!(a_call_that_rings_is_taken_back, async {
    let (mut phone, _) = Phone::registered("1001", false).await;
    let (call, _voice) = phone.call("610").await;
    phone.until(|event| matches!(event, Event::Ringing { .. }).then_some(())).await;
    phone.extension.command(Command::HangUp { call });
    assert_eq!(phone.ended(call).await.kind, CauseKind::Ended);
    // The exchange has let go of it: another can be made.
    let (call, mut voice) = phone.answered("600").await;
    voice.hears(5).await;
    phone.extension.command(Command::HangUp { call });
});

exchange!(the_exchange_hangs_up, async {
    let (mut phone, _) = Phone::registered("1001", false).await;
    let (call, _voice) = phone.answered("611").await;
    assert_eq!(phone.ended(call).await.kind, CauseKind::HungUp);
});

exchange!(two_extensions_call_each_other, async {
    let (mut one, _) = Phone::registered("1001", false).await;
    let (mut two, _) = Phone::registered("1002", true).await;
    let dial = one.answered("1002");
    let ((call, mut voice), (_, mut other)) = tokio::join!(dial, two.take());
    tokio::join!(voice.hears(10), other.hears(10));
    one.extension.command(Command::HangUp { call });
    let end = two.until(|event| match event {
        Event::Ended { cause, .. } => Some(cause),
        _ => None,
    });
    assert_eq!(end.await.kind, CauseKind::HungUp);
});

exchange!(a_blind_transfer_moves_the_other_party, async {
    let (mut one, _) = Phone::registered("1001", false).await;
    let (mut two, _) = Phone::registered("1002", false).await;
    let ((call, mut voice), (_, mut other)) = tokio::join!(one.answered("1002"), two.take());
    tokio::join!(voice.hears(1), other.hears(1));
    let begun = Instant::now();
    let to = Uri::dialled("606", "pbx.test").unwrap();
    one.extension.command(Command::Transfer { call, to });
    one.until(|event| matches!(event, Event::Transferred { .. }).then_some(())).await;
    println!("transferred after {:?}", begun.elapsed());
    assert_eq!(one.ended(call).await.kind, CauseKind::Ended);
    other.hears(25).await;
});

exchange!(an_attended_transfer_joins_the_two_others, async {
    let (mut one, _) = Phone::registered("1001", false).await;
    let (mut two, _) = Phone::registered("1002", false).await;
    let (mut three, _) = Phone::registered("1003", false).await;
    let ((first, _a), (_, mut at_two)) = tokio::join!(one.answered("1002"), two.take());
    one.extension.command(Command::Hold { call: first, on: true, offer: None });
    one.until(|event| matches!(event, Event::Held { .. }).then_some(())).await;
    let ((second, _b), (_, mut at_three)) = tokio::join!(one.answered("1003"), three.take());
    let begun = Instant::now();
    one.extension.command(Command::Join { call: first, with: second });
    one.until(|event| matches!(event, Event::Transferred { .. }).then_some(())).await;
    println!("joined after {:?}", begun.elapsed());
    tokio::join!(at_two.hears(25), at_three.hears(25));
});

exchange!(keys_by_info_reach_the_exchange, async {
    let (mut phone, _) = Phone::registered("1001", false).await;
    let (call, mut voice) = phone.answered("600").await;
    voice.hears(1).await;
    let digit = Digit::new('5').unwrap();
    let length = Duration::from_millis(160);
    phone.extension.command(Command::Press { call, digit, length });
    phone.extension.command(Command::Hold { call, on: true, offer: None });
    // Whatever the exchange thinks of it, the call goes on.
    phone.until(|event| matches!(event, Event::Held { .. }).then_some(())).await;
});

exchange!(a_new_connection_is_registered_and_calls_live_on, async {
    let (mut phone, _) = Phone::registered("1001", false).await;
    let (call, mut voice) = phone.answered("600").await;
    voice.hears(5).await;
    phone.extension.reconnect();
    phone.until(|event| matches!(event, Event::Registered { first: true, .. }).then_some(())).await;
    voice.hears(10).await;
    let offer = voice.peer.restart().await.unwrap();
    let offer = voice.gathered(offer).await;
    phone.extension.command(Command::Offer { call, offer });
    let answer = phone
        .until(|event| match event {
            Event::Changed { answer, .. } => Some(answer),
            _ => None,
        })
        .await;
    voice.peer.accept(&answer).await.unwrap();
    voice.hears(25).await;
    phone.extension.command(Command::HangUp { call });
    phone.ended(call).await;
});
