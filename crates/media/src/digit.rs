/// A key of the telephone keypad: `0`–`9`, `*`, `#`, `A`–`D`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digit(u8);

impl Digit {
    pub const ALL: [Self; 16] = {
        let mut all = [Self(0); 16];
        let mut code = 0;
        while code < 16 {
            all[code as usize] = Self(code);
            code += 1;
        }
        all
    };

    /// `None` for anything that is not on the keypad; letters in either case.
    #[must_use]
    pub fn new(key: char) -> Option<Self> {
        let code = KEYS.iter().position(|&k| char::from(k) == key.to_ascii_uppercase())?;
        u8::try_from(code).ok().map(Self)
    }

    /// From an event code of RFC 4733 table 3; codes above 15 are other events.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        (code < 16).then_some(Self(code))
    }

    /// Event code of RFC 4733 table 3.
    #[must_use]
    pub fn code(self) -> u8 {
        self.0
    }

    #[must_use]
    pub fn key(self) -> char {
        char::from(KEYS[usize::from(self.0)])
    }

    /// The low and the high frequency in Hz (ITU-T Q.23).
    #[must_use]
    pub fn frequencies(self) -> (f32, f32) {
        let (row, column) = GRID[usize::from(self.0)];
        (ROWS[usize::from(row)], COLUMNS[usize::from(column)])
    }

    pub(crate) fn at(row: usize, column: usize) -> Option<Self> {
        let code =
            GRID.iter().position(|&(r, c)| (usize::from(r), usize::from(c)) == (row, column))?;
        u8::try_from(code).ok().map(Self)
    }
}

/// Hz, ITU-T Q.23.
pub(crate) const ROWS: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
pub(crate) const COLUMNS: [f32; 4] = [1209.0, 1336.0, 1477.0, 1633.0];

/// In the order of the event codes.
const KEYS: [u8; 16] = *b"0123456789*#ABCD";
const GRID: [(u8, u8); 16] = [
    (3, 1),
    (0, 0),
    (0, 1),
    (0, 2),
    (1, 0),
    (1, 1),
    (1, 2),
    (2, 0),
    (2, 1),
    (2, 2),
    (3, 0),
    (3, 2),
    (0, 3),
    (1, 3),
    (2, 3),
    (3, 3),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_keeps_its_code_and_place() {
        for digit in Digit::ALL {
            assert_eq!(Digit::new(digit.key()), Some(digit));
            assert_eq!(Digit::from_code(digit.code()), Some(digit));
        }
        assert_eq!(Digit::new('5').unwrap().frequencies(), (770.0, 1336.0));
        assert_eq!(Digit::new('#').unwrap().frequencies(), (941.0, 1477.0));
        assert_eq!(Digit::new('d').map(Digit::code), Some(15));
        assert_eq!(Digit::new('x'), None);
        assert_eq!(Digit::from_code(16), None);
    }
}
