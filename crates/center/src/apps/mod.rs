//! Custom apps (contract: TB-11 to TB-14): packages that an administrator uploads, and
//! pages that agents see in a slot of the workspace.

mod package;
mod serve;

pub(crate) use package::{LONGEST_PACKAGE, Package, open};
pub(crate) use serve::router;

use serde::{Deserialize, Serialize};

/// Where the workspace shows apps: its fourth panel, and full screens in its menu.
pub(crate) const SLOTS: [&str; 9] = [
    "panel-4", "screen-1", "screen-2", "screen-3", "screen-4", "screen-5", "screen-6", "screen-7",
    "screen-8",
];

pub(crate) const MOST_FIELDS: usize = 200;

/// One field of the CRM that an app works with (contract: crmIntegrationConfig).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppField {
    /// The CRM's name for it.
    pub key: String,
    #[serde(default)]
    pub label: String,
    #[serde(rename = "type")]
    pub kind: FieldKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FieldKind {
    String,
    Number,
    Boolean,
    Date,
    Datetime,
    Email,
    Phone,
    Url,
    Picklist,
    Id,
}

/// What an app may do beyond being shown. The agent's desktop keeps it to that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppRights {
    pub events: bool,
    pub control: bool,
    /// Customers' names, numbers and records.
    pub customers: bool,
    pub dial: bool,
}

impl AppRights {
    /// Of an app that nobody has granted more.
    pub(crate) const FIRST: Self =
        Self { events: true, control: false, customers: false, dial: false };
}

/// A right as a manifest names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AppRight {
    Events,
    Control,
    Customers,
    Dial,
}

impl FromIterator<AppRight> for AppRights {
    /// Events are always among them.
    fn from_iter<I: IntoIterator<Item = AppRight>>(named: I) -> Self {
        let mut rights = Self::FIRST;
        for right in named {
            match right {
                AppRight::Events => rights.events = true,
                AppRight::Control => rights.control = true,
                AppRight::Customers => rights.customers = true,
                AppRight::Dial => rights.dial = true,
            }
        }
        rights
    }
}

impl AppField {
    /// What is wrong with these fields.
    pub(crate) fn check(fields: &[Self]) -> Result<(), String> {
        if fields.len() > MOST_FIELDS {
            return Err(format!("An app has at most {MOST_FIELDS} fields."));
        }
        let mut keys = std::collections::BTreeSet::new();
        for field in fields {
            let good = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            if field.key.is_empty() || field.key.len() > 64 || !field.key.chars().all(good) {
                return Err("A field's key has 1 to 64 letters, digits, dots, dashes or \
                            underscores."
                    .to_owned());
            }
            if field.label.chars().count() > 128 {
                return Err("A field's label has at most 128 characters.".to_owned());
            }
            if !keys.insert(&field.key) {
                return Err(format!("The field {} is there twice.", field.key));
            }
        }
        Ok(())
    }
}
