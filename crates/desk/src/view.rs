use crate::call::Call;
use crate::desk::Desk;
use crate::{CallView, Can, Snapshot, Verb};

/// What a UI may see of the desk.
impl Desk {
    pub(crate) fn view(&self) -> Snapshot {
        Snapshot {
            session: self.session.view(),
            link: self.link.clone(),
            line: self.voice.line,
            presence: self.agent.view(),
            calls: self.calls.iter().map(|c| self.call_view(c)).collect(),
            chats: self.chat_views(),
            selected: self.selected.clone(),
            muted: self.muted,
            monitoring: self.agent.monitoring.clone(),
            can_dial: self.permit_dial().is_ok(),
            can_start_chat: self.permit_start_chat().is_ok(),
            can_sign_out: self.permit_sign_out().is_ok(),
            refusal: self.refusal.clone(),
            missed: self.missed.clone(),
        }
    }

    fn call_view(&self, call: &Call) -> CallView {
        let mut interaction = call.interaction.clone();
        if let Some(draft) = &call.draft {
            interaction.note.clone_from(draft);
        }
        CallView {
            interaction,
            voice: call.voice(self.line()),
            can: self.can(call),
            pending: self.orders.of(call.id()),
            sent_to: call.sent_to.clone(),
        }
    }

    fn can(&self, call: &Call) -> Can {
        if self.session.signed_in().is_none() {
            return Can::default();
        }
        let may = |verb| self.permit(call.id(), verb, None).is_ok();
        Can {
            accept: may(Verb::Accept),
            reject: may(Verb::Reject),
            hold: may(Verb::Hold),
            resume: may(Verb::Resume),
            mute: self.may_mute(call),
            dtmf: may(Verb::Dtmf),
            transfer: may(Verb::Transfer),
            consult: may(Verb::Consult),
            complete: may(Verb::Complete),
            conference: may(Verb::Conference),
            drop: may(Verb::Drop),
            end: may(Verb::End),
            dispose: may(Verb::Dispose),
        }
    }
}
