//! What the administrator of the simulated centre has laid down.

use omnibar_center::setup::{CampaignRule, IvrSetup, QueueSetup, Setup};
use omnibar_model::{
    AgentId, BreakReason, Campaign, CampaignId, CampaignKind, DispositionClass, DispositionCode,
    Ivr, Queue,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Of every agent.
pub const PASSWORD: &str = "correct-horse-battery";
pub const CUSTOMER1: &str = "+15550101";
pub const CUSTOMER2: &str = "+15550102";
/// Somebody who can be called or consulted.
pub const OUTSIDE: &str = "+15550150";
pub const QUEUE: &str = "support";
pub const IVR: &str = "menu";

/// Wrap-up limit of the inbound campaign, in ms.
const WRAP_UP: u64 = 30_000;

/// The token of an agent's nth session.
#[must_use]
pub fn token(user: &AgentId, n: u64) -> String {
    format!("secret-token-{n}-of-{user}")
}

pub(super) fn setup() -> Arc<Setup> {
    let support = campaign("support", CampaignKind::Inbound, Some(WRAP_UP));
    let sales = campaign("sales", CampaignKind::Outbound, None);
    let queue =
        Queue { id: QUEUE.into(), number: 201, name: "Support".into(), campaign: "support".into() };
    let ivr = Ivr { id: IVR.into(), name: "Menu".into() };
    Arc::new(Setup {
        centre: "Simulated centre".into(),
        campaigns: [support, sales].into_iter().map(|c| (c.campaign.id.clone(), c)).collect(),
        queues: BTreeMap::from([(QUEUE.into(), QueueSetup { queue, priority: 0 })]),
        ivrs: BTreeMap::from([(
            IVR.into(),
            IvrSetup { ivr, options: BTreeMap::from([("1".into(), QUEUE.into())]) },
        )]),
        breaks: vec![BreakReason { id: "lunch".into(), name: "Lunch".into() }],
    })
}

pub(super) fn campaigns() -> [CampaignId; 2] {
    ["support".into(), "sales".into()]
}

fn campaign(id: &str, kind: CampaignKind, wrap_up_ms: Option<u64>) -> CampaignRule {
    let code = |number, id: &str| DispositionCode {
        id: id.into(),
        number,
        name: id.into(),
        callback: false,
    };
    CampaignRule {
        campaign: Campaign {
            id: id.into(),
            number: if kind == CampaignKind::Inbound { 101 } else { 102 },
            name: id.into(),
            kind,
            mask_numbers: false,
            wrap_up_ms,
            dispositions: vec![DispositionClass {
                number: 1,
                name: "Done".into(),
                codes: vec![code(1010, "solved"), code(1011, "none")],
            }],
        },
        default_disposition: Some("none".into()),
        record: false,
        tell_monitored: false,
    }
}
