//! What waits for one page, bounded in number and bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Texts that wait for one page.
const MOST_TEXTS: usize = 512;
/// And their bytes: some whole views, and many events.
const MOST_BYTES: usize = 4 * 1024 * 1024;

#[derive(Debug)]
pub(super) enum Out {
    Text(String),
    /// The desktop ends the connection.
    End,
}

/// The desktop's end.
#[derive(Clone, Debug)]
pub(super) struct Outlet {
    sender: mpsc::Sender<Out>,
    bytes: Arc<AtomicUsize>,
    not_read: CancellationToken,
}

/// The page's end.
#[derive(Debug)]
pub(super) struct Waiting {
    receiver: mpsc::Receiver<Out>,
    bytes: Arc<AtomicUsize>,
    /// Cancelled when too much was not read.
    pub(super) not_read: CancellationToken,
}

pub(super) fn outlet() -> (Outlet, Waiting) {
    let (sender, receiver) = mpsc::channel(MOST_TEXTS);
    let bytes = Arc::new(AtomicUsize::new(0));
    let not_read = CancellationToken::new();
    let waiting = Waiting { receiver, bytes: bytes.clone(), not_read: not_read.clone() };
    (Outlet { sender, bytes, not_read }, waiting)
}

impl Outlet {
    /// Never waits: a page that does not read is closed, and others are not held up.
    pub(super) fn push(&self, out: Out) {
        let size = size(&out);
        let before = self.bytes.fetch_add(size, Ordering::Relaxed);
        if before + size > MOST_BYTES || self.sender.try_send(out).is_err() {
            self.not_read.cancel();
        }
    }
}

impl Waiting {
    pub(super) async fn next(&mut self) -> Option<Out> {
        let out = self.receiver.recv().await?;
        self.bytes.fetch_sub(size(&out), Ordering::Relaxed);
        Some(out)
    }
}

fn size(out: &Out) -> usize {
    match out {
        Out::Text(text) => text.len(),
        Out::End => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn texts_arrive_in_order_and_their_bytes_are_given_back() {
        let (outlet, mut waiting) = outlet();
        for n in 0..2_000 {
            outlet.push(Out::Text(format!("{n:0>4000}")));
            let Some(Out::Text(text)) = waiting.next().await else { panic!("a text") };
            assert!(text.ends_with(&n.to_string()));
        }
        outlet.push(Out::End);
        assert!(matches!(waiting.next().await, Some(Out::End)));
        assert!(!waiting.not_read.is_cancelled());
    }

    #[tokio::test]
    async fn a_page_is_given_up_that_leaves_too_many_texts_or_bytes_unread() {
        let (many, waiting) = outlet();
        (0..MOST_TEXTS).for_each(|_| many.push(Out::Text("x".into())));
        assert!(!waiting.not_read.is_cancelled());
        many.push(Out::Text("x".into()));
        assert!(waiting.not_read.is_cancelled());

        let (long, waiting) = outlet();
        (0..4).for_each(|_| long.push(Out::Text("x".repeat(1024 * 1024))));
        assert!(!waiting.not_read.is_cancelled());
        long.push(Out::Text("x".into()));
        assert!(waiting.not_read.is_cancelled());
    }
}
