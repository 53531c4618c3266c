use super::Party;
use super::customer::Customer;

/// How a demo customer behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    pub name: String,
    /// A folder of `assets/voices`: `mara`, `tobin`, `dunstan` or `ilse`.
    pub voice: String,
    /// Says goodbye and hangs up after so many seconds of talk.
    pub hangs_up_after: Option<u32>,
    /// Leaves the queue after so many seconds.
    pub leaves_queue_after: Option<u32>,
}

/// The scripts that a [`crate::switch::SwitchCommand::Customer`] can name. A name
/// followed by `:` and a number hangs up after so many seconds of talk:
/// `billing:20`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scripts(pub Vec<Script>);

impl Default for Scripts {
    fn default() -> Self {
        let script = |name: &str, voice: &str, hangs_up_after, leaves_queue_after| Script {
            name: name.into(),
            voice: voice.into(),
            hangs_up_after,
            leaves_queue_after,
        };
        Self(vec![
            // By the names of the demo centre's queues.
            script("support", "dunstan", Some(180), Some(300)),
            script("priority", "tobin", Some(150), Some(300)),
            script("sales", "ilse", Some(120), Some(300)),
            script("delivery", "mara", Some(120), Some(300)),
            script("billing", "tobin", Some(150), Some(300)),
            script("router", "dunstan", Some(180), Some(300)),
            script("appointment", "ilse", Some(120), Some(300)),
            script("impatient", "dunstan", Some(30), Some(15)),
            script("patient", "mara", None, None),
        ])
    }
}

impl Scripts {
    /// The reason for a refusal is a sentence.
    pub(crate) fn caller(&self, text: &str) -> Result<Box<dyn Party>, String> {
        let (name, seconds) = match text.split_once(':') {
            Some((name, seconds)) => (name, Some(seconds)),
            None => (text, None),
        };
        let mut script =
            self.0.iter().find(|script| script.name == name).cloned().ok_or_else(|| {
                let names: Vec<&str> = self.0.iter().map(|script| script.name.as_str()).collect();
                format!("There is no such script for a customer. There are: {}.", names.join(", "))
            })?;
        if let Some(seconds) = seconds {
            let seconds = seconds.parse().ok().filter(|seconds| (1..=86_400).contains(seconds));
            script.hangs_up_after = Some(seconds.ok_or(
                "After the script's name and a colon come the seconds of talk, 1 to 86400.",
            )?);
        }
        Ok(Box::new(Customer::calling(script)))
    }

    /// Somebody who has been called.
    pub(super) fn called(&self, which: usize) -> Customer {
        const VOICES: [&str; 4] = ["mara", "tobin", "dunstan", "ilse"];
        Customer::called(Script {
            name: "called".into(),
            voice: VOICES[which % VOICES.len()].into(),
            hangs_up_after: None,
            leaves_queue_after: None,
        })
    }
}
