//! What one headset's presses ask of the desk, and what its lamps show. No device, no
//! clock: time is an argument.

use crate::controls::{Button, Controls, Lamp, Manner};
use crate::quirks::Quirk;
use crate::situation::Situation;
use omnibar_desk::Ask;
use omnibar_model::{InteractionId, Moment};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// A headset repeats what a lamp tells it as if its switch had been used. What it says
/// against the lamp within this time waits until the time is over.
pub(crate) const ECHO: Duration = Duration::from_millis(700);
/// What a press asked for is shown at once; by then the desk has said what became of it.
const CONFIRM: Duration = Duration::from_millis(250);
/// A hook that is on again this soon after it answered is a key, not a switch.
const LET_GO: Duration = Duration::from_millis(300);
/// Vendors' own time for a long press.
const LONG: Duration = Duration::from_secs(2);
/// Two ones of a control that tells no release are one press within this time.
const BOUNCE: Duration = Duration::from_millis(100);
/// Some headsets go on-hook when they ask for hold.
const FLASH: Duration = Duration::from_millis(500);

const LAMPS: [Lamp; 5] = [Lamp::OffHook, Lamp::Ring, Lamp::Mute, Lamp::Hold, Lamp::OnLine];

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    Ask(Ask),
    /// An output report, its number first.
    Write(Vec<u8>),
}

/// One headset.
///
/// ```text
///  offer ──hook off, press, flash──▶ accept (a call that is up is held by the centre)
///  offer ──drop, reject, long press──▶ reject
///  up ──hook on, press, drop──▶ end          up ──flash──▶ hold
///  held ──hook off, press, flash──▶ resume
/// ```
///
/// Lamps follow the desk. A switch whose new position is what the desk says already asks
/// for nothing, so lamp and switch cannot chase each other.
#[derive(Debug)]
pub(crate) struct Headset {
    controls: Controls,
    on_hook_rejects: bool,
    /// The desk's word.
    told: Situation,
    /// The desk's word, or what a press has just asked for.
    shown: Situation,
    /// As last written; what is missing is to be written.
    lamps: BTreeMap<Lamp, bool>,
    /// Values of the last report.
    reported: BTreeMap<Button, bool>,
    hook: Switch,
    mute: Switch,
    /// The hook turned out to be a key.
    hook_is_key: bool,
    /// A key that went down as its lamp had just said: at that time it is a switch that
    /// echoes, unless it is let go before.
    echoes: Option<Moment>,
    answered: Option<Moment>,
    flashed: Option<Moment>,
    pressed: BTreeMap<Button, Moment>,
    /// A key that is held down while it rings.
    down: Option<Moment>,
    confirm: Option<Moment>,
    wrote: Moment,
    effects: VecDeque<Effect>,
}

/// Where a switch is believed to be.
#[derive(Clone, Copy, Debug, Default)]
struct Switch {
    on: bool,
    /// A lamp has just told it to go where it is believed to be.
    told_until: Option<Moment>,
    /// Meanwhile it said that it is elsewhere.
    disagrees: bool,
}

impl Switch {
    /// A lamp of the same meaning was written. What the device says next may be older
    /// than that: it has its time even if it is believed to be there already. Only a lamp
    /// that went along with another, as the device had `said` last, changes nothing.
    fn told(&mut self, now: Moment, on: bool, said: bool, along: bool) {
        if along && self.on == on && said == on {
            return;
        }
        let disagrees = self.disagrees && self.on == on;
        *self = Self { on, told_until: Some(now + ECHO), disagrees };
    }

    /// True if it has moved by itself. What it says again and again is no movement: its
    /// report may be about another button, and some switches follow no lamp.
    fn says(&mut self, now: Moment, before: bool, on: bool) -> bool {
        if before == on {
            return false;
        }
        if self.told_until.is_some_and(|until| now < until) {
            self.disagrees = on != self.on;
            return false;
        }
        let moved = on != self.on;
        *self = Self { on, ..Self::default() };
        moved
    }

    fn deadline(&self) -> Option<Moment> {
        self.told_until.filter(|_| self.disagrees)
    }

    /// True if it still disagrees now that it has had its time.
    fn tick(&mut self, now: Moment) -> bool {
        let moved = self.deadline().is_some_and(|until| until <= now);
        if moved {
            *self = Self { on: !self.on, ..Self::default() };
        }
        moved
    }
}

impl Headset {
    /// All lamps are written first, so that the device begins where the desk is.
    pub(crate) fn new(now: Moment, controls: Controls, quirk: &Quirk, desk: Situation) -> Self {
        let mut headset = Self {
            controls,
            on_hook_rejects: quirk.on_hook_rejects,
            told: desk.clone(),
            shown: desk,
            lamps: BTreeMap::new(),
            reported: BTreeMap::new(),
            hook: Switch::default(),
            mute: Switch::default(),
            hook_is_key: false,
            echoes: None,
            answered: None,
            flashed: None,
            pressed: BTreeMap::new(),
            down: None,
            confirm: None,
            wrote: now,
            effects: VecDeque::new(),
        };
        headset.light(now);
        headset
    }

    /// The desk has changed.
    pub(crate) fn follow(&mut self, now: Moment, desk: Situation) {
        self.told = desk.clone();
        self.shown = desk;
        if self.shown.offer.is_none() {
            self.down = None;
        }
        self.confirm = None;
        self.light(now);
    }

    /// The device has sent an input report.
    pub(crate) fn report(&mut self, now: Moment, report: &[u8]) {
        let read = self.controls.read(report);
        let mut at_rest = !read.is_empty();
        for (button, manner, on) in read {
            let before = self.reported.insert(button, on).unwrap_or_default();
            at_rest &= !on && !before;
            match (self.manner(button, manner), button) {
                (Manner::Switch, Button::Hook) => {
                    let let_go = before && !on && lately(now, self.answered, LET_GO);
                    if let_go && self.hook.on {
                        self.hook_is_key = true;
                        self.expect(now, &[Lamp::OffHook, Lamp::Ring, Lamp::OnLine]);
                    } else if self.hook.says(now, before, on) {
                        self.hook_moved(now, on);
                    }
                }
                (Manner::Switch, Button::Mute) => {
                    if self.mute.says(now, before, on) {
                        self.mute_moved(now, on);
                    }
                }
                (Manner::Switch, Button::Flash | Button::Drop | Button::Reject)
                | (Manner::Button, _) => match (before, on) {
                    (false, true) => self.press(now, button, true),
                    (true, false) => self.let_go(now, button),
                    (true, true) | (false, false) => {}
                },
                (Manner::Toggle, _) => {
                    if on && !self.bounces(now, button) {
                        self.press(now, button, false);
                    }
                }
            }
        }
        // On-hook without having been off: that is how it refuses.
        let settled = now.since(self.wrote) >= ECHO;
        if at_rest && self.on_hook_rejects && settled && self.shown.up.is_none() {
            self.reject(now);
        }
    }

    /// Does what was due by now.
    pub(crate) fn tick(&mut self, now: Moment) {
        if self.down.is_some_and(|since| since + LONG <= now) {
            self.down = None;
            match self.shown.up {
                Some(_) => self.accept(now),
                None => self.reject(now),
            }
        }
        if self.echoes.is_some_and(|until| until <= now) {
            (self.echoes, self.hook_is_key) = (None, false);
            self.hook = Switch { on: true, ..Switch::default() };
        }
        if self.hook.tick(now) {
            self.hook_moved(now, self.hook.on);
        }
        if self.mute.tick(now) {
            self.mute_moved(now, self.mute.on);
        }
        if self.confirm.is_some_and(|at| at <= now) {
            self.confirm = None;
            self.shown = self.told.clone();
            self.light(now);
        }
    }

    pub(crate) fn deadline(&self) -> Option<Moment> {
        let long = self.down.map(|since| since + LONG);
        let switches = [self.hook.deadline(), self.mute.deadline(), self.echoes];
        switches.into_iter().chain([long, self.confirm]).flatten().min()
    }

    pub(crate) fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// The reports that put every lamp out, for the end.
    pub(crate) fn darken(&self) -> Vec<Vec<u8>> {
        self.controls.write(&LAMPS, |_| false)
    }

    fn manner(&self, button: Button, manner: Manner) -> Manner {
        if button == Button::Hook && self.hook_is_key { Manner::Button } else { manner }
    }

    fn bounces(&mut self, now: Moment, button: Button) -> bool {
        let last = self.pressed.insert(button, now);
        last.is_some_and(|last| now.since(last) < BOUNCE)
    }

    fn hook_moved(&mut self, now: Moment, off_hook: bool) {
        self.expect(now, &[Lamp::OffHook, Lamp::Ring, Lamp::OnLine]);
        if off_hook {
            match (&self.shown.offer, &self.shown.up, &self.shown.held) {
                (Some(_), _, _) => self.accept(now),
                (None, None, Some(held)) => self.toggle_hold(held.clone()),
                (None, _, _) => {}
            }
        } else if lately(now, self.flashed, FLASH) {
            // It asked for hold and goes on-hook meanwhile.
        } else if self.shown.up.is_some() && self.shown.offer.is_some() {
            // A call that waits is taken; nobody is hung up on by a doubtful press.
            self.accept(now);
        } else {
            self.end(now);
        }
    }

    fn mute_moved(&mut self, now: Moment, on: bool) {
        self.expect(now, &[Lamp::Mute]);
        if self.shown.can_mute && self.shown.muted != on {
            self.set_mute(now, on);
        }
    }

    /// `held_down`: the device tells when it is let go.
    fn press(&mut self, now: Moment, button: Button, held_down: bool) {
        match button {
            Button::Hook if self.may_echo(now) => self.echoes = self.hook.told_until,
            Button::Hook if held_down && !self.hook_is_key && self.shown.offer.is_some() => {
                self.down = Some(now);
            }
            Button::Hook => self.press_hook(now),
            Button::Mute => {
                self.expect(now, &[Lamp::Mute]);
                if self.shown.can_mute {
                    self.set_mute(now, !self.shown.muted);
                }
            }
            Button::Flash => {
                self.flashed = Some(now);
                self.expect(now, &[Lamp::Hold, Lamp::OffHook]);
                if self.shown.offer.is_some() {
                    self.accept(now);
                } else if let Some(call) = self.shown.up.clone().or(self.shown.held.clone()) {
                    self.toggle_hold(call);
                }
            }
            Button::Drop if self.shown.offer.is_some() => self.reject(now),
            Button::Drop => self.end(now),
            Button::Reject => self.reject(now),
        }
    }

    /// Whether the hook, known as a key, may only repeat what its lamp told it.
    fn may_echo(&self, now: Moment) -> bool {
        let told = self.hook.told_until.is_some_and(|until| now < until);
        self.hook_is_key && self.hook.on && told
    }

    fn let_go(&mut self, now: Moment, button: Button) {
        if button == Button::Hook && (self.down.take().is_some() || self.echoes.take().is_some()) {
            self.press_hook(now);
        }
    }

    fn press_hook(&mut self, now: Moment) {
        self.expect(now, &[Lamp::OffHook, Lamp::Ring, Lamp::OnLine]);
        match (&self.shown.offer, &self.shown.up, &self.shown.held) {
            (Some(_), _, _) => self.accept(now),
            (None, Some(_), _) => self.end(now),
            (None, None, Some(held)) => self.toggle_hold(held.clone()),
            (None, None, None) => {}
        }
    }

    fn accept(&mut self, now: Moment) {
        if let Some(offer) = self.shown.offer.take() {
            self.answered = Some(now);
            if let Some(before) = self.shown.up.replace(offer.clone()) {
                self.shown.held = Some(before);
            }
            self.ask(now, Ask::Accept { interaction: Some(offer) });
        }
    }

    fn reject(&mut self, now: Moment) {
        if let Some(offer) = self.shown.offer.take() {
            self.ask(now, Ask::Reject { interaction: Some(offer) });
        }
    }

    fn end(&mut self, now: Moment) {
        if let Some(up) = self.shown.up.take() {
            self.ask(now, Ask::End { interaction: Some(up) });
        }
    }

    fn set_mute(&mut self, now: Moment, on: bool) {
        self.shown.muted = on;
        self.ask(now, Ask::Mute { on });
    }

    /// Holding may be refused and is the centre's to do: it shows when it is so.
    fn toggle_hold(&mut self, call: InteractionId) {
        self.effects.push_back(Effect::Ask(Ask::ToggleHold { interaction: Some(call) }));
    }

    fn ask(&mut self, now: Moment, ask: Ask) {
        self.effects.push_back(Effect::Ask(ask));
        self.confirm = Some(now + CONFIRM);
        // At once: a headset takes a press back when nothing answers it.
        self.light(now);
    }

    /// The device may have changed these lamps by itself: they are written again, with the
    /// answer to the press or when there is none.
    fn expect(&mut self, now: Moment, lamps: &[Lamp]) {
        self.lamps.retain(|lamp, _| !lamps.contains(lamp));
        self.confirm = Some(now + CONFIRM);
    }

    /// Writes the lamps that are not as they should be.
    fn light(&mut self, now: Moment) {
        let should = |lamp: Lamp| lit(lamp, &self.shown);
        let wrong = |lamp: &Lamp| {
            self.controls.has_lamp(*lamp) && self.lamps.get(lamp) != Some(&should(*lamp))
        };
        let changed: Vec<Lamp> = LAMPS.into_iter().filter(wrong).collect();
        if changed.is_empty() {
            return;
        }
        let reports = self.controls.write(&changed, should);
        // The others of a report are written with it.
        for lamp in self.controls.written_with(&changed) {
            let on = lit(lamp, &self.shown);
            self.lamps.insert(lamp, on);
            let along = !changed.contains(&lamp);
            let said = |button| self.reported.get(&button).copied().unwrap_or_default();
            match lamp {
                Lamp::OffHook => self.hook.told(now, on, said(Button::Hook), along),
                Lamp::Mute => self.mute.told(now, on, said(Button::Mute), along),
                Lamp::Ring | Lamp::Hold | Lamp::OnLine => {}
            }
        }
        self.wrote = now;
        self.effects.extend(reports.into_iter().map(Effect::Write));
    }
}

fn lately(now: Moment, moment: Option<Moment>, time: Duration) -> bool {
    moment.is_some_and(|moment| now.since(moment) < time)
}

fn lit(lamp: Lamp, shown: &Situation) -> bool {
    match lamp {
        Lamp::OffHook => shown.up.is_some(),
        Lamp::Ring => shown.offer.is_some(),
        Lamp::Mute => shown.muted && shown.can_mute,
        Lamp::Hold => shown.up.is_none() && shown.held.is_some(),
        // Keeps the radio of a wireless headset open between hold and resume.
        Lamp::OnLine => shown.up.is_some() || shown.held.is_some(),
    }
}

#[cfg(test)]
mod tests;
