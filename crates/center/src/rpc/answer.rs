//! Sign-in and the questions that change nothing.

use super::Shared;
use crate::calls::Contact;
use crate::core::{ConnectionId, CoreInput, How, OpenSession, Whose};
use crate::directory::{self, DialFault};
use crate::store::Wanted;
use omnibar_model::{AgentId, CampaignId, Destination, InteractionId, PhoneNumber, Secret};
use omnibar_protocol::{Client, Code, Command, ErrorObject, Resume, Searched, VERSION, wire};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::PoisonError;
use uuid::Uuid;

const MOST_FOUND: usize = 30;
const CUSTOMERS_FOUND: u32 = 20;

pub(super) struct SignIn {
    pub(super) client: Client,
    pub(super) user: AgentId,
    pub(super) password: Option<Secret>,
    pub(super) resume: Option<Resume>,
    pub(super) take_over: bool,
}

pub(super) async fn sign_in(
    shared: &Shared,
    connection: ConnectionId,
    from: IpAddr,
    ask: SignIn,
) -> Result<Value, ErrorObject> {
    if ask.client.protocol != VERSION {
        return Err(ErrorObject::new(
            Code::Version,
            format!("This centre speaks version {VERSION} of the protocol. Update Omnibar."),
        ));
    }
    let (how, token) = match (ask.password, ask.resume) {
        (Some(password), None) => {
            check(shared, from, &ask.user, password).await?;
            let token = new_token();
            let session = Uuid::new_v4();
            let token_hash = hash(&token);
            (How::Fresh { session, token_hash, take_over: ask.take_over }, token)
        }
        (None, Some(resume)) => {
            let token = resume.token.into_secret();
            (How::Resume { token_hash: hash(&token), last_seq: resume.last_seq }, token)
        }
        (Some(_), Some(_)) | (None, None) => {
            return Err(ErrorObject::new(
                Code::InvalidParams,
                "Give either a password or a session to resume.",
            ));
        }
    };
    let resuming = matches!(how, How::Resume { .. });
    let account = shared.store.account(&ask.user).await.map_err(|e| failed(&e))?;
    let Some(account) = account else {
        return Err(ErrorObject::new(Code::SessionExpired, "Your session is over. Sign in again."));
    };
    let open = OpenSession { connection, account, how };
    let mut answer = shared.door.input(CoreInput::Open(open), None).await?;
    answer["token"] = json!(wire::Password::from(&token));
    tracing::info!(user = %ask.user, resuming, "signed in");
    Ok(answer)
}

/// The one way to check a password: slowed down for those who guess.
pub(crate) async fn check(
    shared: &Shared,
    from: IpAddr,
    user: &AgentId,
    password: Secret,
) -> Result<(), ErrorObject> {
    // A few at a time: a hash takes 19 MiB, and who guesses a thousand times at once
    // shall not be through before the first guess has proved wrong.
    let Ok(_turn) = shared.sign_ins.acquire().await else {
        return Err(ErrorObject::new(Code::Internal, "The centre is stopping."));
    };
    let now = shared.clock.now();
    let wait = shared.throttle.lock().unwrap_or_else(PoisonError::into_inner).wait(now, user, from);
    if let Some(wait) = wait {
        let seconds = wait.as_millis().div_ceil(1000);
        return Err(ErrorObject::new(
            Code::TooMany,
            format!("Too many wrong passwords. Wait {seconds} s and try again."),
        ));
    }
    let right = shared.store.verify(user, password).await.map_err(|e| failed(&e))?;
    let mut throttle = shared.throttle.lock().unwrap_or_else(PoisonError::into_inner);
    if right {
        throttle.succeeded(user);
        return Ok(());
    }
    throttle.failed(shared.clock.now(), user, from);
    tracing::info!(%user, "wrong user or password");
    Err(ErrorObject::new(Code::Unauthorised, "Wrong user or password. Check both and try again."))
}

/// 244 random bits of the system's generator.
pub(crate) fn new_token() -> Secret {
    Secret::new(format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()))
}

pub(crate) fn hash(token: &Secret) -> String {
    Sha256::digest(token.expose().as_bytes()).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

pub(super) async fn history(
    shared: &Shared,
    user: &AgentId,
    before: Option<InteractionId>,
    limit: u16,
) -> Result<Value, ErrorObject> {
    let entries =
        shared.store.history(user, before.as_ref(), limit).await.map_err(|e| failed(&e))?;
    Ok(json!(wire::History { entries }))
}

/// Colleagues, queues and IVR targets whose name holds the text, known numbers, and the
/// text itself where it is a number.
pub(super) async fn search(
    shared: &Shared,
    user: &AgentId,
    text: &str,
) -> Result<Value, ErrorObject> {
    let text: String = text.trim().chars().take(64).collect();
    let wanted = text.to_lowercase();
    let floor = shared.door.floor().borrow().clone();
    let setup = shared.store.setup().await.map_err(|e| failed(&e))?;
    let holds = |name: &str| name.to_lowercase().contains(&wanted);
    let mut entries = Vec::new();
    if text.chars().filter(char::is_ascii_digit).count() >= 2
        && let Ok(number) = PhoneNumber::parse(&text)
    {
        let known = shared.store.customer_of(&number).await.map_err(|e| failed(&e))?;
        let name = known.map_or_else(|| number.to_string(), |customer| customer.name);
        entries.push(entry(Destination::Number(number), name, true));
    }
    for (colleague, name) in shared.store.colleagues().await.map_err(|e| failed(&e))? {
        if colleague != *user && (holds(&name) || holds(colleague.as_str())) {
            let available = floor.free.contains(&colleague);
            entries.push(entry(Destination::Agent(colleague), name, available));
        }
    }
    for (id, q) in setup.queues.into_iter().filter(|(_, q)| holds(&q.queue.name)) {
        let available = floor.served.contains(&id);
        entries.push(entry(Destination::Queue(id), q.queue.name, available));
    }
    for (id, ivr) in setup.ivrs.into_iter().filter(|(_, i)| holds(&i.ivr.name)) {
        entries.push(entry(Destination::Ivr(id), ivr.ivr.name, true));
    }
    if !text.is_empty() {
        let desk = shared.door.desk(Whose::Agent(user.clone())).await;
        let masked = desk.is_none_or(|desk| desk.masked);
        let wanted = Wanted { text: &text, by_number: !masked, limit: CUSTOMERS_FOUND, offset: 0 };
        let (found, _) = shared.store.customers(&wanted).await.map_err(|e| failed(&e))?;
        for (number, name) in found.into_iter().filter_map(|c| Some((c.phone?, c.name))) {
            let number = if masked { number.masked() } else { number };
            let destination = Destination::Number(number);
            if !entries.iter().any(|e: &wire::DirectoryEntry| e.destination == destination) {
                entries.push(entry(destination, name, true));
            }
        }
    }
    entries.truncate(MOST_FOUND);
    Ok(json!(Searched { entries }))
}

/// The command with the number that a masked one stands for, and whose number is dialled.
pub(super) async fn prepared(
    shared: &Shared,
    user: Option<&AgentId>,
    command: Command,
) -> Result<(Command, Contact), ErrorObject> {
    match command {
        Command::Dial { campaign, number } => {
            let (number, contact) = whose(shared, user, &campaign, &number).await?;
            Ok((Command::Dial { campaign, number }, contact))
        }
        Command::CallbackBook { campaign, number, at, own, note } => {
            let (number, contact) = whose(shared, user, &campaign, &number).await?;
            Ok((Command::CallbackBook { campaign, number, at, own, note }, contact))
        }
        Command::ChatStart { campaign, mut customer } => {
            if let Some(number) = customer.number.take() {
                let (number, _) = whose(shared, user, &campaign, &number).await?;
                customer.number = Some(number);
            }
            Ok((Command::ChatStart { campaign, customer }, Contact::default()))
        }
        // Somebody else's screen would show it whole.
        Command::Transfer { to: Destination::Number(number), .. }
        | Command::Consult { to: Destination::Number(number), .. }
            if number.is_masked() =>
        {
            let message = "A masked number can only be dialled. Give the whole number.";
            Err(ErrorObject::new(Code::NotFound, message))
        }
        other => Ok((other, Contact::default())),
    }
}

/// The number that is meant, and whom the directory knows under it.
async fn whose(
    shared: &Shared,
    user: Option<&AgentId>,
    campaign: &CampaignId,
    number: &PhoneNumber,
) -> Result<(PhoneNumber, Contact), ErrorObject> {
    let Some(user) = user else {
        return Err(ErrorObject::new(Code::Unauthorised, "Sign in first."));
    };
    let number = match directory::dialled(&shared.store, user, campaign, number).await {
        Ok(number) => number,
        Err(DialFault::Store(fault)) => return Err(failed(&fault)),
        Err(fault) => return Err(ErrorObject::new(Code::NotFound, fault.to_string())),
    };
    let contact = directory::contact(&shared.store, &number).await.map_err(|e| failed(&e))?;
    Ok((number, contact))
}

fn entry(destination: Destination, name: String, available: bool) -> wire::DirectoryEntry {
    wire::DirectoryEntry { destination, name, available }
}

pub(super) fn failed(fault: &crate::store::StoreFault) -> ErrorObject {
    tracing::error!(%fault, "a question could not be answered");
    ErrorObject::new(Code::Internal, "The centre's database failed. Try again in a moment.")
}
