//! Two engines talk over simulated networks: for each condition and seed, what each side
//! hears as WAV, to be scored against what was said (`score.py`), and a line of figures.
//!
//! `cargo bench -p omnibar-media --bench path -- SPEECH_DIR OUT_DIR [CONDITIONS [SEEDS [VARIANT]]]`
//!
//! `SPEECH_DIR` has `A.raw` and `B.raw`, 48 kHz mono 16 bit. Conditions are separated by
//! commas (see [`line::Condition`]), seeds are a count. Variant: `all`, `short` (packets of 10
//! ms), `nored`, `nonack`, `plain` (neither) or `off` (no feedback at all). With `PATH_TRACE` set, a line for each tenth
//! of a second.

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod line;

use line::{Condition, Line, What};
use omnibar_media::loss::Allowed;
use omnibar_media::{
    BLOCK, Engine, EngineConfig, JitterStats, Micros, Packet, PacketSink, SAMPLE_RATE, Sources,
};
use std::error::Error;
use std::path::Path;

const CONDITIONS: &str =
    "clean,loss1,loss5,loss10,loss20,burst10,jitter20,jitter50,jitter100,wifi120";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [speech, out, rest @ ..] = &arguments[..] else {
        println!("path: give SPEECH_DIR and OUT_DIR");
        return Ok(());
    };
    let conditions = rest.first().map_or(CONDITIONS, String::as_str);
    let seeds: u64 = rest.get(1).map_or(Ok(3), |seeds| seeds.parse())?;
    let variant = rest.get(2).map_or("all", String::as_str);
    let speech = [read(speech, "A")?, read(speech, "B")?];
    std::fs::create_dir_all(out)?;
    println!("condition seed side  delay p50 p95 ms  lost% late% conc% stretch%  kbit/s  layers");
    for name in conditions.split(',') {
        let condition = Condition::named(name)?;
        for seed in 1..=seeds {
            let sides = call(&speech, condition, seed, variant)?;
            for (side, name_of) in sides.iter().zip(["A", "B"]) {
                println!("{name:10} {seed:4} {name_of:4} {}", side.figures());
                let file = Path::new(out).join(format!("{name}-{seed}-{name_of}.wav"));
                write(&file, &side.heard)?;
            }
        }
    }
    Ok(())
}

struct Side {
    engine: Engine,
    heard: Vec<f32>,
    delays: Vec<f32>,
    bytes: u64,
    begin: JitterStats,
    /// µs, of this card's blocks against the grid.
    phase: u64,
}

#[derive(Default)]
struct Out(Vec<Packet>);

impl PacketSink for Out {
    fn send(&mut self, packet: Packet) {
        self.0.push(packet);
    }
}

/// µs: set-up is over, and the network becomes what it shall be; scoring begins 2 s later.
const BAD_FROM: u64 = 5_000_000;
const SCORED_FROM: u64 = 7_000_000;
/// Epoch of the virtual clock.
const EPOCH: u64 = 100_000_000;

fn call(
    speech: &[Vec<f32>; 2],
    condition: Condition,
    seed: u64,
    variant: &str,
) -> Result<[Side; 2], Box<dyn Error>> {
    let mut sides = [side(seed * 2, 1, variant)?, side(seed * 2 + 1, 2, variant)?];
    // From A to B and back.
    let mut lines = [Line::new(seed * 1000 + 1), Line::new(seed * 1000 + 2)];
    let trace = std::env::var_os("PATH_TRACE").is_some();
    let blocks = speech[0].len().min(speech[1].len()) / BLOCK;
    // 1 ms steps; each card has its own phase.
    for step in 0..blocks as u64 * 10 {
        let now = Micros(EPOCH + step * 1_000);
        if step * 1_000 == BAD_FROM {
            lines.iter_mut().for_each(|line| line.become_bad(condition, now));
        }
        for me in 0..2 {
            for what in lines[1 - me].arrived(now) {
                let mut out = Out::default();
                match what {
                    What::Rtp(received) => sides[me].engine.receive(received),
                    What::Rtcp(bytes) => sides[me].engine.receive_rtcp(now, &bytes, &mut out),
                }
                sides[me].send(&mut lines[me], now, out.0);
            }
            if (step + sides[me].phase).is_multiple_of(10) {
                let block = (step / 10) as usize;
                sides[me].block(&speech[me], block, now, &mut lines[me])?;
                if trace && step % 100 < 10 {
                    let (at, stats) = (step as f32 / 1000.0, sides[me].engine.stats());
                    println!(
                        "{at:6.1} {} delay {:5.1} target {:5.1} guessed {} lost {} -{} +{} {}",
                        ["A", "B"][me],
                        stats.delay_ms,
                        stats.target_ms,
                        stats.concealed,
                        stats.lost,
                        stats.removed,
                        stats.inserted,
                        sides[me].layers()
                    );
                }
                if step * 1_000 < SCORED_FROM {
                    sides[me].begin = sides[me].engine.stats();
                    sides[me].bytes = 0;
                    sides[me].delays.clear();
                }
            }
            if variant != "off"
                && let Some(bytes) = sides[me].engine.rtcp(now)
            {
                lines[me].send(now, What::Rtcp(bytes.to_vec()));
            }
        }
    }
    Ok(sides)
}

fn side(seed: u64, source: u32, variant: &str) -> Result<Side, Box<dyn Error>> {
    let config = EngineConfig { seed, red: Some(63), ..EngineConfig::default() };
    let mut engine = Engine::new(config)?;
    engine.set_microphone(true);
    engine.set_sources(Sources { ours: source, theirs: Some(3 - source) });
    let allowed = Allowed { red: true, nack: true, deep: true, ..Allowed::default() };
    engine.allow(match variant {
        "all" => allowed,
        "short" => Allowed { packet: Micros(10_000), ..allowed },
        "nored" => Allowed { red: false, ..allowed },
        "nonack" => Allowed { nack: false, ..allowed },
        "plain" => Allowed { red: false, nack: false, deep: false, ..allowed },
        "off" => Allowed::default(),
        other => return Err(format!("no variant {other}").into()),
    });
    Ok(Side {
        engine,
        heard: Vec::new(),
        delays: Vec::new(),
        bytes: 0,
        begin: JitterStats::default(),
        phase: seed * 7 % 10,
    })
}

impl Side {
    /// The card has 10 ms and wants 10 ms.
    fn block(
        &mut self,
        speech: &[f32],
        block: usize,
        now: Micros,
        line: &mut Line,
    ) -> Result<(), Box<dyn Error>> {
        let at = block * BLOCK;
        let mut heard = [0.0; BLOCK];
        self.engine.playout(now, &mut heard);
        self.heard.extend_from_slice(&heard);
        self.delays.push(self.engine.stats().delay_ms);
        let mut out = Out::default();
        // A block is there when its last sample is.
        let said = at.checked_sub(BLOCK).and_then(|at| speech.get(at..at + BLOCK));
        if let Some(said) = said.and_then(<[f32]>::as_array) {
            self.engine.capture(said, &mut out)?;
        }
        self.send(line, now, out.0);
        Ok(())
    }

    fn send(&mut self, line: &mut Line, now: Micros, packets: Vec<Packet>) {
        for packet in packets {
            self.bytes += packet.payload.len() as u64;
            line.send(now, packet.into());
        }
    }

    fn layers(&self) -> String {
        let (layers, path) = (self.engine.layers(), self.engine.path_out());
        let distances: Vec<u8> = layers.pattern.distances().collect();
        let fec = if layers.fec { layers.expected_loss } else { 0 };
        let (share, burst) = (path.share * 100.0, path.burst);
        format!("{distances:?} fec {fec} deep {} (path {share:.1}% x{burst:.1})", layers.deep)
    }

    fn figures(&self) -> String {
        let mut delays = self.delays.clone();
        delays.sort_by(f32::total_cmp);
        let at = |share: f64| delays[((delays.len() - 1) as f64 * share) as usize];
        let (now, then) = (self.engine.stats(), self.begin);
        let packets = (self.delays.len() as f32 / 2.0).max(1.0);
        let samples = (now.played - then.played) as f32;
        let share = |now: u64, then: u64, of: f32| (now - then) as f32 * 100.0 / of;
        format!(
            "{:6.0} {:5.0} target {:4.0}  lost {:5.2}% late {:5.2}% conc {:5.2}% deep {:5.2}% \
             +{:4.2}% -{:4.2}%  fec {:3} red {:4} nack {:4}  {:5.1} kbit/s {}",
            at(0.5),
            at(0.95),
            now.target_ms,
            share(now.lost, then.lost, packets),
            share(now.late, then.late, packets),
            share(now.concealed, then.concealed, samples),
            share(now.rebuilt, then.rebuilt, samples),
            share(now.inserted, then.inserted, samples),
            share(now.removed, then.removed, samples),
            now.recovered - then.recovered,
            now.restored - then.restored,
            now.repeated - then.repeated,
            self.bytes as f32 * 8.0 / (packets * 20.0),
            self.layers(),
        )
    }
}

fn read(folder: &str, side: &str) -> Result<Vec<f32>, Box<dyn Error>> {
    let bytes = std::fs::read(Path::new(folder).join(format!("{side}.raw")))?;
    let pairs = bytes.as_chunks::<2>().0;
    Ok(pairs.iter().map(|pair| f32::from(i16::from_le_bytes(*pair)) / 32_768.0).collect())
}

fn write(file: &Path, samples: &[f32]) -> Result<(), Box<dyn Error>> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: SAMPLE_RATE,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(file, spec)?;
    for sample in samples {
        writer.write_sample((sample * 32_767.0) as i16)?;
    }
    writer.finalize()?;
    Ok(())
}
