//! The words of `omnibar phone`, one command a line.

use omnibar_contract::{DockIntent, Rights};
use omnibar_desk::Ask;
use omnibar_model::{
    AgentId, Booking, CallbackAct, Destination, DispositionId, LegId, MonitorMode, PhoneNumber,
    Presence,
};
use std::time::{SystemTime, UNIX_EPOCH};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Ask(Ask),
    Dock(DockIntent),
    /// Devices, and the way to the centre and back.
    Check,
    Devices,
    Callbacks,
    Quit,
}

/// Longest line in bytes: a chat's longest message fits, of four bytes a character.
pub(super) const MAX_LINE: usize = 20 * 1024;

/// Reads a line. The error is a sentence for the person or script that wrote it.
pub(super) fn parse(line: &str) -> Result<Command, String> {
    let line = line.trim();
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    let none = |ask| if rest.is_empty() { Ok(Command::Ask(ask)) } else { Err(extra(word)) };
    let interaction = None;
    match word {
        "ready" => none(Ask::SetPresence { presence: Presence::Available }),
        "break" => {
            let reason = one(word, rest, "a reason")?.to_owned();
            Ok(Command::Ask(Ask::SetPresence { presence: Presence::Break { reason } }))
        }
        "call" => Ok(Command::Ask(Ask::Dial { number: number(rest)?, campaign: None })),
        "answer" => none(Ask::Accept { interaction }),
        "reject" => none(Ask::Reject { interaction }),
        "hold" => none(Ask::Hold { interaction, leg: None }),
        "resume" => none(Ask::Resume { interaction, leg: None }),
        "mute" => none(Ask::Mute { on: true }),
        "unmute" => none(Ask::Mute { on: false }),
        "dtmf" => {
            let digits = one(word, rest, "digits")?.to_owned();
            Ok(Command::Ask(Ask::Dtmf { interaction, digits }))
        }
        "transfer" => Ok(Command::Ask(Ask::Transfer { interaction, to: destination(rest)? })),
        "consult" => Ok(Command::Ask(Ask::Consult { interaction, to: destination(rest)? })),
        "complete" => none(Ask::Complete { interaction }),
        "conference" => none(Ask::Conference { interaction }),
        "hold-leg" => Ok(Command::Ask(Ask::Hold { interaction, leg: Some(leg(word, rest)?) })),
        "resume-leg" => Ok(Command::Ask(Ask::Resume { interaction, leg: Some(leg(word, rest)?) })),
        "drop" => Ok(Command::Ask(Ask::Drop { interaction, leg: leg(word, rest)? })),
        "hangup" => none(Ask::End { interaction }),
        "pause-recording" => none(Ask::Record { interaction, on: false }),
        "resume-recording" => none(Ask::Record { interaction, on: true }),
        "listen" => monitor(word, rest, MonitorMode::Listen),
        "whisper" => monitor(word, rest, MonitorMode::Whisper),
        "barge" => monitor(word, rest, MonitorMode::Barge),
        "leave" => none(Ask::StopMonitoring),
        "dispose" => {
            let (code, note) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            let disposition = DispositionId::new(one(word, code, "a disposition code")?);
            Ok(Command::Ask(Ask::Dispose {
                interaction,
                disposition,
                note: note.trim().to_owned(),
                callback: None,
            }))
        }
        "callback" => callback(rest),
        "chat" => super::chat::parse(rest).map(Command::Ask),
        "select" => {
            let interaction = one(word, rest, "an interaction")?.into();
            Ok(Command::Ask(Ask::Select { interaction }))
        }
        "allow" => allow(rest),
        "block" => Ok(Command::Dock(DockIntent::Block { origin: origin(word, rest)? })),
        "forget" => Ok(Command::Dock(DockIntent::Forget { origin: origin(word, rest)? })),
        "pair" if rest.is_empty() => Ok(Command::Dock(DockIntent::Pair { on: true })),
        "callbacks" if rest.is_empty() => Ok(Command::Callbacks),
        "check" if rest.is_empty() => Ok(Command::Check),
        "devices" if rest.is_empty() => Ok(Command::Devices),
        "quit" if rest.is_empty() => Ok(Command::Quit),
        "callbacks" | "check" | "devices" | "pair" | "quit" => Err(extra(word)),
        _ => Err(format!(
            "Unknown command. Known: ready, break REASON, call N, answer, reject, hold, \
                  resume, mute, unmute, dtmf DIGITS, transfer N, consult N, complete, conference, \
                  hold-leg LEG, resume-leg LEG, drop LEG, hangup, pause-recording, \
                  resume-recording, dispose CODE NOTE, select ID, listen AGENT, whisper AGENT, \
                  barge AGENT, leave, \
                  allow ORIGIN [RIGHTS], block ORIGIN, forget ORIGIN, pair, callbacks, \
                  callback take ID, callback later ID, callback cancel ID REASON, callback in \
                  SECONDS CODE NOTE (disposes with it), {}, check, devices, quit.",
            super::chat::WORDS
        )),
    }
}

/// `take ID`, `later ID`, `cancel ID REASON`, `in SECONDS CODE NOTE`.
fn callback(rest: &str) -> Result<Command, String> {
    let (what, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    if what == "in" {
        return book(rest.trim());
    }
    let (id, reason) = rest.trim().split_once(char::is_whitespace).unwrap_or((rest.trim(), ""));
    let act = match what {
        "take" => CallbackAct::Take,
        "later" => CallbackAct::Snooze { at: None, reason: reason.trim().to_owned() },
        "cancel" => CallbackAct::Cancel { reason: reason.trim().to_owned() },
        _ => {
            return Err(
                "`callback` needs take, later or cancel, and an id; or in, and seconds.".to_owned()
            );
        }
    };
    if act == CallbackAct::Take && !reason.is_empty() {
        return Err(extra("callback take"));
    }
    let callback = one("callback", id, "an id")?.into();
    Ok(Command::Ask(Ask::Callback { callback, act }))
}

/// Disposes the selected call and books its customer's callback for this agent.
fn book(rest: &str) -> Result<Command, String> {
    let (seconds, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let (code, note) = rest.trim().split_once(char::is_whitespace).unwrap_or((rest.trim(), ""));
    let ahead: u32 = seconds.parse().map_err(|_| "`callback in` needs seconds.".to_owned())?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let at = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
    let at = at.saturating_add(i64::from(ahead) * 1000);
    Ok(Command::Ask(Ask::Dispose {
        interaction: None,
        disposition: DispositionId::new(one("callback in", code, "a disposition code")?),
        note: note.trim().to_owned(),
        callback: Some(Booking { at, number: None, own: true }),
    }))
}

fn extra(word: &str) -> String {
    format!("`{word}` takes nothing after it.")
}

fn one<'a>(word: &str, rest: &'a str, what: &str) -> Result<&'a str, String> {
    if rest.is_empty() || rest.contains(char::is_whitespace) {
        return Err(format!("`{word}` needs {what}."));
    }
    Ok(rest)
}

fn origin(word: &str, rest: &str) -> Result<String, String> {
    one(word, rest, "an origin").map(str::to_owned)
}

/// `ORIGIN`, or `ORIGIN events,control,customers,dial` with the rights that it is to have.
fn allow(rest: &str) -> Result<Command, String> {
    let (of, list) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let mut rights = Rights::default();
    let every = "events,control,customers,dial";
    for right in (if list.is_empty() { every } else { list.trim() }).split(',') {
        match right.trim() {
            "events" => rights.events = true,
            "control" => rights.control = true,
            "customers" => rights.customers = true,
            "dial" => rights.dial = true,
            "none" => {}
            other => {
                return Err(format!("`{other}` is no right. Rights: none, or some of {every}."));
            }
        }
    }
    Ok(Command::Dock(DockIntent::Allow { origin: origin("allow", of)?, rights }))
}

fn leg(word: &str, rest: &str) -> Result<LegId, String> {
    one(word, rest, "a leg").map(LegId::new)
}

fn monitor(word: &str, agent: &str, mode: MonitorMode) -> Result<Command, String> {
    let agent = AgentId::new(one(word, agent, "an agent")?);
    Ok(Command::Ask(Ask::Monitor { agent, mode }))
}

fn number(text: &str) -> Result<PhoneNumber, String> {
    PhoneNumber::parse(text).map_err(|error| format!("That cannot be dialled: {error}."))
}

/// `agent:ID`, `queue:ID`, `ivr:ID`, or a number.
fn destination(text: &str) -> Result<Destination, String> {
    match text.split_once(':') {
        Some(("agent", id)) => Ok(Destination::Agent(id.into())),
        Some(("queue", id)) => Ok(Destination::Queue(id.into())),
        Some(("ivr", id)) => Ok(Destination::Ivr(id.into())),
        Some(_) | None => number(text).map(Destination::Number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_read() {
        let ask = |line: &str| match parse(line) {
            Ok(Command::Ask(ask)) => ask,
            other => panic!("{line}: {other:?}"),
        };
        assert_eq!(ask(" ready "), Ask::SetPresence { presence: Presence::Available });
        assert_eq!(
            ask("dispose resolved called back, all well"),
            Ask::Dispose {
                interaction: None,
                disposition: "resolved".into(),
                note: "called back, all well".into(),
                callback: None
            }
        );
        assert_eq!(
            ask("consult agent:agent2"),
            Ask::Consult { interaction: None, to: Destination::Agent("agent2".into()) }
        );
        let to = Destination::Number(PhoneNumber::parse("+15550101").unwrap());
        assert_eq!(ask("transfer +1 555 0101"), Ask::Transfer { interaction: None, to });
        assert_eq!(parse("quit"), Ok(Command::Quit));
        let of = || "https://crm.example".to_owned();
        let allow = |rights| Ok(Command::Dock(DockIntent::Allow { origin: of(), rights }));
        let all = Rights { events: true, control: true, customers: true, dial: true };
        assert_eq!(parse("allow https://crm.example"), allow(all));
        let some = Rights { events: true, dial: true, ..Rights::default() };
        assert_eq!(parse("allow https://crm.example events,dial"), allow(some));
        assert_eq!(parse("allow https://crm.example none"), allow(Rights::default()));
        let block = Command::Dock(DockIntent::Block { origin: of() });
        assert_eq!(parse("block https://crm.example"), Ok(block));
        assert_eq!(
            ask("callback take c1"),
            Ask::Callback { callback: "c1".into(), act: CallbackAct::Take }
        );
        let act = CallbackAct::Cancel { reason: "has called himself".into() };
        assert_eq!(
            ask("callback cancel c1 has called himself"),
            Ask::Callback { callback: "c1".into(), act }
        );
        let Ask::Dispose { disposition, note, callback: Some(booked), .. } =
            ask("callback in 900 callback wants a quote")
        else {
            panic!("books nothing");
        };
        assert_eq!((disposition.as_str(), note.as_str()), ("callback", "wants a quote"));
        assert!(booked.own && booked.at > 900_000);
        assert_eq!(ask("pause-recording"), Ask::Record { interaction: None, on: false });
        let agent = || "agent1".into();
        assert_eq!(ask("barge agent1"), Ask::Monitor { agent: agent(), mode: MonitorMode::Barge });
        assert_eq!(ask("leave"), Ask::StopMonitoring);
        assert_eq!(parse("callbacks"), Ok(Command::Callbacks));
        assert_eq!(parse("pair"), Ok(Command::Dock(DockIntent::Pair { on: true })));
    }

    #[test]
    fn what_makes_no_sense_is_refused_in_words() {
        for line in [
            "",
            "fly",
            "hold on",
            "call",
            "call me",
            "break",
            "drop",
            "dispose",
            "quit now",
            "check it",
            "allow",
            "allow https://crm.example all",
            "block",
            "pair 1",
            "callback",
            "callback take",
            "callback take c1 now",
            "callback in soon callback",
            "callback in 60",
            "callbacks all",
            "pause-recording now",
            "listen",
            "whisper agent1 agent2",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
