//! `omnibar phone --direct`: line, headset and the exchange of descriptions, and a call
//! between them. No centre, no desk: there is one call at a time and nothing to queue.

mod call;
mod command;

use super::wiring::{seconds, wire};
use super::{commands, error, print};
use crate::cli::PhoneArgs;
use crate::paths::Paths;
use call::Phone;
use command::Command;
use omnibar_line::{Bind, CallEvent, Direct};
use omnibar_softphone::{Event, Inbox, Line as _};
use std::net::SocketAddr;
use std::process::ExitCode;
use tokio::io::AsyncBufRead;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

/// Serves commands until `quit` or the end of standard input. Exit status 1: the address
/// cannot be listened at.
pub(super) async fn run(
    args: &PhoneArgs,
    address: SocketAddr,
    paths: &Paths,
    input: impl AsyncBufRead + Unpin + Send + 'static,
) -> ExitCode {
    let (exchange, exchanged) = match Direct::listen(address).await {
        Ok(listening) => listening,
        Err(fault) => {
            print(&error(&format!(
                "Nobody can call at {address}: {fault}. Give an address of this machine and \
                 a port that is free."
            )));
            return ExitCode::FAILURE;
        }
    };
    let (inbox, events) = Inbox::new();
    let bind = match args.common.bind.as_slice() {
        [] if address.ip().is_unspecified() => Bind::AllAndLoopback,
        [] => Bind::Only(vec![address.ip()]),
        only => Bind::Only(only.to_vec()),
    };
    let (config, plug) = wire(bind, false);
    let (mut line, sink) = omnibar_line::start_direct(config, inbox.clone());
    line.open(vec![]);
    let headset = plug.headset(sink, args, paths, inbox);
    let mut phone = Phone::new(args.auto_answer, exchange, line, headset);
    serve(&mut phone, events, exchanged, commands(input)).await;
    phone.stop();
    ExitCode::SUCCESS
}

async fn serve(
    phone: &mut Phone,
    mut events: mpsc::UnboundedReceiver<Event>,
    mut exchanged: mpsc::UnboundedReceiver<CallEvent>,
    mut commands: mpsc::Receiver<String>,
) {
    let mut second = seconds();
    loop {
        let deadline = phone.deadline();
        tokio::select! {
            Some(event) = events.recv() => match event {
                Event::Line(event) => phone.line(event),
                Event::Audio(event) => phone.audio(event),
                // Nobody posts these here.
                Event::Intent(_)
                | Event::Centre(_)
                | Event::Shell(_)
                | Event::Buttons(_)
                | Event::Tested(_)
                | Event::Dock(_)
                | Event::Stop => {}
            },
            Some(event) = exchanged.recv() => phone.exchanged(event),
            line = commands.recv() => match line.as_deref().map(command::parse) {
                None | Some(Ok(Command::Quit)) => return,
                Some(Ok(command)) => phone.command(command),
                Some(Err(message)) => print(&error(&message)),
            },
            () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                phone.overdue();
            }
            _ = second.tick(), if phone.talks() => phone.tell_quality(),
        }
    }
}
