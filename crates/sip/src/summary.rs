/// How many voice messages wait (RFC 3842).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    pub any: bool,
    pub new: u32,
    pub old: u32,
    pub new_urgent: u32,
    pub old_urgent: u32,
}

impl Waiting {
    /// Of an `application/simple-message-summary`; `None` for another body.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(body).ok()?;
        let field = |name: &str| {
            text.lines().find_map(|line| {
                let (own, value) = line.split_once(':')?;
                own.trim().eq_ignore_ascii_case(name).then(|| value.trim())
            })
        };
        let any = field("Messages-Waiting")?.eq_ignore_ascii_case("yes");
        // new/old (urgent new/urgent old)
        let counts = field("Voice-Message").unwrap_or_default();
        let (all, urgent) = counts.split_once('(').unwrap_or((counts, ""));
        let pair = |text: &str| {
            let (new, old) = text.trim().trim_end_matches(')').split_once('/').unwrap_or_default();
            (new.trim().parse().unwrap_or_default(), old.trim().parse().unwrap_or_default())
        };
        let ((new, old), (new_urgent, old_urgent)) = (pair(all), pair(urgent));
        Some(Self { any, new, old, new_urgent, old_urgent })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_as_far_as_they_are_there() {
        let read = |text: &str| Waiting::read(text.as_bytes());
        assert_eq!(
            read("Messages-Waiting: yes\r\nVoice-Message: 2/8 (1/0)\r\n"),
            Some(Waiting { any: true, new: 2, old: 8, new_urgent: 1, old_urgent: 0 })
        );
        assert_eq!(read("messages-waiting: no\n"), Some(Waiting::default()));
        assert_eq!(read("Voice-Message: 2/8\r\n"), None);
        assert_eq!(Waiting::read(b"\xff"), None);
    }
}
