//! `omnibar phone --sip`: a softphone at an exchange, without a centre (docs/sip.md).

mod calls;
mod check;
mod command;
mod events;
mod relay;
mod words;

use super::wiring::{seconds, wire};
use super::{commands, error, password, print};
use crate::cli::PhoneArgs;
use crate::paths::Paths;
use calls::Handset;
use command::Command;
use omnibar_line::Bind;
use omnibar_line::sip::core::{Account, Uri};
use omnibar_line::sip::{ExtensionConfig, Phone, PhoneConfig, PhoneEvent, WebSocketUrl};
use omnibar_model::Secret;
use omnibar_softphone::{Event, Inbox};
use std::process::ExitCode;
use std::time::Duration;
use tokio::io::AsyncBufRead;
use tokio::sync::mpsc;

/// How long a registration is asked to hold.
const EXPIRES: Duration = Duration::from_secs(300);

/// Serves commands until `quit` or the end of standard input. Exit status 1: what was
/// given on the command line makes no sense, or there is no password.
pub(super) async fn run(
    args: &PhoneArgs,
    address: &str,
    paths: &Paths,
    mut input: impl AsyncBufRead + Unpin + Send + 'static,
) -> ExitCode {
    let Some(password) = password(args, &mut input).await else {
        print(&error("No password was given."));
        return ExitCode::FAILURE;
    };
    let given = async {
        let servers = relay::servers(args, &mut input).await?;
        Ok::<_, String>((extension(args, address, paths, password.into_secret())?, servers))
    };
    let (extension, ice_servers) = match given.await {
        Ok(given) => given,
        Err(message) => {
            print(&error(&message));
            return ExitCode::FAILURE;
        }
    };
    let bind = match args.common.bind.as_slice() {
        [] if extension.server.is_local() => Bind::AllAndLoopback,
        [] => Bind::AllInterfaces,
        only => Bind::Only(only.to_vec()),
    };
    if args.check {
        return check::run(args, extension, bind, ice_servers).await;
    }
    let domain = extension.account.address.host().to_owned();
    let (line, plug) = wire(bind, args.common.relay_only);
    let config = PhoneConfig { extension, line, ice_servers };
    let (phone, sink, told) = match Phone::start(config) {
        Ok(started) => started,
        Err(fault) => {
            print(&error(&format!("This system gives no random numbers: {fault}.")));
            return ExitCode::FAILURE;
        }
    };
    let (inbox, events) = Inbox::new();
    let headset = plug.headset(sink, args, paths, inbox);
    let mut handset = Handset::new(args.auto_answer, domain, phone, headset);
    serve(&mut handset, events, told, commands(input)).await;
    handset.close().await;
    ExitCode::SUCCESS
}

fn extension(
    args: &PhoneArgs,
    address: &str,
    paths: &Paths,
    password: Secret,
) -> Result<ExtensionConfig, String> {
    let address = Uri::read(address)
        .ok()
        .filter(|address| address.is_sip() && !address.user().is_empty())
        .ok_or("--sip needs an address like sip:1001@pbx.example.")?;
    let server = args.ws.as_deref().ok_or("Give --ws, where the exchange takes SIP.")?;
    let server = WebSocketUrl::parse(server)
        .map_err(|_| "--ws needs an address like wss://pbx.example/ws.".to_owned())?;
    let instance = paths
        .instance()
        .map_err(|error| format!("This installation cannot be given a name: {error}."))?;
    let account = Account {
        display: args.display.clone().unwrap_or_default(),
        user: args.user.clone().unwrap_or_default(),
        password,
        secure: server.is_tls(),
        instance,
        expires: EXPIRES,
        agent: format!("Omnibar/{}", env!("CARGO_PKG_VERSION")),
        address,
    };
    Ok(ExtensionConfig { account, server, extra_ca: args.common.ca.clone() })
}

async fn serve(
    handset: &mut Handset,
    mut events: mpsc::UnboundedReceiver<Event>,
    mut told: mpsc::UnboundedReceiver<PhoneEvent>,
    mut commands: mpsc::Receiver<String>,
) {
    let mut second = seconds();
    loop {
        tokio::select! {
            Some(event) = events.recv() => match event {
                Event::Audio(event) => handset.audio(event),
                // Nobody posts these here.
                Event::Line(_)
                | Event::Intent(_)
                | Event::Centre(_)
                | Event::Shell(_)
                | Event::Buttons(_)
                | Event::Tested(_)
                | Event::Dock(_)
                | Event::Stop => {}
            },
            Some(event) = told.recv() => handset.told(event),
            line = commands.recv() => match line.as_deref().map(command::parse) {
                None | Some(Ok(Command::Quit)) => return,
                Some(Ok(command)) => handset.command(command),
                Some(Err(message)) => print(&error(&message)),
            },
            _ = second.tick(), if handset.talks() => handset.tell_quality(),
        }
    }
}
