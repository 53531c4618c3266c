//! What devices do otherwise than their descriptors say: a data file of this crate, and one
//! of the user's own that goes before it.

use crate::controls::{Button, Manner};
use crate::descriptor::Usage;
use serde::Deserialize;

/// What is built in.
const KNOWN: &str = include_str!("../headsets.toml");
/// Bytes of a user's file.
pub(crate) const FILE_MAX: u64 = 64 * 1024;
const ENTRIES_MAX: usize = 512;
const BUTTONS_MAX: usize = 16;

/// How one device differs from its descriptor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Quirk {
    pub(crate) hook: Option<Manner>,
    pub(crate) mute: Option<Manner>,
    /// While it rings, a report that the hook is on refuses the offer.
    pub(crate) on_hook_rejects: bool,
    buttons: Vec<(Usage, Button)>,
    /// Not to be touched at all.
    pub(crate) ignored: bool,
}

impl Quirk {
    /// What a usage means on this device, if not what its name says.
    pub(crate) fn button(&self, usage: Usage) -> Option<Button> {
        self.buttons.iter().rev().find(|(known, _)| *known == usage).map(|(_, button)| *button)
    }
}

/// All that is known, later entries before earlier ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Quirks(Vec<Entry>);

#[derive(Debug, thiserror::Error)]
pub(crate) enum QuirksFault {
    #[error("the list of headsets could not be read: {0}")]
    Syntax(#[from] toml::de::Error),
    #[error("the list of headsets has more than {ENTRIES_MAX} entries")]
    TooMany,
    #[error("headset \"{0}\": more than {BUTTONS_MAX} buttons")]
    TooManyButtons(String),
    #[error("headset \"{0}\": say where it is known from (source)")]
    NoSource(String),
}

impl Quirks {
    /// Those that come with the program.
    pub(crate) fn built_in() -> Self {
        // A test reads the file: it cannot be wrong in a program that was built.
        Self::parse(KNOWN).unwrap_or_default()
    }

    pub(crate) fn parse(text: &str) -> Result<Self, QuirksFault> {
        let file: File = toml::from_str(text)?;
        if file.headset.len() > ENTRIES_MAX {
            return Err(QuirksFault::TooMany);
        }
        for entry in &file.headset {
            if entry.buttons.len() > BUTTONS_MAX {
                return Err(QuirksFault::TooManyButtons(entry.name.clone()));
            }
            if entry.source.trim().is_empty() {
                return Err(QuirksFault::NoSource(entry.name.clone()));
            }
        }
        Ok(Self(file.headset))
    }

    /// The other's entries go before these.
    pub(crate) fn overridden_by(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Everything that is said of a device, put together.
    pub(crate) fn of(&self, vendor: u16, product: u16) -> Quirk {
        let mut quirk = Quirk::default();
        let names = |entry: &&Entry| {
            entry.vendor.is_none_or(|id| id.0 == vendor)
                && (entry.products.is_empty() || entry.products.contains(&Id(product)))
        };
        for entry in self.0.iter().filter(names) {
            quirk.hook = entry.hook.or(quirk.hook);
            quirk.mute = entry.mute.or(quirk.mute);
            quirk.on_hook_rejects = entry.on_hook_rejects.unwrap_or(quirk.on_hook_rejects);
            quirk.ignored = entry.ignored.unwrap_or(quirk.ignored);
            quirk.buttons.extend(entry.buttons.iter().map(|b| (b.usage.0, b.means)));
        }
        quirk
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    headset: Vec<Entry>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    source: String,
    /// Without it: every vendor.
    vendor: Option<Id>,
    /// Without any: everything of the vendor.
    #[serde(default)]
    products: Vec<Id>,
    hook: Option<Manner>,
    mute: Option<Manner>,
    on_hook_rejects: Option<bool>,
    ignored: Option<bool>,
    #[serde(default)]
    buttons: Vec<Means>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Means {
    usage: UsageText,
    means: Button,
}

/// Four hexadecimal digits, as `lsusb` writes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
struct Id(u16);

impl TryFrom<String> for Id {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        hex(&text).map(Self).ok_or_else(|| format!("\"{text}\" is not four hexadecimal digits"))
    }
}

/// Page and usage, `000b:0020`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
struct UsageText(Usage);

impl TryFrom<String> for UsageText {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let halves = text.split_once(':').and_then(|(page, id)| Some((hex(page)?, hex(id)?)));
        let usage = halves.map(|(page, id)| Self(Usage::new(page, id)));
        usage.ok_or_else(|| format!("\"{text}\" is not a page and a usage as in 000b:0020"))
    }
}

fn hex(text: &str) -> Option<u16> {
    let digits = text.len() == 4 && text.bytes().all(|b| b.is_ascii_hexdigit());
    digits.then(|| u16::from_str_radix(text, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_list_is_read_and_every_entry_says_where_it_is_from() {
        let list = Quirks::parse(KNOWN).unwrap();
        assert!(list.0.len() >= 5, "{}", list.0.len());
        assert_eq!(Quirks::built_in().0.len(), list.0.len());
        for entry in &list.0 {
            assert!(!entry.name.is_empty() && !entry.source.is_empty());
        }
    }

    #[test]
    fn a_user_s_entry_goes_before_and_only_in_what_it_says() {
        let mine = r#"
            [[headset]]
            name = "Mine"
            source = "tried at my desk"
            vendor = "1395"
            products = ["0028"]
            mute = "toggle"
            buttons = [{ usage = "0009:0003", means = "drop" }]
        "#;
        let built_in = Quirks::built_in();
        let before = built_in.of(0x1395, 0x0028);
        let after = built_in.clone().overridden_by(Quirks::parse(mine).unwrap());
        let quirk = after.of(0x1395, 0x0028);
        assert_eq!((before.hook, before.mute), (Some(Manner::Button), Some(Manner::Button)));
        assert_eq!((quirk.hook, quirk.mute), (Some(Manner::Button), Some(Manner::Toggle)));
        assert_eq!(quirk.button(Usage::new(9, 3)), Some(Button::Drop));
        assert_eq!(after.of(0x1395, 0x0038), built_in.of(0x1395, 0x0038));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let head = "[[headset]]\nname = \"A\"\nsource = \"B\"\n";
        for wrong in [
            "vendor = \"47f\"",
            "vendor = 1151",
            "hook = \"sometimes\"",
            "colour = \"red\"",
            "buttons = [{ usage = \"b:20\", means = \"hook\" }]",
            "buttons = [{ usage = \"000b:0020\", means = \"explode\" }]",
        ] {
            let fault = Quirks::parse(&format!("{head}{wrong}")).unwrap_err();
            assert!(matches!(fault, QuirksFault::Syntax(_)), "{wrong}: {fault}");
        }
        let none = Quirks::parse("[[headset]]\nname = \"A\"\nsource = \" \"").unwrap_err();
        assert!(matches!(none, QuirksFault::NoSource(_)));
        let many = "[[headset]]\nname = \"A\"\nsource = \"B\"\n".repeat(ENTRIES_MAX + 1);
        assert!(matches!(Quirks::parse(&many), Err(QuirksFault::TooMany)));
    }
}
