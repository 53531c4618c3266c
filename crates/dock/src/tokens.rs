//! What a page shows on its next contact: 32 random bytes, of which only the SHA-256 is
//! kept, for one origin and 30 days.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use omnibar_model::Secret;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const LIFE_MS: i64 = 30 * DAY_MS;
/// A token that ends earlier is replaced at the next contact.
const REST_MS: i64 = 15 * DAY_MS;
/// Browsers and profiles on one machine; the one that ends first makes room.
const PER_ORIGIN: usize = 4;
/// An agent part and a dot, and 32 bytes in base64.
const LONGEST: usize = 128;

pub(crate) type Hash = [u8; 32];

#[derive(Clone, Debug, PartialEq, Eq)]
struct Token {
    hash: Hash,
    until: i64,
}

/// In the keychain, as JSON.
#[derive(Serialize, Deserialize)]
struct KeptToken {
    hash: String,
    until: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    Valid,
    /// Valid, but to be replaced.
    Old,
    Unknown,
    /// Another origin's: somebody has carried it over.
    Stolen,
}

/// The tokens of every origin.
#[derive(Debug, Default)]
pub(crate) struct Tokens(BTreeMap<String, Vec<Token>>);

pub(crate) fn hash(text: &str) -> Hash {
    Sha256::digest(text.as_bytes()).into()
}

impl Tokens {
    /// A new token's text. `agent` is the part before the dot.
    pub(crate) fn issue(
        &mut self,
        now: i64,
        origin: &str,
        agent: &str,
        random: [u8; 32],
    ) -> Secret {
        let text = format!("{agent}.{}", URL_SAFE_NO_PAD.encode(random));
        let tokens = self.0.entry(origin.to_owned()).or_default();
        tokens.retain(|t| t.until > now);
        tokens.sort_by_key(|t| t.until);
        if tokens.len() >= PER_ORIGIN {
            tokens.drain(..=tokens.len() - PER_ORIGIN);
        }
        tokens.push(Token { hash: hash(&text), until: now.saturating_add(LIFE_MS) });
        Secret::new(text)
    }

    pub(crate) fn check(&self, now: i64, origin: &str, token: &Secret) -> Check {
        if token.expose().len() > LONGEST {
            return Check::Unknown;
        }
        let shown = hash(token.expose());
        let mut found = Check::Unknown;
        // All of them are looked at, so that the time says nothing.
        for (of, tokens) in &self.0 {
            for token in tokens {
                if same(&token.hash, &shown) && token.until > now {
                    found = match (of == origin, token.until - now < REST_MS) {
                        (false, _) => Check::Stolen,
                        (true, true) => Check::Old,
                        (true, false) => Check::Valid,
                    };
                }
            }
        }
        found
    }

    pub(crate) fn forget(&mut self, origin: &str) {
        self.0.remove(origin);
    }

    pub(crate) fn hashes(&self, now: i64) -> BTreeMap<Hash, String> {
        let live = |(origin, tokens): (&String, &Vec<Token>)| {
            let live = tokens.iter().filter(|t| t.until > now);
            live.map(|t| (t.hash, origin.clone())).collect::<Vec<_>>()
        };
        self.0.iter().flat_map(live).collect()
    }

    /// One origin's, for the keychain; nobody gets a token from it.
    pub(crate) fn keep(&self, origin: &str) -> Option<Secret> {
        let tokens: Vec<KeptToken> = self
            .0
            .get(origin)?
            .iter()
            .map(|t| KeptToken { hash: URL_SAFE_NO_PAD.encode(t.hash), until: t.until })
            .collect();
        serde_json::to_string(&tokens).ok().map(Secret::new)
    }

    /// What [`Tokens::keep`] gave, beside what was issued since.
    pub(crate) fn recall(&mut self, origin: &str, kept: &Secret) {
        let Ok(kept) = serde_json::from_str::<Vec<KeptToken>>(kept.expose()) else {
            tracing::warn!(origin, "the keychain's entry of docked pages cannot be read");
            return;
        };
        let tokens = self.0.entry(origin.to_owned()).or_default();
        for KeptToken { hash, until } in kept.into_iter().take(PER_ORIGIN) {
            let hash = URL_SAFE_NO_PAD.decode(hash).ok().and_then(|h| Hash::try_from(h).ok());
            if let Some(hash) = hash
                && tokens.len() < PER_ORIGIN
                && tokens.iter().all(|t| t.hash != hash)
            {
                tokens.push(Token { hash, until });
            }
        }
    }
}

/// In constant time.
fn same(a: &Hash, b: &Hash) -> bool {
    a.iter().zip(b).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const CRM: &str = "https://crm.example";

    #[test]
    fn a_token_is_its_origins_for_thirty_days() {
        let mut tokens = Tokens::default();
        let token = tokens.issue(0, CRM, "a1", [7; 32]);
        assert!(token.expose().starts_with("a1.") && token.expose().len() <= LONGEST);
        assert_eq!(tokens.check(0, CRM, &token), Check::Valid);
        assert_eq!(tokens.check(LIFE_MS - 1, CRM, &token), Check::Old);
        assert_eq!(tokens.check(LIFE_MS, CRM, &token), Check::Unknown);
        assert_eq!(tokens.check(0, "https://evil.example", &token), Check::Stolen);
        assert_eq!(tokens.check(0, CRM, &Secret::new("a1.guess")), Check::Unknown);
        tokens.forget(CRM);
        assert_eq!(tokens.check(0, CRM, &token), Check::Unknown);
    }

    #[test]
    fn the_keychain_holds_no_token() {
        let mut tokens = Tokens::default();
        let token = tokens.issue(0, CRM, "a1", [9; 32]);
        let kept = tokens.keep(CRM).unwrap();
        assert!(!kept.expose().contains(&token.expose()[3..]));
        let mut again = Tokens::default();
        again.recall(CRM, &kept);
        assert_eq!(again.check(1, CRM, &token), Check::Valid);
        assert_eq!(again.hashes(1), tokens.hashes(1));
        for bad in ["", "{}", "[{\"hash\":\"x\",\"until\":1}]", "[1]"] {
            again.recall("https://b.example", &Secret::new(bad));
        }
        assert_eq!(again.hashes(1).len(), 1);
    }

    #[test]
    fn the_oldest_makes_room() {
        let mut tokens = Tokens::default();
        let issued: Vec<Secret> =
            (0..6u8).map(|n| tokens.issue(i64::from(n), CRM, "a1", [n; 32])).collect();
        let valid = issued.iter().filter(|t| tokens.check(10, CRM, t) == Check::Valid).count();
        assert_eq!(valid, PER_ORIGIN);
        assert_eq!(tokens.check(10, CRM, &issued[5]), Check::Valid);
        assert_eq!(tokens.check(10, CRM, &issued[0]), Check::Unknown);
    }
}
