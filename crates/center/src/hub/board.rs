//! Which desktops are there, and which of them a page means.

use super::outlet::Outlet;
use super::tries::Tries;
use super::{Over, digest};
use axum::extract::ws::close_code;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as URL_SAFE_NO_PAD;
use omnibar_model::{AgentId, Moment, Secret};
use omnibar_protocol::hub::{MAX_PAGES, MAX_TOKENS, close};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

const TICKET_LIFE: Duration = Duration::from_secs(60);
const CODE_LIFE: Duration = Duration::from_secs(120);
/// Tickets that were never used, of all agents.
const MOST_TICKETS: usize = 10_000;
const CODE_WORDS: &str =
    "That code does not hold, or no longer. Ask Omnibar for a new one: Settings, Docked pages.";

const UNKNOWN_WORDS: &str =
    "Omnibar does not know this page any more. Pair it again with a code: Settings, Docked pages.";

/// One desktop's connection, as pages see it.
#[derive(Debug)]
pub(super) struct Desktop {
    pub(super) id: u64,
    pub(super) user: AgentId,
    /// Frames for it, wrapped.
    frames: mpsc::Sender<String>,
    /// Cancelled when the connection is over, or another of the same agent has come.
    pub(super) gone: CancellationToken,
    pages: Mutex<Pages>,
}

#[derive(Debug, Default)]
struct Pages {
    /// Rises; a number is not used twice.
    last: u32,
    open: BTreeMap<u32, Outlet>,
}

impl Desktop {
    pub(super) fn new(id: u64, user: AgentId, frames: mpsc::Sender<String>) -> Self {
        Self { id, user, frames, gone: CancellationToken::new(), pages: Mutex::default() }
    }

    /// A number for a page that comes; `None` when there are too many.
    pub(super) fn take_in(&self, outlet: Outlet) -> Option<u32> {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        if pages.open.len() >= MAX_PAGES {
            return None;
        }
        let page = pages.last.checked_add(1)?;
        pages.last = page;
        pages.open.insert(page, outlet);
        Some(page)
    }

    /// Waits while the desktop has too much of others to read.
    pub(super) async fn pass_on(&self, frame: String) -> Result<(), Over> {
        tokio::select! {
            sent = self.frames.send(frame) => sent.map_err(|_| Over::DESKTOP_GONE),
            () = self.gone.cancelled() => Err(Over::DESKTOP_GONE),
        }
    }

    pub(super) fn let_go(&self, page: u32) {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner).open.remove(&page);
    }

    pub(super) fn page(&self, page: u32) -> Option<Outlet> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner).open.get(&page).cloned()
    }
}

#[derive(Debug)]
struct Ticket {
    user: AgentId,
    handle: String,
    until: Moment,
}

#[derive(Debug)]
struct Seat {
    desktop: Arc<Desktop>,
    /// That of its agent's tokens.
    part: String,
    /// `None` until the desktop has said which there are.
    tokens: Option<BTreeSet<[u8; 32]>>,
    code: Option<(Secret, Moment)>,
}

/// Why a page is not led to a desktop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Astray {
    /// Try again later, the same way.
    NoDesktop,
    /// This way is no good: in words for the person at the page.
    Refused(String),
}

/// Time is an argument.
#[derive(Debug, Default)]
pub(super) struct Board {
    /// By SHA-256.
    tickets: BTreeMap<[u8; 32], Ticket>,
    seats: BTreeMap<AgentId, Seat>,
    tries: Tries,
}

impl Board {
    pub(super) fn issue(&mut self, now: Moment, hash: [u8; 32], user: AgentId, handle: String) {
        self.tickets.retain(|_, ticket| ticket.until > now);
        if self.tickets.len() >= MOST_TICKETS {
            self.tickets.pop_first();
        }
        self.tickets.insert(hash, Ticket { user, handle, until: now + TICKET_LIFE });
    }

    /// Whose ticket this is; it is used up.
    pub(super) fn redeem(&mut self, now: Moment, ticket: &Secret, handle: &str) -> Option<AgentId> {
        let found = self.tickets.remove(&digest(ticket))?;
        (found.until > now && found.handle == handle).then_some(found.user)
    }

    /// An agent has one desktop: the newest.
    pub(super) fn seat(&mut self, desktop: Arc<Desktop>) {
        let user = desktop.user.clone();
        let part = agents_part(&user);
        let seat = Seat { desktop, part, tokens: None, code: None };
        if let Some(before) = self.seats.insert(user, seat) {
            before.desktop.gone.cancel();
        }
    }

    pub(super) fn unseat(&mut self, desktop: &Desktop) {
        if self.seats.get(&desktop.user).is_some_and(|seat| seat.desktop.id == desktop.id) {
            self.seats.remove(&desktop.user);
        }
    }

    /// With which tokens pages may come. False when there are too many or one is none.
    pub(super) fn set_tokens(&mut self, desktop: &Desktop, tokens: &[String]) -> bool {
        let parsed: Option<BTreeSet<_>> = tokens.iter().map(|token| parse_hash(token)).collect();
        let Some(parsed) = parsed.filter(|_| tokens.len() <= MAX_TOKENS) else { return false };
        if let Some(seat) = self.seat_of(desktop) {
            seat.tokens = Some(parsed);
        }
        true
    }

    pub(super) fn set_code(&mut self, now: Moment, desktop: &Desktop, code: Option<Secret>) {
        if let Some(seat) = self.seat_of(desktop) {
            seat.code = code.map(|code| (code, now + CODE_LIFE));
        }
    }

    fn seat_of(&mut self, desktop: &Desktop) -> Option<&mut Seat> {
        self.seats.get_mut(&desktop.user).filter(|seat| seat.desktop.id == desktop.id)
    }

    pub(super) fn by_user(&self, user: &AgentId) -> Option<Arc<Desktop>> {
        self.seats.get(user).map(|seat| seat.desktop.clone())
    }

    pub(super) fn by_token(&self, token: &Secret) -> Result<Arc<Desktop>, Astray> {
        let hash = digest(token);
        let holds =
            |seat: &&Seat| seat.tokens.as_ref().is_some_and(|tokens| tokens.contains(&hash));
        if let Some(seat) = self.seats.values().find(holds) {
            return Ok(seat.desktop.clone());
        }
        let part = token.expose().split_once('.').map_or("", |(part, _)| part);
        if self.seats.values().any(|seat| seat.part == part && seat.tokens.is_some()) {
            return Err(Astray::Refused(UNKNOWN_WORDS.into()));
        }
        Err(Astray::NoDesktop)
    }

    /// A code leads to a desktop once.
    pub(super) fn by_code(
        &mut self,
        now: Moment,
        from: IpAddr,
        code: &Secret,
    ) -> Result<Arc<Desktop>, Astray> {
        if let Some(wait) = self.tries.wait(now, from) {
            let seconds = wait.as_millis().div_ceil(1000);
            return Err(Astray::Refused(format!(
                "Too many wrong codes. Wait {seconds} s and ask Omnibar for a new one."
            )));
        }
        // All are compared, each in constant time.
        let mut found: Vec<&mut Seat> = self
            .seats
            .values_mut()
            .filter(|seat| {
                seat.code.as_ref().is_some_and(|(own, until)| (own == code) & (*until > now))
            })
            .collect();
        if let [seat] = found.as_mut_slice() {
            seat.code = None;
            return Ok(seat.desktop.clone());
        }
        // Two agents with the same code: nobody can say who is meant.
        found.into_iter().for_each(|seat| seat.code = None);
        self.tries.failed(now, from);
        Err(Astray::Refused(CODE_WORDS.into()))
    }
}

fn agents_part(user: &AgentId) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(user.as_str().as_bytes())[..6])
}

fn parse_hash(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    let mut hash = [0; 32];
    if digits.len() != 64 {
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        let value = |digit: u8| char::from(digit).to_digit(16).and_then(|v| u8::try_from(v).ok());
        *byte = value(pair[0])? << 4 | value(pair[1])?;
    }
    Some(hash)
}

impl Over {
    pub(super) const NO_DESKTOP: Self = Self {
        code: close::NO_DESKTOP,
        reason: "Omnibar is not running or not signed in. Start it and sign in.",
    };
    pub(super) const DESKTOP_GONE: Self = Self {
        code: close::NO_DESKTOP,
        reason: "Omnibar was closed, has signed out or lost its connection to the centre.",
    };
    pub(super) const STOPPING: Self =
        Self { code: close_code::RESTART, reason: "The centre is stopping." };
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment::from_millis(1_000_000);
    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn desktop(id: u64, user: &str) -> Arc<Desktop> {
        Arc::new(Desktop::new(id, AgentId::new(user), mpsc::channel(1).0))
    }

    fn hex(token: &str) -> String {
        digest(&Secret::new(token)).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn found(result: Result<Arc<Desktop>, Astray>) -> Result<u64, Astray> {
        result.map(|desktop| desktop.id)
    }

    #[test]
    fn a_ticket_is_used_once_in_time_and_for_its_own_session() {
        let mut board = Board::default();
        let user = AgentId::new("agent1");
        let issue = |board: &mut Board, ticket: &str| {
            let hash = digest(&Secret::new(ticket));
            board.issue(NOW, hash, user.clone(), "ses-1".into());
        };
        issue(&mut board, "a");
        let a = Secret::new("a");
        assert_eq!(board.redeem(NOW, &a, "ses-1"), Some(user.clone()));
        assert_eq!(board.redeem(NOW, &a, "ses-1"), None);
        issue(&mut board, "b");
        assert_eq!(board.redeem(NOW, &Secret::new("b"), "ses-2"), None, "another session");
        issue(&mut board, "c");
        assert_eq!(board.redeem(NOW + TICKET_LIFE, &Secret::new("c"), "ses-1"), None, "late");
    }

    #[test]
    fn a_token_leads_to_its_desktop_and_an_unknown_one_is_told_apart_from_an_absent_one() {
        let mut board = Board::default();
        let one = desktop(1, "agent1");
        assert_eq!(agents_part(&one.user), "zVB4vhfQ");
        let token = |text: &str| Secret::new(text.replace("agent1", "zVB4vhfQ"));
        assert_eq!(found(board.by_token(&token("agent1.x"))), Err(Astray::NoDesktop));
        board.seat(one.clone());
        assert_eq!(found(board.by_token(&token("agent1.x"))), Err(Astray::NoDesktop), "not told");
        assert!(board.set_tokens(&one, &[hex("zVB4vhfQ.x")]));
        assert_eq!(found(board.by_token(&token("agent1.x"))), Ok(1));
        assert!(matches!(board.by_token(&token("agent1.y")), Err(Astray::Refused(_))));
        assert_eq!(found(board.by_token(&token("agent2.x"))), Err(Astray::NoDesktop));
        assert!(!board.set_tokens(&one, &["zz".repeat(32)]));
        assert!(!board.set_tokens(&one, &vec![hex("a"); MAX_TOKENS + 1]));
    }

    #[test]
    fn a_newer_desktop_takes_the_place_and_the_older_says_nothing_any_more() {
        let mut board = Board::default();
        let (old, new) = (desktop(1, "agent1"), desktop(2, "agent1"));
        board.seat(old.clone());
        board.seat(new.clone());
        assert!(old.gone.is_cancelled() && !new.gone.is_cancelled());
        assert!(board.set_tokens(&old, &[hex("agent1.x")]));
        assert!(board.by_token(&Secret::new("agent1.x")).is_err());
        board.unseat(&old);
        assert_eq!(board.by_user(&new.user).map(|d| d.id), Some(2));
        board.unseat(&new);
        assert!(board.by_user(&new.user).is_none());
    }

    #[test]
    fn a_code_leads_to_its_desktop_once_and_for_two_minutes() {
        let mut board = Board::default();
        let (one, two) = (desktop(1, "agent1"), desktop(2, "agent2"));
        board.seat(one.clone());
        board.seat(two.clone());
        let code = |text: &str| Secret::new(text);
        board.set_code(NOW, &one, Some(code("123456")));
        board.set_code(NOW, &two, Some(code("654321")));
        assert_eq!(found(board.by_code(NOW, HERE, &code("654321"))), Ok(2));
        assert!(board.by_code(NOW, HERE, &code("654321")).is_err(), "used up");
        assert!(board.by_code(NOW + CODE_LIFE, HERE, &code("123456")).is_err(), "too late");
        board.set_code(NOW, &two, Some(code("123456")));
        assert!(board.by_code(NOW, HERE, &code("123456")).is_err(), "both have it");
        assert!(board.by_code(NOW, HERE, &code("123456")).is_err(), "and neither any more");
        board.set_code(NOW, &one, Some(code("111111")));
        assert!(board.by_code(NOW, HERE, &code("1")).is_err(), "the fifth wrong one");
        let Err(Astray::Refused(words)) = board.by_code(NOW, HERE, &code("111111")) else {
            panic!("the address has to wait")
        };
        assert!(words.contains("Wait 30 s"), "{words}");
        let elsewhere = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
        assert_eq!(found(board.by_code(NOW, elsewhere, &code("111111"))), Ok(1));
    }
}
