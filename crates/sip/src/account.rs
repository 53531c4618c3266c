use crate::message::Uri;
use omnibar_model::Secret;
use std::time::Duration;

/// An extension of an exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Address of record, `sip:1001@pbx.test`.
    pub address: Uri,
    /// Shown to those who are called; may be empty.
    pub display: String,
    /// Name for the password, where it is not the address's user.
    pub user: String,
    pub password: Secret,
    /// Whether the WebSocket is one over TLS: the `Via` says so (RFC 7118 section 5.2).
    pub secure: bool,
    /// Names this installation, the same over restarts: a UUID (RFC 5626 section 4.1).
    pub instance: String,
    /// How long a registration is asked to hold.
    pub expires: Duration,
    /// Name and version of the program.
    pub agent: String,
}

/// Tells the calls of one user agent apart; a number is not used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallNumber {
    /// Chosen by whoever gives the command to call.
    Out(u32),
    /// Chosen by the user agent.
    In(u32),
}

/// Tells subscriptions apart; chosen by whoever subscribes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WatchNumber(pub u32);

/// What is wanted of the user agent. What makes no sense at the time yields
/// [`crate::Event::Refused`] and changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Registers now and keeps registered, over every connection.
    Register,
    /// Gives the registration up.
    Unregister,
    /// Calls. `offer` is this side's description (RFC 3264) with every candidate in it.
    Call {
        call: CallNumber,
        to: Uri,
        offer: String,
        /// Takes the place of another call, a colleague's that rings for one.
        replaces: Option<crate::Replaces>,
    },
    /// Takes a call; `sdp` is the answer to its offer, or the offer of one that came
    /// without.
    Accept {
        call: CallNumber,
        sdp: String,
    },
    /// Refuses a call that rings here: `busy` (486), else 603.
    Reject {
        call: CallNumber,
        busy: bool,
    },
    /// Ends a call in whichever state it is.
    HangUp {
        call: CallNumber,
    },
    /// Puts the far side on hold, or takes it back; with a new description of this side,
    /// or the latest with another direction.
    Hold {
        call: CallNumber,
        on: bool,
        offer: Option<String>,
    },
    /// Offers anew in a call, to mend its media (an ICE restart) or to change it.
    Offer {
        call: CallNumber,
        offer: String,
    },
    /// Answers [`crate::Event::Offered`]; `None` refuses the change and leaves all as it was.
    Answer {
        call: CallNumber,
        answer: Option<String>,
    },
    /// Sends a key by INFO, where the far side takes none in its media.
    Press {
        call: CallNumber,
        digit: crate::Digit,
        length: Duration,
    },
    /// Sends the far side to somebody else, unannounced (RFC 3515).
    Transfer {
        call: CallNumber,
        to: Uri,
    },
    /// Joins the far sides of two calls of this user agent (RFC 5589 section 7).
    Join {
        call: CallNumber,
        with: CallNumber,
    },
    /// Answers [`crate::Event::TransferAsked`]: makes the call, as `new`, or declines.
    Follow {
        call: CallNumber,
        new: Option<(CallNumber, String)>,
    },
    /// Watches a colleague's phone.
    Watch {
        watch: WatchNumber,
        whom: Uri,
    },
    /// Watches the own voice mail box.
    WatchMessages {
        watch: WatchNumber,
    },
    Unwatch {
        watch: WatchNumber,
    },
}

/// What happens to the user agent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "there is one at a time, and it is moved once")]
pub enum Input {
    /// The WebSocket is up, with the subprotocol `sip` agreed on.
    Connected,
    /// It is not any more.
    Disconnected,
    /// One frame of it.
    Received(Vec<u8>),
    Command(Command),
    /// The time that [`crate::UserAgent::deadline`] told has come.
    Tick,
}
