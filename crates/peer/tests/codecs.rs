//! Voice for a far side that knows no Opus.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod common;

use common::{End, OFFER, both_connected, connect, loopback, voice};
use omnibar_media::{Codec, Packet};
use omnibar_peer::{Peer, PeerConfig, PeerError, Repair, TELEPHONE_EVENT, TELEPHONE_EVENT_8K};

fn falling_back() -> PeerConfig {
    PeerConfig { fallback: true, repair: Repair::NONE, ..loopback() }
}

/// The description without what is said of the formats, but for those numbers.
fn reduced(sdp: &str, numbers: &str) -> String {
    let kept: Vec<&str> = numbers.split(' ').collect();
    let about = |line: &str| {
        let rest = ["a=rtpmap:", "a=fmtp:", "a=rtcp-fb:"].iter().find_map(|p| line.strip_prefix(p));
        rest.and_then(|rest| rest.split(' ').next()).map(str::to_owned)
    };
    let lines = sdp.lines().filter(|line| about(line).is_none_or(|n| kept.contains(&n.as_str())));
    let lines = lines.map(|line| match line.strip_prefix("m=audio ") {
        Some(media) => {
            let [port, protocol, ..] = media.split(' ').collect::<Vec<_>>()[..] else { panic!() };
            format!("m=audio {port} {protocol} {numbers}\r\n")
        }
        None => format!("{line}\r\n"),
    });
    lines.collect()
}

fn media_line(sdp: &str) -> &str {
    sdp.lines().find(|line| line.starts_with("m=audio")).unwrap()
}

fn spoken(codec: Codec, number: u16) -> Packet {
    let payload_type = codec.fixed_type().unwrap_or(omnibar_peer::OPUS);
    Packet { payload_type, ..voice(number) }
}

async fn heard(from: &End, to: &mut End, codec: Codec, number: u16) {
    from.peer.send(spoken(codec, number));
    assert_eq!(to.arrival().await.packet, spoken(codec, number), "{codec:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_offered_and_opus_is_chosen_where_it_is_known() {
    let (mut a, mut b) = (End::new(falling_back()).await, End::new(falling_back()).await);
    let offer = connect(&mut a, &mut b).await;
    assert_eq!(media_line(&offer), "m=audio 9 UDP/TLS/RTP/SAVPF 111 9 0 8 110 126");
    for line in ["a=rtpmap:9 G722/8000", "a=rtpmap:0 PCMU/8000", "a=rtpmap:8 PCMA/8000"] {
        assert!(offer.lines().any(|have| have == line), "{line} is missing in\n{offer}");
    }
    for end in [&a, &b] {
        assert_eq!(end.peer.terms().codec, Codec::Opus);
        assert_eq!(end.peer.telephone_event_type(), Some(TELEPHONE_EVENT));
    }
    heard(&a, &mut b, Codec::Opus, 1).await;
    heard(&b, &mut a, Codec::Opus, 1).await;
}

/// Offers what is left of an offer; the answer.
async fn talk(numbers: &str, wanted: Codec) -> String {
    let (mut a, mut b) = (End::new(falling_back()).await, End::new(falling_back()).await);
    let offer = reduced(&a.peer.offer().await.unwrap(), numbers);
    let answer = b.peer.answer(&offer).await.unwrap();
    a.peer.accept(&answer).await.unwrap();
    both_connected(&mut a, &mut b).await;
    for end in [&a, &b] {
        assert_eq!(end.peer.terms().codec, wanted);
        assert_eq!(end.peer.telephone_event_type(), Some(TELEPHONE_EVENT_8K));
    }
    heard(&a, &mut b, wanted, 1).await;
    heard(&b, &mut a, wanted, 1).await;
    let key = Packet { payload_type: TELEPHONE_EVENT_8K, ..voice(2) };
    a.peer.send(key.clone());
    assert_eq!(b.arrival().await.packet, key);
    // What was not agreed on does not leave.
    a.peer.send(spoken(Codec::Opus, 3));
    heard(&a, &mut b, wanted, 4).await;
    assert_eq!(a.peer.dropped(), 1);
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_best_that_the_other_side_knows_is_spoken_both_ways() {
    let answer = talk("0 9 126", Codec::G722).await;
    assert_eq!(media_line(&answer), "m=audio 9 UDP/TLS/RTP/SAVPF 9 126");
    assert!(!answer.contains("PCM") && !answer.contains("opus"), "{answer}");
    let answer = talk("8 0 126", Codec::Pcma).await;
    assert_eq!(media_line(&answer), "m=audio 9 UDP/TLS/RTP/SAVPF 8 126");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_that_the_standard_gives_need_no_line_of_their_own() {
    let (mut a, mut b) = (End::new(falling_back()).await, End::new(falling_back()).await);
    let offer = reduced(&a.peer.offer().await.unwrap(), "0");
    let offer: String =
        offer.lines().filter(|l| !l.contains("rtpmap")).map(|l| format!("{l}\r\n")).collect();
    let answer = b.peer.answer(&offer).await.unwrap();
    assert_eq!(media_line(&answer), "m=audio 9 UDP/TLS/RTP/SAVPF 0");
    let bare: String =
        answer.lines().filter(|l| !l.contains("rtpmap")).map(|l| format!("{l}\r\n")).collect();
    a.peer.accept(&bare).await.unwrap();
    both_connected(&mut a, &mut b).await;
    heard(&a, &mut b, Codec::Pcmu, 1).await;
    assert_eq!(b.peer.telephone_event_type(), None, "keys go another way");
}

/// Offers anew, with what is left of the offer.
async fn change(from: &Peer, to: &Peer, numbers: &str) {
    let offer = reduced(&from.offer().await.unwrap(), numbers);
    from.accept(&to.answer(&offer).await.unwrap()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_changes_its_codec_from_either_side() {
    let (mut a, mut b) = (End::new(falling_back()).await, End::new(falling_back()).await);
    // Opus alone at first: what the others' numbers are is said later only.
    let offer = reduced(&a.peer.offer().await.unwrap(), "111 110");
    a.peer.accept(&b.peer.answer(&offer).await.unwrap()).await.unwrap();
    both_connected(&mut a, &mut b).await;
    heard(&a, &mut b, Codec::Opus, 1).await;
    for (n, (numbers, codec)) in
        [("8 126", Codec::Pcma), ("9 126", Codec::G722), ("111 110", Codec::Opus)]
            .into_iter()
            .enumerate()
    {
        let n = n as u16 * 10 + 2;
        change(&a.peer, &b.peer, numbers).await;
        heard(&a, &mut b, codec, n).await;
        heard(&b, &mut a, codec, n).await;
        change(&b.peer, &a.peer, numbers).await;
        heard(&a, &mut b, codec, n + 1).await;
        heard(&b, &mut a, codec, n + 1).await;
        assert_eq!((a.peer.terms().codec, b.peer.terms().codec), (codec, codec));
    }
}

#[tokio::test]
async fn an_answer_in_its_own_order_is_followed() {
    let (a, b) = (End::new(falling_back()).await, End::new(falling_back()).await);
    let offer = a.peer.offer().await.unwrap();
    let answer = b.peer.answer(&offer).await.unwrap();
    let lines = "a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n";
    let answer = answer.replace("SAVPF 111 ", "SAVPF 8 0 111 ") + lines;
    a.peer.accept(&answer).await.unwrap();
    assert_eq!(a.peer.terms().codec, Codec::Pcma);
}

#[tokio::test]
async fn an_offer_of_nothing_that_is_known_is_refused() {
    let offer = reduced(OFFER, "18 13").replace("a=mid:0", "a=rtpmap:18 G729/8000\r\na=mid:0");
    let end = End::new(falling_back()).await;
    let error = end.peer.answer(&offer).await.unwrap_err();
    assert!(matches!(&error, PeerError::Description(why) if why.contains("G.722")), "{error}");
    // And where nothing but Opus is wanted, G.711 is as good as nothing.
    let end = End::new(loopback()).await;
    let error = end.peer.answer(&reduced(OFFER, "0")).await.unwrap_err();
    assert!(matches!(&error, PeerError::Description(why) if why.contains("Opus")), "{error}");
}

#[tokio::test]
async fn hostile_lists_of_formats_are_survived() {
    let long = (0..4_000).map(|n| (n % 300).to_string()).collect::<Vec<_>>().join(" ");
    let maps =
        |of: &str| (0..400).map(|n| format!("a=rtpmap:{} {of}\r\n", n % 200)).collect::<String>();
    let lists = [
        OFFER.replace("111 63 110 126", &long),
        OFFER.replace("a=mid:0\r\n", &format!("a=mid:0\r\n{}", maps("PCMU/8000"))),
        OFFER.replace("111 63 110 126", "0 0 0 9 9 255 256 -1 8"),
        OFFER.replace("111 63 110 126", "").replace("a=rtpmap:111", "a=rtpmap:0"),
        OFFER.replace("a=rtpmap:111 opus/48000/2", "a=rtpmap:111 PCMA/8000/1/1/1"),
        OFFER.replace(
            "111 63 110 126",
            &(96..128).map(|n| n.to_string()).collect::<Vec<_>>().join(" "),
        ),
    ];
    for (n, offer) in lists.into_iter().enumerate() {
        let end = End::new(falling_back()).await;
        match end.peer.answer(&offer).await {
            Ok(answer) => println!("{n}: {}", media_line(&answer)),
            Err(error) => assert!(matches!(error, PeerError::Description(_)), "{n}: {error}"),
        }
        end.peer.close().await;
    }
}
