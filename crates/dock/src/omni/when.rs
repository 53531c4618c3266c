//! Times in the spellings of the contract, in UTC. Milliseconds count from
//! 1970-01-01T00:00Z.

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY_MS: i64 = 86_400_000;

/// `2025-07-14T08:31:48.925Z`
pub(super) fn iso(ms: i64) -> String {
    let w = When::of(ms);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        w.year, w.month, w.day, w.hour, w.minute, w.second, w.milli
    )
}

/// `2025-07-14 08:31:48.925`
pub(super) fn plain(ms: i64) -> String {
    let w = When::of(ms);
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03}",
        w.year, w.month, w.day, w.hour, w.minute, w.second, w.milli
    )
}

/// `Mon Jul 14 08:31:48 UTC 2025`
pub(super) fn spoken(ms: i64) -> String {
    let w = When::of(ms);
    let day = usize::try_from(ms.div_euclid(DAY_MS).rem_euclid(7)).map_or("", |d| DAYS[d]);
    let month = usize::try_from(w.month - 1).map_or("", |m| MONTHS[m.min(11)]);
    format!(
        "{day} {month} {:02} {:02}:{:02}:{:02} UTC {}",
        w.day, w.hour, w.minute, w.second, w.year
    )
}

/// ISO 8601 with an offset, `2025-07-06T09:56:40+0530` or `+05:30` or `Z`.
pub(super) fn parse(text: &str) -> Option<i64> {
    if !text.is_ascii() || text.len() > 40 {
        return None;
    }
    let digits = |from: usize, to: usize| -> Option<i64> {
        let part = text.get(from..to)?;
        part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok()).flatten()
    };
    let is = |at: usize, what: &str| text.get(at..=at).is_some_and(|c| what.contains(c));
    if !(is(4, "-") && is(7, "-") && is(10, "Tt ") && is(13, ":") && is(16, ":")) {
        return None;
    }
    let (year, month, day) = (digits(0, 4)?, digits(5, 7)?, digits(8, 10)?);
    let (hour, minute, second) = (digits(11, 13)?, digits(14, 16)?, digits(17, 19)?);
    let fits = (1..=12).contains(&month) && (1..=31).contains(&day);
    if !fits || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let rest = text.get(19..)?.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let days = days_before(year, month) + day - 1;
    let local = days * DAY_MS + (hour * 3600 + minute * 60 + second) * 1000;
    Some(local - offset_minutes(rest)? * 60_000)
}

fn offset_minutes(text: &str) -> Option<i64> {
    if text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = match text.get(..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let digits: String = text.get(1..)?.replacen(':', "", 1);
    if digits.len() != 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes): (i64, i64) = (digits[..2].parse().ok()?, digits[2..].parse().ok()?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

struct When {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    milli: i64,
}

impl When {
    fn of(ms: i64) -> Self {
        // Years 0 to 9999, so that every spelling has four digits.
        let ms = ms.clamp(-62_167_219_200_000, 253_402_300_799_999);
        let (days, rest) = (ms.div_euclid(DAY_MS), ms.rem_euclid(DAY_MS));
        // Never too late a year, on either side of 1970.
        let mut year = 1970 + days.div_euclid(366).min(days.div_euclid(365));
        while days_before(year + 1, 1) <= days {
            year += 1;
        }
        let mut month = 1;
        while month < 12 && days_before(year, month + 1) <= days {
            month += 1;
        }
        Self {
            year,
            month,
            day: days - days_before(year, month) + 1,
            hour: rest / 3_600_000,
            minute: rest / 60_000 % 60,
            second: rest / 1000 % 60,
            milli: rest % 1000,
        }
    }
}

/// Days from 1970-01-01 to the first of a month (1 to 12) of the Gregorian calendar.
fn days_before(year: i64, month: i64) -> i64 {
    const BEFORE: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let past = year - 1;
    let leap_days = past.div_euclid(4) - past.div_euclid(100) + past.div_euclid(400) - 477;
    let in_year = usize::try_from(month - 1).map_or(0, |m| BEFORE[m.min(11)]);
    (year - 1970) * 365 + leap_days + in_year + i64::from(is_leap && month > 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_spelled_as_the_contract_spells_them() {
        assert_eq!(iso(1_752_481_908_925), "2025-07-14T08:31:48.925Z");
        assert_eq!(plain(1_752_481_908_925), "2025-07-14 08:31:48.925");
        assert_eq!(spoken(1_752_481_908_925), "Mon Jul 14 08:31:48 UTC 2025");
        assert_eq!(iso(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(iso(951_782_400_000), "2000-02-29T00:00:00.000Z");
        assert_eq!(iso(i64::MAX), "9999-12-31T23:59:59.999Z");
        assert_eq!(iso(i64::MIN), "0000-01-01T00:00:00.000Z");
    }

    #[test]
    fn offsets_are_read_with_and_without_a_colon() {
        let want = Some(1_751_775_400_000 + 600_000);
        for text in ["2025-07-06T09:56:40+0530", "2025-07-06T09:56:40+05:30"] {
            assert_eq!(parse(text), want, "{text}");
        }
        assert_eq!(parse("2025-07-06T04:26:40.000Z"), want);
        for bad in [
            "",
            "tomorrow",
            "2025-07-06T09:56:40",
            "2025-13-06T09:56:40Z",
            "2025-07-06T09:56:40+05é0",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
