//! The switch as a process of its own, so that calls outlive a centre that dies: the
//! same words over a Unix domain socket, one JSON object a line. The socket belongs to
//! its owner alone (mode 0600).

#[cfg(unix)]
mod client;
#[cfg(unix)]
mod server;
#[cfg(unix)]
mod wire;

#[cfg(unix)]
pub use client::connect;
#[cfg(unix)]
pub use server::serve;

#[cfg(not(unix))]
pub use elsewhere::{connect, serve};

#[cfg(not(unix))]
mod elsewhere {
    use crate::switch::{BuiltinConfig, SwitchEvent, SwitchLink};
    use std::io;
    use std::path::Path;
    use tokio::sync::mpsc;

    /// Always refused: there are no Unix domain sockets with owners here.
    pub async fn connect(
        _socket: &Path,
    ) -> io::Result<(SwitchLink, mpsc::UnboundedReceiver<SwitchEvent>)> {
        Err(refused())
    }

    /// Always refused: there are no Unix domain sockets with owners here.
    pub async fn serve(_socket: &Path, _config: BuiltinConfig) -> io::Result<()> {
        Err(refused())
    }

    fn refused() -> io::Error {
        io::Error::new(
            io::ErrorKind::Unsupported,
            "A voice switch in a process of its own needs Linux or macOS. Run the centre with the \
             switch inside it.",
        )
    }
}
