//! What has to be known of a session description (RFC 8866) before the WebRTC stack
//! sees it, and what its answers have to say beyond what the stack writes.

use crate::formats::{self, has_nack, number_of, red_over};
use crate::{OPUS, PeerError, RED, Repair, Terms};
use omnibar_media::{Codec, Micros};
use std::borrow::Cow;

/// Longer descriptions are refused; a browser's audio offer has about 2 KiB.
const MAX_DESCRIPTION: usize = 64 * 1024;
const MAX_LINES: usize = 2_000;
const MAX_MEDIA: usize = 8;
/// In one description; more would be addresses to knock at.
const MAX_CANDIDATES: usize = 64;
/// Longer candidates are refused; a long one has about 200 bytes.
const MAX_CANDIDATE: usize = 2 * 1024;

/// Names the offer that an answer belongs to by the version in its origin line, so
/// that a late answer to an offer that has been replaced is not taken for the new one's.
const ANSWERS: &str = "a=x-omnibar-answers:";
/// By which Omnibar knows Omnibar. Its value: the shortest packets taken, in ms.
const OMNIBAR: &str = "a=x-omnibar-voice:";
/// ms; what we take.
const SHORTEST: u8 = 10;

/// The description as the stack reads it: it knows the name of a fingerprint's hash in
/// small letters only, and RFC 8122 section 5 has it in any. `described` is the same text; with
/// `fallback` its audio section is [completed](formats::complete).
pub(crate) fn readable<'a>(text: &'a str, described: &Description, fallback: bool) -> Cow<'a, str> {
    let quiet = with_quiet_hash(text);
    if !fallback {
        return quiet;
    }
    let lines: Vec<&str> = quiet.lines().collect();
    let Ok((start, end)) = audio_place(&lines) else { return quiet };
    let audio = formats::complete(&lines[start..end], &described.formats, described.red);
    let before = lines[..start].iter().copied();
    let all = before.chain(audio.iter().map(String::as_str)).chain(lines[end..].iter().copied());
    Cow::Owned(all.flat_map(|line| [line, "\r\n"]).collect())
}

fn with_quiet_hash(text: &str) -> Cow<'_, str> {
    const FINGERPRINT: &str = "a=fingerprint:";
    let loud = |line: &str| {
        let hash = line.strip_prefix(FINGERPRINT).and_then(|rest| rest.split(' ').next());
        hash.is_some_and(|hash| hash.bytes().any(|byte| byte.is_ascii_uppercase()))
    };
    if !text.lines().any(loud) {
        return Cow::Borrowed(text);
    }
    let lines = text.lines().map(|line| match line.split_once(' ') {
        Some((hash, value)) if loud(line) => format!("{} {value}\r\n", hash.to_ascii_lowercase()),
        Some(_) | None => format!("{line}\r\n"),
    });
    Cow::Owned(lines.collect())
}

/// Which way voice may flow, as its describer sees it (RFC 8866 section 6.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    SendReceive,
    SendOnly,
    ReceiveOnly,
    Inactive,
}

impl Direction {
    /// As the other side sees it.
    pub(crate) fn reversed(self) -> Self {
        match self {
            Self::SendReceive => Self::SendReceive,
            Self::SendOnly => Self::ReceiveOnly,
            Self::ReceiveOnly => Self::SendOnly,
            Self::Inactive => Self::Inactive,
        }
    }

    pub(crate) fn sends(self) -> bool {
        matches!(self, Self::SendReceive | Self::SendOnly)
    }
}

/// The parts of a description that this crate acts on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Description {
    /// The `sess-version` of the origin line.
    pub(crate) version: String,
    pub(crate) direction: Direction,
    /// Origin version of the offer that this answers, when it says so.
    pub(crate) answers: Option<String>,
    /// What the audio section lists: payload type and lower-case encoding.
    formats: Vec<(u8, String)>,
    /// Voice codecs among them, in their order.
    codecs: Vec<Codec>,
    /// Redundant voice over Opus.
    red: Option<u8>,
    /// Opus packets that were lost are sent again.
    nack: bool,
    /// The describer is Omnibar and takes packets as short as this.
    omnibar: Option<Micros>,
}

impl Description {
    /// Reads a description that has exactly one audio section in use. `fallback`: Opus need
    /// not be in it, if another codec that is known is.
    pub(crate) fn read(text: &str, fallback: bool) -> Result<Self, PeerError> {
        let lines = lines(text)?;
        let version = origin_version(&lines)?;
        let answers = lines.iter().find_map(|line| line.strip_prefix(ANSWERS)).map(str::to_owned);
        let session_direction = lines
            .iter()
            .take_while(|line| !line.starts_with("m="))
            .find_map(|line| direction(line));
        let audio = audio_section(&lines)?;
        for needed in ["a=mid:", "a=rtcp-mux"] {
            if !audio.iter().any(|line| line.starts_with(needed)) {
                return Err(refused(format!("its audio section has no {needed} line")));
            }
        }
        for needed in ["a=ice-ufrag:", "a=ice-pwd:", "a=fingerprint:"] {
            if !lines.iter().any(|line| line.starts_with(needed)) {
                return Err(refused(format!("it has no {needed} line")));
            }
        }
        let formats = formats::listed(audio);
        let opus = number_of(&formats, OPUS);
        let mut codecs = formats::codecs(&formats);
        if !fallback {
            codecs.retain(|codec| *codec == Codec::Opus);
        }
        if codecs.is_empty() {
            let wanted =
                if fallback { "none of the codecs Opus, G.722 and G.711" } else { "no Opus codec" };
            return Err(refused(format!("it has {wanted}")));
        }
        let omnibar = lines.iter().find_map(|line| line.strip_prefix(OMNIBAR));
        Ok(Self {
            version,
            direction: audio
                .iter()
                .find_map(|line| direction(line))
                .or(session_direction)
                .unwrap_or(Direction::SendReceive),
            answers,
            red: opus.and_then(|opus| red_over(opus, audio, &formats)),
            nack: opus.is_some_and(|opus| has_nack(opus, audio)),
            omnibar: omnibar
                .and_then(|ms| Some(Micros(ms.parse::<u64>().ok()?.clamp(10, 20) * 1000))),
            formats,
            codecs,
        })
    }

    /// The description's payload type for a canonical one.
    pub(crate) fn payload_type(&self, canonical: u8) -> Option<u8> {
        if canonical == RED { self.red } else { number_of(&self.formats, canonical) }
    }

    /// The numbers of an answer to this offer: of the best codec, first, and of the keys that
    /// go with it.
    fn chosen(&self) -> Vec<u8> {
        let codec = formats::best(&self.codecs).unwrap_or_default();
        let kept =
            formats::FORMATS.iter().filter(|format| match formats::codec_of(format.canonical) {
                Some(voice) => voice == codec,
                None => codec == Codec::Opus || format.clock == codec.clock(),
            });
        let mut numbers: Vec<u8> =
            kept.filter_map(|format| self.payload_type(format.canonical)).collect();
        if codec == Codec::Opus && self.red.is_some() {
            numbers.swap(0, 1);
        }
        numbers
    }
}

/// What two descriptions have in common, and we want.
pub(crate) fn terms(local: &Description, remote: &Description, repair: Repair, ssrc: u32) -> Terms {
    let omnibar = remote.omnibar.filter(|_| repair.omnibar);
    // An answer's first is its wish (RFC 3264 section 7); one of ours names one only.
    let codec = remote.codecs.iter().find(|codec| local.codecs.contains(codec));
    let codec = codec.copied().unwrap_or_default();
    let opus = codec == Codec::Opus;
    let none = Terms::none(ssrc);
    Terms {
        red: opus && repair.red && local.red.is_some() && remote.red.is_some(),
        nack: opus && repair.nack && local.nack && remote.nack,
        omnibar: omnibar.is_some(),
        packet: omnibar.filter(|_| opus).unwrap_or(none.packet),
        codec,
        ssrc,
    }
}

/// The stack's offer with what else is offered.
pub(crate) fn finish_offer(offer: &str, repair: Repair) -> String {
    finish(offer, &omnibar_line(repair), "", None)
}

/// The stack's answer with a line that names the offer it belongs to; with `fallback`, and
/// with the best codec alone.
pub(crate) fn finish_answer(
    answer: &str,
    offer: &Description,
    repair: Repair,
    fallback: bool,
) -> String {
    let session = format!("{ANSWERS}{}\r\n{}", offer.version, omnibar_line(repair));
    // A browser would take it for a wish and send short packets on a bad path too.
    let short = repair.omnibar && offer.omnibar.is_some();
    let media = if short { format!("a=ptime:{SHORTEST}\r\n") } else { String::new() };
    finish(answer, &session, &media, fallback.then(|| offer.chosen()).as_deref())
}

fn omnibar_line(repair: Repair) -> String {
    if repair.omnibar { format!("{OMNIBAR}{SHORTEST}\r\n") } else { String::new() }
}

/// Adds lines to the session and to the audio section, and names the format to be sent
/// first: a browser sends the first. `kept`: the numbers that are left of the others.
fn finish(text: &str, session: &str, media: &str, kept: Option<&[u8]>) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let listed = audio_section(&lines).ok().map(|section| listed(section, kept));
    let mut finished = String::with_capacity(text.len() + session.len() + media.len());
    let (mut named, mut audio) = (false, false);
    for line in lines {
        if line.starts_with("m=") {
            audio = line.starts_with("m=audio ");
        }
        if line.starts_with("m=") && !std::mem::replace(&mut named, true) {
            finished += session;
        }
        match &listed {
            Some(listed) if line.starts_with("m=audio ") => {
                finished += &formats::relisted(line, listed);
            }
            Some(listed) if audio && formats::about(line).is_some_and(|n| !listed.contains(&n)) => {
                continue;
            }
            Some(_) | None => finished += line,
        }
        finished += "\r\n";
        if audio && line.starts_with("a=mid:") {
            finished += media;
        }
    }
    finished
}

/// A candidate line without its attribute prefix, or `None` for one that cannot be used
/// here: the end of the list, other transports than UDP, and names of the local link
/// (`….local`, by which browsers hide addresses; their connectivity checks reveal the
/// address as a peer-reflexive candidate).
pub(crate) fn usable_candidate(text: &str) -> Result<Option<&str>, PeerError> {
    if text.len() > MAX_CANDIDATE {
        return Err(PeerError::Candidate(format!("it is longer than {MAX_CANDIDATE} bytes")));
    }
    if text.chars().any(char::is_control) {
        return Err(PeerError::Candidate("it has control characters".to_owned()));
    }
    let line = text.trim().strip_prefix("a=").unwrap_or(text.trim());
    if line.is_empty() {
        return Ok(None);
    }
    let Some(fields) = line.strip_prefix("candidate:") else {
        return Err(PeerError::Candidate("it does not begin with candidate:".to_owned()));
    };
    let fields: Vec<&str> = fields.split(' ').collect();
    let [_, _, transport, priority, address, port, "typ", _, ..] = fields[..] else {
        return Err(PeerError::Candidate("it has too few fields".to_owned()));
    };
    if priority.parse::<u32>().is_err() || port.parse::<u16>().is_err() {
        return Err(PeerError::Candidate("its priority or port is no number".to_owned()));
    }
    if !transport.eq_ignore_ascii_case("udp") || address.to_ascii_lowercase().ends_with(".local") {
        return Ok(None);
    }
    if address.parse::<std::net::IpAddr>().is_err() {
        return Err(PeerError::Candidate("its address is no IP address".to_owned()));
    }
    Ok(Some(line))
}

/// The numbers that the stack lists, those to be sent first in front, and of the others only
/// those that are `kept`.
fn listed(section: &[&str], kept: Option<&[u8]>) -> Vec<u8> {
    let known = formats::listed(section);
    let there = |number: &u8| known.iter().any(|(known, _)| known == number);
    if let Some(kept) = kept {
        return kept.iter().copied().filter(there).collect();
    }
    let opus = number_of(&known, OPUS);
    let red = opus.and_then(|opus| red_over(opus, section, &known));
    let mut numbers: Vec<u8> = known.iter().map(|(number, _)| *number).collect();
    numbers.sort_by_key(|number| match Some(*number) {
        first if first == red.or(opus) => 0,
        second if second == opus => 1,
        _ => 2,
    });
    numbers
}

fn refused(reason: String) -> PeerError {
    PeerError::Description(reason)
}

fn lines(text: &str) -> Result<Vec<&str>, PeerError> {
    if text.len() > MAX_DESCRIPTION {
        return Err(refused(format!("it is longer than {MAX_DESCRIPTION} bytes")));
    }
    let lines: Vec<&str> = text.lines().collect();
    if lines.len() > MAX_LINES {
        return Err(refused(format!("it has more than {MAX_LINES} lines")));
    }
    if lines.iter().filter(|l| l.starts_with("a=candidate:")).count() > MAX_CANDIDATES {
        return Err(refused(format!("it has more than {MAX_CANDIDATES} candidates")));
    }
    if lines.first() != Some(&"v=0") {
        return Err(refused("it does not begin with v=0".to_owned()));
    }
    for line in &lines {
        let bytes = line.as_bytes();
        if bytes.len() < 2 || !bytes[0].is_ascii_lowercase() || bytes[1] != b'=' {
            return Err(refused("it has a line that is not of the form x=value".to_owned()));
        }
        if line.chars().any(char::is_control) {
            return Err(refused("it has control characters".to_owned()));
        }
    }
    Ok(lines)
}

fn origin_version(lines: &[&str]) -> Result<String, PeerError> {
    let origin = lines
        .iter()
        .find_map(|line| line.strip_prefix("o="))
        .ok_or_else(|| refused("it has no origin line".to_owned()))?;
    match origin.split(' ').collect::<Vec<_>>()[..] {
        [_, id, version, _, _, _] if number(id) && number(version) => Ok(version.to_owned()),
        _ => Err(refused("its origin line is malformed".to_owned())),
    }
}

fn number(text: &str) -> bool {
    text.parse::<u64>().is_ok()
}

/// The lines of the one audio section in use. Sections of other kinds are left to the
/// WebRTC stack, which rejects them.
fn audio_section<'a>(lines: &'a [&'a str]) -> Result<&'a [&'a str], PeerError> {
    audio_place(lines).map(|(start, end)| &lines[start..end])
}

fn audio_place(lines: &[&str]) -> Result<(usize, usize), PeerError> {
    let starts: Vec<usize> =
        (0..lines.len()).filter(|&index| lines[index].starts_with("m=")).collect();
    if starts.len() > MAX_MEDIA {
        return Err(refused(format!("it has more than {MAX_MEDIA} media sections")));
    }
    let mut found = None;
    for (nth, &start) in starts.iter().enumerate() {
        let end = starts.get(nth + 1).copied().unwrap_or(lines.len());
        let mut fields = lines[start]["m=".len()..].split(' ');
        let (kind, port) = (fields.next(), fields.next());
        if kind != Some("audio") || port == Some("0") {
            continue;
        }
        if found.replace((start, end)).is_some() {
            return Err(refused("it has more than one audio section".to_owned()));
        }
    }
    found.ok_or_else(|| refused("it has no audio section".to_owned()))
}

fn direction(line: &str) -> Option<Direction> {
    match line {
        "a=sendrecv" => Some(Direction::SendReceive),
        "a=sendonly" => Some(Direction::SendOnly),
        "a=recvonly" => Some(Direction::ReceiveOnly),
        "a=inactive" => Some(Direction::Inactive),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_a_fingerprint_is_read_in_any_letters() {
        let sdp = "v=0\r\na=fingerprint:SHA-256 AB:CD\r\na=mid:A B\r\n";
        assert_eq!(with_quiet_hash(sdp), "v=0\r\na=fingerprint:sha-256 AB:CD\r\na=mid:A B\r\n");
        let plain = "v=0\r\na=fingerprint:sha-256 AB:CD\r\n";
        assert!(matches!(with_quiet_hash(plain), Cow::Borrowed(_)));
    }
}
