//! Calls and contacts of the accounts that are used without a centre: one file beside the
//! settings, replaced whole.

use super::settings;
use crate::paths::Paths;
use omnibar_contract::{DirectoryEntry, HistoryEntry};
use omnibar_line::exchange;
use omnibar_model::{Destination, InteractionId, PhoneNumber, VoiceRecord};
use omnibar_softphone::HISTORY_PAGE;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc;

/// Accounts that are remembered; the one that was used longest ago goes first.
const MOST_ACCOUNTS: usize = 8;
const MOST_CALLS: usize = 500;
const MOST_CONTACTS: usize = 1_000;
/// Rows that a search answers with.
const MOST_FOUND: usize = 50;
/// Longest name of a contact, in characters.
const NAME_MAX: usize = 128;

/// The file: `[[accounts]]` tables, the one used last at the end.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Accounts {
    accounts: Vec<Account>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Account {
    /// `sip:1001@pbx.example`
    address: String,
    contacts: Vec<Contact>,
    /// Newest first.
    calls: Vec<HistoryEntry>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Contact {
    name: String,
    number: PhoneNumber,
}

impl Accounts {
    pub(super) fn load(paths: &Paths) -> (Self, Option<settings::PutAside>) {
        let (mut found, aside): (Self, _) = settings::load(&paths.book());
        found.accounts.truncate(MOST_ACCOUNTS);
        for account in &mut found.accounts {
            account.contacts.truncate(MOST_CONTACTS);
            account.calls.truncate(MOST_CALLS);
        }
        (found, aside)
    }

    fn open(&mut self, address: &str) {
        let at = self.accounts.iter().position(|account| account.address == address);
        let account = match at {
            Some(at) => self.accounts.remove(at),
            None => Account { address: address.to_owned(), ..Account::default() },
        };
        self.accounts.push(account);
        if self.accounts.len() > MOST_ACCOUNTS {
            self.accounts.remove(0);
        }
    }
}

impl Account {
    fn keep(&mut self, call: HistoryEntry) {
        self.calls.insert(0, call);
        self.calls.truncate(MOST_CALLS);
    }

    fn call_mut(&mut self, id: &InteractionId) -> Option<&mut HistoryEntry> {
        self.calls.iter_mut().find(|call| call.id == *id)
    }

    fn page(&self, before: Option<&InteractionId>) -> Vec<HistoryEntry> {
        let from = match before {
            None => 0,
            Some(id) => match self.calls.iter().position(|call| call.id == *id) {
                Some(at) => at + 1,
                None => return Vec::new(),
            },
        };
        let mut page: Vec<HistoryEntry> =
            self.calls.iter().skip(from).take(HISTORY_PAGE).cloned().collect();
        for call in &mut page {
            let named = call.customer.number.as_ref().and_then(|number| self.name(number));
            if let Some(name) = named {
                name.clone_into(&mut call.customer.name);
            }
        }
        page
    }

    fn name(&self, number: &PhoneNumber) -> Option<&str> {
        let of = |contact: &&Contact| contact.number == *number;
        self.contacts.iter().find(of).map(|contact| contact.name.as_str())
    }

    /// Contacts by their names, then others by the time of their last call.
    fn search(&self, text: &str) -> Vec<DirectoryEntry> {
        let wanted = text.trim().to_lowercase();
        let digits: String = text.chars().filter(|c| c.is_ascii_digit()).collect();
        let fits = |name: &str, number: &PhoneNumber| {
            name.to_lowercase().contains(&wanted)
                || !digits.is_empty() && number.as_str().contains(&digits)
        };
        let mut found: Vec<DirectoryEntry> = Vec::new();
        let contacts = self.contacts.iter().map(|contact| (contact.name.as_str(), &contact.number));
        let callers = self.calls.iter().filter(|_| !wanted.is_empty()).filter_map(|call| {
            call.customer.number.as_ref().map(|number| (call.customer.name.as_str(), number))
        });
        for (name, number) in contacts.chain(callers) {
            let destination = Destination::Number(number.clone());
            if fits(name, number) && !found.iter().any(|entry| entry.destination == destination) {
                let name = if name.is_empty() { number.as_str() } else { name }.to_owned();
                found.push(DirectoryEntry { destination, name, available: true });
                if found.len() == MOST_FOUND {
                    break;
                }
            }
        }
        found
    }

    fn keep_contact(&mut self, number: PhoneNumber, name: &str) {
        let name: String = name.trim().chars().filter(|c| !c.is_control()).take(NAME_MAX).collect();
        self.contacts.retain(|contact| contact.number != number);
        if !name.is_empty() && self.contacts.len() < MOST_CONTACTS {
            let by_name = |contact: &Contact| contact.name.to_lowercase() <= name.to_lowercase();
            let at = self.contacts.partition_point(by_name);
            self.contacts.insert(at, Contact { name, number });
        }
    }
}

/// The open account. Clones are the same book; what changes is written on a thread that
/// may wait.
#[derive(Clone, Debug)]
pub(crate) struct Book {
    accounts: Arc<Mutex<Accounts>>,
    changes: mpsc::UnboundedSender<Accounts>,
}

impl Book {
    /// Must be called within a runtime.
    pub(crate) fn start(accounts: Accounts, paths: Paths) -> Self {
        let (changes, changed) = mpsc::unbounded_channel();
        tokio::spawn(write(paths, changed));
        Self { accounts: Arc::new(Mutex::new(accounts)), changes }
    }

    /// Keeps a name for a number, or forgets it if that is empty.
    pub(crate) fn keep_contact(&self, number: PhoneNumber, name: &str) {
        self.change(|account| account.keep_contact(number, name));
    }

    fn lock(&self) -> MutexGuard<'_, Accounts> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Account)) {
        let mut accounts = self.lock();
        if let Some(account) = accounts.accounts.last_mut() {
            change(account);
            // Its task ends with the app.
            let _ = self.changes.send(accounts.clone());
        }
    }

    fn read<T: Default>(&self, read: impl FnOnce(&Account) -> T) -> T {
        self.lock().accounts.last().map(read).unwrap_or_default()
    }
}

impl exchange::Book for Book {
    fn open(&self, address: &str) {
        self.lock().open(address);
    }

    fn keep(&self, call: HistoryEntry) {
        self.change(|account| account.keep(call));
    }

    fn note(&self, call: &InteractionId, note: String) {
        self.change(|account| {
            if let Some(call) = account.call_mut(call) {
                call.note = note;
            }
        });
    }

    fn measured(&self, call: &InteractionId, record: VoiceRecord) {
        self.change(|account| {
            if let Some(call) = account.call_mut(call) {
                call.voice = Some(record);
            }
        });
    }

    fn history(&self, before: Option<&InteractionId>) -> Vec<HistoryEntry> {
        self.read(|account| account.page(before))
    }

    fn search(&self, text: &str) -> Vec<DirectoryEntry> {
        self.read(|account| account.search(text))
    }

    fn name(&self, number: &PhoneNumber) -> Option<String> {
        self.read(|account| account.name(number).map(str::to_owned))
    }
}

/// The newest of what has changed meanwhile.
async fn write(paths: Paths, mut changes: mpsc::UnboundedReceiver<Accounts>) {
    while let Some(mut newest) = changes.recv().await {
        while let Ok(newer) = changes.try_recv() {
            newest = newer;
        }
        let path = paths.book();
        let write = move || settings::save(&path, &newest);
        match tokio::task::spawn_blocking(write).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(%error, "calls and contacts are kept until Omnibar is closed only");
            }
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use exchange::Book as _;
    use omnibar_model::{Cause, Channel, Direction, Party, PartyKind};

    fn call(id: &str, name: &str, number: &str) -> HistoryEntry {
        HistoryEntry {
            id: id.into(),
            channel: Channel::Voice,
            direction: Direction::Inbound,
            campaign: "phone".into(),
            queue: None,
            customer: Party {
                kind: PartyKind::Customer,
                name: name.to_owned(),
                number: PhoneNumber::parse(number).ok(),
            },
            started_at: 1_700_000_000_000,
            talk_ms: 61_000,
            cause: Some(Cause::CustomerHungUp),
            disposition: None,
            note: "line one\n\"line\" two".to_owned(),
            voice: None,
        }
    }

    fn ids(calls: &[HistoryEntry]) -> Vec<String> {
        calls.iter().map(|call| call.id.to_string()).collect()
    }

    fn number(text: &str) -> PhoneNumber {
        PhoneNumber::parse(text).unwrap()
    }

    #[tokio::test]
    async fn calls_and_contacts_of_each_account_are_there_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::new(Some(dir.path())).unwrap();
        let (changes, changed) = mpsc::unbounded_channel();
        let writing = tokio::spawn(write(paths.clone(), changed));
        let book = Book { accounts: Arc::default(), changes };
        book.open("sip:1001@pbx.test");
        book.keep(call("a", "", "+15550101"));
        book.keep(call("b", "Zoë Customer", "+15550123"));
        book.note(&"a".into(), "called back".into());
        book.keep_contact(number("+15550101"), " Customer One ");
        book.open("sip:1002@pbx.test");
        book.keep(call("c", "", "600"));
        drop(book);
        writing.await.unwrap();

        let (accounts, aside) = Accounts::load(&paths);
        assert!(aside.is_none());
        let book = Book::start(accounts, paths);
        assert_eq!(ids(&book.history(None)), ["c"], "the one that was used last");
        book.open("sip:1001@pbx.test");
        let calls = book.history(None);
        assert_eq!(ids(&calls), ["b", "a"], "newest first");
        assert_eq!(calls[1].customer.name, "Customer One", "as the agent calls him");
        assert_eq!(calls[1].note, "called back");
        assert_eq!(book.name(&number("+15550101")).as_deref(), Some("Customer One"));
        book.keep_contact(number("+15550101"), "");
        assert_eq!(book.name(&number("+15550101")), None);
    }

    #[tokio::test]
    async fn what_is_kept_is_bounded() {
        let mut accounts = Accounts::default();
        for n in 0..=MOST_ACCOUNTS {
            accounts.open(&format!("sip:{n}@pbx.test"));
        }
        assert_eq!(accounts.accounts.len(), MOST_ACCOUNTS);
        assert_eq!(accounts.accounts[0].address, "sip:1@pbx.test");
        let account = &mut accounts.accounts[0];
        for n in 0..=MOST_CALLS {
            account.keep(call(&n.to_string(), "", "600"));
        }
        assert_eq!(account.calls.len(), MOST_CALLS);
        let page = account.page(None);
        assert_eq!((page.len(), &*page[0].id.to_string()), (HISTORY_PAGE, "500"));
        let next = account.page(Some(&page[HISTORY_PAGE - 1].id));
        assert_eq!(next[0].id.to_string(), "450");
        assert!(account.page(Some(&"0".into())).is_empty(), "forgotten meanwhile");
    }

    #[test]
    fn people_are_found_by_name_and_by_number() {
        let mut account = Account::default();
        account.keep(call("a", "Zoë Customer", "+15550123"));
        account.keep(call("b", "", "+15550134"));
        account.keep_contact(number("600"), "Echo");
        account.keep_contact(number("+15550123"), "Zoë");
        account.keep_contact(number("602"), "Desk");
        let names = |text: &str| -> Vec<String> {
            account.search(text).into_iter().map(|entry| entry.name).collect()
        };
        assert_eq!(names(""), ["Desk", "Echo", "Zoë"], "all contacts by their names");
        assert_eq!(names("zo"), ["Zoë"], "under the agent's name only");
        assert_eq!(names("5550"), ["Zoë", "+15550134"]);
        assert_eq!(names("nobody"), Vec::<String>::new());
    }
}
