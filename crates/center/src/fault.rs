use crate::seed::SeedFault;
use crate::store::StoreFault;
use crate::switch::asterisk::AsteriskFault;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a centre did not start. The text names the cause and what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartFault {
    #[error(
        "Another program uses {address}. Stop it, or choose another port: --listen {}:PORT.",
        address.ip()
    )]
    PortTaken { address: SocketAddr },
    #[error("{address} cannot be used: {detail}. Choose another: --listen ADDRESS:PORT.")]
    Address { address: SocketAddr, detail: String },
    #[error(
        "{address} can be reached by others, and passwords would travel unprotected. \
         Give --tls-cert and --tls-key, listen on 127.0.0.1, or say --insecure."
    )]
    Unprotected { address: SocketAddr },
    #[error("The certificate or key cannot be used ({detail}). Check --tls-cert and --tls-key.")]
    Tls { detail: String },
    #[error("The public address cannot be used: --public-url looks like https://centre.example.")]
    PublicUrl,
    #[error("The system gives no random numbers to make a key of. Start the machine again.")]
    Key,
    #[error("The voice switch at {} does not answer: {detail}. Start it, or remove the socket and try again.", socket.display())]
    Switch { socket: PathBuf, detail: String },
    #[error(transparent)]
    Asterisk(#[from] AsteriskFault),
    #[error(transparent)]
    Store(#[from] StoreFault),
    #[error("The demo could not be prepared: {0}")]
    Seed(#[from] SeedFault),
}
