use super::wire::{self, Request, Word};
use crate::switch::{BuiltinConfig, Reply, SwitchCommand, SwitchLink, builtin};
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::BufReader;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Commands that are being carried out at a time.
const AT_ONCE: usize = 256;
/// Lines that a controller may leave unread; one that leaves more has hung.
const MOST_UNREAD: usize = 20_000;
/// How often a switch without a controller looks whether it still has calls.
const LOOK: Duration = Duration::from_secs(1);

/// Runs the builtin switch for one controller at a time; a new one replaces the old.
/// Returns when there has been neither controller nor leg for
/// [`BuiltinConfig::idle_exit`].
pub async fn serve(socket: &Path, config: BuiltinConfig) -> io::Result<()> {
    let listener = listen(socket).await?;
    let _cleaner = Cleaner(socket.to_owned());
    let idle_exit = config.idle_exit;
    let (link, mut events) = builtin::start(config);
    let mut controller: Option<Controller> = None;
    let mut idle_since = Instant::now();
    let mut look = tokio::time::interval(LOOK.min(idle_exit / 2).max(Duration::from_millis(10)));
    tracing::info!("the voice switch is ready");
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, _) = accepted?;
                tracing::info!(replaced = controller.is_some(), "a controller has come");
                controller = Some(Controller::new(stream, link.clone()));
            }
            event = events.recv() => {
                let Some(event) = event else { return Ok(()) };
                // Without a controller nobody misses it: the next asks for the list.
                if let Some(present) = &controller
                    && present.lines.try_send(Word::Event(event)).is_err()
                {
                    tracing::warn!("the controller does not read and is let go");
                    controller = None;
                }
            }
            _ = look.tick() => {
                if controller.take_if(|controller| controller.reader.is_finished()).is_some() {
                    tracing::info!("the controller has gone; calls go on");
                }
                if controller.is_some() || has_legs(&link).await {
                    idle_since = Instant::now();
                } else if idle_since.elapsed() >= idle_exit {
                    tracing::info!("no controller and no calls: the voice switch ends");
                    return Ok(());
                }
            }
        }
    }
}

async fn has_legs(link: &SwitchLink) -> bool {
    match link.command(SwitchCommand::List).await {
        Reply::Legs { legs, .. } => !legs.is_empty(),
        Reply::Done
        | Reply::Answer { .. }
        | Reply::Extension { .. }
        | Reply::Refused { .. }
        | Reply::Lost { .. } => false,
    }
}

/// Made under another name first, so that nobody else can ever open it.
async fn listen(socket: &Path) -> io::Result<UnixListener> {
    if UnixStream::connect(socket).await.is_ok() {
        let message = "Another voice switch serves this socket. End it or choose another path.";
        return Err(io::Error::new(io::ErrorKind::AddrInUse, message));
    }
    let mut draft = socket.as_os_str().to_owned();
    draft.push(format!(".{}", std::process::id()));
    let draft = PathBuf::from(draft);
    if let Err(error) = std::fs::remove_file(&draft)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let listener = UnixListener::bind(&draft)?;
    std::fs::set_permissions(&draft, Permissions::from_mode(0o600))?;
    std::fs::rename(&draft, socket)?;
    Ok(listener)
}

struct Cleaner(PathBuf);

impl Drop for Cleaner {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

struct Controller {
    lines: mpsc::Sender<Word>,
    reader: JoinHandle<()>,
}

impl Controller {
    fn new(stream: UnixStream, link: SwitchLink) -> Self {
        let (from, to) = stream.into_split();
        let (lines, queue) = mpsc::channel(MOST_UNREAD);
        let answers = lines.clone();
        let reader = tokio::spawn(async move {
            let mut from = BufReader::new(from);
            let writer = wire::write_all(queue, to);
            tokio::select! {
                ended = obey(&mut from, &link, &answers) => if let Err(error) = ended {
                    tracing::warn!(%error, "the controller's words are not understood");
                },
                written = writer => if let Err(error) = written {
                    tracing::debug!(%error, "the controller cannot be reached");
                },
            }
        });
        Self { lines, reader }
    }
}

impl Drop for Controller {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

async fn obey(
    from: &mut (impl tokio::io::AsyncBufRead + Unpin),
    link: &SwitchLink,
    answers: &mpsc::Sender<Word>,
) -> io::Result<()> {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    while let Some(Request { id, command }) = wire::read(from).await? {
        let Ok(place) = places.clone().acquire_owned().await else { break };
        let reply = link.command(command);
        let answers = answers.clone();
        tokio::spawn(async move {
            let content = reply.await;
            // A controller that has gone does not miss it.
            let _ = answers.send(Word::Reply { id, content }).await;
            drop(place);
        });
    }
    Ok(())
}
