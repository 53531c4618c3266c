//! Payloads in the contract's shapes.

use super::seen;
use omnibar_desk::Snapshot;
use omnibar_model::{
    Campaign, Channel, Destination, Direction, Interaction, LegId, PhoneNumber, Record,
};
use serde_json::{Value, json};

/// One centre is one process (contract: `processId`).
const PROCESS: u32 = 1;
/// Extensions of one centre are reached through one call context.
pub(super) const CALL_CONTEXT: u32 = 1;
/// `customerId` of a customer whom the directory does not know.
pub(super) const NOBODY: i64 = -1;

/// The one kind of chat that this centre has.
pub(super) const WEB_CHAT: &str = "webchat";

/// A payload for pages that may read customers' data, and one for those that may not.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) full: Value,
    pub(super) discreet: Option<Value>,
}

impl Told {
    /// Names nobody.
    pub(super) fn plain(full: Value) -> Self {
        Self { full, discreet: None }
    }

    /// `make(true)` may name the customer.
    pub(super) fn both(make: impl Fn(bool) -> Value) -> Self {
        Self { full: make(true), discreet: Some(make(false)) }
    }
}

/// The contract spells the channel in two ways; each event has its own.
#[derive(Clone, Copy, Debug)]
pub(super) enum Spelling {
    Lower,
    Upper,
}

impl Spelling {
    fn of(self, channel: Channel) -> &'static str {
        match (self, channel) {
            (Self::Lower, Channel::Voice) => "voice",
            (Self::Upper, Channel::Voice) => "VOICE",
            (Self::Lower, Channel::Chat) => "chat",
            (Self::Upper, Channel::Chat) => "CHAT",
        }
    }
}

/// What an event of an interaction says about it.
#[derive(Clone, Copy, Debug)]
pub(super) struct About<'a> {
    pub(super) desk: &'a Snapshot,
    pub(super) interaction: &'a Interaction,
    /// The customer's leg, which is not listed any more when the call is over.
    pub(super) customer: Option<&'a LegId>,
}

impl About<'_> {
    pub(super) fn campaign(&self) -> Option<&Campaign> {
        seen::campaign(self.desk, &self.interaction.campaign)
    }

    pub(super) fn campaign_number(&self) -> Option<u32> {
        self.campaign().map(|c| c.number)
    }

    /// InteractionEvent.
    pub(super) fn event(&self, spelling: Spelling) -> Told {
        Told::both(|named| {
            let queue = self.interaction.queue.as_ref();
            json!({
                "interactionId": self.interaction.id,
                "campaignId": self.campaign_number(),
                "queueId": queue.and_then(|q| seen::queue(self.desk, q)).map(|q| q.number),
                "userCrtObjectId": seen::handle(self.desk),
                "channelDetails": self.channel(spelling),
                "customerCrtObjectId": self.customer,
                "customerDetails": if named { self.customer_details() } else { json!({}) },
            })
        })
    }

    /// ShowCrm: an InteractionEvent that names the agent.
    pub(super) fn show_crm(&self) -> Told {
        let user = seen::agent(self.desk).map(|(user, _)| json!(user));
        let mut told = self.event(Spelling::Upper);
        for payload in [Some(&mut told.full), told.discreet.as_mut()].into_iter().flatten() {
            payload["userId"] = user.clone().unwrap_or_default();
        }
        told
    }

    /// InteractionDisposed. `class` and `code` are null when the centre does not say.
    pub(super) fn disposed(&self, class: Option<&str>, code: Option<u32>, note: &str) -> Value {
        json!({
            "interactionId": self.interaction.id,
            "campaignId": self.campaign_number(),
            "userCrtObjectId": seen::handle(self.desk),
            "channelDetails": self.channel(Spelling::Upper),
            "dispositionDetails": {
                "dispositionClass": class,
                "dispositionCode": code,
                "callNotes": note,
            },
        })
    }

    /// InteractionTransferred; `leg` is the one who has the customer now, if he was on
    /// the line before.
    pub(super) fn transferred(&self, to: &Destination, leg: Option<&LegId>) -> Told {
        let kind = match to {
            Destination::Agent(_) => "transferToUser",
            Destination::Queue(_) => "transferToQueue",
            Destination::Ivr(_) => "transferToIVR",
            Destination::Number(_) => "transferToPhone",
        };
        self.handed("transferType", kind, "transferContextId", to, leg)
    }

    /// InteractionConferred.
    pub(super) fn conferred(&self, to: &Destination, leg: &LegId) -> Told {
        let kind = match to {
            Destination::Agent(_) => "conferToUser",
            Destination::Queue(_) => "conferToQueue",
            Destination::Ivr(_) => "conferToIVR",
            Destination::Number(_) => "conferToPhone",
        };
        let mut told = self.handed("conferredType", kind, "conferredContextId", to, Some(leg));
        for payload in [Some(&mut told.full), told.discreet.as_mut()].into_iter().flatten() {
            payload["status"] = json!("initialized");
        }
        told
    }

    fn handed(
        &self,
        type_key: &str,
        kind: &str,
        context_key: &str,
        to: &Destination,
        leg: Option<&LegId>,
    ) -> Told {
        Told::both(|named| {
            let context = match to {
                Destination::Agent(agent) => json!(agent),
                Destination::Queue(queue) => {
                    json!(seen::queue(self.desk, queue).map(|q| q.number.to_string()))
                }
                Destination::Ivr(ivr) => json!(ivr),
                Destination::Number(number) if named => {
                    json!(seen::number(self.campaign(), number))
                }
                Destination::Number(_) => Value::Null,
            };
            json!({
                "interactionId": self.interaction.id,
                type_key: kind,
                context_key: context,
                "channelType": Spelling::Upper.of(self.interaction.channel),
                "channelDetails": {
                    "callId": self.interaction.id,
                    "crtObjectId": leg,
                    "memberCrtObjectId": seen::handle(self.desk),
                },
                "campaignId": self.campaign_number(),
            })
        })
    }

    /// MessageEvent without what was said and to whom it belongs.
    pub(super) fn message(&self, direction: &str, from: &Value, to: &Value) -> Value {
        json!({
            "to": to,
            "from": from,
            "messageDirection": direction,
            "interactionId": self.interaction.id,
            "channelDetails": self.channel(Spelling::Upper),
        })
    }

    fn channel(&self, spelling: Spelling) -> Value {
        let channel = self.interaction.channel;
        let association = match (self.interaction.direction, channel) {
            (Direction::Outbound, Channel::Voice) => "manualdial.association",
            (Direction::Outbound, Channel::Chat) => "manualchat.association",
            // The contract has no sample of it.
            (Direction::Inbound, Channel::Voice | Channel::Chat) => "inbound.association",
        };
        let mut told = json!({
            "channelType": spelling.of(channel),
            "associationType": association,
        });
        match channel {
            Channel::Voice => told["callId"] = json!(self.interaction.id),
            Channel::Chat => {
                told["chatId"] = json!(self.interaction.id);
                told["channelSubType"] = json!(WEB_CHAT);
            }
        }
        told
    }

    fn customer_details(&self) -> Value {
        let customer = &self.interaction.customer;
        json!({
            "customerId": self.customer_id(),
            "name": customer.name,
            "phone": self.phone(customer.number.as_ref()),
        })
    }

    pub(super) fn customer_id(&self) -> Value {
        self.interaction.customer_id.map_or(json!(NOBODY), |id| json!(id))
    }

    pub(super) fn phone(&self, number: Option<&PhoneNumber>) -> Option<String> {
        number.map(|n| seen::number(self.campaign(), n))
    }
}

/// Campaign of API-10 and EVT-03.
pub(super) fn campaign(campaign: &Campaign) -> Value {
    json!({
        "campaignId": campaign.number,
        "campaignName": campaign.name,
        "campaignType": "Interactive Voice",
        "processId": PROCESS,
    })
}

/// CRMRecordInfo.
pub(super) fn record(record: &Record) -> Value {
    let mut told = json!({
        "recordId": record.record_id,
        "recordType": record.record_type,
        "recordName": record.record_name,
    });
    if let Some(more) = &record.additional_info {
        // What is not JSON was not written by this SDK: it is passed on as text.
        told["additionalInfo"] =
            serde_json::from_str(more).unwrap_or_else(|_| Value::String(more.clone()));
    }
    told
}
