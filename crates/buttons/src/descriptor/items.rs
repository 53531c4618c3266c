use super::DescriptorFault;

/// One short item (HID 1.11, section 6.2.2.2). Long items carry nothing that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) kind: Kind,
    pub(super) tag: u8,
    pub(super) data: u32,
    /// Bytes of data: 0, 1, 2 or 4.
    pub(super) size: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Main,
    Global,
    Local,
    Reserved,
}

impl Item {
    /// The data as a number with sign, as wide as it was written.
    pub(super) fn signed(&self) -> i32 {
        let unused = 32 - 8 * u32::from(self.size);
        match self.size {
            0 => 0,
            _ => (self.data << unused).cast_signed() >> unused,
        }
    }
}

/// The short items of a descriptor, in order.
pub(super) struct Items<'a>(pub(super) &'a [u8]);

impl Iterator for Items<'_> {
    type Item = Result<Item, DescriptorFault>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (&prefix, rest) = self.0.split_first()?;
            if prefix == LONG {
                // Size, tag, data.
                let skip = rest.first().map_or(usize::MAX, |size| usize::from(*size) + 2);
                match rest.get(skip..) {
                    Some(rest) => self.0 = rest,
                    None => return self.truncated(),
                }
                continue;
            }
            let size = [0, 1, 2, 4][usize::from(prefix & 3)];
            let Some((bytes, rest)) = rest.split_at_checked(usize::from(size)) else {
                return self.truncated();
            };
            self.0 = rest;
            let data = bytes.iter().rev().fold(0, |data, byte| data << 8 | u32::from(*byte));
            let kind = match (prefix >> 2) & 3 {
                0 => Kind::Main,
                1 => Kind::Global,
                2 => Kind::Local,
                _ => Kind::Reserved,
            };
            return Some(Ok(Item { kind, tag: prefix >> 4, data, size }));
        }
    }
}

const LONG: u8 = 0xFE;

impl Items<'_> {
    fn truncated(&mut self) -> Option<Result<Item, DescriptorFault>> {
        self.0 = &[];
        Some(Err(DescriptorFault::Truncated))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_signs_and_long_items_are_read() {
        let bytes = [0x15, 0x80, 0xFE, 2, 9, 1, 2, 0x26, 0xFF, 0x00, 0xC0];
        let items: Vec<Item> = Items(&bytes).map(Result::unwrap).collect();
        assert_eq!(items.len(), 3);
        assert_eq!((items[0].kind, items[0].tag, items[0].signed()), (Kind::Global, 1, -128));
        assert_eq!((items[1].data, items[1].signed()), (255, 255));
        assert_eq!((items[2].kind, items[2].size, items[2].signed()), (Kind::Main, 0, 0));
    }

    #[test]
    fn an_end_within_an_item_is_a_fault() {
        for bytes in [&[0x05][..], &[0x27, 1, 2], &[0xFE], &[0xFE, 4, 0, 1]] {
            let last = Items(bytes).last();
            assert_eq!(last, Some(Err(DescriptorFault::Truncated)), "{bytes:?}");
        }
    }
}
