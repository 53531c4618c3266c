use super::UserAgent;
use super::send::{Client, Purpose, cancel_key};
use crate::message::{Method, Response, Via, cseq, names};
use omnibar_model::Moment;

impl UserAgent {
    pub(super) fn response(&mut self, now: Moment, response: Response) {
        // A second Via belongs to somebody else (RFC 3261 section 8.1.3.3).
        if response.fields.list(names::VIA).count() != 1 {
            return;
        }
        let Some(via) = Via::top(&response.fields) else { return };
        let Some((number, method)) = cseq(&response.fields) else { return };
        let key = if method == "CANCEL" { cancel_key(&via.branch) } else { via.branch };
        let Some(client) = self.clients.get_mut(&key) else { return };
        if client.request.method.name() != method
            || cseq(&client.request.fields).map(|(own, _)| own) != Some(number)
        {
            return;
        }
        let invite = client.request.method == Method::Invite;
        if client.accepted {
            if invite && (200..300).contains(&response.status) {
                let (purpose, request) = (client.purpose, client.request.clone());
                self.answered_again(now, purpose, &request, &response);
            }
            return;
        }
        if response.status < 200 {
            return self.provisional(now, &key, &response);
        }
        let success = response.status < 300;
        if success {
            self.credentials.noted(&response);
        }
        if invite && success {
            client.accepted = true;
            client.deadline = now + super::TIMEOUT;
            let (purpose, request) = (client.purpose, client.request.clone());
            return self.invite_accepted(now, purpose, &request, &response);
        }
        let Some(client) = self.clients.remove(&key) else { return };
        if invite {
            self.acknowledge_refusal(&client.request, &response);
        }
        self.finish(now, client, &response);
    }

    fn provisional(&mut self, now: Moment, key: &str, response: &Response) {
        let Some(client) = self.clients.get_mut(key) else { return };
        let first = !client.provisional;
        client.provisional = true;
        let (cancelled, purpose) = (client.cancelled, client.purpose);
        if cancelled {
            if first {
                self.cancel(now, key);
            }
            return;
        }
        self.wait_for_person(now, key);
        if let Purpose::Invite(call) = purpose {
            self.progress(now, call, response);
        }
    }

    /// A final answer, or what stands for one that did not come; not the 2xx of an
    /// INVITE.
    pub(super) fn finish(&mut self, now: Moment, client: Client, response: &Response) {
        let client = if matches!(response.status, 401 | 407) {
            match self.sign_again(now, client, response) {
                None => return,
                Some(client) => client,
            }
        } else {
            client
        };
        match client.purpose {
            Purpose::Register { asked } => self.register_answered(now, asked, response),
            Purpose::Unregister => self.unregistered(),
            Purpose::Invite(call) => self.invite_refused(now, call, client.request, response),
            Purpose::Change(call) => self.change_answered(now, call, response),
            Purpose::Refresh(call) => self.refreshed(now, call, response),
            Purpose::Info(call) => self.pressed(now, call, response),
            Purpose::Refer(call) => self.refer_answered(now, call, response),
            Purpose::Notify(call) => self.notify_answered(call, response),
            Purpose::Subscribe(watch) => {
                self.subscribe_answered(now, watch, &client.request, response)
            }
            Purpose::Bye | Purpose::Prack | Purpose::Cancel => {}
        }
    }
}
