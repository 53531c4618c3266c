//! Orders for the media thread, and the one place where it waits: for them, for a time and, where
//! it serves a sound server itself, for the server's sockets.

#[cfg(target_os = "linux")]
pub(crate) use sockets::{Arrivals, Post, Socket};
#[cfg(not(target_os = "linux"))]
pub(crate) use timed::{Arrivals, Post, Socket};

/// A way to the thread, and the thread's own end.
///
/// # Errors
/// The system has no descriptor left.
pub(crate) fn post<T>() -> std::io::Result<(Post<T>, Arrivals<T>)> {
    Post::new()
}

#[cfg(target_os = "linux")]
mod sockets {
    use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
    use rustix::io::Errno;
    use std::os::fd::{BorrowedFd, OwnedFd};
    use std::sync::Arc;
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::time::Duration;

    /// Readable when there is something to do.
    pub(crate) type Socket<'a> = BorrowedFd<'a>;

    /// How often orders are looked for when the system refuses to wait.
    const LOOK_EVERY: Duration = Duration::from_millis(1);

    #[derive(Debug)]
    pub(crate) struct Post<T> {
        orders: Sender<T>,
        bell: Arc<OwnedFd>,
    }

    impl<T> Clone for Post<T> {
        fn clone(&self) -> Self {
            Self { orders: self.orders.clone(), bell: Arc::clone(&self.bell) }
        }
    }

    impl<T> Post<T> {
        pub(super) fn new() -> std::io::Result<(Self, Arrivals<T>)> {
            let bell = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
            let (orders, arrivals) = channel();
            Ok((Self { orders, bell: Arc::clone(&bell) }, Arrivals { orders: arrivals, bell }))
        }

        /// Nobody hears it any more when the thread has ended.
        pub(crate) fn send(&self, order: T) {
            if self.orders.send(order).is_ok() {
                // It cannot fail but for being rung too often already.
                let _ = rustix::io::write(&self.bell, &1_u64.to_ne_bytes());
            }
        }
    }

    #[derive(Debug)]
    pub(crate) struct Arrivals<T> {
        orders: Receiver<T>,
        bell: Arc<OwnedFd>,
    }

    impl<T> Arrivals<T> {
        /// Until there is an order, a socket is readable, or so long; `None`: without end.
        pub(crate) fn wait<'a>(
            &self,
            most: Option<Duration>,
            sockets: impl Iterator<Item = Socket<'a>>,
        ) -> Option<T> {
            let bell = PollFd::new(&self.bell, PollFlags::IN);
            let sockets = sockets.map(|socket| PollFd::from_borrowed_fd(socket, PollFlags::IN));
            let mut all: Vec<PollFd<'_>> = std::iter::once(bell).chain(sockets).collect();
            let most = most.and_then(|most| Timespec::try_from(most).ok());
            match poll(&mut all, most.as_ref()) {
                Ok(_) if all[0].revents().is_empty() => return None,
                // Unread, it would be found rung for ever.
                Ok(_) => _ = rustix::io::read(&self.bell, &mut [0; 8]),
                Err(Errno::INTR) => {}
                Err(_) => std::thread::sleep(LOOK_EVERY),
            }
            self.next()
        }

        /// The next order, if there is one.
        pub(crate) fn next(&self) -> Option<T> {
            self.orders.try_recv().ok()
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod timed {
    use std::convert::Infallible;
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::time::Duration;

    /// There are none: sound comes by callbacks.
    pub(crate) type Socket<'a> = &'a Infallible;

    #[derive(Debug)]
    pub(crate) struct Post<T>(Sender<T>);

    impl<T> Clone for Post<T> {
        fn clone(&self) -> Self {
            Self(self.0.clone())
        }
    }

    impl<T> Post<T> {
        pub(super) fn new() -> std::io::Result<(Self, Arrivals<T>)> {
            let (orders, arrivals) = channel();
            Ok((Self(orders), Arrivals(arrivals)))
        }

        /// Nobody hears it any more when the thread has ended.
        pub(crate) fn send(&self, order: T) {
            let _ = self.0.send(order);
        }
    }

    #[derive(Debug)]
    pub(crate) struct Arrivals<T>(Receiver<T>);

    impl<T> Arrivals<T> {
        /// Until there is an order, or so long; `None`: without end.
        pub(crate) fn wait<'a>(
            &self,
            most: Option<Duration>,
            _: impl Iterator<Item = Socket<'a>>,
        ) -> Option<T> {
            match most {
                None => self.0.recv().ok(),
                Some(most) => self.0.recv_timeout(most).ok(),
            }
        }

        /// The next order, if there is one.
        pub(crate) fn next(&self) -> Option<T> {
            self.0.try_recv().ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn an_order_ends_the_wait_and_is_not_lost() {
        let (post, arrivals) = post().unwrap();
        let far = post.clone();
        let sender = std::thread::spawn(move || (0..3).for_each(|n| far.send(n)));
        let first = arrivals.wait(None, std::iter::empty());
        sender.join().unwrap();
        let rest: Vec<_> = std::iter::from_fn(|| arrivals.next()).collect();
        assert_eq!(first.into_iter().chain(rest).collect::<Vec<_>>(), [0, 1, 2]);
    }

    #[test]
    fn the_wait_is_as_long_as_was_said_to_a_fraction_of_a_millisecond() {
        let (_post, arrivals) = post::<()>().unwrap();
        let spent = |most| {
            let begin = Instant::now();
            assert!(arrivals.wait(Some(most), std::iter::empty()).is_none());
            begin.elapsed()
        };
        let most = Duration::from_micros(1_300);
        // The machine may be busy, but not at each of them.
        let least = (0..50).map(|_| spent(most)).min().unwrap();
        assert!(least >= most && least < most + Duration::from_micros(700), "{least:?}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_socket_that_can_be_read_ends_the_wait() {
        use std::io::Write;
        use std::os::fd::AsFd;
        let (_post, arrivals) = post::<()>().unwrap();
        let (mut near, far) = std::os::unix::net::UnixStream::pair().unwrap();
        near.write_all(&[1]).unwrap();
        assert!(arrivals.wait(None, std::iter::once(far.as_fd())).is_none());
    }
}
