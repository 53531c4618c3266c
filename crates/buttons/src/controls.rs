//! What of a descriptor is a headset's: its buttons and its lamps, and how reports carry
//! them.

use crate::descriptor::{Descriptor, Direction, Field, Meaning, TELEPHONY, Usage};
use crate::quirks::Quirk;
use serde::Deserialize;

/// Pages of the USB HID Usage Tables 1.x.
const LED: u16 = 0x08;
/// More than any headset has.
const CONTROLS_MAX: usize = 64;

/// What a press asks for. Volume is not here: the system itself follows the volume keys of
/// the consumer page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Button {
    Hook,
    Mute,
    /// Hold and resume; takes a second call while one is up.
    Flash,
    /// Ends the call; refuses an offer.
    Drop,
    /// Refuses an offer and does nothing else.
    Reject,
}

/// How a control tells of a press (USB HID Usage Tables, section 3.4.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Manner {
    /// 1 means on and 0 off, for as long as it stays so.
    Switch,
    /// 1 while it is pressed.
    Button,
    /// Every 1 is a press; nothing is told of the release.
    Toggle,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lamp {
    OffHook,
    Ring,
    Mute,
    Hold,
    OnLine,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Input {
    pub(crate) button: Button,
    pub(crate) manner: Manner,
    place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    report: u8,
    /// From the first bit after the report's number.
    bit: u32,
    size: u8,
    value: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    /// On when it is not 0.
    Own,
    /// On when one of so many slots holds this number.
    Slot { number: u32, slots: u16 },
}

/// The buttons and lamps of one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Controls {
    pub(crate) inputs: Vec<Input>,
    lamps: Vec<(Lamp, Place)>,
    /// Number and bytes of each report that carries a lamp.
    outputs: Vec<(u8, usize)>,
    numbered: bool,
}

impl Controls {
    /// `None`: neither hook switch nor mute, so not a headset that could be of use.
    pub(crate) fn find(descriptor: &Descriptor, quirk: &Quirk) -> Option<Self> {
        let mut inputs: Vec<Input> = Vec::new();
        let mut lamps: Vec<(Lamp, Place)> = Vec::new();
        for field in descriptor.fields.iter().filter(|field| field.telephony) {
            for (usage, place) in places(field) {
                match field.direction {
                    Direction::Input => {
                        let new = |button: &Button| inputs.iter().all(|i| i.button != *button);
                        let button = quirk.button(usage).or_else(|| button(usage)).filter(new);
                        if let Some(button) = button {
                            let manner = manner(field, button, quirk);
                            inputs.push(Input { button, manner, place });
                        }
                    }
                    Direction::Output => lamps.extend(lamp(usage).map(|lamp| (lamp, place))),
                }
            }
        }
        lamps.truncate(CONTROLS_MAX);
        let mut outputs: Vec<(u8, usize)> = Vec::new();
        for (_, place) in &lamps {
            if outputs.iter().all(|(report, _)| *report != place.report) {
                let bytes = descriptor.report_bytes(Direction::Output, place.report);
                outputs.push((place.report, bytes));
            }
        }
        let useful = inputs.iter().any(|i| matches!(i.button, Button::Hook | Button::Mute));
        let numbered = descriptor.numbered;
        useful.then_some(Self { inputs, lamps, outputs, numbered })
    }

    /// What a report says of each button that it carries. Bits that a short report leaves
    /// out are not told of.
    pub(crate) fn read(&self, report: &[u8]) -> Vec<(Button, Manner, bool)> {
        let Some((number, data)) = self.split(report) else { return Vec::new() };
        let on = |input: &Input| Some((input.button, input.manner, input.place.is_on(data)?));
        self.inputs.iter().filter(|i| i.place.report == number).filter_map(on).collect()
    }

    pub(crate) fn has_lamp(&self, lamp: Lamp) -> bool {
        self.lamps.iter().any(|(known, _)| *known == lamp)
    }

    /// The reports that carry any of these lamps, each with its number first (0 when the
    /// device numbers none), all their lamps as `is_on` says and everything else 0.
    pub(crate) fn write(&self, changed: &[Lamp], is_on: impl Fn(Lamp) -> bool) -> Vec<Vec<u8>> {
        let outputs = self.outputs.iter().filter(|(report, _)| self.carries(*report, changed));
        outputs
            .map(|&(report, bytes)| {
                let mut data = vec![0; bytes + 1];
                data[0] = report;
                for (lamp, place) in &self.lamps {
                    if place.report == report && is_on(*lamp) {
                        place.set(&mut data[1..]);
                    }
                }
                data
            })
            .collect()
    }

    /// Every lamp in the reports that carry any of these.
    pub(crate) fn written_with(&self, changed: &[Lamp]) -> Vec<Lamp> {
        let written = self.lamps.iter().filter(|(_, place)| self.carries(place.report, changed));
        written.map(|(lamp, _)| *lamp).collect()
    }

    fn carries(&self, report: u8, changed: &[Lamp]) -> bool {
        self.lamps.iter().any(|(lamp, place)| place.report == report && changed.contains(lamp))
    }

    fn split<'a>(&self, report: &'a [u8]) -> Option<(u8, &'a [u8])> {
        if self.numbered {
            report.split_first().map(|(number, data)| (*number, data))
        } else {
            Some((0, report))
        }
    }
}

impl Place {
    fn is_on(&self, data: &[u8]) -> Option<bool> {
        match self.value {
            Value::Own => self.at(data, 0).map(|value| value != 0),
            Value::Slot { number, slots } => {
                let mut values = (0..u32::from(slots)).map_while(|slot| self.at(data, slot));
                let first = values.next()?;
                Some(first == number || values.any(|value| value == number))
            }
        }
    }

    /// The value in a slot; `None`: the data ends before.
    fn at(&self, data: &[u8], slot: u32) -> Option<u32> {
        let first = self.bit.checked_add(slot.checked_mul(u32::from(self.size))?)?;
        (0..u32::from(self.size)).try_fold(0, |value, i| {
            let bit = first + i;
            let byte = data.get(usize::try_from(bit / 8).ok()?)?;
            Some(value | u32::from(byte >> (bit % 8) & 1) << i)
        })
    }

    /// A lamp's value becomes 1.
    fn set(&self, data: &mut [u8]) {
        let byte = usize::try_from(self.bit / 8).ok().and_then(|byte| data.get_mut(byte));
        if let Some(byte) = byte {
            *byte |= 1 << (self.bit % 8);
        }
    }
}

fn places(field: &Field) -> Vec<(Usage, Place)> {
    let place = |value| Place { report: field.report, bit: field.bit, size: field.size, value };
    match &field.meaning {
        Meaning::Variable(usage) => vec![(*usage, place(Value::Own))],
        // A lamp in a list would have to be added and removed; none is known.
        Meaning::Array { .. } if field.direction == Direction::Output => Vec::new(),
        Meaning::Array { slots, usages } => {
            let number = |i: u32| field.minimum.cast_unsigned().wrapping_add(i) & mask(field.size);
            let slot = |i| place(Value::Slot { number: number(i), slots: *slots });
            usages.iter().copied().zip((0..).map(slot)).collect()
        }
    }
}

fn mask(size: u8) -> u32 {
    u32::MAX >> (32 - u32::from(size.clamp(1, 32)))
}

fn button(usage: Usage) -> Option<Button> {
    const HOOK: Usage = Usage::new(TELEPHONY, 0x20);
    const FLASH: Usage = Usage::new(TELEPHONY, 0x21);
    const DROP: Usage = Usage::new(TELEPHONY, 0x26);
    const MUTE: Usage = Usage::new(TELEPHONY, 0x2F);
    match usage {
        HOOK => Some(Button::Hook),
        FLASH => Some(Button::Flash),
        DROP => Some(Button::Drop),
        MUTE => Some(Button::Mute),
        _ => None,
    }
}

/// The lamp Microphone is lit for a muted microphone by every device that is known
/// (docs/headset-buttons.md names them).
fn lamp(usage: Usage) -> Option<Lamp> {
    const MUTE: Usage = Usage::new(LED, 0x09);
    const OFF_HOOK: Usage = Usage::new(LED, 0x17);
    const RING: Usage = Usage::new(LED, 0x18);
    const HOLD: Usage = Usage::new(LED, 0x20);
    const ON_LINE: Usage = Usage::new(LED, 0x2A);
    const MICROPHONE: Usage = Usage::new(LED, 0x21);
    const RINGER: Usage = Usage::new(TELEPHONY, 0x9E);
    match usage {
        MUTE | MICROPHONE => Some(Lamp::Mute),
        OFF_HOOK => Some(Lamp::OffHook),
        RING | RINGER => Some(Lamp::Ring),
        HOLD => Some(Lamp::Hold),
        ON_LINE => Some(Lamp::OnLine),
        _ => None,
    }
}

fn manner(field: &Field, button: Button, quirk: &Quirk) -> Manner {
    let told = match button {
        Button::Hook => quirk.hook,
        Button::Mute => quirk.mute,
        Button::Flash | Button::Drop | Button::Reject => None,
    };
    let in_list = matches!(field.meaning, Meaning::Array { .. });
    told.unwrap_or(match button {
        _ if in_list => Manner::Button,
        _ if field.relative => Manner::Toggle,
        // Many switches do not say that they stay where they are, so an absolute value is
        // taken for one.
        Button::Hook | Button::Mute => Manner::Switch,
        Button::Flash | Button::Drop | Button::Reject => Manner::Button,
    })
}
