use crate::SignIn;
use omnibar_model::{AgentId, Secret};
use std::collections::VecDeque;

/// What to do for a sign-in that the desk has let through.
#[derive(Debug)]
pub(crate) enum Next {
    Open(SignIn),
    Recall { centre: String, user: AgentId },
}

/// A test of a connection that is asked for as if somebody signed in.
#[derive(Debug)]
pub(crate) struct Tested {
    pub(crate) sign_in: SignIn,
    pub(crate) echo: String,
}

/// What waited for a password.
#[derive(Debug)]
pub(crate) enum Recalled {
    Open(SignIn),
    Test(Tested),
}

/// Passwords on their way from the door to the centre, beside the desk.
///
/// ```text
///  intent with password ───────────────▶ open ──opened──▶ remember, if wished
///  intent without ──▶ recall ──answer──▶ open
///  test without ────▶ recall ──answer──▶ test
/// ```
#[derive(Debug, Default)]
pub(crate) struct Entrance {
    offered: Option<Attempt>,
    current: Option<Attempt>,
    tested: Option<(u64, Tested)>,
    /// Attempts and tests whose recall is unanswered, oldest first: answers come in that order.
    recalls: VecDeque<u64>,
    last: u64,
}

#[derive(Debug)]
struct Attempt {
    number: u64,
    sign_in: SignIn,
    remember: bool,
}

impl Entrance {
    /// A sign-in has been asked for; the desk has yet to allow it.
    pub(crate) fn offer(&mut self, sign_in: SignIn, remember: bool) {
        self.last += 1;
        self.offered = Some(Attempt { number: self.last, sign_in, remember });
    }

    /// The desk did not allow it.
    pub(crate) fn withdraw(&mut self) {
        self.offered = None;
    }

    /// The desk wants the session opened.
    pub(crate) fn open(&mut self, centre: String, user: AgentId, take_over: bool) -> Next {
        self.last += 1;
        let mut attempt = self
            .offered
            .take_if(|a| a.sign_in.centre == centre && a.sign_in.user == user)
            .unwrap_or(Attempt {
                number: self.last,
                sign_in: SignIn { centre, user, password: None, take_over, account: None },
                remember: false,
            });
        attempt.sign_in.take_over = take_over;
        let sign_in = attempt.sign_in.clone();
        let number = attempt.number;
        self.current = Some(attempt);
        if sign_in.password.is_some() {
            Next::Open(sign_in)
        } else {
            self.recalls.push_back(number);
            Next::Recall { centre: sign_in.centre, user: sign_in.user }
        }
    }

    /// A test has no password: the vault is to be asked for the one of this sign-in.
    pub(crate) fn recall_for(&mut self, tested: Tested) -> (String, AgentId) {
        self.last += 1;
        let SignIn { centre, user, .. } = &tested.sign_in;
        let whose = (centre.clone(), user.clone());
        self.tested = Some((self.last, tested));
        self.recalls.push_back(self.last);
        whose
    }

    /// The test is not wanted any more.
    pub(crate) fn forget_test(&mut self) {
        self.tested = None;
    }

    /// The vault's answer; `None` when its question is no longer of interest.
    pub(crate) fn recalled(&mut self, password: Option<Secret>) -> Option<Recalled> {
        let number = self.recalls.pop_front()?;
        if let Some((_, mut tested)) = self.tested.take_if(|(test, _)| *test == number) {
            tested.sign_in.password = password;
            return Some(Recalled::Test(tested));
        }
        let attempt = self.current.as_mut().filter(|a| a.number == number)?;
        attempt.sign_in.password = password;
        Some(Recalled::Open(attempt.sign_in.clone()))
    }

    /// The centre has let the agent in. What is to be remembered, if anything.
    pub(crate) fn opened(&mut self) -> Option<SignIn> {
        self.current.take().filter(|a| a.remember).map(|a| a.sign_in)
    }

    /// Failed, cancelled or over: the password is not kept.
    pub(crate) fn closed(&mut self) {
        self.current = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(entrance: &mut Entrance, user: &str, password: Option<&str>, remember: bool) {
        let sign_in = SignIn {
            centre: "ws://centre.test".into(),
            user: user.into(),
            password: password.map(Secret::new),
            take_over: false,
            account: None,
        };
        entrance.offer(sign_in, remember);
    }

    fn open(entrance: &mut Entrance, user: &str) -> Next {
        entrance.open("ws://centre.test".into(), user.into(), false)
    }

    #[test]
    fn a_given_password_goes_straight_to_the_centre() {
        let mut entrance = Entrance::default();
        offer(&mut entrance, "agent1", Some("right"), true);
        let Next::Open(sign_in) = open(&mut entrance, "agent1") else { panic!("not opened") };
        assert_eq!(sign_in.password, Some(Secret::new("right")));
        let kept = entrance.opened().and_then(|s| s.password);
        assert_eq!(kept, Some(Secret::new("right")));
        assert!(entrance.opened().is_none(), "remembered once");
    }

    #[test]
    fn nothing_is_remembered_unless_wished() {
        let mut entrance = Entrance::default();
        offer(&mut entrance, "agent1", Some("right"), false);
        assert!(matches!(open(&mut entrance, "agent1"), Next::Open(_)));
        assert!(entrance.opened().is_none());
    }

    #[test]
    fn a_late_answer_of_the_vault_is_not_used_for_another_user() {
        let mut entrance = Entrance::default();
        offer(&mut entrance, "agent1", None, false);
        assert!(matches!(open(&mut entrance, "agent1"), Next::Recall { .. }));
        entrance.closed();
        offer(&mut entrance, "agent2", None, false);
        assert!(matches!(open(&mut entrance, "agent2"), Next::Recall { .. }));
        assert!(entrance.recalled(Some(Secret::new("of agent1"))).is_none());
        let opened = entrance.recalled(Some(Secret::new("of agent2")));
        let Some(Recalled::Open(sign_in)) = opened else { panic!("{opened:?}") };
        assert_eq!(sign_in.user, "agent2".into());
        assert_eq!(sign_in.password, Some(Secret::new("of agent2")));
        assert!(entrance.recalled(None).is_none(), "an answer nobody asked for");
    }

    #[test]
    fn a_test_and_a_sign_in_each_get_the_password_that_was_asked_for_them() {
        let mut entrance = Entrance::default();
        offer(&mut entrance, "agent1", None, false);
        assert!(matches!(open(&mut entrance, "agent1"), Next::Recall { .. }));
        let sign_in = SignIn {
            centre: "sip:1001@pbx.test".into(),
            user: "1001".into(),
            password: None,
            take_over: false,
            account: None,
        };
        let tested = || Tested { sign_in: sign_in.clone(), echo: "600".into() };
        let whose = entrance.recall_for(tested());
        assert_eq!(whose, ("sip:1001@pbx.test".to_owned(), "1001".into()));
        let first = entrance.recalled(Some(Secret::new("of agent1")));
        assert!(matches!(first, Some(Recalled::Open(s)) if s.user == "agent1".into()));
        let second = entrance.recalled(Some(Secret::new("of 1001")));
        let Some(Recalled::Test(test)) = second else { panic!("{second:?}") };
        assert_eq!(test.sign_in.password, Some(Secret::new("of 1001")));

        entrance.recall_for(tested());
        entrance.forget_test();
        assert!(entrance.recalled(Some(Secret::new("late"))).is_none());
    }

    #[test]
    fn a_password_that_the_desk_refused_is_not_used_later() {
        let mut entrance = Entrance::default();
        offer(&mut entrance, "agent1", Some("right"), false);
        entrance.withdraw();
        assert!(matches!(open(&mut entrance, "agent1"), Next::Recall { .. }));
    }
}
