//! The formats of an audio section (RFC 8866 section 5.14): which codec has which number.

use crate::{OPUS, RED, TELEPHONE_EVENT, TELEPHONE_EVENT_8K};
use omnibar_media::{Codec, SAMPLE_RATE};

/// RFC 3551 table 4.
pub(crate) const G722: u8 = 9;
pub(crate) const PCMU: u8 = 0;
pub(crate) const PCMA: u8 = 8;

/// A format as this crate describes it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Format {
    pub(crate) canonical: u8,
    pub(crate) name: &'static str,
    pub(crate) clock: u32,
    /// 0: the description says none.
    pub(crate) channels: u16,
    pub(crate) parameters: &'static str,
}

/// Those that are offered, in this order.
pub(crate) const FORMATS: [Format; 7] = [
    Format::new(OPUS, "opus", 48_000, 2, "minptime=10;useinbandfec=1"),
    Format::new(RED, "red", 48_000, 2, "111/111"),
    Format::new(G722, "G722", 8_000, 0, ""),
    Format::new(PCMU, "PCMU", 8_000, 0, ""),
    Format::new(PCMA, "PCMA", 8_000, 0, ""),
    Format::new(TELEPHONE_EVENT, "telephone-event", 48_000, 0, "0-16"),
    Format::new(TELEPHONE_EVENT_8K, "telephone-event", 8_000, 0, "0-16"),
];

impl Format {
    const fn new(
        canonical: u8,
        name: &'static str,
        clock: u32,
        channels: u16,
        parameters: &'static str,
    ) -> Self {
        Self { canonical, name, clock, channels, parameters }
    }

    /// As `a=rtpmap` has it.
    fn encoding(&self) -> String {
        match self.channels {
            0 => format!("{}/{}", self.name, self.clock),
            channels => format!("{}/{}/{channels}", self.name, self.clock),
        }
    }

    pub(crate) fn is_fallback(&self) -> bool {
        codec_of(self.canonical).is_some_and(|codec| codec != Codec::Opus)
    }
}

/// Of a canonical payload type. `None`: it is no voice, or voice within another format.
#[must_use]
pub fn codec_of(canonical: u8) -> Option<Codec> {
    match canonical {
        OPUS => Some(Codec::Opus),
        G722 => Some(Codec::G722),
        PCMU => Some(Codec::Pcmu),
        PCMA => Some(Codec::Pcma),
        _ => None,
    }
}

/// The canonical payload type of voice in that codec.
#[must_use]
pub fn type_of(codec: Codec) -> u8 {
    codec.fixed_type().unwrap_or(OPUS)
}

/// Hz of the timestamps of packets of that canonical payload type.
#[must_use]
pub fn clock_of(canonical: u8) -> u32 {
    let format = FORMATS.iter().find(|format| format.canonical == canonical);
    format.map_or(SAMPLE_RATE, |format| format.clock)
}

/// Number and lower-case encoding of what the media line of a section lists, in its order.
pub(crate) fn listed(section: &[&str]) -> Vec<(u8, String)> {
    let mut encodings: [Option<String>; 128] = [const { None }; 128];
    // Numbers that need no line (RFC 3551 section 6).
    for fixed in FORMATS.iter().filter(|format| format.is_fallback()) {
        encodings[usize::from(fixed.canonical)] = Some(fixed.encoding().to_ascii_lowercase());
    }
    let maps = section.iter().filter_map(|line| line.strip_prefix("a=rtpmap:")?.split_once(' '));
    for (number, encoding) in maps {
        let slot = number.parse::<usize>().ok().and_then(|number| encodings.get_mut(number));
        if let Some(slot) = slot {
            let encoding = encoding.trim().to_ascii_lowercase();
            // One channel is what is meant where none is said (RFC 8866 section 6.6).
            *slot = Some(encoding.strip_suffix("/1").unwrap_or(&encoding).to_owned());
        }
    }
    let numbers = section.first().copied().unwrap_or_default().split(' ').skip(3);
    let numbers = numbers.filter_map(|number| number.parse::<u8>().ok());
    // Each once: what is taken is gone.
    numbers
        .filter_map(|number| Some((number, encodings.get_mut(usize::from(number))?.take()?)))
        .collect()
}

/// The number of a format in such a list; not for [`RED`], which says what it is made of.
pub(crate) fn number_of(listed: &[(u8, String)], canonical: u8) -> Option<u8> {
    let format = FORMATS.iter().find(|format| format.canonical == canonical)?;
    let encoding = format.encoding().to_ascii_lowercase();
    listed.iter().find(|(_, name)| *name == encoding).map(|(number, _)| *number)
}

/// The voice codecs of such a list, in its order.
pub(crate) fn codecs(listed: &[(u8, String)]) -> Vec<Codec> {
    let mut found: Vec<(usize, Codec)> = Codec::ALL
        .into_iter()
        .filter_map(|codec| {
            let number = number_of(listed, type_of(codec))?;
            Some((listed.iter().position(|(listed, _)| *listed == number)?, codec))
        })
        .collect();
    found.sort_unstable();
    found.into_iter().map(|(_, codec)| codec).collect()
}

/// The one that an answer names: the best, and of the two laws of G.711 the first that was
/// offered.
pub(crate) fn best(offered: &[Codec]) -> Option<Codec> {
    let rank = |codec: &Codec| match codec {
        Codec::Opus => 0,
        Codec::G722 => 1,
        Codec::Pcmu | Codec::Pcma => 2,
    };
    offered.iter().min_by_key(|codec| rank(codec)).copied()
}

/// The payload type of redundant voice whose every block is Opus (RFC 2198 section 5).
pub(crate) fn red_over(opus: u8, section: &[&str], listed: &[(u8, String)]) -> Option<u8> {
    let red = number_of(listed, RED)?;
    let blocks = section.iter().find_map(|line| {
        line.strip_prefix("a=fmtp:")?
            .split_once(' ')
            .filter(|(number, _)| number.parse() == Ok(red))
    });
    let over_opus = |(_, blocks): (&str, &str)| blocks.split('/').all(|b| b.parse() == Ok(opus));
    blocks.is_some_and(over_opus).then_some(red)
}

/// Whether lost packets of the format may be asked for (RFC 4585 section 4.2).
pub(crate) fn has_nack(format: u8, section: &[&str]) -> bool {
    section.iter().filter_map(|line| line.strip_prefix("a=rtcp-fb:")?.split_once(' ')).any(
        |(number, feedback)| {
            (number == "*" || number.parse() == Ok(format)) && feedback.trim() == "nack"
        },
    )
}

/// The number that a line of an audio section is about, if it is about one.
pub(crate) fn about(line: &str) -> Option<u8> {
    let rest = ["a=rtpmap:", "a=fmtp:", "a=rtcp-fb:"].iter().find_map(|p| line.strip_prefix(p))?;
    rest.split(' ').next()?.parse().ok()
}

/// The media line with these numbers instead of its own.
pub(crate) fn relisted(line: &str, numbers: &[u8]) -> String {
    let mut fields: Vec<String> = line.split(' ').take(3).map(str::to_owned).collect();
    fields.extend(numbers.iter().map(u8::to_string));
    fields.join(" ")
}

/// The audio section as the WebRTC stack is to read it: with every format that this side
/// knows, by the number that the description has for it or one that is free. The stack forgets
/// for good what the first description does not name, and a call may change to it later.
/// What is sent and taken is not the stack's to decide.
pub(crate) fn complete(section: &[&str], listed: &[(u8, String)], red: Option<u8>) -> Vec<String> {
    let taken = |number: u8| listed.iter().any(|(listed, _)| *listed == number);
    let mut free = (96..128).filter(|number| !taken(*number));
    let mut known: Vec<(u8, Format)> = vec![];
    for format in FORMATS {
        let number = match format.canonical {
            // Is made of another format's packets: there or not.
            RED => red,
            canonical => number_of(listed, canonical)
                .or_else(|| (!taken(canonical)).then_some(canonical))
                .or_else(|| free.next()),
        };
        let number = number.filter(|number| known.iter().all(|(other, _)| other != number));
        known.extend(number.map(|number| (number, format)));
    }
    let numbers: Vec<u8> = known.iter().map(|(number, _)| *number).collect();
    let kept = |line: &&str| match about(line) {
        Some(number) => line.starts_with("a=rtcp-fb:") && numbers.contains(&number),
        None => !line.starts_with("a=rtpmap:") && !line.starts_with("a=fmtp:"),
    };
    let (media, rest) = section.split_first().unwrap_or((&"", &[]));
    let mut whole = vec![relisted(media, &numbers)];
    whole.extend(rest.iter().filter(|line| kept(line)).map(|line| (*line).to_owned()));
    for (number, format) in known {
        whole.push(format!("a=rtpmap:{number} {}", format.encoding()));
        let opus = number_of(listed, OPUS).unwrap_or(OPUS);
        match format.parameters {
            "" => {}
            _ if format.canonical == RED => whole.push(format!("a=fmtp:{number} {opus}/{opus}")),
            parameters => whole.push(format!("a=fmtp:{number} {parameters}")),
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// An audio section in which formats are listed and described anyhow.
    fn sections() -> impl Strategy<Value = Vec<String>> {
        let number = prop_oneof![8 => 0..140_u16, 1 => any::<u16>()];
        let encoding = prop_oneof![
            3 => prop::sample::select(FORMATS.map(|format| format.encoding()).to_vec()),
            1 => "[a-zA-Z0-9/ .-]{0,20}",
        ];
        let line = prop_oneof![
            3 => (number.clone(), encoding).prop_map(|(n, text)| format!("a=rtpmap:{n} {text}")),
            1 => (number.clone(), "[0-9/;=a-z]{0,20}").prop_map(|(n, text)| format!("a=fmtp:{n} {text}")),
            1 => number.clone().prop_map(|n| format!("a=rtcp-fb:{n} nack")),
        ];
        let list = prop::collection::vec(number, 0..40);
        (list, prop::collection::vec(line, 0..60)).prop_map(|(list, lines)| {
            let list: String = list.iter().map(|n| format!(" {n}")).collect();
            let media = format!("m=audio 9 UDP/TLS/RTP/SAVPF{list}");
            std::iter::once(media).chain(lines).collect()
        })
    }

    proptest! {
        #[test]
        fn whatever_is_listed_the_stack_reads_a_sound_section_with_the_same_numbers(
            section in sections(),
        ) {
            let section: Vec<&str> = section.iter().map(String::as_str).collect();
            let read = listed(&section);
            prop_assert!(read.iter().all(|(number, _)| *number < 128));
            let red = number_of(&read, OPUS).and_then(|opus| red_over(opus, &section, &read));
            prop_assert!(codecs(&read).len() <= Codec::ALL.len());

            let whole = complete(&section, &read, red);
            prop_assert!(whole.len() <= section.len() + 2 * FORMATS.len());
            let whole: Vec<&str> = whole.iter().map(String::as_str).collect();
            let again = listed(&whole);
            let media: Vec<&str> = whole[0].split(' ').skip(3).collect();
            prop_assert_eq!(media.len(), again.len(), "each number once: {}", whole[0]);
            for format in FORMATS {
                let (was, is) = (number_of(&read, format.canonical), number_of(&again, format.canonical));
                if format.canonical != RED && was.is_some() {
                    prop_assert_eq!(was, is, "{}", format.name);
                }
            }
            for codec in codecs(&read) {
                prop_assert!(codecs(&again).contains(&codec));
            }
        }
    }

    #[test]
    fn numbers_of_the_standard_need_no_line_and_one_channel_may_be_said() {
        let section = ["m=audio 9 UDP/TLS/RTP/SAVPF 8 0 9 101", "a=rtpmap:0 PCMU/8000/1"];
        assert_eq!(codecs(&listed(&section)), [Codec::Pcma, Codec::Pcmu, Codec::G722]);
        let other =
            ["m=audio 9 UDP/TLS/RTP/SAVPF 0 97", "a=rtpmap:0 GSM/8000", "a=rtpmap:97 g722/8000"];
        let listed = listed(&other);
        assert_eq!((number_of(&listed, G722), codecs(&listed)), (Some(97), vec![Codec::G722]));
    }

    #[test]
    fn the_best_is_named_and_of_two_alike_the_first() {
        assert_eq!(best(&[Codec::Pcma, Codec::G722, Codec::Opus]), Some(Codec::Opus));
        assert_eq!(best(&[Codec::Pcma, Codec::Pcmu, Codec::G722]), Some(Codec::G722));
        assert_eq!(best(&[Codec::Pcma, Codec::Pcmu]), Some(Codec::Pcma));
        assert_eq!(best(&[]), None);
    }

    #[test]
    fn the_stack_reads_every_format_and_keeps_the_numbers() {
        let section = [
            "m=audio 4000 UDP/TLS/RTP/SAVPF 96 111 13",
            "c=IN IP4 192.0.2.1",
            "a=rtpmap:96 opus/48000/2",
            "a=rtpmap:111 telephone-event/8000",
            "a=fmtp:111 0-15",
            "a=rtcp-fb:96 nack",
            "a=rtpmap:13 CN/8000",
            "a=mid:0",
        ];
        let whole = complete(&section, &listed(&section), None);
        assert_eq!(whole[0], "m=audio 4000 UDP/TLS/RTP/SAVPF 96 9 0 8 110 111");
        for line in ["c=IN IP4 192.0.2.1", "a=mid:0", "a=rtcp-fb:96 nack", "a=rtpmap:0 PCMU/8000"] {
            assert!(whole.iter().any(|have| have == line), "{line} in {whole:?}");
        }
        assert!(!whole.iter().any(|line| line.contains("CN/8000")));
    }
}
