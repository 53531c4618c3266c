//! Slows down those who guess pairing codes: a code has only six digits.

use omnibar_model::Moment;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

/// Wrong codes of one address before it has to wait.
const FREE: u32 = 5;
const FIRST_WAIT: Duration = Duration::from_secs(30);
const LONGEST_WAIT: Duration = Duration::from_secs(600);
/// An address that was quiet for so long begins anew.
const FORGIVEN: Duration = Duration::from_secs(1200);
/// As long as a code holds.
const WINDOW: Duration = Duration::from_secs(120);
/// Wrong codes of all addresses in a [`WINDOW`]: with a hundred agents pairing at once,
/// one guess of a hundred in a million hits.
const FREE_FOR_ALL: u32 = 100;
/// Addresses that gave up are dropped when there are more than this.
const ENTRIES: usize = 10_000;

#[derive(Clone, Copy, Debug, Default)]
struct Wrong {
    count: u32,
    until: Moment,
    last: Moment,
}

/// Time is an argument.
#[derive(Debug, Default)]
pub(super) struct Tries {
    wrong: BTreeMap<IpAddr, Wrong>,
    window: Moment,
    in_window: u32,
}

impl Tries {
    /// How long this address has to wait before another try.
    pub(super) fn wait(&self, now: Moment, from: IpAddr) -> Option<Duration> {
        let all = if self.in_window >= FREE_FOR_ALL {
            (self.window + WINDOW).since(now)
        } else {
            Duration::ZERO
        };
        let own = self.wrong.get(&from).map_or(Duration::ZERO, |wrong| wrong.until.since(now));
        let wait = all.max(own);
        (!wait.is_zero()).then_some(wait)
    }

    pub(super) fn failed(&mut self, now: Moment, from: IpAddr) {
        if now.since(self.window) > WINDOW {
            (self.window, self.in_window) = (now, 0);
        }
        self.in_window += 1;
        let wrong = self.wrong.entry(from).or_default();
        if now.since(wrong.last) > FORGIVEN {
            wrong.count = 0;
        }
        wrong.count += 1;
        wrong.last = now;
        if let Some(over) = wrong.count.checked_sub(FREE) {
            wrong.until = now + FIRST_WAIT.saturating_mul(1 << over.min(8)).min(LONGEST_WAIT);
        }
        if self.wrong.len() > ENTRIES {
            self.wrong.retain(|_, wrong| now.since(wrong.last) <= LONGEST_WAIT);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(n: u32) -> IpAddr {
        IpAddr::V4(std::net::Ipv4Addr::from_bits(0x0a00_0000 + n))
    }

    #[test]
    fn five_wrong_codes_are_free_and_then_the_wait_doubles() {
        let (mut tries, now) = (Tries::default(), Moment::from_millis(1_000_000));
        for _ in 0..4 {
            tries.failed(now, address(1));
        }
        assert_eq!(tries.wait(now, address(1)), None);
        tries.failed(now, address(1));
        assert_eq!(tries.wait(now, address(1)), Some(FIRST_WAIT));
        assert_eq!(tries.wait(now, address(2)), None);
        let later = now + FIRST_WAIT;
        assert_eq!(tries.wait(later, address(1)), None);
        tries.failed(later, address(1));
        assert_eq!(tries.wait(later, address(1)), Some(FIRST_WAIT * 2));
        for _ in 0..50 {
            tries.failed(later, address(1));
        }
        assert_eq!(tries.wait(later, address(1)), Some(LONGEST_WAIT));
    }

    #[test]
    fn many_addresses_together_have_to_wait_too() {
        let (mut tries, now) = (Tries::default(), Moment::from_millis(1_000_000));
        for n in 0..FREE_FOR_ALL {
            tries.failed(now, address(n));
        }
        assert_eq!(tries.wait(now, address(5_000)), Some(WINDOW));
        let later = now + WINDOW + Duration::from_millis(1);
        assert_eq!(tries.wait(later, address(5_000)), None);
    }
}
