use crate::{CampaignId, DispositionId, ExtensionId, IvrId, QueueId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "snake_case")]
pub enum CampaignKind {
    Inbound,
    Outbound,
}

/// A campaign as the agent's desk needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct Campaign {
    pub id: CampaignId,
    /// How pages and REST name it; unique at the centre, never used again.
    pub number: u32,
    pub name: String,
    pub kind: CampaignKind,
    /// Customers' numbers are shown and told by their last digits only.
    #[serde(default)]
    pub mask_numbers: bool,
    /// Time in wrap-up after which the centre disposes by itself; `None`: no limit.
    #[ts(type = "number | null")]
    pub wrap_up_ms: Option<u64>,
    pub dispositions: Vec<DispositionClass>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct DispositionClass {
    pub number: u32,
    pub name: String,
    pub codes: Vec<DispositionCode>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct DispositionCode {
    pub id: DispositionId,
    /// How pages and REST name it; unique at the centre, also among campaigns.
    pub number: u32,
    pub name: String,
    /// Who chooses it is asked when to call back.
    #[serde(default)]
    pub callback: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct Queue {
    pub id: QueueId,
    pub number: u32,
    pub name: String,
    pub campaign: CampaignId,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct Ivr {
    pub id: IvrId,
    pub name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct BreakReason {
    pub id: String,
    pub name: String,
}

/// Where the agent's voice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "snake_case")]
pub enum ExtensionKind {
    /// This app, over the one WebRTC connection to the centre.
    Centre,
    /// No softphone: the centre calls a desk phone.
    Phone,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct Extension {
    pub id: ExtensionId,
    pub name: String,
    pub kind: ExtensionKind,
}
