//! Notices that this machine moved to another network.

use futures_util::stream::{self, Stream, StreamExt};
use if_watch::{IfEvent, IpNet};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;
use tokio::time::Instant;

/// Addresses come and go in bursts while a network is being joined; they count when
/// nothing has changed for this long.
pub(crate) const SETTLE: Duration = Duration::from_millis(500);

/// The system's address changes. Never ends.
pub(crate) fn changes() -> impl Stream<Item = IfEvent> + Send + Unpin {
    let watcher = match if_watch::tokio::IfWatcher::new() {
        Ok(watcher) => Some(watcher),
        Err(error) => {
            tracing::warn!(%error, "network changes are not noticed; lost voice is");
            None
        }
    };
    stream::unfold(watcher, |watcher| async {
        let mut watcher = watcher?;
        match watcher.select_next_some().await {
            Ok(event) => Some((event, Some(watcher))),
            Err(error) => {
                tracing::warn!(%error, "network changes are not noticed any more; lost voice is");
                None
            }
        }
    })
    .chain(stream::pending())
    .boxed()
}

/// Tells address changes that matter from those that do not.
#[derive(Debug, Default)]
pub(crate) struct Networks {
    present: BTreeMap<IpNet, usize>,
    /// As last told. `None` until the addresses at the start are known.
    told: Option<BTreeSet<IpNet>>,
    settled_at: Option<Instant>,
}

impl Networks {
    pub(crate) fn note(&mut self, now: Instant, event: IfEvent) {
        let (IfEvent::Up(net) | IfEvent::Down(net)) = event;
        let Some(place) = place(net) else { return };
        let count = self.present.entry(place).or_default();
        match event {
            IfEvent::Up(_) => *count += 1,
            IfEvent::Down(_) => *count = count.saturating_sub(1),
        }
        self.settled_at = Some(now + SETTLE);
    }

    /// When to ask [`Networks::changed`].
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.settled_at
    }

    /// Whether the machine is on other networks than when this was last true; the
    /// first answer is no, for it is where the machine starts.
    pub(crate) fn changed(&mut self, now: Instant) -> bool {
        if self.settled_at.is_none_or(|at| now < at) {
            return false;
        }
        self.settled_at = None;
        self.present.retain(|_, count| *count > 0);
        let present: BTreeSet<IpNet> = self.present.keys().copied().collect();
        let before = self.told.replace(present.clone());
        before.is_some_and(|before| before != present)
    }
}

/// What an address says of the network: all of it for IPv4, the prefix for IPv6, where
/// hosts change the rest every day for privacy (RFC 8981). `None` for addresses that
/// reach no other machine.
fn place(net: IpNet) -> Option<IpNet> {
    let reaches_none = match net.addr() {
        IpAddr::V4(address) => address.is_loopback() || address.is_link_local(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unicast_link_local(),
    };
    (!reaches_none).then(|| match net {
        IpNet::V4(_) => IpNet::from(net.addr()),
        IpNet::V6(_) => net.trunc(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn up(net: &str) -> IfEvent {
        IfEvent::Up(net.parse().unwrap())
    }

    fn down(net: &str) -> IfEvent {
        IfEvent::Down(net.parse().unwrap())
    }

    fn at_home(start: Instant) -> Networks {
        let mut networks = Networks::default();
        for net in ["127.0.0.1/8", "192.168.1.7/24", "2001:db8:1::7/64", "fe80::1/64"] {
            networks.note(start, up(net));
        }
        assert!(!networks.changed(start + SETTLE), "where the machine starts is no change");
        networks
    }

    #[test]
    fn a_burst_of_changes_is_told_once_when_it_has_settled() {
        let start = Instant::now();
        let mut networks = at_home(start);
        let left = start + Duration::from_secs(10);
        networks.note(left, down("192.168.1.7/24"));
        networks.note(left + SETTLE / 2, up("10.0.0.9/8"));
        assert_eq!(networks.deadline(), Some(left + SETTLE / 2 + SETTLE));
        assert!(!networks.changed(left + SETTLE), "not settled yet");
        assert!(networks.changed(left + SETTLE * 2));
        assert_eq!(networks.deadline(), None);
        assert!(!networks.changed(left + SETTLE * 3), "told once");
    }

    #[test]
    fn what_changes_no_path_is_not_told() {
        let start = Instant::now();
        let mut networks = at_home(start);
        let later = start + Duration::from_secs(10);
        networks.note(later, up("127.0.0.2/8"));
        networks.note(later, up("fe80::2/64"));
        assert_eq!(networks.deadline(), None);
        networks.note(later, up("2001:db8:1::abcd/64"));
        networks.note(later, down("2001:db8:1::7/64"));
        assert!(!networks.changed(later + SETTLE), "a new address for privacy");
        networks.note(later, down("192.168.1.7/24"));
        networks.note(later, up("192.168.1.7/24"));
        assert!(!networks.changed(later + SETTLE), "gone and back at once");
        networks.note(later, up("192.168.1.8/24"));
        assert!(networks.changed(later + SETTLE), "another lease");
    }

    #[tokio::test]
    async fn the_system_tells_its_addresses() {
        let first = tokio::time::timeout(Duration::from_secs(10), changes().next()).await;
        assert!(matches!(first, Ok(Some(IfEvent::Up(_)))), "{first:?}");
    }
}
