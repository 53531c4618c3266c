use crate::rpc::place;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One address may hold so much of all connections: a part of this.
const SHARE: usize = 4;
/// Connections take so much of the files that the process may have open: a part of this.
/// The rest is the database's, the recordings' and the voice's.
const FILES: usize = 2;

/// How many connections are open at one time. Clones count together.
#[derive(Clone, Debug)]
pub(crate) struct Crowd(Arc<Inside>);

#[derive(Debug)]
struct Inside {
    most: usize,
    most_of_one: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    all: usize,
    of: BTreeMap<IpAddr, usize>,
}

impl Crowd {
    /// `fronted`: everybody comes from one address, that of a proxy.
    pub(crate) fn new(most: usize, fronted: bool) -> Self {
        let most = files().map_or(most, |files| most.min(files / FILES));
        let most_of_one = if fronted { most } else { most.div_ceil(SHARE) };
        Self(Arc::new(Inside { most, most_of_one, open: Mutex::default() }))
    }

    /// For one connection, while it is held. `None`: there are too many.
    pub(crate) fn enter(&self, from: IpAddr) -> Option<Place> {
        let from = place(from);
        let mut open = self.open();
        let of_one = open.of.get(&from).copied().unwrap_or(0);
        // What comes from this machine is a proxy, or could do worse.
        let many = of_one >= self.0.most_of_one && !from.is_loopback();
        if many || open.all >= self.0.most {
            return None;
        }
        open.all += 1;
        open.of.insert(from, of_one + 1);
        drop(open);
        Some(Place { crowd: self.clone(), from })
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Dropped when its connection is over.
#[derive(Debug)]
pub(crate) struct Place {
    crowd: Crowd,
    from: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.crowd.open();
        open.all -= 1;
        match open.of.get_mut(&self.from) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                open.of.remove(&self.from);
            }
        }
    }
}

/// How many files the process may have open, where the system tells.
fn files() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enter(crowd: &Crowd, from: &str, times: usize) -> Vec<Place> {
        let from = from.parse().unwrap();
        (0..times).map_while(|_| crowd.enter(from)).collect()
    }

    #[test]
    fn nobody_takes_all_and_who_goes_makes_room() {
        let crowd = Crowd::new(100, false);
        let mut greedy = enter(&crowd, "203.0.113.1", 1_000);
        assert_eq!(greedy.len(), 25);
        // One network of IPv6 counts as one.
        let mut six = enter(&crowd, "2001:db8::1", 20);
        six.extend(enter(&crowd, "2001:db8::2", 20));
        assert_eq!(six.len(), 25);
        let rest: Vec<Place> =
            (2..200).flat_map(|n| enter(&crowd, &format!("203.0.113.{n}"), 1)).collect();
        assert_eq!(rest.len(), 50);
        assert!(crowd.enter("127.0.0.1".parse().unwrap()).is_none(), "a hundred are in");
        greedy.pop();
        assert_eq!(enter(&crowd, "203.0.113.1", 2).len(), 1);
        drop((greedy, six, rest));
        assert_eq!(enter(&crowd, "127.0.0.1", 200).len(), 100, "who may be a proxy");
        assert_eq!(crowd.open().all, 0);
        assert!(crowd.open().of.is_empty(), "nothing is kept of who has gone");
    }

    #[test]
    fn behind_a_proxy_all_come_from_one() {
        let crowd = Crowd::new(100, true);
        assert_eq!(enter(&crowd, "10.0.0.7", 200).len(), 100);
    }
}
