//! Slows down those who guess passwords.

use omnibar_model::{AgentId, Moment};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

/// Wrong passwords for one user before he has to wait.
const FREE_FOR_USER: u32 = 4;
/// Many agents may share one address.
const FREE_FOR_ADDRESS: u32 = 20;
const LONGEST: Duration = Duration::from_secs(300);
/// Entries of those who gave up are dropped when there are more than this.
const ENTRIES: usize = 10_000;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    User(AgentId),
    Address(IpAddr),
}

#[derive(Clone, Copy, Debug, Default)]
struct Failures {
    count: u32,
    until: Moment,
    last: Moment,
}

/// Time is an argument.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    failures: BTreeMap<Key, Failures>,
}

impl Throttle {
    /// How long this user or address has to wait before another try.
    pub(crate) fn wait(&self, now: Moment, user: &AgentId, address: IpAddr) -> Option<Duration> {
        let wait = keys(user, address)
            .iter()
            .filter_map(|(key, _)| self.failures.get(key))
            .map(|f| f.until.since(now))
            .max()?;
        (!wait.is_zero()).then_some(wait)
    }

    /// A wrong password: each one after the free ones doubles the wait.
    pub(crate) fn failed(&mut self, now: Moment, user: &AgentId, address: IpAddr) {
        for (key, free) in keys(user, address) {
            let entry = self.failures.entry(key).or_default();
            if now.since(entry.last) > LONGEST * 2 {
                entry.count = 0;
            }
            entry.count += 1;
            entry.last = now;
            if let Some(over) = entry.count.checked_sub(free) {
                let wait = Duration::from_secs(1_u64 << over.min(16)).min(LONGEST);
                entry.until = now + wait;
            }
        }
        if self.failures.len() > ENTRIES {
            self.failures.retain(|_, f| now.since(f.last) <= LONGEST);
        }
    }

    pub(crate) fn succeeded(&mut self, user: &AgentId) {
        self.failures.remove(&Key::User(user.clone()));
    }
}

fn keys(user: &AgentId, address: IpAddr) -> [(Key, u32); 2] {
    [(Key::User(user.clone()), FREE_FOR_USER), (Key::Address(place(address)), FREE_FOR_ADDRESS)]
}

/// A host has all of an IPv6 network to itself (RFC 4291 section 2.5.1).
pub(crate) fn place(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// A bucket of commands: so many a second, with a burst of the same size.
#[derive(Debug)]
pub(crate) struct Bucket {
    per_second: u64,
    /// In thousandths of a command.
    level: u64,
    filled: Moment,
}

impl Bucket {
    pub(crate) fn new(now: Moment, per_second: u64) -> Self {
        Self { per_second, level: per_second * 1000, filled: now }
    }

    pub(crate) fn take(&mut self, now: Moment) -> bool {
        let ms = u64::try_from(now.since(self.filled).as_millis()).unwrap_or(u64::MAX);
        let more = ms.saturating_mul(self.per_second);
        self.level = self.level.saturating_add(more).min(self.per_second * 1000);
        self.filled = now;
        let enough = self.level >= 1000;
        if enough {
            self.level -= 1000;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    #[test]
    fn the_wait_doubles_and_ends_with_the_right_password() {
        let mut throttle = Throttle::default();
        let user = AgentId::new("agent1");
        let now = Moment::from_millis(1_000_000);
        for _ in 0..3 {
            throttle.failed(now, &user, HERE);
            assert_eq!(throttle.wait(now, &user, HERE), None);
        }
        throttle.failed(now, &user, HERE);
        assert_eq!(throttle.wait(now, &user, HERE), Some(Duration::from_secs(1)));
        throttle.failed(now, &user, HERE);
        assert_eq!(throttle.wait(now, &user, HERE), Some(Duration::from_secs(2)));
        assert_eq!(throttle.wait(now + Duration::from_secs(2), &user, HERE), None);
        assert_eq!(throttle.wait(now, &AgentId::new("agent2"), HERE), None);
        throttle.succeeded(&user);
        assert_eq!(throttle.wait(now, &user, HERE), None);
    }

    #[test]
    fn an_address_that_tries_many_users_waits_too() {
        let mut throttle = Throttle::default();
        let now = Moment::from_millis(1);
        for i in 0..20 {
            throttle.failed(now, &AgentId::new(&format!("user{i}")), HERE);
        }
        assert!(throttle.wait(now, &AgentId::new("another"), HERE).is_some());
    }

    #[test]
    fn another_address_of_the_same_ipv6_network_is_no_fresh_start() {
        let mut throttle = Throttle::default();
        let now = Moment::from_millis(1);
        for i in 0..20 {
            let address = format!("2001:db8:1:2::{i:x}").parse().unwrap();
            throttle.failed(now, &AgentId::new(&format!("user{i}")), address);
        }
        let user = AgentId::new("another");
        assert!(throttle.wait(now, &user, "2001:db8:1:2:ffff::1".parse().unwrap()).is_some());
        assert!(throttle.wait(now, &user, "2001:db8:1:3::1".parse().unwrap()).is_none());
    }

    #[test]
    fn a_burst_is_allowed_and_then_the_rate_holds() {
        let now = Moment::from_millis(5);
        let mut bucket = Bucket::new(now, 200);
        assert_eq!((0..300).filter(|_| bucket.take(now)).count(), 200);
        let later = now + Duration::from_millis(100);
        assert_eq!((0..300).filter(|_| bucket.take(later)).count(), 20);
    }
}
