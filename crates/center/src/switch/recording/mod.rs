//! Recording on a thread of its own: the voice path hands packets over and goes on.

mod file;
mod track;

use super::Reply;
use super::board::Input;
use super::clock::{Clock, Gauge};
use file::Recording;
use omnibar_media::{Micros, Packet};
use omnibar_peer::OPUS;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;
use tokio::sync::oneshot;

/// The way to the recording thread, which ends with the last clone.
#[derive(Clone, Debug)]
pub(crate) struct Recorder {
    jobs: Sender<Job>,
    gauge: Gauge,
    next: Arc<AtomicU64>,
}

/// What a leg says and hears is copied here. Dropping it ends the recording.
#[derive(Debug)]
pub(crate) struct Tap {
    recording: u64,
    file: PathBuf,
    recorder: Recorder,
    /// What passes is left out: where nothing comes, silence stands in the file.
    paused: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Said,
    Heard,
}

enum Job {
    Open { recording: u64, file: PathBuf, at: Micros, reply: Option<oneshot::Sender<Reply>> },
    Packet { recording: u64, side: Side, at: Micros, packet: Packet },
    Close { recording: u64 },
}

/// Packets that may wait for the disk: 10 s of ten recordings.
const MOST_WAITING: usize = 10_000;
/// How often what has come is written.
const WRITE: Duration = Duration::from_millis(250);

impl Recorder {
    /// `board` is told of recordings that cannot go on.
    pub(crate) fn start(clock: Clock, board: Sender<Input>) -> std::io::Result<Self> {
        let (jobs, inbox) = mpsc::channel();
        let gauge = Gauge::new(MOST_WAITING);
        let thread = gauge.clone();
        std::thread::Builder::new()
            .name("switch-recorder".into())
            .spawn(move || run(clock, &inbox, &thread, &board))?;
        Ok(Self { jobs, gauge, next: Arc::default() })
    }

    fn post(&self, job: Job) {
        // The thread outlives every handle.
        let _ = self.jobs.send(job);
    }
}

impl Tap {
    /// The file must not exist. `reply` is told whether it could be made.
    pub(crate) fn open(
        recorder: &Recorder,
        file: PathBuf,
        at: Micros,
        reply: Option<oneshot::Sender<Reply>>,
    ) -> Self {
        let recording = recorder.next.fetch_add(1, Ordering::Relaxed);
        recorder.post(Job::Open { recording, file: file.clone(), at, reply });
        Self { recording, file, recorder: recorder.clone(), paused: false }
    }

    pub(crate) fn recording(&self) -> u64 {
        self.recording
    }

    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    pub(crate) fn pause(&mut self, on: bool) {
        self.paused = on;
    }

    pub(crate) fn said(&self, at: Micros, packet: &Packet) {
        self.packet(Side::Said, at, packet);
    }

    pub(crate) fn heard(&self, at: Micros, packet: &Packet) {
        self.packet(Side::Heard, at, packet);
    }

    /// Digits are not recorded: they may be a secret that was typed.
    fn packet(&self, side: Side, at: Micros, packet: &Packet) {
        if packet.payload_type == OPUS && !self.paused && self.recorder.gauge.enter() {
            let packet = packet.clone();
            self.recorder.post(Job::Packet { recording: self.recording, side, at, packet });
        }
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.recorder.post(Job::Close { recording: self.recording });
    }
}

fn run(clock: Clock, inbox: &Receiver<Job>, gauge: &Gauge, board: &Sender<Input>) {
    let mut open: BTreeMap<u64, Recording> = BTreeMap::new();
    let mut next_write = Micros(0);
    loop {
        let wait =
            if open.is_empty() { Duration::from_secs(3600) } else { clock.until(next_write) };
        match inbox.recv_timeout(wait) {
            Ok(Job::Open { recording, file, at, reply }) => {
                let made = Recording::create(&file, at);
                let answer = match made {
                    Ok(new) => {
                        open.insert(recording, new);
                        Reply::Done
                    }
                    Err(error) => {
                        tracing::warn!(%error, "recording could not be started");
                        let _ = board.send(Input::RecordingFailed { recording });
                        Reply::Refused { message: error.to_string() }
                    }
                };
                if let Some(reply) = reply {
                    let _ = reply.send(answer);
                }
            }
            Ok(Job::Packet { recording, side, at, packet }) => {
                gauge.leave();
                if let Some(recording) = open.get_mut(&recording) {
                    recording.receive(side, at, packet);
                }
            }
            Ok(Job::Close { recording }) => {
                if let Some(recording) = open.remove(&recording)
                    && let Err(error) = recording.finish(clock.now())
                {
                    tracing::warn!(%error, "end of a recording was lost");
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        let now = clock.now();
        if now >= next_write {
            next_write = Micros(now.0 + WRITE.as_micros() as u64);
            write_all(now, &mut open, board);
        }
    }
    for (_, recording) in open {
        if let Err(error) = recording.finish(clock.now()) {
            tracing::warn!(%error, "end of a recording was lost");
        }
    }
}

fn write_all(now: Micros, open: &mut BTreeMap<u64, Recording>, board: &Sender<Input>) {
    open.retain(|&recording, file| match file.write(now) {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(%error, "recording ended early");
            let _ = board.send(Input::RecordingFailed { recording });
            false
        }
    });
}
