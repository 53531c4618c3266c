//! Playing into and listening at the server's devices, from outside of what is tested.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

pub(crate) const RATE: u32 = 48_000;
/// Samples in which a tone is looked for: 100 ms.
const WINDOW: usize = 4_800;

/// The strongest frequency in Hz, with the share of the energy that it has, if there is
/// more than silence.
pub(crate) fn frequency(samples: &[f32]) -> Option<(f32, f32)> {
    let energy: f32 = samples.iter().map(|s| s * s).sum();
    if samples.is_empty() || energy / (samples.len() as f32) < 1e-6 {
        return None;
    }
    let share = |hz: f32| {
        let (sin, cos) = samples.iter().enumerate().fold((0.0f32, 0.0f32), |(sin, cos), (i, s)| {
            let turns = (hz as f64 * i as f64 / f64::from(RATE)).fract() as f32;
            let (a, b) = (turns * std::f32::consts::TAU).sin_cos();
            (sin + s * a, cos + s * b)
        });
        2.0 * (sin * sin + cos * cos) / (samples.len() as f32 * energy)
    };
    (10..160).map(|i| i as f32 * 20.0).map(|hz| (hz, share(hz))).max_by(|a, b| a.1.total_cmp(&b.1))
}

/// Keeps a tone sounding at a sink.
pub(crate) struct Mouth {
    child: Child,
}

impl Mouth {
    pub(crate) fn tone(sink: &str, hz: f32) -> Self {
        let step = f64::from(hz) / f64::from(RATE);
        Self::play(sink, move |position| {
            ((position as f64 * step).fract() as f32 * std::f32::consts::TAU).sin() * 0.4
        })
    }

    /// `sample`: of the position since the start.
    pub(crate) fn play(sink: &str, sample: impl Fn(u64) -> f32 + Send + 'static) -> Self {
        let mut child = Command::new("pacat")
            .args(["--playback", "--raw", "--rate=48000", "--channels=1", "--format=float32le"])
            .args(["--latency-msec=20", &format!("--device={sink}")])
            .stdin(Stdio::piped())
            .spawn()
            .expect("pacat");
        let mut input = child.stdin.take().expect("pacat's input");
        std::thread::spawn(move || {
            let mut position = 0;
            loop {
                let bytes: Vec<u8> =
                    (position..position + 480).flat_map(|at| sample(at).to_le_bytes()).collect();
                position += 480;
                if input.write_all(&bytes).is_err() {
                    return;
                }
            }
        });
        Self { child }
    }
}

impl Drop for Mouth {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Listens to a source, for example to the monitor of a sink.
pub(crate) struct Ear {
    child: Child,
    heard: Arc<(Mutex<Heard>, Condvar)>,
}

#[derive(Default)]
struct Heard {
    samples: Vec<f32>,
    /// First sample beyond the threshold since [`Ear::listen_for_click`], and when it came.
    click: Option<Instant>,
    listening: bool,
}

impl Ear {
    pub(crate) fn at(source: &str) -> Self {
        let mut child = Command::new("parec")
            .args(["--raw", "--rate=48000", "--channels=1", "--format=float32le"])
            .args(["--latency-msec=5", &format!("--device={source}")])
            .stdout(Stdio::piped())
            .spawn()
            .expect("parec");
        let mut output = child.stdout.take().expect("parec's output");
        let heard = Arc::new((Mutex::new(Heard::default()), Condvar::new()));
        let shared = Arc::clone(&heard);
        std::thread::spawn(move || {
            let mut bytes = vec![0; 4096];
            let mut kept = 0;
            while let Ok(read @ 1..) = output.read(&mut bytes[kept..]) {
                let whole = (kept + read) / 4 * 4;
                let mut heard = shared.0.lock().unwrap();
                for sample in bytes[..whole].chunks_exact(4) {
                    let sample = f32::from_le_bytes(sample.try_into().unwrap());
                    heard.samples.push(sample);
                    if heard.listening && sample.abs() > 0.1 && heard.click.is_none() {
                        heard.click = Some(Instant::now());
                    }
                }
                shared.1.notify_all();
                drop(heard);
                bytes.copy_within(whole..kept + read, 0);
                kept = kept + read - whole;
            }
        });
        let ear = Self { child, heard };
        ear.wait("sound at all", Duration::from_secs(5), |heard| {
            (!heard.samples.is_empty()).then_some(())
        });
        ear
    }

    /// Waits until the newest 100 ms are that tone and nothing else to speak of.
    pub(crate) fn wait_for_tone(&self, hz: f32, within: Duration) {
        let since = self.len();
        self.wait(&format!("{hz} Hz"), within, |heard| {
            let newest = newest(heard, since)?;
            let (found, share) = frequency(newest)?;
            ((found - hz).abs() <= 20.0 && share > 0.8).then_some(())
        });
    }

    /// Waits until the newest 100 ms are silent.
    pub(crate) fn wait_for_silence(&self, within: Duration) {
        let since = self.len();
        self.wait("silence", within, |heard| {
            frequency(newest(heard, since)?).is_none().then_some(())
        });
    }

    /// Waits for any sound that comes from now on.
    pub(crate) fn wait_for_sound(&self, within: Duration) {
        let since = self.len();
        self.wait("some sound", within, |heard| {
            let heard = heard.samples.get(since..)?;
            heard.iter().any(|s| s.abs() > 0.01).then_some(())
        });
    }

    /// What has been heard so far.
    pub(crate) fn len(&self) -> usize {
        self.heard.0.lock().unwrap().samples.len()
    }

    pub(crate) fn since(&self, from: usize) -> Vec<f32> {
        self.heard.0.lock().unwrap().samples.get(from..).unwrap_or_default().to_vec()
    }

    pub(crate) fn listen_for_click(&self) {
        let mut heard = self.heard.0.lock().unwrap();
        (heard.listening, heard.click) = (true, None);
    }

    /// When the click came.
    pub(crate) fn click(&self, within: Duration) -> Instant {
        self.wait("a click", within, |heard| heard.click)
    }

    fn wait<T>(&self, what: &str, within: Duration, found: impl Fn(&Heard) -> Option<T>) -> T {
        let deadline = Instant::now() + within;
        let mut heard = self.heard.0.lock().unwrap();
        loop {
            if let Some(result) = found(&heard) {
                return result;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let tail = heard.samples.len().saturating_sub(WINDOW);
                let last = frequency(&heard.samples[tail..]);
                drop(heard);
                panic!("{what} was not heard within {within:?}; last: {last:?}");
            }
            heard = self.heard.1.wait_timeout(heard, left).unwrap().0;
        }
    }
}

fn newest(heard: &Heard, since: usize) -> Option<&[f32]> {
    let begin = heard.samples.len().checked_sub(WINDOW).filter(|&begin| begin >= since)?;
    heard.samples.get(begin..)
}

impl Drop for Ear {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
