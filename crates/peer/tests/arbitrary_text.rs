//! No text from outside brings a peer down. Alone in its process, because it listens
//! for panics of the whole of it.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod common;

use common::{End, OFFER, loopback};
use omnibar_peer::PeerConfig;
use proptest::prelude::*;

/// A good offer with some of its lines changed, doubled, cut or swapped.
fn mangled() -> impl Strategy<Value = String> {
    let line = 0..OFFER.lines().count();
    prop::collection::vec((line, 0..5_u8, "\\PC{0,40}", any::<prop::sample::Index>()), 1..6)
        .prop_map(|changes| {
            let mut lines: Vec<String> = OFFER.lines().map(str::to_owned).collect();
            for (at, change, text, index) in changes {
                let at = at % lines.len();
                match change {
                    0 => lines[at] = text,
                    1 => lines.insert(at, lines[at].clone()),
                    2 => lines.swap(at, 0),
                    3 => {
                        let cut = index.index(lines[at].len() + 1);
                        lines[at] = lines[at].chars().take(cut).collect();
                    }
                    _ => {
                        let keep = lines[at].split([':', ' ']).next().unwrap_or("").to_owned();
                        lines[at] = format!("{keep}:{text}");
                    }
                }
            }
            lines.join("\r\n") + "\r\n"
        })
}

/// A good offer whose list of formats, and what is said of them, is anything.
fn other_formats() -> impl Strategy<Value = String> {
    let number = prop_oneof![6 => (0..128_u16).prop_map(|n| n.to_string()), 1 => "\\PC{0,6}"];
    let encoding = prop_oneof![
        4 => prop::sample::select(vec![
            "opus/48000/2", "OPUS/48000/2", "opus/48000", "red/48000/2", "G722/8000", "PCMU/8000/1",
            "PCMA/8000", "telephone-event/8000", "telephone-event/48000", "CN/8000", "opus/0/2",
            "PCMU/4294967296", "/", "G722/",
        ])
        .prop_map(str::to_owned),
        1 => "\\PC{0,30}",
    ];
    let parameters = prop_oneof![
        "[0-9]{1,3}(/[0-9]{1,3}){0,40}",
        "(minptime|useinbandfec|maxptime|x)=-?[0-9]{0,25};?",
        "\\PC{0,60}",
    ];
    let line = prop_oneof![
        (number.clone(), encoding).prop_map(|(n, encoding)| format!("a=rtpmap:{n} {encoding}\r\n")),
        (number.clone(), parameters).prop_map(|(n, text)| format!("a=fmtp:{n} {text}\r\n")),
        number.clone().prop_map(|n| format!("a=rtcp-fb:{n} nack\r\n")),
        "a=(ptime|maxptime):-?[0-9]{0,25}\r\n",
    ];
    let list = prop::collection::vec(number, 0..20);
    (list, prop::collection::vec(line, 0..30), any::<bool>()).prop_map(|(list, lines, only)| {
        let kept =
            |line: &&str| !only || !line.starts_with("a=rtpmap:") && !line.starts_with("a=fmtp:");
        let offer: String = OFFER
            .replace("111 63 110 126", &list.join(" "))
            .split_inclusive("\r\n")
            .filter(kept)
            .collect();
        offer + &lines.concat()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_offer_answer_or_candidate_panics(
        text in "\\PC{0,200}",
        offer in mangled(),
        formats in other_formats(),
        candidate in "(candidate:)?[ 0-9a-z.:]{0,80}",
    ) {
        // A panic inside the stack would print and be turned into a refusal: make it fail.
        let panicked = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let seen = panicked.clone();
        std::panic::set_hook(Box::new(move |info| {
            eprintln!("{info}");
            seen.store(true, std::sync::atomic::Ordering::Relaxed);
        }));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            for fallback in [false, true] {
                let config = || PeerConfig { fallback, ..loopback() };
                let end = End::new(config()).await;
                let _ = end.peer.answer(&text).await;
                if end.peer.answer(&offer).await.is_ok() {
                    let _ = end.peer.candidate(&candidate).await;
                }
                let _ = end.peer.accept(&offer).await;
                end.peer.close().await;
                let (offering, answering) = (End::new(config()).await, End::new(config()).await);
                let _ = answering.peer.answer(&formats).await;
                let _ = answering.peer.offer().await;
                let _ = answering.peer.accept(&formats).await;
                let _ = offering.peer.offer().await;
                let _ = offering.peer.accept(&formats).await;
                let _ = offering.peer.answer(&formats).await;
                for end in [offering, answering] {
                    end.peer.close().await;
                }
            }
        });
        let _ = std::panic::take_hook();
        prop_assert!(!panicked.load(std::sync::atomic::Ordering::Relaxed));
    }
}
