use clap::{Args, Parser, Subcommand};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// Native desktop softphone toolbar for contact-centre agents.
#[derive(Debug, Parser)]
#[command(name = "omnibar", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) mode: Option<Mode>,
    #[command(flatten)]
    pub(crate) window: WindowArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Mode {
    /// The softphone without a window: commands on standard input, one a line;
    /// events on standard output, one JSON object a line.
    Phone(PhoneArgs),
}

#[derive(Clone, Debug, Default, Args)]
pub(crate) struct WindowArgs {
    /// Start with an embedded contact centre and demo customers.
    #[arg(long)]
    pub(crate) demo: bool,
    /// Address of the embedded centre; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:7340", requires = "demo")]
    pub(crate) demo_listen: Option<SocketAddr>,
    /// Directory in which the demo customers record what they hear.
    #[arg(long, value_name = "DIR", requires = "demo")]
    pub(crate) demo_record: Option<PathBuf>,
    /// Address of the centre to offer at sign-in, for example wss://centre.example.
    #[arg(long, value_name = "URL")]
    pub(crate) centre: Option<String>,
    /// Address of an extension to offer at sign-in instead, for example
    /// sip:1001@pbx.example (docs/sip.md).
    #[arg(long, value_name = "ADDRESS", requires = "ws", conflicts_with_all = ["centre", "demo"])]
    pub(crate) sip: Option<String>,
    /// Where its telephone system takes SIP over WebSocket, for example
    /// wss://pbx.example/ws.
    #[arg(long, value_name = "URL", requires = "sip")]
    pub(crate) ws: Option<String>,
    /// With --sip: the name that the password belongs to, where it is not the address's.
    #[arg(long, value_name = "NAME", requires = "sip")]
    pub(crate) user: Option<String>,
    /// With --sip: name that is shown to those who are called.
    #[arg(long, value_name = "TEXT", requires = "sip")]
    pub(crate) display: Option<String>,
    /// With --sip: number of the voice mail box.
    #[arg(long, value_name = "NUMBER", requires = "sip")]
    pub(crate) voicemail: Option<String>,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
    /// A `tel:` link to dial.
    pub(crate) link: Option<String>,
}

#[derive(Clone, Debug, Default, Args)]
pub(crate) struct CommonArgs {
    /// Directory for settings, logs and the outbox instead of the user's own.
    #[arg(long, value_name = "DIR", env = "OMNIBAR_DATA")]
    pub(crate) data: Option<PathBuf>,
    /// Certificate authority of the centre or exchange, PEM, beside the system's.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// Local address for voice; all interfaces when not given.
    #[arg(long, value_name = "IP", env = "OMNIBAR_BIND")]
    pub(crate) bind: Vec<IpAddr>,
    /// Voice over a TURN server only, whatever else the network would allow.
    #[arg(long)]
    pub(crate) relay_only: bool,
    /// Port on 127.0.0.1 where pages of this machine dock; 0 takes a free one. When not
    /// given, the window takes the first free one of 47620 to 47624, the phone none.
    #[arg(long, value_name = "PORT", env = "OMNIBAR_DOCK_PORT", conflicts_with = "no_dock")]
    pub(crate) dock_port: Option<u16>,
    /// No page docks on this machine; through the centre they do.
    #[arg(long)]
    pub(crate) no_dock: bool,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct PhoneArgs {
    /// Address of the centre, for example ws://127.0.0.1:7340.
    #[arg(long, value_name = "URL", required_unless_present_any = ["direct", "sip"])]
    pub(crate) centre: Option<String>,
    /// With --sip: the name that the password belongs to, where it is not the address's.
    #[arg(long, value_name = "NAME", required_unless_present_any = ["direct", "sip"])]
    pub(crate) user: Option<String>,
    /// No centre: an extension of an exchange, for example sip:1001@pbx.example
    /// (docs/sip.md).
    #[arg(long, value_name = "ADDRESS", requires = "ws", conflicts_with_all = ["centre",
        "direct", "campaign", "take_over"])]
    pub(crate) sip: Option<String>,
    /// Where the exchange takes SIP over WebSocket, for example wss://pbx.example/ws.
    #[arg(long, value_name = "URL", requires = "sip")]
    pub(crate) ws: Option<String>,
    /// Name that is shown to those who are called.
    #[arg(long, value_name = "TEXT", requires = "sip")]
    pub(crate) display: Option<String>,
    /// With --sip: a server that tells this machine its address as others see it, for
    /// example stun:stun.example:3478.
    #[arg(long, value_name = "URL", requires = "sip")]
    pub(crate) stun: Option<String>,
    /// With --sip: a relay for voice, over UDP (turn:relay.example:3478), TCP
    /// (turn:relay.example:3478?transport=tcp) or TLS (turns:relay.example:5349). Its password
    /// is in OMNIBAR_TURN_PASSWORD, or see --turn-password-stdin.
    #[arg(long, value_name = "URL", requires = "sip", requires = "turn_user")]
    pub(crate) turn: Option<String>,
    /// Name at the relay.
    #[arg(long, value_name = "NAME", requires = "turn")]
    pub(crate) turn_user: Option<String>,
    /// Read the relay's password from the line of standard input behind the extension's.
    #[arg(long, requires = "turn", requires = "password_stdin")]
    pub(crate) turn_password_stdin: bool,
    /// With --sip: says of each step of a registration whether it works, and ends. Exit
    /// status 1: one does not.
    #[arg(long, requires = "sip")]
    pub(crate) check: bool,
    /// With --check: also calls this number, which is to say back what it hears.
    #[arg(long, value_name = "NUMBER", requires = "check")]
    pub(crate) check_call: Option<String>,
    /// No centre: calls other softphones by their addresses, and is called at this one
    /// (docs/direct.md).
    #[arg(long, value_name = "IP:PORT", conflicts_with_all = ["centre", "user",
        "password_stdin", "campaign", "take_over"])]
    pub(crate) direct: Option<SocketAddr>,
    /// Read the password from the first line of standard input; otherwise it is
    /// asked for at the terminal.
    #[arg(long)]
    pub(crate) password_stdin: bool,
    /// Name or id of the microphone.
    #[arg(long, value_name = "NAME")]
    pub(crate) mic: Option<String>,
    /// Name or id of the speaker; also rings.
    #[arg(long, value_name = "NAME")]
    pub(crate) speaker: Option<String>,
    /// Answer every offer at once.
    #[arg(long)]
    pub(crate) auto_answer: bool,
    /// Campaign to work in; may be repeated. All that the centre offers when not given.
    #[arg(long, value_name = "ID")]
    pub(crate) campaign: Vec<String>,
    /// End another session of the same user.
    #[arg(long)]
    pub(crate) take_over: bool,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}
