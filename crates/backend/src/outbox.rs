use omnibar_model::AgentId;
use omnibar_protocol::Command;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tracing::warn;
use uuid::Uuid;

/// Entries of all users of this machine at most. What is older than that many newer
/// ones has not been wanted for a long time.
const MAX: usize = 2_000;

/// Longest line that is read back, in bytes: a note has at most 2,000 characters.
const LINE_MAX: usize = 64 * 1024;

/// Programs of this machine that can have an outbox in the same directory.
const FILES: u32 = 16;

/// A note or a disposition that the centre has not taken yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// The command's idempotency key: delivering twice does nothing twice.
    pub(crate) id: Uuid,
    pub(crate) centre: String,
    pub(crate) user: AgentId,
    pub(crate) command: Command,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Add(Entry),
    Done(Uuid),
}

/// Entries on disk: one JSON object a line, synchronised before it counts as kept.
/// Only its owner can read the file.
#[derive(Debug)]
pub(crate) struct Outbox {
    entries: Vec<Entry>,
    /// `None`: the disk refuses, and entries live as long as the program.
    file: Option<Arc<Mutex<File>>>,
}

impl Outbox {
    /// Reads what an earlier run has left. A directory that cannot be used is told in
    /// the log and gives an outbox in memory.
    pub(crate) async fn open(dir: PathBuf) -> Self {
        let opened = tokio::task::spawn_blocking(move || open(&dir)).await;
        match opened.map_err(io::Error::other).flatten() {
            Ok((file, entries)) => Self { entries, file: Some(Arc::new(Mutex::new(file))) },
            Err(error) => {
                warn!(%error, "no outbox on disk: notes made offline end with the program");
                Self { entries: Vec::new(), file: None }
            }
        }
    }

    pub(crate) fn of(&self, centre: &str, user: &AgentId) -> Vec<Entry> {
        self.entries.iter().filter(|e| e.centre == centre && e.user == *user).cloned().collect()
    }

    pub(crate) async fn add(&mut self, entry: Entry) {
        if self.entries.len() >= MAX {
            let oldest = self.entries.remove(0);
            warn!(id = %oldest.id, "the outbox is full; its oldest entry is given up");
        }
        self.entries.push(entry.clone());
        self.write(&Line::Add(entry)).await;
    }

    pub(crate) async fn done(&mut self, id: Uuid) {
        self.entries.retain(|e| e.id != id);
        self.write(&Line::Done(id)).await;
    }

    async fn write(&self, line: &Line) {
        let Some(file) = self.file.clone() else { return };
        let empty = self.entries.is_empty();
        let mut text = serde_json::to_vec(line).unwrap_or_default();
        text.push(b'\n');
        let written = tokio::task::spawn_blocking(move || {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            if empty { rewrite(&mut file, &[]) } else { append(&mut file, &text) }
        });
        if let Err(error) = written.await.map_err(io::Error::other).flatten() {
            warn!(%error, "the outbox could not be written");
        }
    }
}

fn open(dir: &Path) -> io::Result<(File, Vec<Entry>)> {
    let mut folder = std::fs::DirBuilder::new();
    folder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.create(dir)?;
    let mut home: Option<(File, Vec<Entry>)> = None;
    for n in 0..FILES {
        let path = dir.join(format!("outbox-{n}.jsonl"));
        if home.is_some() && !path.exists() {
            break;
        }
        let mut file = options().open(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            // Another program's.
            Err(TryLockError::WouldBlock) => continue,
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let found = read(&mut file)?;
        match &mut home {
            None => home = Some((file, found)),
            // Left by a program that does not run any more.
            Some((kept, entries)) => {
                entries.extend(found);
                rewrite(kept, entries)?;
                rewrite(&mut file, &[])?;
            }
        }
    }
    let (mut file, mut entries) =
        home.ok_or_else(|| io::Error::other("too many programs use the outbox's directory"))?;
    entries.drain(..entries.len().saturating_sub(MAX));
    rewrite(&mut file, &entries)?;
    Ok((file, entries))
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// A line that a crash has cut short, or that is none of ours, is left out.
fn read(file: &mut File) -> io::Result<Vec<Entry>> {
    let mut entries: Vec<Entry> = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    let mut reader = BufReader::new(file);
    let mut text = Vec::new();
    loop {
        text.clear();
        if io::Read::take(&mut reader, LINE_MAX as u64).read_until(b'\n', &mut text)? == 0 {
            return Ok(entries);
        }
        match serde_json::from_slice(&text) {
            Ok(Line::Add(entry)) => entries.push(entry),
            Ok(Line::Done(id)) => entries.retain(|e| e.id != id),
            Err(_) => warn!("a line of the outbox could not be read and is left out"),
        }
    }
}

fn append(file: &mut File, text: &[u8]) -> io::Result<()> {
    file.seek(SeekFrom::End(0))?;
    file.write_all(text)?;
    file.sync_data()
}

/// In place, so that the lock stays. A crash in between costs at most what the
/// appended lines before it have already put in order.
fn rewrite(file: &mut File, entries: &[Entry]) -> io::Result<()> {
    let mut text = Vec::new();
    for entry in entries {
        serde_json::to_writer(&mut text, &Line::Add(entry.clone()))?;
        text.push(b'\n');
    }
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&text)?;
    file.sync_data()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(n: u128, user: &str) -> Entry {
        Entry {
            id: Uuid::from_u128(n),
            centre: "ws://centre.test/ws/agent".into(),
            user: user.into(),
            command: Command::Note { interaction: "i1".into(), note: format!("note {n}") },
        }
    }

    async fn reopened(dir: &Path) -> Vec<Entry> {
        Outbox::open(dir.to_owned()).await.of("ws://centre.test/ws/agent", &"agent1".into())
    }

    #[tokio::test]
    async fn what_is_not_delivered_is_there_after_a_crash() {
        let dir = tempfile::tempdir().unwrap();
        let mut outbox = Outbox::open(dir.path().to_owned()).await;
        outbox.add(entry(1, "agent1")).await;
        outbox.add(entry(2, "agent2")).await;
        outbox.add(entry(3, "agent1")).await;
        outbox.done(Uuid::from_u128(1)).await;
        drop(outbox);
        // A crash in the middle of a line.
        let path = dir.path().join("outbox-0.jsonl");
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"{\"add\":{\"id\":\"00000000").unwrap();
        drop(file);
        assert_eq!(reopened(dir.path()).await, [entry(3, "agent1")]);
        let mut outbox = Outbox::open(dir.path().to_owned()).await;
        outbox.done(Uuid::from_u128(2)).await;
        outbox.done(Uuid::from_u128(3)).await;
        drop(outbox);
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 0, "an empty outbox is an empty file");
    }

    #[tokio::test]
    async fn two_programs_do_not_write_into_each_others_file() {
        let dir = tempfile::tempdir().unwrap();
        let mut one = Outbox::open(dir.path().to_owned()).await;
        let mut two = Outbox::open(dir.path().to_owned()).await;
        one.add(entry(1, "agent1")).await;
        two.add(entry(2, "agent1")).await;
        drop((one, two));
        assert_eq!(reopened(dir.path()).await, [entry(1, "agent1"), entry(2, "agent1")]);
        assert_eq!(reopened(dir.path()).await.len(), 2, "taken over once");
    }

    #[tokio::test]
    async fn nonsense_on_disk_is_survived() {
        let dir = tempfile::tempdir().unwrap();
        let mut nonsense = vec![b'x'; 3 * LINE_MAX];
        nonsense.extend(b"\n\xff\xfe\n{}\n[]\nnull\n");
        std::fs::write(dir.path().join("outbox-0.jsonl"), nonsense).unwrap();
        let mut outbox = Outbox::open(dir.path().to_owned()).await;
        assert!(outbox.entries.is_empty());
        outbox.add(entry(1, "agent1")).await;
        drop(outbox);
        assert_eq!(reopened(dir.path()).await, [entry(1, "agent1")]);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn only_the_owner_can_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let _outbox = Outbox::open(dir.path().to_owned()).await;
        let metadata = std::fs::metadata(dir.path().join("outbox-0.jsonl")).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    }
}
