//! The words of `omnibar phone --sip`, one command a line.

use omnibar_line::sip::core::CallNumber;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Call(String),
    /// `None`: the one that it can be about.
    Answer(Option<CallNumber>),
    Reject(Option<CallNumber>),
    HangUp(Option<CallNumber>),
    Hold(Option<CallNumber>),
    Resume(Option<CallNumber>),
    Swap,
    Mute(bool),
    Dtmf(String),
    Transfer(String),
    Consult(String),
    Complete,
    Conference,
    Watch(String),
    Unwatch(String),
    Reconnect,
    Status,
    Devices,
    Quit,
}

/// Keys of one command.
const MOST_KEYS: usize = 32;
/// Longest number or address, in bytes.
const LONGEST: usize = 256;

/// Reads a line. The error is a sentence for the person or script that wrote it.
pub(super) fn parse(line: &str) -> Result<Command, String> {
    let line = line.trim();
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    let alone = |command| {
        if rest.is_empty() { Ok(command) } else { Err(format!("`{word}` takes nothing after it.")) }
    };
    match word {
        "call" => whom(word, rest).map(Command::Call),
        "answer" | "accept" => which(rest).map(Command::Answer),
        "reject" | "decline" => which(rest).map(Command::Reject),
        "hangup" => which(rest).map(Command::HangUp),
        "hold" => which(rest).map(Command::Hold),
        "resume" => which(rest).map(Command::Resume),
        "swap" => alone(Command::Swap),
        "mute" if rest == "off" => Ok(Command::Mute(false)),
        "mute" if rest == "on" => Ok(Command::Mute(true)),
        "mute" => alone(Command::Mute(true)),
        "unmute" => alone(Command::Mute(false)),
        "dtmf" if keys(rest) => Ok(Command::Dtmf(rest.to_owned())),
        "dtmf" => Err(format!("`dtmf` needs keys: 0-9 * # A-D, up to {MOST_KEYS}.")),
        "transfer" => whom(word, rest).map(Command::Transfer),
        "consult" => whom(word, rest).map(Command::Consult),
        "complete" => alone(Command::Complete),
        "conference" => alone(Command::Conference),
        "watch" => whom(word, rest).map(Command::Watch),
        "unwatch" => whom(word, rest).map(Command::Unwatch),
        "reconnect" => alone(Command::Reconnect),
        "status" => alone(Command::Status),
        "devices" => alone(Command::Devices),
        "quit" => alone(Command::Quit),
        _ => Err("Unknown command. Known: call N, answer, reject, hangup, hold, resume (each \
                  with a call's id if it is not clear which), swap, mute, unmute, dtmf KEYS, \
                  transfer N, consult N, complete, conference, watch N, unwatch N, reconnect, status, \
                  devices, quit."
            .to_owned()),
    }
}

fn whom(word: &str, rest: &str) -> Result<String, String> {
    if rest.is_empty() || rest.len() > LONGEST || rest.chars().any(char::is_control) {
        return Err(format!("`{word}` needs a number, a name or an address."));
    }
    Ok(rest.to_owned())
}

fn keys(text: &str) -> bool {
    let known = |key| omnibar_media::Digit::new(key).is_some();
    !text.is_empty() && text.len() <= MOST_KEYS && text.chars().all(known)
}

fn which(text: &str) -> Result<Option<CallNumber>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let number = |rest: &str| rest.parse::<u32>().ok();
    let call = match (text.strip_prefix("out-"), text.strip_prefix("in-")) {
        (Some(rest), _) => number(rest).map(CallNumber::Out),
        (None, Some(rest)) => number(rest).map(CallNumber::In),
        (None, None) => None,
    };
    call.map(Some).ok_or_else(|| format!("`{text}` is no call's id, as out-1 or in-2 are."))
}

/// A call's name in commands and events.
pub(super) fn id(call: CallNumber) -> String {
    match call {
        CallNumber::Out(number) => format!("out-{number}"),
        CallNumber::In(number) => format!("in-{number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_read() {
        assert_eq!(parse(" call +1 555 0101 "), Ok(Command::Call("+1 555 0101".into())));
        assert_eq!(parse("answer"), Ok(Command::Answer(None)));
        assert_eq!(parse("answer in-3"), Ok(Command::Answer(Some(CallNumber::In(3)))));
        assert_eq!(parse("hangup out-1"), Ok(Command::HangUp(Some(CallNumber::Out(1)))));
        assert_eq!(parse("mute"), Ok(Command::Mute(true)));
        assert_eq!(parse("mute off"), Ok(Command::Mute(false)));
        assert_eq!(parse("unmute"), Ok(Command::Mute(false)));
        assert_eq!(parse("dtmf 12*#a"), Ok(Command::Dtmf("12*#a".into())));
        assert_eq!(parse("transfer 606"), Ok(Command::Transfer("606".into())));
        assert_eq!(parse("consult 1003"), Ok(Command::Consult("1003".into())));
        assert_eq!(parse("watch 1002"), Ok(Command::Watch("1002".into())));
        assert_eq!(parse("unwatch 1002"), Ok(Command::Unwatch("1002".into())));
        for (line, command) in [
            ("swap", Command::Swap),
            ("complete", Command::Complete),
            ("conference", Command::Conference),
            ("reconnect", Command::Reconnect),
            ("status", Command::Status),
            ("devices", Command::Devices),
            ("quit", Command::Quit),
        ] {
            assert_eq!(parse(line), Ok(command));
            assert!(parse(&format!("{line} now")).is_err(), "{line}");
        }
        for line in ["", "call", "answer 3", "hold x-1", "dtmf", "dtmf x", "transfer", "fly"] {
            assert!(parse(line).is_err(), "{line}");
        }
        let long = "1".repeat(LONGEST + 1);
        assert!(parse(&format!("call {long}")).is_err());
    }

    #[test]
    fn a_call_is_named_as_it_is_read() {
        for call in [CallNumber::In(1), CallNumber::Out(20)] {
            assert_eq!(which(&id(call)), Ok(Some(call)));
        }
    }
}
