//! Playing into and listening at the server's devices, from outside of what is tested.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

pub(crate) const RATE: u32 = 48_000;
/// Samples of one look at the frequency: 20 ms.
const WINDOW: usize = 960;
/// Looks that decide: the newest 200 ms. A busy machine leaves gaps in the sound, so a
/// tone need not be in all of them.
const LOOKS: usize = 10;
const ENOUGH: usize = 4;

/// What is heard in the newest 200 ms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Sounding {
    Silence,
    /// Hz, to 25.
    Tone(f32),
    /// Too short, or of many kinds.
    Other,
}

pub(crate) fn sounding(samples: &[f32]) -> Sounding {
    let begin = samples.len().saturating_sub(LOOKS * WINDOW);
    let looks: Vec<Option<f32>> = samples[begin..].chunks_exact(WINDOW).map(frequency).collect();
    let tones: Vec<f32> = looks.iter().copied().flatten().collect();
    if looks.len() == LOOKS && tones.is_empty() {
        return Sounding::Silence;
    }
    let Some(&first) = tones.get(tones.len() / 2) else { return Sounding::Other };
    let same = tones.iter().filter(|&hz| (hz - first).abs() <= 25.0).count();
    let most = same * 10 >= tones.len() * 7;
    if same >= ENOUGH && most { Sounding::Tone(first) } else { Sounding::Other }
}

pub(crate) fn is_tone(sounding: Sounding, hz: f32) -> bool {
    matches!(sounding, Sounding::Tone(found) if (found - hz).abs() <= 25.0)
}

/// The strongest frequency in Hz, if there is more than silence.
fn frequency(samples: &[f32]) -> Option<f32> {
    let energy: f32 = samples.iter().map(|s| s * s).sum();
    if samples.is_empty() || energy / (samples.len() as f32) < 1e-6 {
        return None;
    }
    let strength = |hz: f32| {
        let step = std::f32::consts::TAU * hz / RATE as f32;
        // Every eighth sample: all tones of these tests are far below 3 kHz.
        let samples = samples.iter().enumerate().step_by(8);
        let (sin, cos) = samples.fold((0.0f32, 0.0f32), |(sin, cos), (i, s)| {
            let hann = 0.5 - 0.5 * (std::f32::consts::TAU * i as f32 / WINDOW as f32).cos();
            let (a, b) = (step * i as f32).sin_cos();
            (sin + s * a * hann, cos + s * b * hann)
        });
        sin * sin + cos * cos
    };
    (8..80).map(|i| i as f32 * 25.0).max_by(|&a, &b| strength(a).total_cmp(&strength(b)))
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
    /// When the newest sample beyond the threshold came.
    loud: Option<Instant>,
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
                    if sample.abs() > 0.1 {
                        let now = Instant::now();
                        heard.loud = Some(now);
                        if heard.listening && heard.click.is_none() {
                            heard.click = Some(now);
                        }
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

    /// Waits until that tone is what is heard.
    pub(crate) fn wait_for_tone(&self, hz: f32, within: Duration) {
        let since = self.len();
        self.wait(&format!("{hz} Hz"), within, |heard| {
            is_tone(sounding(heard.samples.get(since..)?), hz).then_some(())
        });
    }

    /// Waits until nothing is heard.
    pub(crate) fn wait_for_silence(&self, within: Duration) {
        let since = self.len();
        self.wait("silence", within, |heard| {
            (sounding(heard.samples.get(since..)?) == Sounding::Silence).then_some(())
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

    /// When it was loud last.
    pub(crate) fn loud(&self) -> Option<Instant> {
        self.heard.0.lock().unwrap().loud
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
                let last = sounding(&heard.samples);
                drop(heard);
                panic!("{what} was not heard within {within:?}; last: {last:?}");
            }
            heard = self.heard.1.wait_timeout(heard, left).unwrap().0;
        }
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
