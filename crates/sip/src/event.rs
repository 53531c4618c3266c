use crate::caller::{Caller, Party};
use crate::message::Uri;
use crate::{CallNumber, Cause, Colleague, Digit, Replaces, Waiting, WatchNumber};
use std::fmt;
use std::time::Duration;

/// What the user agent wants done.
#[derive(Clone, PartialEq, Eq)]
pub enum Output {
    /// One frame for the WebSocket. May hold credentials: not for a log.
    Send(Vec<u8>),
    /// Nothing comes through this connection any more: make another.
    Reconnect,
    Event(Event),
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send(bytes) => write!(f, "Send({} bytes)", bytes.len()),
            Self::Reconnect => f.write_str("Reconnect"),
            Self::Event(event) => f.debug_tuple("Event").field(event).finish(),
        }
    }
}

/// What has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// `first` if it was not registered a moment ago.
    Registered {
        first: bool,
        /// From the request to the answer.
        took: Duration,
        /// How long it holds; it is renewed before.
        expires: Duration,
        /// Where the exchange saw this machine: `host:port`, if it told.
        seen_at: Option<String>,
    },
    /// `again_in`: the next attempt; `None` for a fault that only a person can mend.
    RegistrationFailed {
        cause: Cause,
        again_in: Option<Duration>,
    },
    Unregistered,

    /// Somebody calls.
    Incoming {
        call: CallNumber,
        caller: Box<Caller>,
        /// The number that was called: one person may have several.
        to: Party,
        /// `None` if this side is to offer.
        offer: Option<String>,
        /// Asked to be answered by itself after that time.
        auto_answer: Option<Duration>,
        /// Takes the place of that call: to be accepted at once; the other ends with it.
        replaces: Option<CallNumber>,
        /// Who sent the caller here.
        referred_by: Option<Party>,
    },
    /// It rings at the far side.
    Ringing {
        call: CallNumber,
    },
    /// The far side is heard before it answers: an announcement or its own ringing.
    EarlyMedia {
        call: CallNumber,
        answer: String,
    },
    /// The far side has answered; `answer` is `None` if it is the one of
    /// [`Event::EarlyMedia`].
    Answered {
        call: CallNumber,
        answer: Option<String>,
        with: Party,
    },
    /// The far side knows that it was accepted; `answer` is that to an offer in
    /// [`crate::Command::Accept`].
    Established {
        call: CallNumber,
        answer: Option<String>,
    },
    /// The far side wants to change the call; [`crate::Command::Answer`] is due within
    /// 10 s. `held`: it puts this side on hold. A hold of this side's is not seen in it, nor
    /// in the answer of [`Event::Changed`].
    Offered {
        call: CallNumber,
        offer: String,
        held: bool,
    },
    /// The far side's answer to an offer of this side during the call.
    Changed {
        call: CallNumber,
        answer: String,
    },
    /// Who hears nothing: `here` for a hold of this side, `there` for the far side's.
    Held {
        call: CallNumber,
        here: bool,
        there: bool,
    },
    /// An offer of this side was refused; the call goes on as it was.
    ChangeRefused {
        call: CallNumber,
        cause: Cause,
    },
    /// The far side pressed a key (INFO).
    Pressed {
        call: CallNumber,
        digit: Digit,
        length: Duration,
    },
    /// A key was refused by the far side.
    PressRefused {
        call: CallNumber,
        cause: Cause,
    },
    /// The one to whom the far side was sent rings, or whatever `status` says.
    Transferring {
        call: CallNumber,
        status: u16,
    },
    /// The far side has reached him; the call ends by itself.
    Transferred {
        call: CallNumber,
    },
    TransferFailed {
        call: CallNumber,
        cause: Cause,
    },
    /// The far side asks this one to call somebody else in its stead.
    TransferAsked {
        call: CallNumber,
        to: Uri,
        replaces: Option<Replaces>,
    },
    Ended {
        call: CallNumber,
        cause: Cause,
    },

    Messages {
        waiting: Waiting,
    },
    Colleague {
        watch: WatchNumber,
        state: Colleague,
    },
    /// The exchange does not tell. Tried again later, unless nobody allows it.
    WatchFailed {
        watch: WatchNumber,
        cause: Cause,
    },

    /// What was wanted makes no sense at the time.
    Refused {
        call: Option<CallNumber>,
        why: Refusal,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("there is no such call")]
    NoSuchCall,
    #[error("the number of the call is taken")]
    NumberTaken,
    #[error("there are too many calls already")]
    TooMany,
    #[error("the call is not in a state for that")]
    NotNow,
    #[error("this address cannot be called")]
    BadAddress,
    #[error("there is no connection to the exchange")]
    NotConnected,
}
