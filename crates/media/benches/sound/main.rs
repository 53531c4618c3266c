//! Figures of echo, noise and gain: simulated rooms, headsets, and what they cost.
//!
//! `cargo bench -p omnibar-media --bench sound [-- SPEECH_DIR OUT_DIR]`
//!
//! `SPEECH_DIR` has `A.raw` and `B.raw`, 48 kHz mono 16 bit; without it the simulated talkers
//! are used and nothing is written. `OUT_DIR` gets, for `score.py`, what was said and what was
//! sent, as the figures name them. The calls in which chance may look like an echo take some
//! minutes. With `SOUND_TRACE` set, a line for each look for an echo.

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

#[path = "../../tests/sound/world.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod world;

use omnibar_media::BLOCK;
use omnibar_media::processing::{EchoHint, EchoState, Processing, ProcessingConfig};
use omnibar_media::sim::{Room, RoomConfig, resampled};
use std::error::Error;
use std::path::Path;
use std::time::Instant;
use world::{Scene, Sent, only, return_loss, since, voice, voice_loss};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let (talkers, out) = match &arguments[..] {
        [speech, out] => ([read(speech, "A")?, read(speech, "B")?], Some(Path::new(out))),
        _ => ([voice(1, 120.0, 30), voice(2, 210.0, 30)], None),
    };
    if let Some(out) = out {
        std::fs::create_dir_all(out)?;
    }
    rooms(&talkers);
    headsets(&talkers, out)?;
    by_chance(&talkers);
    cost(&talkers);
    Ok(())
}

const SECONDS: f32 = 20.0;

fn rooms([near, far]: &[Vec<f32>; 2]) {
    println!("room                       known s  ERLE dB 7-12 s  double talk loses dB");
    let plain = RoomConfig { seed: 1, delay_ms: 60.0, reverberation_ms: 250.0, loss_db: 10.0 };
    let delays = [20.0, 60.0, 120.0, 200.0, 300.0, 450.0];
    let rooms = delays.map(|delay_ms| (RoomConfig { delay_ms, ..plain }, 0.0));
    let drifts = [(plain, 200.0), (plain, -200.0)];
    let loud = [(RoomConfig { loss_db: 0.0, ..plain }, 0.0)];
    let quiet = [20.0, 30.0, 40.0].map(|loss_db| (RoomConfig { loss_db, ..plain }, 0.0));
    for hint in [EchoHint::Speakers, EchoHint::Headset] {
        for (room, drift) in rooms.iter().chain(&drifts).chain(&loud).chain(&quiet) {
            let played = resampled(far, *drift);
            let echo = Room::new(*room).echo(&played);
            let near = only(near, 12.0..SECONDS);
            let scene = Scene { far: far.clone(), near, echo, noise: Vec::new() };
            let sent = trace(&scene, hint);
            let alone = scene.without_far().play_anew(EchoHint::Speakers);
            let known = since(&sent, |state| state.echo == EchoState::Cancelling);
            println!(
                "{hint:?} {:3.0} ms −{:2.0} dB {:4.0} ppm  {:>7}  {:6.1}  {:6.2}",
                room.delay_ms,
                room.loss_db,
                drift,
                known.map_or("never".into(), |s| format!("{s:.2}")),
                return_loss(&scene, &sent, 7.0..12.0),
                voice_loss(&alone, &sent, 13.0..SECONDS - 0.5),
            );
        }
    }
}

fn headsets(talkers: &[Vec<f32>; 2], out: Option<&Path>) -> Result<(), Box<dyn Error>> {
    for hint in [EchoHint::Headset, EchoHint::Unknown, EchoHint::Speakers] {
        for (side, name) in ["A", "B"].iter().enumerate() {
            let (near, far) = (talkers[side].clone(), talkers[1 - side].clone());
            let scene = Scene { far, near, ..Scene::default() };
            let sent = trace(&scene, hint);
            let known = since(&sent, |state| state.echo == EchoState::Bypassed);
            let noise = sent.states.iter().filter(|state| state.noise).count();
            let gain = sent.states.iter().map(|state| state.gain_db.abs()).fold(0.0, f32::max);
            let known = known.map_or("never".into(), |s| format!("{s:.2} s"));
            println!("{name} {hint:?}: bypassed {known}, noise out {noise} blocks, gain {gain:.1}");
            if let Some(out) = out {
                write(&out.join(format!("{name}-{hint:?}.raw")), &sent.signal)?;
            }
        }
    }
    Ok(())
}

/// Two voices that talk without a pause, each from its start and the other from elsewhere: how
/// often chance is taken for an echo.
fn by_chance([near, far]: &[Vec<f32>; 2]) {
    let length = far.len().min(near.len()).min(24 * 48_000);
    let mut echoes = 0;
    for offset in 0..OFFSETS {
        let mut far = far[..length].to_vec();
        far.rotate_left(offset * length / OFFSETS);
        let scene = Scene { far, near: near[..length].to_vec(), ..Scene::default() };
        let sent = trace(&scene, EchoHint::Unknown);
        echoes += usize::from(sent.states.iter().any(|s| s.echo == EchoState::Cancelling));
    }
    println!("taken for an echo by chance: {echoes} of {OFFSETS} calls");
}

const OFFSETS: usize = 300;

fn cost([near, far]: &[Vec<f32>; 2]) {
    let room = RoomConfig { seed: 1, delay_ms: 60.0, reverberation_ms: 250.0, loss_db: 10.0 };
    let echo = Room::new(room).echo(far);
    let whole = Scene { far: far.clone(), near: near.clone(), echo, noise: Vec::new() };
    let bare = Scene { far: far.clone(), near: near.clone(), ..Scene::default() };
    let hiss = world::noise(1, -45.0, near.len());
    let noisy = Scene { far: far.clone(), near: near.clone(), noise: hiss, ..Scene::default() };
    let on = ProcessingConfig::default();
    let off = ProcessingConfig { on: false, ..on };
    for (what, scene, hint, config) in [
        ("off", &bare, EchoHint::Headset, off),
        ("bypassed", &bare, EchoHint::Headset, on),
        ("bypassed, noise out", &noisy, EchoHint::Headset, on),
        ("echo cancelled", &whole, EchoHint::Speakers, on),
    ] {
        let each = least_time(scene, config, hint);
        println!("{what:20} {each:6.1} µs for 10 ms, {:.2} s a minute", each * 6e3 / 1e6);
    }
}

/// µs for a block: the mean over the blocks of each one's least of five runs, which other
/// programs on the machine disturb little.
fn least_time(scene: &Scene, config: ProcessingConfig, hint: EchoHint) -> f64 {
    let microphone = scene.microphone();
    let blocks = scene.far.as_chunks::<BLOCK>().0.iter().zip(microphone.as_chunks::<BLOCK>().0);
    let mut least = vec![f64::MAX; scene.far.len() / BLOCK];
    for _ in 0..5 {
        let mut processing = Processing::new(config, hint);
        for ((far, near), least) in blocks.clone().zip(&mut least) {
            let mut block = *near;
            let begin = Instant::now();
            processing.far(far);
            processing.near(&mut block);
            *least = least.min(begin.elapsed().as_secs_f64() * 1e6);
        }
    }
    least.iter().sum::<f64>() / least.len() as f64
}

fn trace(scene: &Scene, hint: EchoHint) -> Sent {
    if std::env::var_os("SOUND_TRACE").is_none() {
        return scene.play_anew(hint);
    }
    let mut processing = Processing::new(ProcessingConfig::default(), hint);
    let mut sent = Sent { signal: Vec::new(), states: Vec::new() };
    let microphone = scene.microphone();
    let blocks = scene.far.as_chunks::<BLOCK>().0.iter().zip(microphone.as_chunks::<BLOCK>().0);
    for (i, (far, near)) in blocks.enumerate() {
        processing.far(far);
        let mut block = *near;
        processing.near(&mut block);
        sent.signal.extend_from_slice(&block);
        sent.states.push(processing.state());
        if i % 24 == 23
            && let Some([likeness, delay, far, near]) = processing.last_look()
        {
            let at = i as f32 / 100.0;
            println!(
                "  {at:5.2} likeness {likeness:6.1} at {delay:6.1} ms, {far:5.1} {near:5.1} dB"
            );
        }
    }
    sent
}

fn read(directory: &str, name: &str) -> Result<Vec<f32>, Box<dyn Error>> {
    let bytes = std::fs::read(Path::new(directory).join(format!("{name}.raw")))?;
    let samples = bytes.as_chunks::<2>().0.iter().map(|b| i16::from_le_bytes(*b));
    Ok(samples.map(|s| f32::from(s) / 32768.0).collect())
}

fn write(file: &Path, signal: &[f32]) -> std::io::Result<()> {
    let bytes = signal.iter().flat_map(|s| ((s * 32767.0) as i16).to_le_bytes());
    std::fs::write(file, bytes.collect::<Vec<u8>>())
}
