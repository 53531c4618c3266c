use super::*;
use crate::controls::Controls;
use crate::quirks::Quirk;
use crate::samples::{BLACKWIRE, DONGLE, PLAIN};
use proptest::prelude::*;

fn place(descriptor: &Descriptor, usage: Usage) -> Option<(u8, u32, bool)> {
    descriptor.fields.iter().find_map(|field| match &field.meaning {
        Meaning::Variable(known) if *known == usage => {
            Some((field.report, field.bit, field.relative))
        }
        Meaning::Variable(_) | Meaning::Array { .. } => None,
    })
}

#[test]
fn fields_are_found_where_they_are() {
    let wire = Descriptor::parse(BLACKWIRE).unwrap();
    assert_eq!(place(&wire, Usage::new(0x0B, 0x2F)), Some((8, 0, true)));
    assert_eq!(place(&wire, Usage::new(0x0B, 0x20)), Some((8, 1, false)));
    assert_eq!(place(&wire, Usage::new(0x08, 0x18)), Some((0x18, 0, false)));
    assert_eq!(wire.report_bytes(Direction::Output, 0x17), 1);

    let dongle = Descriptor::parse(DONGLE).unwrap();
    assert_eq!(place(&dongle, Usage::new(0x09, 0x07)), Some((2, 7, true)));
    assert_eq!(place(&dongle, Usage::new(0x0B, 0x9E)), Some((2, 6, false)));
    assert_eq!(dongle.report_bytes(Direction::Output, 2), 2);
    assert_eq!(dongle.report_bytes(Direction::Input, 1), 1);
    let volume = |f: &&Field| f.meaning == Meaning::Variable(Usage::new(0x0C, 0xE9));
    assert!(!dongle.fields.iter().find(volume).unwrap().telephony);

    let plain = Descriptor::parse(PLAIN).unwrap();
    assert!(!plain.numbered);
    assert_eq!(place(&plain, Usage::new(0x0B, 0x26)), Some((0, 2, false)));
}

#[test]
fn ranges_long_usages_push_and_lists_are_understood() {
    let bytes = [
        0x05, 0x0B, 0x09, 0x05, 0xA1, 0x01, // telephony, headset
        0xA4, 0x05, 0x08, 0x75, 0x04, 0xB4, // push, forgotten by pop
        0x15, 0x01, 0x25, 0x03, 0x75, 0x08, 0x95, 0x02, //
        0x19, 0x20, 0x29, 0x21, 0x0B, 0x07, 0x00, 0x09, 0x00, 0x81, 0x00, // a list of three
        0xC0,
    ];
    let descriptor = Descriptor::parse(&bytes).unwrap();
    let usages = vec![Usage::new(0x0B, 0x20), Usage::new(0x0B, 0x21), Usage::new(0x09, 0x07)];
    assert_eq!(descriptor.fields[0].meaning, Meaning::Array { slots: 2, usages });
    let controls = Controls::find(&descriptor, &Quirk::default()).unwrap();
    let on = |report: &[u8]| -> Vec<bool> {
        controls.read(report).into_iter().map(|(.., on)| on).collect()
    };
    assert_eq!(on(&[0, 0]), [false, false]);
    assert_eq!(on(&[0, 1]), [true, false], "the hook is the first of the list");
    assert_eq!(on(&[2, 0]), [false, true]);
}

#[test]
fn what_is_wrong_is_said() {
    let deep: Vec<u8> = [0xA1, 0x01].repeat(40);
    let pushes: Vec<u8> = vec![0xA4; 40];
    let fields: Vec<u8> = [0x19, 0x00, 0x2A, 0xFF, 0x01, 0x81, 0x02].repeat(3);
    let fields = [vec![0x75, 0x01, 0x96, 0x00, 0x02], fields].concat();
    for (bytes, fault) in [
        (vec![0; DESCRIPTOR_MAX + 1], DescriptorFault::TooLong),
        (vec![0x26, 0x01], DescriptorFault::Truncated),
        (vec![0xC0], DescriptorFault::Collections),
        (vec![0xA1, 0x01], DescriptorFault::Collections),
        (deep, DescriptorFault::Collections),
        (pushes, DescriptorFault::Stack),
        (vec![0xB4], DescriptorFault::Stack),
        (vec![0x85, 0x00], DescriptorFault::ReportNumber),
        (vec![0x86, 0x00, 0x01], DescriptorFault::ReportNumber),
        (
            vec![0x75, 0xFF, 0x97, 0xFF, 0xFF, 0xFF, 0xFF, 0x81, 0x02],
            DescriptorFault::ReportTooLong,
        ),
        (fields, DescriptorFault::TooManyFields),
    ] {
        let end = bytes.len().min(16);
        assert_eq!(Descriptor::parse(&bytes), Err(fault), "{:02x?}", &bytes[..end]);
    }
}

/// What comes of it is small, and can be read from and written to.
fn use_it(bytes: &[u8], report: &[u8]) {
    let Ok(descriptor) = Descriptor::parse(bytes) else { return };
    assert!(descriptor.fields.len() <= FIELDS_MAX);
    let Some(controls) = Controls::find(&descriptor, &Quirk::default()) else { return };
    assert!(controls.read(report).len() <= controls.inputs.len());
    let lamps = [crate::controls::Lamp::OffHook, crate::controls::Lamp::Mute];
    for written in controls.write(&lamps, |_| true) {
        assert!(written.len() <= REPORT_MAX + 1);
    }
}

proptest! {
    #[test]
    fn no_bytes_bring_it_down(
        bytes in proptest::collection::vec(any::<u8>(), 0..600),
        report in proptest::collection::vec(any::<u8>(), 0..64),
    ) {
        use_it(&bytes, &report);
    }

    /// Nearer to the truth than mere noise: a real one with some bytes changed or cut off.
    #[test]
    fn no_damage_brings_it_down(
        which in 0_usize..3,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        cut in any::<prop::sample::Index>(),
        cuts in any::<bool>(),
        report in proptest::collection::vec(any::<u8>(), 0..64),
    ) {
        let mut bytes = [BLACKWIRE, DONGLE, PLAIN][which].to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if cuts {
            bytes.truncate(cut.index(bytes.len()));
        }
        use_it(&bytes, &report);
    }

    #[test]
    fn items_of_any_order_do_not_bring_it_down(
        items in proptest::collection::vec((any::<u8>(), any::<[u8; 4]>()), 0..200),
    ) {
        let mut bytes = vec![0x05, 0x0B, 0x09, 0x05, 0xA1, 0x01];
        for (prefix, data) in items {
            bytes.push(prefix);
            bytes.extend(&data[..[0, 1, 2, 4][usize::from(prefix & 3)]]);
        }
        use_it(&bytes, &bytes);
    }
}
