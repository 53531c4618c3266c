//! Times as the contract writes them: `2026-11-21T11:13:36.753+00:00` (ISO 8601, UTC).

const DAY: i64 = 86_400_000;

/// `at`: milliseconds since 1970-01-01T00:00Z.
pub(super) fn iso(at: i64) -> String {
    let (days, ms) = (at.div_euclid(DAY), at.rem_euclid(DAY));
    let (year, month, day) = civil(days);
    let (hours, minutes, seconds) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
    format!(
        "{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{:03}+00:00",
        ms % 1000
    )
}

/// The last midnight, UTC.
pub(super) fn midnight(at: i64) -> i64 {
    at.div_euclid(DAY) * DAY
}

/// `2026-11-21T11:13:36+0530`, with or without seconds' fractions; the offset is `Z`,
/// `+05:30`, `+0530` or missing (UTC).
pub(super) fn parse(text: &str) -> Option<i64> {
    let (date, time) = text.split_once('T')?;
    let mut parts = date.split('-').map(digits);
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() || !(1970..=9999).contains(&year) {
        return None;
    }
    let at = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (time, offset) = time.split_at(at);
    let mut parts = time.split('.').next()?.split(':').map(digits);
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next().unwrap_or(Some(0))?);
    if hour > 23 || minute > 59 || second > 60 || !(1..=12).contains(&month) {
        return None;
    }
    let days = days(year, month, day);
    // A day that the month does not have is another date.
    if civil(days) != (year, month, day) {
        return None;
    }
    let seconds = hour * 3600 + minute * 60 + second - offset_seconds(offset)?;
    Some(days * DAY + seconds * 1000)
}

fn offset_seconds(text: &str) -> Option<i64> {
    let (sign, rest) = match text.as_bytes().first() {
        None | Some(b'Z') if text.len() <= 1 => return Some(0),
        Some(b'+') => (1, &text[1..]),
        Some(b'-') => (-1, &text[1..]),
        Some(_) | None => return None,
    };
    let rest: String = rest.chars().filter(|c| *c != ':').collect();
    if rest.len() != 4 {
        return None;
    }
    let both = digits(&rest)?;
    Some(sign * (both / 100 * 3600 + both % 100 * 60))
}

fn digits(text: &str) -> Option<i64> {
    let plain = (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

/// Days since 1970-01-01 to year, month, day of the Gregorian calendar, by eras of 400
/// years that begin on 1 March.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let month = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_are_written_and_read_as_the_contract_has_them() {
        for (at, text) in [
            (0, "1970-01-01T00:00:00.000+00:00"),
            (1_752_837_216_753, "2025-07-18T11:13:36.753+00:00"),
            (951_782_400_000, "2000-02-29T00:00:00.000+00:00"),
        ] {
            assert_eq!(iso(at), text);
        }
        for text in
            ["2025-07-06T09:56:40+0530", "2025-07-06T09:56:40+05:30", "2025-07-06T04:26:40Z"]
        {
            assert_eq!(parse(text), Some(1_751_776_000_000), "{text}");
        }
        for text in
            ["", "2025-02-30T00:00:00Z", "2025-07-06", "2025-07-06T25:00", "2025-07-06T00:00+5"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(at in 0_i64..253_402_300_799) {
            prop_assert_eq!(parse(&iso(at * 1000)), Some(at * 1000));
        }

        #[test]
        fn anything_is_read_or_refused(text in "[-0-9T:.Z+ ]{0,30}|.{0,30}") {
            let _ = parse(&text);
        }
    }
}
