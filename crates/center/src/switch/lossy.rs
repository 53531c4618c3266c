//! Two voice engines that call each other through the board, each over a path that loses:
//! in virtual time, without a network.

use super::SwitchCommand;
use super::board::{Board, Exit, Input, Surroundings};
use super::clock::{Clock, Gauge};
use super::party::Scripts;
use super::recording::Recorder;
use super::studio::Studio;
use omnibar_media::codec::EncoderConfig;
use omnibar_media::loss::Allowed;
use omnibar_media::sim::{Loss, Network, NetworkConfig, Random, Speech};
use omnibar_media::{
    BLOCK, Engine, EngineConfig, JitterStats, Micros, Packet, PacketSink, Received, Sources,
};
use omnibar_model::LegId;
use omnibar_peer::{PeerState, RED, Terms};
use std::collections::VecDeque;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

struct World {
    board: Board,
    ends: Vec<End>,
    now: u64,
    random: Random,
    _hung_up: Vec<oneshot::Receiver<()>>,
}

/// A party, its engine, and its path to the switch and back.
struct End {
    key: u64,
    ssrc: u32,
    engine: Engine,
    voice: Speech,
    path: [Network; 2],
    /// RTCP under way: as late as voice, and lost as often.
    told: [VecDeque<(u64, Vec<u8>)>; 2],
    config: NetworkConfig,
    exit: Arc<Mutex<Sent>>,
    /// Payload types that the switch sent.
    kinds: Vec<u8>,
}

#[derive(Default)]
struct Sent {
    packets: Vec<Packet>,
    rtcp: Vec<Vec<u8>>,
}

struct Keeps(Arc<Mutex<Sent>>);

impl Exit for Keeps {
    fn send(&self, packet: Packet) {
        self.0.lock().unwrap().packets.push(packet);
    }

    fn send_rtcp(&self, bytes: &[u8]) {
        self.0.lock().unwrap().rtcp.push(bytes.to_vec());
    }

    fn takes_events(&self) -> bool {
        true
    }
}

#[derive(Default)]
struct Out(Vec<Packet>);

impl PacketSink for Out {
    fn send(&mut self, packet: Packet) {
        self.0.push(packet);
    }
}

#[derive(Clone, Copy)]
struct Line {
    red: bool,
    nack: bool,
    fec: bool,
    packet: Micros,
    loss: Loss,
    delay: u64,
}

const LONG: Micros = Micros(20_000);
const SHORT: Micros = Micros(10_000);

impl World {
    fn new(lines: [Line; 2]) -> Self {
        let (board_input, _) = channel();
        let (studio, _, _) = Studio::new(board_input.clone(), 1);
        let (events, _) = mpsc::unbounded_channel();
        let board = Board::new(Surroundings {
            studio,
            recorder: Recorder::start(Clock::start(), board_input).unwrap(),
            events,
            scripts: Scripts::default(),
            record_customers: None,
            lost_after: Duration::from_secs(30),
            seed: 1,
        });
        let mut world = Self {
            board,
            ends: Vec::new(),
            now: 1_000_000,
            random: Random::new(9),
            _hung_up: Vec::new(),
        };
        for (n, line) in lines.into_iter().enumerate() {
            world.call(n, line);
        }
        world.connect(&[0, 1]);
        world
    }

    fn connect(&mut self, legs: &[usize]) {
        let legs = legs.iter().map(|n| LegId::new(&format!("leg{n}"))).collect();
        self.order(SwitchCommand::Connect { bridge: "call".into(), legs });
    }

    fn call(&mut self, n: usize, line: Line) {
        let now = Micros(self.now);
        let (hang_up, hung_up) = oneshot::channel();
        let (answer, mut key) = oneshot::channel();
        let leg = LegId::new(&format!("leg{n}"));
        self.board.handle(now, Input::Open { leg, hang_up, key: answer });
        let key = key.try_recv().unwrap().unwrap();
        self._hung_up.push(hung_up);
        let trip = Micros(2 * line.delay);
        let end = self.end(n, key, line, 0);
        self.ends.push(end);
        self.board.handle(now, Input::Connection { key, state: PeerState::Connected });
        self.board.handle(now, Input::RoundTrip { key, trip });
    }

    /// The party has loaded its page again: another engine, and another connection.
    fn reload(&mut self, n: usize, line: Line) {
        let key = self.ends[n].key;
        self.ends[n] = self.end(n, key, line, 50);
    }

    /// `sources`: added to those of the connection.
    fn end(&mut self, n: usize, key: u64, line: Line, sources: u32) -> End {
        let now = Micros(self.now);
        let (ours, theirs) = (100 + sources + n as u32, 200 + sources + n as u32);
        let exit: Arc<Mutex<Sent>> = Arc::default();
        let terms = Terms {
            red: line.red,
            nack: line.nack,
            omnibar: line.red,
            packet: line.packet,
            ..Terms::none(ours)
        };
        let way_out = Box::new(Keeps(exit.clone()));
        self.board.handle(now, Input::Attach { key, exit: way_out, terms });
        let red = line.red.then_some(RED);
        let seed = n as u64 + 1 + u64::from(sources);
        let encoder = EncoderConfig { fec: line.fec, ..EncoderConfig::default() };
        let mut engine =
            Engine::new(EngineConfig { seed, red, encoder, ..EngineConfig::default() }).unwrap();
        engine.allow(Allowed {
            red: line.red,
            nack: line.nack,
            packet: if line.red { line.packet } else { LONG },
            ..Allowed::default()
        });
        engine.set_sources(Sources { ours: theirs, theirs: Some(ours) });
        engine.set_microphone(true);
        let config =
            NetworkConfig { loss: line.loss, delay: line.delay, ..NetworkConfig::default() };
        End {
            key,
            ssrc: theirs,
            engine,
            voice: Speech::new(4 + n as u64, 140.0),
            path: [Network::new(config, 3 * seed), Network::new(config, 5 * seed)],
            told: Default::default(),
            config,
            exit,
            kinds: Vec::new(),
        }
    }

    fn order(&mut self, command: SwitchCommand) {
        let (reply, mut answer) = oneshot::channel();
        self.board.handle(Micros(self.now), Input::Order(command, reply));
        answer.try_recv().unwrap();
    }

    /// What each end has heard since the start.
    fn run(&mut self, seconds: u64) -> Vec<JitterStats> {
        for block in 0..seconds * 100 {
            self.now += 10_000;
            for n in 0..self.ends.len() {
                self.speak(n);
            }
            if block % 2 == 0 {
                self.board.tick(Micros(self.now), 1);
            }
            for n in 0..self.ends.len() {
                self.listen(n);
            }
        }
        self.ends.iter().map(|end| end.engine.stats()).collect()
    }

    fn speak(&mut self, n: usize) {
        let now = Micros(self.now);
        let end = &mut self.ends[n];
        let mut block = [0.0; BLOCK];
        end.voice.fill(&mut block);
        let mut out = Out::default();
        end.engine.capture(&block, &mut out).unwrap();
        while let Some((_, bytes)) = end.told[1].pop_front_if(|(at, _)| *at <= self.now) {
            end.engine.receive_rtcp(now, &bytes, &mut out);
        }
        for packet in out.0 {
            end.path[0].send(now, packet);
        }
        let (key, ssrc) = (end.key, end.ssrc);
        while let Some(Received { arrived, packet }) = end.path[0].poll(now) {
            let voice = Input::Voice { key, arrived, ssrc, packet, gauge: None };
            self.board.handle(arrived, voice);
        }
        while let Some((arrived, bytes)) = end.told[0].pop_front_if(|(at, _)| *at <= self.now) {
            let (arrived, gauge) = (Micros(arrived), Gauge::new(9));
            assert!(gauge.enter());
            self.board.handle(arrived, Input::Rtcp { key, arrived, bytes, gauge });
        }
    }

    fn listen(&mut self, n: usize) {
        let now = Micros(self.now);
        let end = &mut self.ends[n];
        let sent = std::mem::take(&mut *end.exit.lock().unwrap());
        let share = match end.config.loss {
            Loss::Random(share) => share,
            Loss::None | Loss::Burst { .. } => 0.0,
        };
        let mut told = |queue: &mut VecDeque<_>, bytes: Vec<u8>| {
            if !self.random.chance(share) {
                queue.push_back((self.now + end.config.delay, bytes));
            }
        };
        for packet in sent.packets {
            end.kinds.push(packet.payload_type);
            end.path[1].send(now, packet);
        }
        for bytes in sent.rtcp {
            told(&mut end.told[1], bytes);
        }
        while let Some(received) = end.path[1].poll(now) {
            end.engine.receive(received);
        }
        let mut block = [0.0; BLOCK];
        end.engine.playout(now, &mut block);
        if let Some(bytes) = end.engine.rtcp(now) {
            told(&mut end.told[0], bytes.to_vec());
        }
    }
}

/// Share of what was played that had to be guessed or taken from in-band FEC, per cent.
fn missing(from: JitterStats, to: JitterStats) -> f64 {
    let bad = (to.concealed - from.concealed) + 960 * (to.recovered - from.recovered);
    bad as f64 * 100.0 / (to.played - from.played) as f64
}

fn heard(lines: [Line; 2]) -> ([f64; 2], Vec<JitterStats>, World) {
    let mut world = World::new(lines);
    let begin = world.run(3);
    let stats = world.run(10);
    ([0, 1].map(|n| missing(begin[n], stats[n])), stats, world)
}

const FULL: Line =
    Line { red: true, nack: true, fec: true, packet: LONG, loss: Loss::Random(0.1), delay: 15_000 };
const NONE: Line = Line { red: false, nack: false, ..FULL };

#[test]
fn what_two_bad_paths_lose_is_made_good_on_each() {
    let (without, _, _) = heard([NONE, NONE]);
    for packet in [LONG, SHORT] {
        let line = Line { packet, ..FULL };
        let (with, stats, _) = heard([line, line]);
        for n in [0, 1] {
            assert!(without[n] > 14.0, "{without:?}");
            assert!(with[n] < without[n] / 10.0, "{with:?} % instead of {without:?} %");
            assert!(stats[n].delay_ms < 110.0, "{stats:?}");
            assert_eq!((stats[n].resynchronised, stats[n].discarded), (0, 0), "{stats:?}");
        }
    }
}

/// A browser that takes neither copies nor requests, on a good path: the agent's bad path is
/// no concern of it.
#[test]
fn a_party_without_layers_hears_a_bad_path_made_good() {
    let good = Line { loss: Loss::None, ..NONE };
    let (without, _, _) = heard([NONE, good]);
    let (with, _, world) = heard([FULL, good]);
    assert!(without[1] > 8.0, "{without:?}");
    assert!(with[1] < without[1] / 10.0, "{with:?} % instead of {without:?} %");
    assert!(world.ends[1].kinds.iter().all(|kind| *kind != RED));
}

/// The switch adds copies for a bad path to a leg whose partner sends none.
#[test]
fn a_bad_path_is_helped_though_the_partner_cannot() {
    let good = Line { loss: Loss::None, ..NONE };
    let (without, _, _) = heard([good, NONE]);
    let (with, _, world) = heard([good, FULL]);
    assert!(without[1] > 8.0, "{without:?}");
    assert!(with[1] < without[1] / 10.0, "{with:?} % instead of {without:?} %");
    assert!(world.ends[1].kinds.contains(&RED));
}

/// Requests alone, where the way is short.
#[test]
fn requests_alone_help_on_a_short_way() {
    let line = Line { red: false, fec: false, ..FULL };
    let none = Line { nack: false, ..line };
    let (without, _, _) = heard([none, none]);
    let (with, _, _) = heard([line, line]);
    for n in [0, 1] {
        assert!(with[n] < without[n] / 2.0, "{with:?} % instead of {without:?} %");
    }
}

#[test]
fn a_good_path_gets_no_copies_for_long() {
    let line = Line { loss: Loss::None, ..FULL };
    let mut world = World::new([line, FULL]);
    world.run(36);
    let kinds = &world.ends[0].kinds;
    // Only what the other lost on its own way here goes along.
    let late = &kinds[kinds.len() - 200..];
    let copies = late.iter().filter(|kind| **kind == RED).count();
    assert!((5..50).contains(&copies), "{copies} of 200");
}

/// Short packets are for those who both take them.
#[test]
fn packets_are_as_short_as_both_ends_take() {
    let good = Line { loss: Loss::None, packet: SHORT, ..FULL };
    let browser = Line { red: false, nack: false, packet: LONG, ..good };
    for (partner, rate) in [(good, 100), (browser, 50)] {
        let mut world = World::new([good, partner]);
        world.run(2);
        let before = world.ends[1].kinds.len();
        world.run(2);
        let packets = world.ends[1].kinds.len() - before;
        assert!(packets.abs_diff(2 * rate) <= 2, "{packets} in 2 s");
    }
}

/// Who was consulted takes the call, on a bad path as well.
#[test]
fn a_leg_is_replaced_and_held_while_voice_runs() {
    let mut world = World::new([FULL, FULL]);
    world.call(2, FULL);
    world.run(3);
    world.connect(&[0]);
    world.run(1);
    world.connect(&[0, 2]);
    let begin = world.run(3);
    let end = world.run(6);
    for n in [0, 2] {
        let bad = missing(begin[n], end[n]);
        assert!(bad < 2.0, "{bad} % at {n}");
        assert_eq!((end[n].resynchronised, end[n].discarded), (0, 0), "{:?}", end[n]);
    }
    world.connect(&[0, 1]);
    let begin = world.run(3);
    let end = world.run(6);
    for n in [0, 1] {
        let bad = missing(begin[n], end[n]);
        assert!(bad < 2.0, "{bad} % at {n}");
    }
}

#[test]
fn a_page_that_is_loaded_again_goes_on_with_its_layers() {
    let mut world = World::new([FULL, FULL]);
    world.run(4);
    world.reload(1, FULL);
    let begin = world.run(3);
    let end = world.run(8);
    for n in [0, 1] {
        let bad = missing(begin[n], end[n]);
        assert!(bad < 2.0, "{bad} % at {n}");
    }
    assert_eq!(end[1].resynchronised, 0, "{:?}", end[1]);
}
