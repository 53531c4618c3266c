use super::*;
use crate::descriptor::Descriptor;
use crate::quirks::Quirks;
use crate::samples::{BLACKWIRE, DONGLE, PLAIN};
use proptest::prelude::*;

const POLY: (u16, u16) = (0x047F, 0xC056);
const NOBODY: (u16, u16) = (0, 0);

/// A headset with virtual time.
struct Rig {
    now: Moment,
    headset: Headset,
}

impl Rig {
    fn new(descriptor: &[u8], device: (u16, u16)) -> Self {
        let quirk = Quirks::built_in().of(device.0, device.1);
        let descriptor = Descriptor::parse(descriptor).unwrap();
        let controls = Controls::find(&descriptor, &quirk).unwrap();
        let now = Moment::from_millis(10_000);
        let headset = Headset::new(now, controls, &quirk, Situation::default());
        let mut rig = Self { now, headset };
        rig.written();
        rig.pass(2_000);
        rig
    }

    fn pass(&mut self, ms: u64) {
        let end = self.now + Duration::from_millis(ms);
        while let Some(due) = self.headset.deadline().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.headset.tick(self.now);
        }
        self.now = end;
        self.headset.tick(end);
    }

    fn desk(&mut self, desk: &Situation) {
        self.headset.follow(self.now, desk.clone());
    }

    fn report(&mut self, report: &[u8]) -> Vec<Ask> {
        self.headset.report(self.now, report);
        self.asked()
    }

    /// What was asked since the last time; reports that were written are dropped.
    fn asked(&mut self) -> Vec<Ask> {
        self.effects().0
    }

    fn written(&mut self) -> Vec<Vec<u8>> {
        self.effects().1
    }

    fn effects(&mut self) -> (Vec<Ask>, Vec<Vec<u8>>) {
        let mut effects = (Vec::new(), Vec::new());
        while let Some(effect) = self.headset.poll_effect() {
            match effect {
                Effect::Ask(ask) => effects.0.push(ask),
                Effect::Write(report) => effects.1.push(report),
            }
        }
        effects
    }
}

fn idle() -> Situation {
    Situation::default()
}

fn offered() -> Situation {
    Situation { offer: Some("first".into()), ..idle() }
}

fn talking() -> Situation {
    Situation { up: Some("first".into()), can_mute: true, ..idle() }
}

fn held() -> Situation {
    Situation { held: Some("first".into()), ..idle() }
}

fn waiting() -> Situation {
    Situation { offer: Some("second".into()), ..talking() }
}

fn accept(id: &str) -> Ask {
    Ask::Accept { interaction: Some(id.into()) }
}

fn reject(id: &str) -> Ask {
    Ask::Reject { interaction: Some(id.into()) }
}

fn end(id: &str) -> Ask {
    Ask::End { interaction: Some(id.into()) }
}

fn toggle_hold(id: &str) -> Ask {
    Ask::ToggleHold { interaction: Some(id.into()) }
}

const NONE: [Ask; 0] = [];

#[test]
fn a_switch_answers_and_ends_and_its_lamp_answers_at_once() {
    let mut rig = Rig::new(BLACKWIRE, POLY);
    rig.desk(&offered());
    assert_eq!(rig.written(), [[0x18, 1]], "it rings");
    rig.pass(3_000);
    rig.headset.report(rig.now, &[8, 0b010]);
    let (asked, written) = rig.effects();
    assert_eq!(asked, [accept("first")]);
    assert_eq!(written, [[0x17, 1], [0x18, 0]], "before the desk has said anything");
    rig.desk(&talking());
    assert_eq!(rig.written(), [[0; 0]; 0]);
    rig.pass(60_000);
    assert_eq!(rig.report(&[8, 0b000]), [end("first")]);
}

#[test]
fn the_echo_of_a_lamp_asks_for_nothing() {
    let mut rig = Rig::new(BLACKWIRE, NOBODY);
    rig.desk(&talking());
    rig.pass(50);
    assert_eq!(rig.report(&[8, 0b010]), NONE, "answered with the mouse; the headset follows");
    rig.pass(60_000);
    rig.desk(&idle());
    rig.pass(1_500);
    assert_eq!(rig.report(&[8, 0b000]), NONE, "a slow one");
    rig.desk(&offered());
    assert_eq!(rig.asked(), NONE);
    assert_eq!(rig.report(&[8, 0b010]), [accept("first")]);
}

#[test]
fn a_press_against_a_fresh_lamp_counts_when_the_echo_has_had_its_time() {
    let mut rig = Rig::new(BLACKWIRE, NOBODY);
    rig.desk(&talking());
    rig.pass(40);
    assert_eq!(rig.report(&[8, 0b010]), NONE);
    rig.pass(100);
    assert_eq!(rig.report(&[8, 0b000]), NONE);
    rig.pass(700);
    assert_eq!(rig.asked(), [end("first")]);
    // Two lamps in a row: the first one's echo is not a press.
    let mut rig = Rig::new(BLACKWIRE, NOBODY);
    rig.desk(&talking());
    rig.pass(20);
    rig.desk(&offered());
    assert_eq!(rig.report(&[8, 0b010]), NONE);
    rig.pass(20);
    assert_eq!(rig.report(&[8, 0b000]), NONE);
    rig.pass(5_000);
    assert_eq!(rig.asked(), NONE);
}

#[test]
fn a_call_that_waits_is_taken_and_nobody_is_hung_up_on() {
    for (press, first) in [(0b000, "hook on"), (0b110, "flash")] {
        let mut rig = Rig::new(BLACKWIRE, POLY);
        rig.desk(&talking());
        rig.pass(20);
        assert_eq!(rig.report(&[8, 0b010]), NONE);
        rig.pass(10_000);
        rig.desk(&waiting());
        rig.pass(2_000);
        rig.written();
        rig.headset.report(rig.now, &[8, press]);
        let (asked, written) = rig.effects();
        assert_eq!(asked, [accept("second")], "{first}");
        assert!(written.contains(&vec![0x17, 1]), "it is told to stay off-hook: {written:?}");
    }
}

#[test]
fn hold_resume_and_the_hook_that_goes_on_meanwhile() {
    let mut rig = Rig::new(BLACKWIRE, POLY);
    rig.desk(&talking());
    rig.report(&[8, 0b010]);
    rig.pass(10_000);
    assert_eq!(rig.report(&[8, 0b110]), [toggle_hold("first")]);
    rig.pass(100);
    assert_eq!(rig.report(&[8, 0b000]), NONE, "it goes on-hook by itself");
    rig.desk(&held());
    rig.pass(10_000);
    rig.asked();
    assert_eq!(rig.report(&[8, 0b100]), [toggle_hold("first")], "flash resumes");
    assert_eq!(rig.report(&[8, 0b000]), NONE);
    rig.pass(1_000);
    assert_eq!(rig.report(&[8, 0b010]), [toggle_hold("first")], "so does the hook");
}

#[test]
fn offers_are_refused_by_drop_by_button_seven_and_by_a_hook_that_stays_on() {
    let mut plain = Rig::new(PLAIN, NOBODY);
    plain.desk(&offered());
    assert_eq!(plain.report(&[0b100]), [reject("first")]);

    let mut dongle = Rig::new(DONGLE, NOBODY);
    dongle.desk(&offered());
    assert_eq!(dongle.report(&[2, 0b1000_0000, 0]), [reject("first")]);
    dongle.desk(&talking());
    dongle.pass(1_000);
    assert_eq!(dongle.report(&[2, 0b1000_0000, 0]), NONE, "it ends no call");

    let mut poly = Rig::new(BLACKWIRE, POLY);
    poly.desk(&offered());
    assert_eq!(poly.report(&[8, 0]), NONE, "that was for the lamp");
    poly.pass(1_000);
    assert_eq!(poly.report(&[8, 1]), NONE, "mute while it rings");
    assert_eq!(poly.report(&[8, 0]), NONE, "and let go");
    assert_eq!(poly.report(&[8, 0]), [reject("first")]);

    let mut other = Rig::new(BLACKWIRE, NOBODY);
    other.desk(&offered());
    other.pass(1_000);
    assert_eq!(other.report(&[8, 0]), NONE, "said of Poly only");
}

#[test]
fn a_key_answers_when_it_is_let_go_and_refuses_when_it_is_held() {
    const SENNHEISER: (u16, u16) = (0x1395, 0x0028);
    let mut rig = Rig::new(PLAIN, SENNHEISER);
    rig.desk(&offered());
    assert_eq!(rig.report(&[1]), NONE);
    rig.pass(400);
    assert_eq!(rig.report(&[0]), [accept("first")]);
    rig.desk(&talking());
    rig.pass(5_000);
    assert_eq!(rig.report(&[1]), [end("first")]);
    assert_eq!(rig.report(&[0]), NONE);
    rig.desk(&offered());
    assert_eq!(rig.report(&[1]), NONE);
    rig.pass(1_999);
    assert_eq!(rig.asked(), NONE);
    rig.pass(1);
    assert_eq!(rig.asked(), [reject("first")]);
    assert_eq!(rig.report(&[0]), NONE);
    // The caller hung up while it was down.
    rig.desk(&offered());
    assert_eq!(rig.report(&[1]), NONE);
    rig.desk(&idle());
    rig.pass(3_000);
    assert_eq!(rig.report(&[0]), NONE);
}

#[test]
fn a_hook_that_is_let_go_of_at_once_is_a_key_from_then_on() {
    let mut rig = Rig::new(PLAIN, NOBODY);
    rig.desk(&offered());
    assert_eq!(rig.report(&[1]), [accept("first")]);
    rig.desk(&talking());
    rig.pass(120);
    assert_eq!(rig.report(&[0]), NONE, "nobody answers and hangs up in one movement");
    rig.pass(30_000);
    assert_eq!(rig.report(&[1]), [end("first")]);
    assert_eq!(rig.report(&[0]), NONE);
}

#[test]
fn mute_agrees_both_ways() {
    // Toggles: each 1 is a press, the 0 after it nothing.
    let mut wire = Rig::new(BLACKWIRE, POLY);
    assert_eq!(wire.report(&[8, 1]), NONE, "there is nothing to mute");
    wire.pass(1_000);
    wire.desk(&talking());
    wire.written();
    for on in [true, false] {
        wire.headset.report(wire.now, &[8, 0b011]);
        let (asked, written) = wire.effects();
        assert_eq!(asked, [Ask::Mute { on }]);
        assert_eq!(written, [[9, u8::from(on)]], "or the headset would take it back");
        wire.desk(&Situation { muted: on, ..talking() });
        assert_eq!(wire.report(&[8, 0b010]), NONE);
        wire.pass(500);
        assert_eq!(wire.written(), [[0; 0]; 0]);
    }
    // A switch says where it is.
    let mut plain = Rig::new(PLAIN, NOBODY);
    plain.desk(&talking());
    plain.pass(2_000);
    assert_eq!(plain.report(&[0b011]), [Ask::Mute { on: true }]);
    plain.desk(&Situation { muted: true, ..talking() });
    plain.pass(2_000);
    plain.desk(&talking());
    assert_eq!(plain.report(&[0b001]), NONE, "unmuted with a key; the headset follows");
    plain.pass(2_000);
    assert_eq!(plain.report(&[0b011]), [Ask::Mute { on: true }]);
}

#[test]
fn what_the_desk_does_not_do_is_taken_back_from_the_lamps() {
    let mut rig = Rig::new(DONGLE, NOBODY);
    assert_eq!(rig.report(&[2, 1, 0]), NONE, "nothing to answer");
    assert_eq!(rig.written(), [[0; 0]; 0]);
    rig.pass(250);
    assert_eq!(rig.written(), [[2, 0, 0]], "told that it is on-hook");
    rig.desk(&offered());
    assert_eq!(rig.written(), [[2, 0b100_0100, 0]]);
    rig.pass(1_000);
    rig.report(&[2, 0, 0]);
    assert_eq!(rig.report(&[2, 1, 0]), [accept("first")]);
    rig.pass(250);
    assert_eq!(rig.written(), [[2, 0b100_0100, 0]], "the desk refused: it rings on");
}

#[test]
fn lamps_begin_where_the_desk_is_and_go_out_at_the_end() {
    let descriptor = Descriptor::parse(DONGLE).unwrap();
    let quirk = Quirk::default();
    let controls = Controls::find(&descriptor, &quirk).unwrap();
    let desk = Situation { muted: true, ..talking() };
    let mut headset = Headset::new(Moment::ZERO, controls, &quirk, desk);
    let written = headset.poll_effect();
    assert_eq!(written, Some(Effect::Write(vec![2, 0b11_0011, 0])), "plugged in during a call");
    assert_eq!(headset.darken(), [[2, 0, 0]]);
}

#[test]
fn a_switch_that_follows_no_lamp_hangs_nobody_up() {
    let mut rig = Rig::new(DONGLE, NOBODY);
    rig.desk(&talking());
    rig.pass(5_000);
    let mute = rig.report(&[2, 0b1000, 0]);
    assert_eq!(mute, [Ask::Mute { on: true }], "its hook is on, as it was before the call");
    assert_eq!(rig.report(&[2, 0, 0]), NONE);
    rig.pass(5_000);
    assert_eq!(rig.report(&[2, 1, 0]), NONE, "now it agrees");
    assert_eq!(rig.report(&[2, 0, 0]), [end("first")]);
}

/// A device that does what its lamps say and tells of it some time later.
#[derive(Debug, Default)]
struct Echoing {
    hook: bool,
    mute: bool,
    /// When it says what.
    says: VecDeque<(Moment, u8)>,
}

impl Echoing {
    fn lamps(&mut self, now: Moment, lag: u64, lamps: u8) {
        let (hook, mute) = (lamps & 1 != 0, lamps & 2 != 0);
        if (hook, mute) != (self.hook, self.mute) {
            (self.hook, self.mute) = (hook, mute);
            self.say(now + Duration::from_millis(lag));
        }
    }

    fn say(&mut self, at: Moment) {
        let at = self.says.back().map_or(at, |(last, _)| at.max(*last));
        self.says.push_back((at, u8::from(self.hook) | u8::from(self.mute) << 1));
    }
}

#[derive(Clone, Copy, Debug)]
enum Act {
    /// On the headset.
    Hook,
    Mute,
    /// On the screen.
    Answer,
    MuteKey,
    End,
    /// By others.
    Offer,
}

/// One desk, which does what it is asked at once, if it can.
fn obey(desk: &mut Situation, ask: &Ask) {
    match ask {
        Ask::Accept { .. } => (desk.up, desk.can_mute) = (desk.offer.take(), true),
        Ask::End { .. } => (desk.up, desk.can_mute, desk.muted) = (None, false, false),
        Ask::Mute { on } => desk.muted = *on && desk.can_mute,
        other => panic!("nobody asked for {other:?}"),
    }
}

proptest! {
    /// However an echoing device, its agent and the screen take turns: every ask has a
    /// press of its own, and when all is quiet device and desk agree.
    #[test]
    fn lamp_and_switch_never_chase_each_other(
        acts in proptest::collection::vec(
            (prop::sample::select(vec![
                Act::Hook, Act::Mute, Act::Answer, Act::MuteKey, Act::End, Act::Offer,
            ]), 0_u64..3_000),
            1..40,
        ),
        lag in 0_u64..600,
    ) {
        let mut rig = Rig::new(PLAIN, NOBODY);
        let mut device = Echoing::default();
        let mut desk = idle();
        let (mut presses, mut asks) = (0, 0);
        let quiet = [(Act::End, 0), (Act::End, 10_000)];
        for (act, pause) in acts.into_iter().chain(quiet) {
            match act {
                Act::Hook => {
                    presses += 1;
                    device.hook = !device.hook;
                    device.say(rig.now);
                }
                Act::Mute => {
                    presses += 1;
                    device.mute = !device.mute;
                    device.say(rig.now);
                }
                Act::Answer if desk.offer.is_some() => obey(&mut desk, &accept("first")),
                Act::MuteKey if desk.can_mute => desk.muted = !desk.muted,
                Act::End if desk.up.is_some() => obey(&mut desk, &end("first")),
                Act::Offer if desk == idle() => desk = offered(),
                Act::Answer | Act::MuteKey | Act::End | Act::Offer => {}
            }
            rig.desk(&desk);
            for _ in 0..=pause {
                let (asked, written) = rig.effects();
                for ask in &asked {
                    asks += 1;
                    obey(&mut desk, ask);
                }
                if !asked.is_empty() {
                    rig.desk(&desk);
                }
                for report in written {
                    device.lamps(rig.now, lag, report[1]);
                }
                rig.pass(1);
                while device.says.front().is_some_and(|(at, _)| *at <= rig.now) {
                    let (_, said) = device.says.pop_front().unwrap();
                    rig.headset.report(rig.now, &[said]);
                }
            }
        }
        prop_assert!(asks <= presses, "{asks} asks, {presses} presses");
        prop_assert_eq!(device.mute, desk.muted);
        prop_assert_eq!(device.hook, desk.up.is_some());
        prop_assert_eq!(rig.headset.deadline(), None, "nothing is left to wake up for");
    }

    /// Whatever a device sends: no panic, and never more asks than reports.
    #[test]
    fn any_reports_are_borne(
        which in 0_usize..3,
        reports in proptest::collection::vec(
            (proptest::collection::vec(any::<u8>(), 0..8), 0_u64..400), 0..200),
    ) {
        let sample = [BLACKWIRE, DONGLE, PLAIN][which];
        let mut rig = Rig::new(sample, POLY);
        for (report, pause) in reports {
            rig.desk(&waiting());
            let asked = rig.report(&report);
            prop_assert!(asked.len() <= 5, "{asked:?}");
            rig.pass(pause);
        }
    }
}
