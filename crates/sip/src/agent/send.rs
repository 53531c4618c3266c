//! Requests of this side and their transactions (RFC 3261 section 17.1), over a
//! transport that loses nothing: timers A, D, E and K are off.

use super::{TIMEOUT, UserAgent};
use crate::account::{CallNumber, WatchNumber};
use crate::event::Output;
use crate::message::{Method, Request, Response, cseq, names};
use omnibar_model::Moment;
use std::time::Duration;

/// Extensions of this user agent (option tags).
pub(super) const SUPPORTED: &str = "replaces, timer, 100rel, norefersub, outbound, gruu";
pub(super) const ALLOWED: &str =
    "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, REFER, NOTIFY";
/// Requests in flight; nobody has more on purpose.
const MOST_CLIENTS: usize = 256;
/// How often one request is sent with other credentials.
const MOST_ATTEMPTS: u8 = 3;
/// A proxy gives up a call that only rings after three minutes (timer C); one that does
/// not is not waited for any longer than this.
const RINGING: Duration = Duration::from_secs(600);

/// What a request was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Register {
        asked: Moment,
    },
    Unregister,
    Invite(CallNumber),
    /// A change of a call: re-INVITE or UPDATE.
    Change(CallNumber),
    /// A sign of life (RFC 4028).
    Refresh(CallNumber),
    Info(CallNumber),
    Refer(CallNumber),
    Notify(CallNumber),
    Subscribe(WatchNumber),
    Bye,
    /// Nothing depends on the answer.
    Prack,
    Cancel,
}

/// A client transaction.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) request: Request,
    pub(super) purpose: Purpose,
    pub(super) deadline: Moment,
    /// Attempts with credentials.
    attempts: u8,
    /// Whether there is somebody to send a CANCEL to (section 9.1).
    pub(super) provisional: bool,
    pub(super) cancelled: bool,
    /// Has been answered with a 2xx; others of the same fork may follow (RFC 6026).
    pub(super) accepted: bool,
    lost: bool,
}

impl Client {
    pub(super) fn lose(&mut self, now: Moment) {
        if !self.accepted {
            self.lost = true;
        }
        self.deadline = now;
    }
}

impl UserAgent {
    /// Adds what every request has; `signed` ones get the credentials that were asked
    /// for last.
    pub(super) fn complete(&mut self, request: &mut Request, signed: bool) {
        request.fields.remove(names::VIA);
        let protocol = if self.account.secure { "WSS" } else { "WS" };
        let branch = self.random.token();
        let via = format!("SIP/2.0/{protocol} {};branch=z9hG4bK{branch};rport", self.host);
        request.fields.push_first(names::VIA, via);
        request.fields.set(names::MAX_FORWARDS, "70");
        request.fields.set(names::USER_AGENT, self.account.agent.as_str());
        if signed {
            self.credentials.sign(request, &mut self.random);
        }
    }

    /// Completes and sends; answers come to the purpose.
    pub(super) fn ask(&mut self, now: Moment, mut request: Request, purpose: Purpose) -> String {
        self.complete(&mut request, true);
        self.send(now, request, purpose)
    }

    /// Sends a request that is complete; its branch.
    pub(super) fn send(&mut self, now: Moment, request: Request, purpose: Purpose) -> String {
        self.start(now, request, purpose, 0)
    }

    fn start(&mut self, now: Moment, request: Request, purpose: Purpose, attempts: u8) -> String {
        let branch = branch(&request);
        let lost = !self.connected || self.clients.len() >= MOST_CLIENTS;
        if !lost {
            self.output(Output::Send(request.to_bytes()));
        }
        let patience = match purpose {
            Purpose::Register { .. } => self.registration.patience(),
            _ => TIMEOUT,
        };
        let client = Client {
            request,
            purpose,
            deadline: if lost { now } else { now + patience },
            attempts,
            provisional: false,
            cancelled: false,
            accepted: false,
            lost,
        };
        self.clients.insert(branch.clone(), client);
        branch
    }

    pub(super) fn reply(&mut self, mut response: Response) {
        response.fields.set("Server", self.account.agent.as_str());
        if self.connected {
            self.output(Output::Send(response.to_bytes()));
        }
    }

    /// Sends again with credentials, if that is what the refusal asks for and may help;
    /// gives it back otherwise.
    pub(super) fn sign_again(
        &mut self,
        now: Moment,
        client: Client,
        refusal: &Response,
    ) -> Option<Client> {
        let may = match client.request.method {
            Method::Ack | Method::Cancel => false,
            _ => client.attempts < MOST_ATTEMPTS && !client.cancelled,
        };
        let verdict = self.credentials.asked(&client.request, refusal, client.attempts == 0);
        if !may || verdict != crate::digest::Verdict::Again {
            return Some(client);
        }
        let mut request = client.request;
        self.raise(&mut request, client.purpose);
        self.complete(&mut request, true);
        let branch = self.start(now, request, client.purpose, client.attempts + 1);
        self.sent_again(client.purpose, branch);
        None
    }

    /// The same request with the next number, for its second attempt.
    pub(super) fn raise(&mut self, request: &mut Request, purpose: Purpose) {
        let Some((number, _)) = cseq(&request.fields) else { return };
        let number = number + 1;
        let value = format!("{number} {}", request.method);
        request.fields.set(names::CSEQ, value);
        match purpose {
            Purpose::Register { .. } | Purpose::Unregister => self.registration.used(number),
            Purpose::Change(call)
            | Purpose::Refresh(call)
            | Purpose::Info(call)
            | Purpose::Refer(call)
            | Purpose::Notify(call) => {
                if let Some(dialog) = self.calls.get_mut(&call).and_then(|c| c.dialog.as_mut()) {
                    dialog.used(number);
                }
            }
            Purpose::Subscribe(watch) => {
                if let Some(watching) = self.watches.get_mut(&watch) {
                    watching.used(number);
                }
            }
            Purpose::Invite(_) | Purpose::Bye | Purpose::Prack | Purpose::Cancel => {}
        }
    }

    fn sent_again(&mut self, purpose: Purpose, branch: String) {
        if let Purpose::Invite(call) = purpose
            && let Some(call) = self.calls.get_mut(&call)
        {
            call.invite = Some(branch);
        }
    }

    /// Takes back an INVITE that has no final answer (section 9.1).
    pub(super) fn cancel(&mut self, now: Moment, branch: &str) {
        let Some(client) = self.clients.get_mut(branch) else { return };
        client.cancelled = true;
        if !client.provisional || client.accepted {
            return;
        }
        // Who does not answer this does not answer anything.
        client.deadline = now + TIMEOUT;
        let mut cancel = Request { method: Method::Cancel, ..client.request.clone() };
        cancel.body.clear();
        let number = cseq(&cancel.fields).map_or(1, |(number, _)| number);
        for name in [
            names::CONTACT,
            names::CONTENT_TYPE,
            names::SESSION_EXPIRES,
            names::MIN_SE,
            names::SUPPORTED,
            names::REPLACES,
            names::REFERRED_BY,
            names::AUTHORIZATION,
            names::PROXY_AUTHORIZATION,
        ] {
            cancel.fields.remove(name);
        }
        cancel.fields.set(names::CSEQ, format!("{number} CANCEL"));
        if !self.connected {
            return;
        }
        self.output(Output::Send(cancel.to_bytes()));
        // Its branch is the INVITE's; a name of its own keeps the two apart.
        let client = Client {
            request: cancel,
            purpose: Purpose::Cancel,
            deadline: now + TIMEOUT,
            attempts: 0,
            provisional: false,
            cancelled: false,
            accepted: false,
            lost: false,
        };
        self.clients.insert(cancel_key(branch), client);
    }

    /// The ACK of a refusal, which is the transaction's own (section 17.1.1.3).
    pub(super) fn acknowledge_refusal(&mut self, invite: &Request, refusal: &Response) {
        let mut ack = Request {
            method: Method::Ack,
            uri: invite.uri.clone(),
            fields: crate::message::Fields::default(),
            body: vec![],
        };
        for name in [names::VIA, names::ROUTE, names::FROM, names::CALL_ID, names::MAX_FORWARDS] {
            for value in invite.fields.all(name) {
                ack.fields.push_known(name, value);
            }
        }
        ack.fields.push_known(names::TO, refusal.fields.get(names::TO).unwrap_or_default());
        let number = cseq(&invite.fields).map_or(1, |(number, _)| number);
        ack.fields.push(names::CSEQ, format!("{number} ACK"));
        if self.connected {
            self.output(Output::Send(ack.to_bytes()));
        }
    }

    /// What has waited too long, or lost its connection.
    pub(super) fn clients_due(&mut self, now: Moment) {
        let due = |clients: &std::collections::BTreeMap<String, Client>| {
            clients
                .iter()
                .find(|(_, client)| client.deadline <= now)
                .map(|(branch, _)| branch.clone())
        };
        while let Some(branch) = due(&self.clients) {
            let Some(client) = self.clients.remove(&branch) else { return };
            if client.accepted {
                continue;
            }
            let status = if client.lost { 503 } else { 408 };
            self.finish(now, client, &Response::made_up(status));
        }
    }

    /// It rings, or will: from here on a person's patience counts.
    pub(super) fn wait_for_person(&mut self, now: Moment, branch: &str) {
        if let Some(client) = self.clients.get_mut(branch)
            && client.request.method == Method::Invite
            && !client.cancelled
        {
            client.deadline = now + RINGING;
        }
    }
}

pub(super) fn branch(request: &Request) -> String {
    crate::message::Via::top(&request.fields).map(|via| via.branch).unwrap_or_default()
}

pub(super) fn cancel_key(branch: &str) -> String {
    format!("{branch} CANCEL")
}
