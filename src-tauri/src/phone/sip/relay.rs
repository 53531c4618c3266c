//! The STUN and TURN servers of the command line, and the password that is not on it.

use crate::cli::PhoneArgs;
use omnibar_line::sip::{stun_server, turn_server};
use omnibar_model::Secret;
use omnibar_softphone::IceServer;
use tokio::io::AsyncBufRead;

const PASSWORD: &str = "OMNIBAR_TURN_PASSWORD";

/// The error is a sentence for whoever gave the arguments.
pub(super) async fn servers(
    args: &PhoneArgs,
    input: &mut (impl AsyncBufRead + Unpin),
) -> Result<Vec<IceServer>, String> {
    let mut servers = vec![];
    if let Some(url) = &args.stun {
        servers.push(stun_server(url).map_err(|why| {
            format!("--stun {url} cannot be used: {why}. Give one like stun:stun.example:3478.")
        })?);
    }
    if let Some(url) = &args.turn {
        let user = args.turn_user.as_deref().unwrap_or_default();
        servers.push(turn_server(url, user, password(args, input).await?).map_err(|why| {
            format!("--turn {url} cannot be used: {why}. Give one like turn:relay.example:3478.")
        })?);
    } else if args.common.relay_only {
        return Err("--relay-only needs a relay: give --turn and --turn-user.".to_owned());
    }
    Ok(servers)
}

async fn password(
    args: &PhoneArgs,
    input: &mut (impl AsyncBufRead + Unpin),
) -> Result<Secret, String> {
    let given = if args.turn_password_stdin {
        super::super::read_line(input).await
    } else {
        std::env::var(PASSWORD).ok()
    };
    let given = given.map(|text| text.trim_end_matches(['\r', '\n']).to_owned());
    let missing = if args.turn_password_stdin {
        "The second line of standard input must be the relay's password.".to_owned()
    } else {
        format!("--turn needs a password: put it into {PASSWORD}, or give --turn-password-stdin.")
    };
    given.filter(|text| !text.is_empty()).map(Secret::new).ok_or(missing)
}
