//! RTCP from bytes and to bytes: RFC 3550, 3611, 4585.

use omnibar_media::Micros;
use omnibar_media::loss::rtcp::{
    Builder, Item, Listener, ParseError, Report, SenderInfo, parse, round_trip,
};
use omnibar_media::loss::{LossMap, rtcp};
use proptest::prelude::*;

/// What a packet says, with its iterators run out.
#[derive(Debug, PartialEq)]
enum Said {
    Sender(SenderInfo),
    Report(Report),
    Nack(u32, Vec<u16>),
    Losses(u32, Vec<(u16, bool)>),
    Listener(Listener),
}

fn said(bytes: &[u8]) -> (Vec<Said>, Result<(), ParseError>) {
    let mut all = Vec::new();
    let result = parse(bytes, |item| {
        all.push(match item {
            Item::Sender(info) => Said::Sender(info),
            Item::Report(report) => Said::Report(report),
            Item::Nack { media, numbers } => Said::Nack(media, numbers.collect()),
            Item::Losses { source, came } => Said::Losses(source, came.collect()),
            Item::Listener(listener) => Said::Listener(listener),
        });
    });
    (all, result)
}

#[test]
fn a_receiver_report_is_laid_out_as_in_rfc_3550() {
    let report = Report {
        source: 0x0a0b_0c0d,
        fraction_lost: 64,
        lost: -2,
        highest: 0x0001_0002,
        jitter: 77,
        last_sender_report: 0x1122_3344,
        delay: 0x0001_0000,
    };
    let mut bytes = Vec::new();
    Builder::new(&mut bytes).receiver_report(9, Some(&report));
    #[rustfmt::skip]
    assert_eq!(bytes, [
        0x81, 201, 0, 7, 0, 0, 0, 9,
        0x0a, 0x0b, 0x0c, 0x0d, 64, 0xff, 0xff, 0xfe, 0, 1, 0, 2, 0, 0, 0, 77,
        0x11, 0x22, 0x33, 0x44, 0, 1, 0, 0,
    ]);
    assert_eq!(said(&bytes), (vec![Said::Report(report)], Ok(())));
}

#[test]
fn a_listener_is_told_in_the_extension_of_a_report() {
    let listener = Listener { packet: Micros(20_000), deep: true, loss: 7 };
    let mut bytes = Vec::new();
    let _ = Builder::new(&mut bytes).listener(9, &listener);
    let layout = [0x80, 201, 0, 3, 0, 0, 0, 9, b'O', b'M', b'N', b'I', 20, 1, 7, 0];
    assert_eq!(bytes, layout);
    assert_eq!(said(&bytes), (vec![Said::Listener(listener)], Ok(())));
    // Other lengths of packets and shares than there are.
    bytes[12] = 0;
    bytes[14] = 255;
    let listener = Listener { packet: Micros(10_000), deep: true, loss: 100 };
    assert_eq!(said(&bytes).0, [Said::Listener(listener)]);
    // Somebody else's extension, and one that is cut.
    bytes[8] = b'X';
    assert_eq!(said(&bytes), (vec![], Ok(())));
    let cut = [0x80, 201, 0, 2, 0, 0, 0, 9, b'O', b'M', b'N', b'I'];
    assert_eq!(said(&cut), (vec![], Ok(())));
}

#[test]
fn a_nack_is_laid_out_as_in_rfc_4585() {
    let mut bytes = Vec::new();
    Builder::new(&mut bytes).nack(1, 2, &[65_535, 0, 15, 16, 40]);
    #[rustfmt::skip]
    assert_eq!(bytes, [
        0x81, 205, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2,
        0xff, 0xff, 0x80, 0x01, 0, 16, 0, 0, 0, 40, 0, 0,
    ]);
    assert_eq!(said(&bytes).0, [Said::Nack(2, vec![65_535, 0, 15, 16, 40])]);
}

#[test]
fn runs_and_vectors_of_a_loss_map_are_read() {
    // RFC 3611 section 4.1: 20 that came, 3 lost, then a vector.
    #[rustfmt::skip]
    let bytes = [
        0x80, 207, 0, 5, 0, 0, 0, 1,
        1, 0, 0, 3, 0, 0, 0, 2, 0xff, 0xf0, 0x00, 0x12,
        0x40, 20, 0x00, 3,
    ];
    let mut longer = bytes.to_vec();
    longer.extend([0b1110_0111, 0xff, 0, 0]);
    longer[3] = 6;
    longer[11] = 4;
    let (all, result) = said(&longer);
    let [Said::Losses(2, came)] = &all[..] else { panic!("{all:?}") };
    assert_eq!(result, Ok(()));
    assert_eq!(came.len(), 34);
    let lost: Vec<u16> = came.iter().filter(|(_, came)| !came).map(|(number, _)| *number).collect();
    assert_eq!(lost, [4, 5, 6, 9, 10]);
    assert_eq!(came[0], (65_520, true));
}

#[test]
fn strange_parts_are_passed_over_and_padding_is_no_content() {
    let mut bytes = vec![0x80, 250, 0, 1, 1, 2, 3, 4];
    let mut nack = Vec::new();
    Builder::new(&mut nack).name(1, "someone").nack(1, 2, &[7]);
    bytes.extend(nack);
    // Application-defined, then a padded NACK.
    bytes.extend([0xa1, 205, 0, 4, 0, 0, 0, 1, 0, 0, 0, 2, 0, 9, 0, 0, 0, 0, 0, 4]);
    assert_eq!(said(&bytes), (vec![Said::Nack(2, vec![7]), Said::Nack(2, vec![9])], Ok(())));
}

#[test]
fn what_is_cut_or_of_another_version_is_refused() {
    let mut bytes = Vec::new();
    Builder::new(&mut bytes).receiver_report(9, Some(&Report::default()));
    for length in 1..bytes.len() {
        assert_eq!(said(&bytes[..length]), (Vec::new(), Err(ParseError::Short)), "{length}");
    }
    bytes[0] = 0x41;
    assert_eq!(said(&bytes).1, Err(ParseError::Version));
    // Padding of more than there is.
    let padded = [0xa0, 201, 0, 1, 0, 0, 0, 200];
    assert_eq!(said(&padded).1, Err(ParseError::Short));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = said(&bytes);
    }

    /// Bytes whose headers are right, so that the reading goes deeper.
    #[test]
    fn any_content_is_read_or_refused(
        parts in prop::collection::vec(
            (0u8..64, prop::sample::select(vec![200u8, 201, 202, 205, 206, 207]),
             prop::collection::vec(prop::sample::select(vec![0u8, 1, 2, 0x40, 0x80, 0xff]), 0..60)),
            0..4,
        ),
    ) {
        let mut bytes = Vec::new();
        for (count, kind, mut body) in parts {
            body.resize(body.len().next_multiple_of(4), 0);
            bytes.extend([0x80 | count, kind, 0, (body.len() / 4) as u8]);
            bytes.extend(body);
        }
        let (all, _) = said(&bytes);
        for item in all {
            if let Said::Losses(_, came) = item {
                prop_assert!(came.len() <= 65_535);
            }
        }
    }

    #[test]
    fn reports_survive_both_ways(
        numbers: [u32; 8], fraction_lost: u8, lost in -0x80_0000i32..0x80_0000, ntp: u64, blank: bool,
    ) {
        let [source, highest, jitter, last_sender_report, delay, ours, timestamp, packets] = numbers;
        let report =
            Report { source, fraction_lost, lost, highest, jitter, last_sender_report, delay };
        let info = SenderInfo { source: ours, ntp, timestamp, packets, bytes: jitter };
        let mut bytes = Vec::new();
        let block = (!blank).then_some(&report);
        Builder::new(&mut bytes).sender_report(&info, block).name(ours, "a");
        let mut expected = vec![Said::Sender(info)];
        expected.extend(block.map(|report| Said::Report(*report)));
        prop_assert_eq!(said(&bytes), (expected, Ok(())));
    }

    #[test]
    fn nacks_survive_both_ways(first: u16, steps in prop::collection::vec(1u16..40, 0..30)) {
        let mut numbers = vec![first];
        for step in steps {
            numbers.push(numbers[numbers.len() - 1].wrapping_add(step));
        }
        let mut bytes = Vec::new();
        Builder::new(&mut bytes).nack(3, 4, &numbers);
        prop_assert_eq!(said(&bytes), (vec![Said::Nack(4, numbers)], Ok(())));
    }

    #[test]
    fn loss_maps_survive_both_ways(
        start in 0i64..200_000, came in prop::collection::vec(any::<bool>(), 1..300),
    ) {
        let mut map = LossMap::new();
        for (n, &came) in came.iter().enumerate() {
            let number = start + n as i64;
            if came { map.came(number) } else { map.lost(number) }
        }
        // The first of a stream has come by its nature.
        let last = start + came.len() as i64 - 1;
        let mut bytes = Vec::new();
        Builder::new(&mut bytes).losses(5, 6, &map, last, came.len() as i64);
        let expected: Vec<(u16, bool)> =
            came.iter().enumerate().map(|(n, &came)| ((start + n as i64) as u16, came)).collect();
        prop_assert_eq!(said(&bytes), (vec![Said::Losses(6, expected)], Ok(())));
    }

    #[test]
    fn a_round_trip_is_what_passed_less_what_was_waited(
        sent in 0u64..1_000_000_000_000, there in 0u64..9_000_000, waited in 0u64..60_000_000,
    ) {
        let report = Report {
            last_sender_report: rtcp::middle(Micros(sent)).max(1),
            delay: rtcp::middle(Micros(waited)),
            ..Report::default()
        };
        let trip = round_trip(&report, Micros(sent + there + waited));
        prop_assert!(trip.is_some_and(|trip| trip.0.abs_diff(there) < 60), "{:?}", trip);
    }
}
