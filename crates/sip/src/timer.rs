//! Session timers (RFC 4028): a call whose far side is gone ends by itself.

use crate::message::{Fields, Params, names};
use omnibar_model::Moment;
use std::time::Duration;

/// What this side asks for, and the shortest it takes (sections 4 and 5), in seconds.
pub(crate) const WANTED: u32 = 1_800;
pub(crate) const SHORTEST: u32 = 90;
/// Longest that is believed: a week.
pub(crate) const LONGEST: u32 = 604_800;

/// Who keeps the call alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refresher {
    Here,
    There,
}

/// What both sides agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SessionTimer {
    interval: u32,
    pub(crate) refresher: Refresher,
    since: Moment,
    /// A refresh that did not work is tried again then.
    again: Option<Moment>,
}

/// What came of a request's wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    Without,
    With(SessionTimer),
    /// To be refused with 422.
    TooShort,
}

impl SessionTimer {
    /// Of a 2xx to a request of this side.
    pub(crate) fn agreed(now: Moment, answer: &Fields) -> Option<Self> {
        let (interval, params) = read(answer)?;
        let refresher = match params.get("refresher") {
            Some(who) if who.eq_ignore_ascii_case("uas") => Refresher::There,
            Some(_) | None => Refresher::Here,
        };
        Some(Self { interval, refresher, since: now, again: None })
    }

    /// Of a request that came; `kept` is what this side was before (section 9: roles do
    /// not change on their own).
    pub(crate) fn wished(now: Moment, request: &Fields) -> Wish {
        let Some((interval, params)) = read(request) else { return Wish::Without };
        let supported = request.lists(names::SUPPORTED, "timer");
        if interval < SHORTEST {
            return if supported { Wish::TooShort } else { Wish::Without };
        }
        let refresher = match params.get("refresher") {
            Some(who) if who.eq_ignore_ascii_case("uas") => Refresher::Here,
            Some(_) => Refresher::There,
            None if supported => Refresher::There,
            None => Refresher::Here,
        };
        Wish::With(Self { interval, refresher, since: now, again: None })
    }

    /// The field of a 2xx that agrees.
    pub(crate) fn answer(&self) -> String {
        let who = match self.refresher {
            Refresher::Here => "uas",
            Refresher::There => "uac",
        };
        format!("{};refresher={who}", self.interval)
    }

    /// The field of a refresh by this side.
    pub(crate) fn request(&self) -> String {
        let who = match self.refresher {
            Refresher::Here => "uac",
            Refresher::There => "uas",
        };
        format!("{};refresher={who}", self.interval)
    }

    /// When to refresh, or to take the far side for gone: at half the time, or a third,
    /// 32 s at most, before its end (section 10).
    pub(crate) fn due(&self) -> Moment {
        if let Some(again) = self.again {
            return again;
        }
        let whole = Duration::from_secs(self.interval.into());
        let wait = match self.refresher {
            Refresher::Here => whole / 2,
            Refresher::There => whole - (whole / 3).min(Duration::from_secs(32)),
        };
        self.since + wait
    }

    /// The far side was heard of.
    pub(crate) fn restarted(mut self, now: Moment) -> Self {
        self.since = now;
        self.again = None;
        self
    }

    /// A refresh is on its way; if nothing comes of it there is another.
    pub(crate) fn delayed(mut self, now: Moment) -> Self {
        self.again = Some(now + Duration::from_secs(u64::from(self.interval / 10).max(5)));
        self
    }

    /// The far side wants longer intervals (422).
    pub(crate) fn raised(mut self, least: u32) -> Self {
        self.interval = self.interval.max(least.min(LONGEST));
        self
    }
}

fn read(fields: &Fields) -> Option<(u32, Params)> {
    let value = fields.get(names::SESSION_EXPIRES)?;
    let (interval, params) = value.split_once(';').unwrap_or((value, ""));
    let interval = interval.trim().parse::<u32>().ok()?.min(LONGEST);
    Some((interval, Params::read(params)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(expires: &str, supported: &str) -> Fields {
        let mut fields = Fields::default();
        fields.push(names::SESSION_EXPIRES, expires);
        fields.push(names::SUPPORTED, supported);
        fields
    }

    #[test]
    fn a_refresher_comes_back_at_half_and_the_other_waits_longer() {
        let agreed = |value: &str| {
            let timer = SessionTimer::agreed(Moment::ZERO, &fields(value, "timer")).unwrap();
            (timer.refresher, timer.due().as_millis() / 1_000)
        };
        assert_eq!(agreed("1800;refresher=uac"), (Refresher::Here, 900));
        assert_eq!(agreed("1800;refresher=uas"), (Refresher::There, 1_768));
        assert_eq!(agreed("90;refresher=uas"), (Refresher::There, 60));
    }

    #[test]
    fn who_knows_timers_refreshes_himself() {
        let wished = |value: &str, supported: &str| {
            SessionTimer::wished(Moment::ZERO, &fields(value, supported))
        };
        let Wish::With(timer) = wished("600", "timer") else { panic!("no timer") };
        assert_eq!(timer.answer(), "600;refresher=uac");
        let Wish::With(timer) = wished("600", "") else { panic!("no timer") };
        assert_eq!(timer.answer(), "600;refresher=uas");
        assert_eq!(wished("60", "timer"), Wish::TooShort);
        assert_eq!(SessionTimer::wished(Moment::ZERO, &Fields::default()), Wish::Without);
    }
}
