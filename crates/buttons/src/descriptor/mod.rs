//! Report descriptors (Device Class Definition for HID 1.11, section 6.2.2). They come
//! from whatever is plugged in: everything is bounded, and nothing of them is believed
//! beyond what the field says of itself.

mod items;

use items::{Item, Items, Kind};
use std::collections::BTreeMap;

/// What Linux and hidapi take, too.
pub(crate) const DESCRIPTOR_MAX: usize = 4096;
/// Bytes of one report, its number included.
pub(crate) const REPORT_MAX: usize = 4096;
const FIELDS_MAX: usize = 1024;
/// Usages of one main item; a headset has a dozen.
const USAGES_MAX: usize = 512;
const DEPTH_MAX: usize = 32;
const STACK_MAX: usize = 16;

/// Page in the upper half, usage in the lower.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Usage(pub(crate) u32);

impl Usage {
    pub(crate) const fn new(page: u16, id: u16) -> Self {
        Self((page as u32) << 16 | id as u32)
    }

    pub(crate) const fn page(self) -> u16 {
        (self.0 >> 16) as u16
    }
}

/// USB HID Usage Tables, section 14.
pub(crate) const TELEPHONY: u16 = 0x0B;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Direction {
    Input,
    Output,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// One value of one usage.
    Variable(Usage),
    /// Slots, each with the number of the usage that is on.
    Array { slots: u16, usages: Vec<Usage> },
}

/// A named part of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) direction: Direction,
    /// 0: the device numbers none of its reports.
    pub(crate) report: u8,
    /// From the first bit after the report's number.
    pub(crate) bit: u32,
    /// Bits of one value, 1 to 32.
    pub(crate) size: u8,
    pub(crate) relative: bool,
    pub(crate) minimum: i32,
    /// Somewhere within a collection of the telephony page.
    pub(crate) telephony: bool,
    pub(crate) meaning: Meaning,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Descriptor {
    pub(crate) fields: Vec<Field>,
    /// Bits of each report without its number.
    bits: BTreeMap<(Direction, u8), u32>,
    pub(crate) numbered: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DescriptorFault {
    #[error("it is longer than {DESCRIPTOR_MAX} bytes")]
    TooLong,
    #[error("it ends within an item")]
    Truncated,
    #[error("its collections are nested too deeply or do not match")]
    Collections,
    #[error("it pushes or pops too often")]
    Stack,
    #[error("it names a report 0 or above 255")]
    ReportNumber,
    #[error("it describes a report that is too long")]
    ReportTooLong,
    #[error("it names too many fields")]
    TooManyFields,
}

impl Descriptor {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, DescriptorFault> {
        if bytes.len() > DESCRIPTOR_MAX {
            return Err(DescriptorFault::TooLong);
        }
        let mut parser = Parser::default();
        for item in Items(bytes) {
            parser.take(item?)?;
        }
        if parser.collections.is_empty() {
            Ok(parser.found)
        } else {
            Err(DescriptorFault::Collections)
        }
    }

    /// Bytes of a report without its number.
    pub(crate) fn report_bytes(&self, direction: Direction, report: u8) -> usize {
        let bits = self.bits.get(&(direction, report)).copied().unwrap_or_default();
        usize::try_from(bits.div_ceil(8)).unwrap_or(REPORT_MAX)
    }
}

#[derive(Clone, Default)]
struct Globals {
    page: u16,
    minimum: i32,
    size: u32,
    count: u32,
    report: u8,
}

#[derive(Default)]
struct Locals {
    /// As written: a usage of 4 bytes brings its page along.
    usages: Vec<(u32, bool)>,
    minimum: Option<(u32, bool)>,
    maximum: Option<(u32, bool)>,
    /// Of the alternatives between two delimiters the first is taken.
    delimited: bool,
    taken: bool,
}

#[derive(Default)]
struct Parser {
    globals: Globals,
    stack: Vec<Globals>,
    locals: Locals,
    collections: Vec<Option<Usage>>,
    found: Descriptor,
}

impl Parser {
    fn take(&mut self, item: Item) -> Result<(), DescriptorFault> {
        match item.kind {
            Kind::Main => {
                let done = self.main(item);
                self.locals = Locals::default();
                done
            }
            Kind::Global => self.global(item),
            Kind::Local => {
                self.local(item);
                Ok(())
            }
            Kind::Reserved => Ok(()),
        }
    }

    fn main(&mut self, item: Item) -> Result<(), DescriptorFault> {
        match item.tag {
            0x8 => self.field(Direction::Input, item.data),
            0x9 => self.field(Direction::Output, item.data),
            0xA => {
                if self.collections.len() >= DEPTH_MAX {
                    return Err(DescriptorFault::Collections);
                }
                let usage = self.usages().first().copied();
                self.collections.push(usage);
                Ok(())
            }
            0xC => self.collections.pop().map(|_| ()).ok_or(DescriptorFault::Collections),
            // Feature reports are asked for, never sent by themselves.
            _ => Ok(()),
        }
    }

    fn global(&mut self, item: Item) -> Result<(), DescriptorFault> {
        match item.tag {
            0x0 => self.globals.page = u16::try_from(item.data).unwrap_or_default(),
            0x1 => self.globals.minimum = item.signed(),
            0x7 => self.globals.size = item.data,
            0x8 => {
                self.globals.report = match u8::try_from(item.data) {
                    Ok(0) | Err(_) => return Err(DescriptorFault::ReportNumber),
                    Ok(number) => number,
                };
                self.found.numbered = true;
            }
            0x9 => self.globals.count = item.data,
            0xA => {
                if self.stack.len() >= STACK_MAX {
                    return Err(DescriptorFault::Stack);
                }
                self.stack.push(self.globals.clone());
            }
            0xB => self.globals = self.stack.pop().ok_or(DescriptorFault::Stack)?,
            // Maxima and units change nothing for buttons and lamps.
            _ => {}
        }
        Ok(())
    }

    fn local(&mut self, item: Item) {
        let value = (item.data, item.size == 4);
        let locals = &mut self.locals;
        match item.tag {
            0x0 if !(locals.delimited && locals.taken) => {
                locals.taken = true;
                if locals.usages.len() < USAGES_MAX {
                    locals.usages.push(value);
                }
            }
            0x1 => locals.minimum = Some(value),
            0x2 => locals.maximum = Some(value),
            0xA => (locals.delimited, locals.taken) = (item.data == 1, false),
            _ => {}
        }
        if let (Some(minimum), Some(maximum)) = (locals.minimum, locals.maximum) {
            (locals.minimum, locals.maximum) = (None, None);
            let room = USAGES_MAX - locals.usages.len();
            let range = (minimum.0..=maximum.0).take(room);
            locals.usages.extend(range.map(|usage| (usage, minimum.1)));
        }
    }

    /// With the page that holds at the main item (section 6.2.2.8).
    fn usages(&self) -> Vec<Usage> {
        let page = u32::from(self.globals.page) << 16;
        let whole = |&(usage, has_page): &(u32, bool)| {
            Usage(if has_page { usage } else { page | (usage & 0xFFFF) })
        };
        self.locals.usages.iter().map(whole).collect()
    }

    /// `flags`: constant 1, variable 2, relative 4.
    fn field(&mut self, direction: Direction, flags: u32) -> Result<(), DescriptorFault> {
        let Globals { size, count, report, minimum, .. } = self.globals;
        let first = *self.found.bits.get(&(direction, report)).unwrap_or(&0);
        let end = size.checked_mul(count).and_then(|bits| first.checked_add(bits));
        let end = end.filter(|end| *end <= 8 * REPORT_MAX as u32);
        let end = end.ok_or(DescriptorFault::ReportTooLong)?;
        self.found.bits.insert((direction, report), end);

        let usages = self.usages();
        let telephony = self.collections.iter().flatten().any(|u| u.page() == TELEPHONY);
        let Some(size) = u8::try_from(size).ok().filter(|size| (1..=32).contains(size)) else {
            return Ok(());
        };
        let field = |bit, meaning| Field {
            direction,
            report,
            bit,
            size,
            relative: flags & 4 != 0,
            minimum,
            telephony,
            meaning,
        };
        // Some devices call a field constant that they name and change. Padding has no
        // name, so the name decides.
        if flags & 2 == 0 && !usages.is_empty() {
            let slots = u16::try_from(count).unwrap_or(u16::MAX);
            self.found.fields.push(field(first, Meaning::Array { slots, usages }));
        } else {
            // The last usage is that of all further values, too (section 6.2.2.8): of one
            // control the first is enough. Without any usage it is padding.
            let named = usages.len().min(usize::try_from(count).unwrap_or(usize::MAX));
            for (usage, place) in usages.into_iter().take(named).zip(0..) {
                let bit = first + place * u32::from(size);
                self.found.fields.push(field(bit, Meaning::Variable(usage)));
            }
        }
        if self.found.fields.len() > FIELDS_MAX {
            return Err(DescriptorFault::TooManyFields);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
