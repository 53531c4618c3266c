//! Descriptions and candidates from outside are refused with a sentence.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod common;

use common::{End, OFFER, connect, loopback, voice};
use omnibar_peer::PeerError;

async fn answer_to(offer: &str) -> Result<String, PeerError> {
    let end = End::new(loopback()).await;
    let answer = end.peer.answer(offer).await;
    end.peer.close().await;
    answer
}

#[tokio::test]
async fn a_good_offer_is_answered_with_redundant_opus_first() {
    let answer = answer_to(OFFER).await.unwrap();
    let media = answer.lines().find(|line| line.starts_with("m=")).unwrap();
    assert!(media.starts_with("m=audio 9 UDP/TLS/RTP/SAVPF 63 111 "), "{media}");
    for line in [
        "a=rtpmap:111 opus/48000/2",
        "a=fmtp:111 minptime=10;useinbandfec=1",
        "a=rtpmap:110 telephone-event/48000",
        "a=rtpmap:126 telephone-event/8000",
        "a=setup:passive",
        "a=sendrecv",
        "a=x-omnibar-answers:2",
    ] {
        assert!(answer.lines().any(|have| have == line), "{line} is missing in\n{answer}");
    }
}

#[tokio::test]
async fn other_payload_types_are_answered_in_kind() {
    let offer = OFFER
        .replace("SAVPF 111", "SAVPF 96")
        .replace("111/111", "96/96")
        .replace(":111 ", ":96 ")
        .replace(" 110 126", " 101 102")
        .replace(":110 ", ":101 ")
        .replace(":126 ", ":102 ");
    let answer = answer_to(&offer).await.unwrap();
    assert!(answer.contains("SAVPF 63 96 "), "{answer}");
    assert!(answer.contains("a=fmtp:63 96/96"), "{answer}");
    assert!(answer.contains("a=rtpmap:96 opus/48000/2"), "{answer}");
    assert!(answer.contains("a=rtpmap:101 telephone-event/48000"), "{answer}");
    assert!(answer.contains("a=rtpmap:102 telephone-event/8000"), "{answer}");
}

#[tokio::test]
async fn digits_offered_first_do_not_come_first_in_the_answer() {
    let offer =
        OFFER.replace("SAVPF 111 63 110 126", "SAVPF 126 110 111").replace("minptime=10;", "");
    let answer = answer_to(&offer).await.unwrap();
    assert!(answer.contains("SAVPF 111 "), "{answer}");
}

#[tokio::test]
async fn an_offer_of_ours_has_opus_and_both_kinds_of_digits() {
    let end = End::new(loopback()).await;
    let offer = end.peer.offer().await.unwrap();
    assert!(offer.contains("m=audio 9 UDP/TLS/RTP/SAVPF 63 111 110 126\r\n"), "{offer}");
    assert!(offer.contains("a=setup:actpass"), "{offer}");
    assert!(!offer.contains("127.0.0.1"), "candidates trickle");
}

#[tokio::test]
async fn bad_offers_are_refused_with_a_sentence() {
    let without = |start: &str| {
        let kept: Vec<&str> = OFFER.lines().filter(|line| !line.starts_with(start)).collect();
        kept.join("\r\n") + "\r\n"
    };
    let audio = &OFFER[OFFER.find("m=audio").unwrap()..];
    let corpus = [
        (String::new(), "v=0"),
        ("hello".to_owned(), "v=0"),
        ("v=0\r\n".to_owned(), "origin"),
        (without("o="), "origin"),
        (without("m="), "audio"),
        (without("a=mid:"), "a=mid:"),
        (without("a=rtcp-mux"), "a=rtcp-mux"),
        (without("a=ice-ufrag"), "a=ice-ufrag:"),
        (without("a=ice-pwd"), "a=ice-pwd:"),
        (without("a=fingerprint"), "a=fingerprint:"),
        (without("a=rtpmap:111"), "Opus"),
        (OFFER.replace("m=audio 9", "m=video 9"), "audio"),
        (OFFER.replace("o=- 46117", "o=- x"), "origin"),
        (format!("{OFFER}{audio}"), "more than one"),
        (format!("{OFFER}{}", "m=video 0 X 0\r\n".repeat(8)), "media sections"),
        (format!("{OFFER}{}", "a=x\r\n".repeat(2_000)), "lines"),
        (format!("{OFFER}a={}\r\n", "x".repeat(70_000)), "bytes"),
        (format!("{OFFER}nonsense\r\n"), "x=value"),
        (format!("{OFFER}a=\u{0}\r\n"), "control"),
    ];
    for (offer, reason) in corpus {
        let error = answer_to(&offer).await.expect_err(reason);
        let sentence = error.to_string();
        assert!(matches!(error, PeerError::Description(_)), "{sentence}");
        assert!(sentence.contains(reason), "{reason}: {sentence}");
        assert!(sentence.ends_with('.'), "{sentence}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_input_does_not_disturb_a_connection() {
    let mut a = End::new(loopback()).await;
    let mut b = End::new(loopback()).await;
    connect(&mut a, &mut b).await;
    b.peer.answer("v=0\r\nnonsense").await.unwrap_err();
    assert_eq!(b.peer.accept(OFFER).await, Err(PeerError::Stale));
    let long = format!("candidate:{}", "x".repeat(3_000));
    for bad in [
        "hello",
        "candidate:1 1 udp",
        "candidate:1 1 udp x 127.0.0.1 9 typ host",
        "candidate:1 1 udp 1 nowhere 9 typ host",
        "candidate:1 1 udp 1 127.0.0.1 99999 typ host",
        "candidate:1 1 udp 1 127.0.0.1 9 typ nothing",
        "candidate:1 1 udp 1 127.0.0.1 9 typ host\r\na=evil",
        &long,
    ] {
        let error = b.peer.candidate(bad).await.expect_err(bad);
        assert!(matches!(error, PeerError::Candidate(_)), "{bad}: {error}");
    }
    for unused in [
        "",
        "candidate:1 1 tcp 1 127.0.0.1 9 typ host tcptype active",
        "candidate:1 1 udp 1 8a7c0f6e-8a8e-4a0e-9d6e-8a7c0f6e0000.local 9 typ host",
    ] {
        b.peer.candidate(unused).await.unwrap();
    }
    a.peer.send(omnibar_media::Packet { payload: vec![0; 1_500], ..voice(0) });
    a.peer.send(omnibar_media::Packet { payload_type: 64, ..voice(0) });
    assert_eq!(a.peer.dropped(), 2, "too long, and of no agreed type");
    a.peer.send(voice(1));
    assert_eq!(b.arrival().await.packet, voice(1));
}

#[tokio::test]
async fn candidates_that_wait_for_a_description_are_bounded() {
    let end = End::new(loopback()).await;
    let line = "candidate:1 1 udp 1 127.0.0.1 9 typ host";
    for _ in 0..64 {
        end.peer.candidate(line).await.unwrap();
    }
    assert!(matches!(end.peer.candidate(line).await, Err(PeerError::Candidate(_))));
}

#[tokio::test]
async fn nobody_has_this_machine_knock_at_every_port_of_another() {
    let end = End::new(loopback()).await;
    end.peer.answer(OFFER).await.unwrap();
    let line = |port: u32| format!("candidate:{port} 1 udp 1 127.0.0.1 {port} typ host");
    for port in 1..=64 {
        end.peer.candidate(&line(port)).await.unwrap();
    }
    assert!(matches!(end.peer.candidate(&line(65)).await, Err(PeerError::Candidate(_))));
    end.peer.close().await;

    let many: String = (1..=65).map(|port| format!("a={}\r\n", line(port))).collect();
    let offer = format!("{OFFER}{many}");
    assert!(matches!(answer_to(&offer).await, Err(PeerError::Description(_))));
}
