//! The words of `omnibar phone --direct`, one command a line.

use std::net::SocketAddr;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Call(SocketAddr),
    Accept,
    Decline,
    HangUp,
    Mute(bool),
    Dtmf(String),
    Devices,
    Quit,
}

/// Keys of one command.
const MOST_KEYS: usize = 32;

/// Reads a line. The error is a sentence for the person or script that wrote it.
pub(super) fn parse(line: &str) -> Result<Command, String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words[..] {
        ["call", address] => match address.parse() {
            Ok(address) => Ok(Command::Call(address)),
            Err(_) => Err(format!("`{address}` is no IP:PORT.")),
        },
        ["accept"] => Ok(Command::Accept),
        ["decline"] => Ok(Command::Decline),
        ["hangup"] => Ok(Command::HangUp),
        ["mute", "on"] => Ok(Command::Mute(true)),
        ["mute", "off"] => Ok(Command::Mute(false)),
        ["dtmf", keys] if keys.len() <= MOST_KEYS && keys.chars().all(on_keypad) => {
            Ok(Command::Dtmf(keys.to_owned()))
        }
        ["devices"] => Ok(Command::Devices),
        ["quit"] => Ok(Command::Quit),
        _ => Err("Unknown command. Known: call IP:PORT, accept, decline, hangup, mute on, \
                  mute off, dtmf KEYS (0-9 * # A-D, up to 32), devices, quit."
            .to_owned()),
    }
}

fn on_keypad(key: char) -> bool {
    omnibar_media::Digit::new(key).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_read() {
        let address = "192.0.2.7:5070";
        assert_eq!(parse(" call 192.0.2.7:5070 "), Ok(Command::Call(address.parse().unwrap())));
        assert_eq!(parse("mute on"), Ok(Command::Mute(true)));
        assert_eq!(parse("mute off"), Ok(Command::Mute(false)));
        assert_eq!(parse("dtmf 5"), Ok(Command::Dtmf("5".to_owned())));
        assert_eq!(parse("dtmf 12*#a"), Ok(Command::Dtmf("12*#a".to_owned())));
        assert_eq!(parse("hangup"), Ok(Command::HangUp));
        assert_eq!(parse("accept"), Ok(Command::Accept));
        assert_eq!(parse("decline"), Ok(Command::Decline));
        assert_eq!(parse("quit"), Ok(Command::Quit));
        for line in [
            "",
            "call",
            "call here",
            "call 192.0.2.7",
            "mute",
            "mute 1",
            "dtmf",
            "dtmf x",
            "quit now",
            "dtmf 111111111111111111111111111111111",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
