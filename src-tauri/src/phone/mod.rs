//! `omnibar phone`: the same softphone without a window, for scripts, checks and
//! black-box benchmarks.

mod chat;
mod command;
mod direct;
mod report;
mod sip;
mod wiring;

use crate::cli::PhoneArgs;
use crate::compose::{self, Composed, Composition};
use crate::paths::Paths;
use crate::shell::Kept;
use command::Command;
use omnibar_contract::{
    AudioIntent, AudioView, DeviceChoice, DeviceView, Intent, Password, Settings, View,
    VoiceIntent, WindowView,
};
use omnibar_desk::{Ask, SessionView};
use omnibar_model::ExtensionKind;
use omnibar_softphone::Doors;
use report::Report;
use serde_json::{Value, json};
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::sync::mpsc;
use tokio::time::{Instant, Interval};

/// Signs in, then serves commands until `quit`, the end of standard input, or the
/// end of the session. Exit status 1: sign-in failed or the session was ended.
pub(crate) async fn run(args: PhoneArgs, paths: Paths) -> ExitCode {
    let mut input = BufReader::new(tokio::io::stdin());
    if let Some(address) = args.direct {
        return direct::run(&args, address, &paths, input).await;
    }
    if let Some(address) = &args.sip {
        return sip::run(&args, address, &paths, input).await;
    }
    let (Some(centre), Some(user)) = (&args.centre, &args.user) else {
        print(&error("Give --centre and --user, or --sip, or --direct."));
        return ExitCode::FAILURE;
    };
    let Some(password) = password(&args, &mut input).await else {
        print(&error("No password was given."));
        return ExitCode::FAILURE;
    };
    let kept = Kept::load(&paths);
    let composed = compose::start(Composition {
        common: &args.common,
        window: WindowView::default(),
        paths,
        kept,
        surface: None,
        auto_answer: args.auto_answer,
    });
    let Composed { inbox, doors, dock_port, endpoints: _ } = match composed {
        Ok(composed) => composed,
        Err(fault) => {
            print(&error(&fault.to_string()));
            return ExitCode::FAILURE;
        }
    };
    if args.common.dock_port.is_some() {
        print(&json!({"event": "dock", "port": dock_port}));
    }
    post(
        &doors,
        Intent::SignIn {
            centre: centre.clone(),
            user: user.as_str().into(),
            password: Some(password),
            remember: false,
            take_over: args.take_over,
            account: None,
        },
    );
    let status = serve(&args, &doors, input).await;
    compose::stop(&inbox);
    status
}

async fn password(args: &PhoneArgs, input: &mut (impl AsyncBufRead + Unpin)) -> Option<Password> {
    let text = if args.password_stdin {
        read_line(input).await?
    } else {
        tokio::task::spawn_blocking(|| rpassword::prompt_password("Password: ")).await.ok()?.ok()?
    };
    Some(Password::from(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// `None` at the end of input, or when a line is longer than any honest one.
async fn read_line(input: &mut (impl AsyncBufRead + Unpin)) -> Option<String> {
    let mut line = String::new();
    let limit = u64::try_from(command::MAX_LINE).unwrap_or(u64::MAX);
    match input.take(limit).read_line(&mut line).await {
        Ok(n) if n > 0 && (line.ends_with('\n') || line.len() < command::MAX_LINE) => Some(line),
        Ok(_) | Err(_) => None,
    }
}

/// The lines of the input, until it ends.
fn commands(mut input: impl AsyncBufRead + Unpin + Send + 'static) -> mpsc::Receiver<String> {
    let (lines, commands) = mpsc::channel(16);
    tokio::spawn(async move {
        while let Some(line) = read_line(&mut input).await {
            if lines.send(line).await.is_err() {
                return;
            }
        }
    });
    commands
}

async fn serve(
    args: &PhoneArgs,
    doors: &Doors,
    input: impl AsyncBufRead + Unpin + Send + 'static,
) -> ExitCode {
    let mut commands = commands(input);
    let (mut views, meters) = (doors.views(), doors.meters());
    let (mut report, mut wishes) = (Report::default(), Wishes::new(args));
    let mut second: Interval =
        tokio::time::interval_at(Instant::now() + Duration::from_secs(1), Duration::from_secs(1));
    let mut begun = false;
    loop {
        tokio::select! {
            changed = views.changed() => {
                if changed.is_err() {
                    return ExitCode::SUCCESS;
                }
                let view = Arc::clone(&views.borrow_and_update());
                report.changes(&view).iter().for_each(print);
                wishes.pursue(&view, doors);
                match &view.desk.session {
                    SessionView::SignedOut { fault } if begun => {
                        return if fault.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
                    }
                    SessionView::SignedOut { .. } => {}
                    SessionView::SigningIn { .. }
                    | SessionView::Choosing { .. }
                    | SessionView::SignedIn { .. } => begun = true,
                }
            }
            line = commands.recv() => match line.as_deref().map(command::parse) {
                None | Some(Ok(Command::Quit)) => return ExitCode::SUCCESS,
                Some(Ok(Command::Check)) => post(doors, Intent::Voice { ask: VoiceIntent::Check }),
                Some(Ok(Command::Devices)) => print(&report::devices(&views.borrow(), "devices")),
                Some(Ok(Command::Callbacks)) => print(&report::callbacks(&views.borrow())),
                Some(Ok(Command::Ask(ask))) => post(doors, Intent::Desk { ask }),
                Some(Ok(Command::Dock(ask))) => post(doors, Intent::Dock { ask }),
                Some(Err(message)) => print(&error(&message)),
            },
            _ = second.tick(), if !views.borrow().desk.calls.is_empty() => {
                let meter = *meters.borrow();
                if meter.quality.is_some() {
                    print(&report::quality(&meter));
                }
            }
        }
    }
}

/// What the arguments ask for, done as soon as it can be.
struct Wishes {
    microphone: Option<String>,
    speaker: Option<String>,
    campaigns: Vec<String>,
    chosen: bool,
}

impl Wishes {
    fn new(args: &PhoneArgs) -> Self {
        Self {
            microphone: args.mic.clone(),
            speaker: args.speaker.clone(),
            campaigns: args.campaign.clone(),
            chosen: false,
        }
    }

    fn pursue(&mut self, view: &View, doors: &Doors) {
        self.choose_devices(&view.audio, doors);
        let SessionView::Choosing { campaigns, extensions, pending: false, .. } =
            &view.desk.session
        else {
            return;
        };
        if self.chosen {
            return;
        }
        let extension = extensions
            .iter()
            .find(|e| e.kind == ExtensionKind::Centre)
            .or_else(|| extensions.first());
        let Some(extension) = extension else {
            print(&error(
                "The centre offers this user no extension; an administrator must add one.",
            ));
            return;
        };
        self.chosen = true;
        let ask = Ask::Choose {
            campaigns: if self.campaigns.is_empty() {
                campaigns.iter().map(|c| c.id.clone()).collect()
            } else {
                self.campaigns.iter().map(|c| c.as_str().into()).collect()
            },
            extension: extension.id.clone(),
        };
        post(doors, Intent::Desk { ask });
    }

    fn choose_devices(&mut self, audio: &AudioView, doors: &Doors) {
        if let Some(choice) = take_when_there(&mut self.microphone, &audio.inputs) {
            post(doors, Intent::Audio { ask: AudioIntent::ChooseMicrophone { choice } });
        }
        if let Some(choice) = take_when_there(&mut self.speaker, &audio.outputs) {
            let ringer = choice.clone();
            post(doors, Intent::Audio { ask: AudioIntent::ChooseSpeaker { choice } });
            post(doors, Intent::Audio { ask: AudioIntent::ChooseRinger { choice: ringer } });
        }
    }
}

/// The wished device by id or name, once it is listed.
fn take_when_there(wish: &mut Option<String>, devices: &[DeviceView]) -> Option<DeviceChoice> {
    let name = wish.as_deref()?;
    let device = devices
        .iter()
        .find(|d| d.id == name || d.name == name)
        .or_else(|| devices.iter().find(|d| d.id.ends_with(name)))?;
    let choice = DeviceChoice::Device { id: device.id.clone(), name: device.name.clone() };
    *wish = None;
    Some(choice)
}

/// The user's own, with the devices that are named here.
fn settings(args: &PhoneArgs, paths: &Paths) -> Settings {
    let mut settings = Kept::load(paths).settings;
    let named = |name: &Option<String>, variable| {
        // What libpulse takes for the default device of its program.
        let id = name.clone().or_else(|| std::env::var(variable).ok())?;
        Some(DeviceChoice::Device { id, name: String::new() })
    };
    if let Some(choice) = named(&args.mic, "PULSE_SOURCE") {
        settings.microphone = choice;
    }
    if let Some(choice) = named(&args.speaker, "PULSE_SINK") {
        settings.ringer = choice.clone();
        settings.speaker = choice;
    }
    settings
}

fn post(doors: &Doors, intent: Intent) {
    if let Err(fault) = doors.post(intent) {
        print(&error(&fault.to_string()));
    }
}

fn error(message: &str) -> Value {
    json!({"event": "error", "message": message})
}

/// A reader that has gone away is the end of the talk, not a reason to panic.
fn print(fact: &Value) {
    let mut out = std::io::stdout().lock();
    if writeln!(out, "{fact}").and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}
