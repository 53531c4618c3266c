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

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_offer_answer_or_candidate_panics(
        text in "\\PC{0,200}",
        offer in mangled(),
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
                let end = End::new(PeerConfig { fallback, ..loopback() }).await;
                let _ = end.peer.answer(&text).await;
                if end.peer.answer(&offer).await.is_ok() {
                    let _ = end.peer.candidate(&candidate).await;
                }
                let _ = end.peer.accept(&offer).await;
                end.peer.close().await;
            }
        });
        let _ = std::panic::take_hook();
        prop_assert!(!panicked.load(std::sync::atomic::Ordering::Relaxed));
    }
}
