//! What people may call themselves on somebody else's screen.

/// Neither a control character nor one of Unicode's (UAX #9, general category Cf) that
/// shows nothing or turns the text beside it around: a name must not rewrite a number.
pub(crate) fn is_plain(c: char) -> bool {
    !c.is_control()
        && !matches!(
            c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        )
}
