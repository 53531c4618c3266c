//! The little of a session description (RFC 8866, RFC 3264) that signalling needs:
//! which way voice goes, and that a changed description has a higher version. All else
//! is the business of whoever makes descriptions.

/// Longest description that is taken or sent, in bytes.
pub const MAX_SDP: usize = 32 * 1024;

/// Which way voice may go, as whoever wrote the description sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Both,
    SendOnly,
    ReceiveOnly,
    Nowhere,
}

impl Direction {
    fn attribute(self) -> &'static str {
        match self {
            Self::Both => "a=sendrecv",
            Self::SendOnly => "a=sendonly",
            Self::ReceiveOnly => "a=recvonly",
            Self::Nowhere => "a=inactive",
        }
    }

    fn read(line: &str) -> Option<Self> {
        [Self::Both, Self::SendOnly, Self::ReceiveOnly, Self::Nowhere]
            .into_iter()
            .find(|direction| direction.attribute() == line)
    }

    /// Of the first audio of a description; an address of zeros is the hold of RFC 2543.
    pub(crate) fn of(sdp: &str) -> Self {
        let mut session = None;
        let mut media = None;
        let mut zero = false;
        let mut inside = false;
        for line in sdp.lines().map(str::trim_end) {
            if line.starts_with("m=") {
                if inside {
                    break;
                }
                inside = line.starts_with("m=audio");
            } else if let Some(direction) = Self::read(line) {
                *(if inside { &mut media } else { &mut session }) = Some(direction);
            }
            zero |= line == "c=IN IP4 0.0.0.0" && !sdp.contains("a=ice-ufrag");
        }
        match media.or(session).unwrap_or(Self::Both) {
            Self::Both | Self::SendOnly if zero => Self::SendOnly,
            other => other,
        }
    }

    /// Whether the writer hears nothing any more: he has put this side on hold.
    pub(crate) fn is_hold(self) -> bool {
        match self {
            Self::SendOnly | Self::Nowhere => true,
            Self::Both | Self::ReceiveOnly => false,
        }
    }
}

/// The description with that direction for every medium.
pub(crate) fn directed(sdp: &str, direction: Direction) -> String {
    let mut out = String::with_capacity(sdp.len() + 16);
    let mut inside = false;
    for line in sdp.lines().map(str::trim_end) {
        if Direction::read(line).is_some() {
            continue;
        }
        if line.starts_with("m=") {
            if inside {
                push(&mut out, direction.attribute());
            }
            inside = true;
        }
        push(&mut out, line);
    }
    if inside {
        push(&mut out, direction.attribute());
    }
    out
}

/// What the far side says of a call that this side holds, as it would say it otherwise:
/// its direction answers the hold. `there`: it holds as well.
pub(crate) fn without_hold(sdp: &str, there: bool) -> String {
    directed(sdp, if there { Direction::SendOnly } else { Direction::Both })
}

/// `next` with an origin version above that of `last`, if it says something else
/// (RFC 3264 section 8).
pub(crate) fn renewed(last: Option<&str>, next: &str) -> String {
    let Some(last) = last.filter(|last| *last != next) else { return next.to_owned() };
    let (Some(before), Some(now)) = (version(last), version(next)) else {
        return next.to_owned();
    };
    if now > before {
        return next.to_owned();
    }
    let mut out = String::with_capacity(next.len() + 4);
    for line in next.lines().map(str::trim_end) {
        match line.strip_prefix("o=") {
            Some(origin) => {
                let mut parts: Vec<&str> = origin.split(' ').collect();
                let higher = before.saturating_add(1).to_string();
                if let Some(version) = parts.get_mut(2) {
                    *version = &higher;
                }
                push(&mut out, &format!("o={}", parts.join(" ")));
            }
            None => push(&mut out, line),
        }
    }
    out
}

fn version(sdp: &str) -> Option<u64> {
    let origin = sdp.lines().find_map(|line| line.strip_prefix("o="))?;
    origin.split(' ').nth(2)?.parse().ok()
}

fn push(out: &mut String, line: &str) {
    out.push_str(line);
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    const SDP: &str = "v=0\r\no=- 1 5 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:x\r\na=sendrecv\r\n";

    #[test]
    fn a_hold_is_seen_however_it_is_said() {
        assert_eq!(Direction::of(SDP), Direction::Both, "9 and zeros are WebRTC's start");
        for direction in [Direction::SendOnly, Direction::ReceiveOnly, Direction::Nowhere] {
            assert_eq!(Direction::of(&directed(SDP, direction)), direction);
        }
        let old = "v=0\r\nc=IN IP4 0.0.0.0\r\nm=audio 4000 RTP/AVP 0\r\n";
        assert!(Direction::of(old).is_hold());
        let session = "v=0\r\na=sendonly\r\nm=audio 4000 RTP/AVP 0\r\n";
        assert!(Direction::of(session).is_hold());
    }

    #[test]
    fn a_description_that_changes_rises() {
        let held = directed(SDP, Direction::SendOnly);
        let renewed_once = renewed(Some(SDP), &held);
        assert!(renewed_once.contains("o=- 1 6 IN"), "{renewed_once}");
        assert_eq!(renewed(Some(SDP), SDP), SDP);
        let resumed = renewed(Some(&renewed_once), SDP);
        assert!(resumed.contains("o=- 1 7 IN"));
    }
}
