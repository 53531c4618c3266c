//! The demo's invented company: nobody in it exists, and its numbers are reserved for
//! fiction (+1 555 0100 to 0199).

use crate::clock::Clock;
use crate::setup::{CampaignRule, IvrSetup, QueueSetup, Setup};
use crate::store::{AccountFault, Case, Customer, CustomerFault, Store, StoreFault};
use omnibar_model::{
    AgentId, BreakReason, Campaign, CampaignId, CampaignKind, DispositionClass, DispositionCode,
    DispositionId, Ivr, IvrId, PhoneNumber, Queue, QueueId, Secret,
};
use std::collections::BTreeMap;

/// Every demo agent's password.
pub const PASSWORD: &str = "demo";

const AGENTS: [(&str, &str); 4] = [
    ("agent1", "Ada Palmer"),
    ("agent2", "Bruno Keller"),
    ("agent3", "Chiara Fonti"),
    ("agent4", "Dev Anand Rao"),
];

const COMPANY: &str = "Omnibar Demo";

/// May take part in the agents' calls; the same password.
pub const SUPERVISOR: &str = "supervisor1";

/// Signs in at `/admin/`, with the same password.
pub const ADMINISTRATOR: &str = "admin";

/// Pages of this machine may dock the demo's toolbar.
const PAGES: [&str; 2] = ["http://127.0.0.1:*", "http://localhost:*"];

/// The last two digits of the number, and the name.
pub(crate) const CUSTOMERS: [(u8, &str); 12] = [
    (1, "Nora Winter"),
    (2, "Omar Haddad"),
    (3, "Paula Reyes"),
    (4, "Quentin Moore"),
    (5, "Rosa Lindt"),
    (6, "Samir Patel"),
    (7, "Tessa Brandt"),
    (8, "Umberto Gallo"),
    (9, "Vera Novak"),
    (10, "Willem de Boer"),
    (11, "Xenia Petrou"),
    (12, "Yusuf Demir"),
];

const COMPANIES: [&str; 4] =
    ["Harbour Books", "Fennel and Rye", "Northlight Cycles", "Quarry Lane Garden Supply"];

/// Subject, description, status; each of another customer.
const CASES: [(&str, &str, &str); 6] = [
    ("Parcel has not arrived", "Ordered ten days ago; the carrier shows no movement.", "New"),
    ("Charged twice in October", "Two debits of the same amount, three days apart.", "Working"),
    ("Router restarts every evening", "Since the storm. The cable was changed already.", "New"),
    ("Appointment to be moved", "Cannot be at home on the day that was agreed.", "Closed"),
    ("Invoice without a VAT number", "Needs the number on it for the tax office.", "Working"),
    ("Wants to cancel at the end of the year", "Moves abroad.", "New"),
];

pub(crate) fn number(last: u8) -> Option<PhoneNumber> {
    PhoneNumber::parse(&format!("+155501{:02}", last % 100)).ok()
}

#[derive(Debug, thiserror::Error)]
pub enum SeedFault {
    #[error(transparent)]
    Account(#[from] AccountFault),
    #[error(transparent)]
    Customer(#[from] CustomerFault),
    #[error(transparent)]
    Store(#[from] StoreFault),
}

/// Fills an empty database with the demo; leaves any other as it is.
pub async fn demo(store: &Store) -> Result<(), SeedFault> {
    if store.is_laid_down().await? {
        // A demo of a version that had none of them; never a real centre.
        if store.setup().await?.centre == COMPANY {
            if store.role(&AgentId::new(ADMINISTRATOR)).await?.is_none() {
                administrator(store).await?;
            }
            if store.role(&AgentId::new(SUPERVISOR)).await?.is_none() {
                supervisor(store).await?;
            }
        }
        return Ok(());
    }
    store.lay_down(&company(COMPANY)).await?;
    customers(store).await?;
    for (user, name) in AGENTS {
        store.add_account(user, name, Secret::new(PASSWORD)).await?;
    }
    supervisor(store).await?;
    administrator(store).await
}

async fn supervisor(store: &Store) -> Result<(), SeedFault> {
    Ok(store.add_supervisor(SUPERVISOR, "Sofia Lindqvist", Secret::new(PASSWORD)).await?)
}

async fn administrator(store: &Store) -> Result<(), SeedFault> {
    store.add_administrator(ADMINISTRATOR, "Demo administrator", Secret::new(PASSWORD)).await?;
    store.set_frame_origins(&PAGES.map(str::to_owned)).await?;
    Ok(())
}

/// What a new centre without `--demo` begins with: the same campaigns, no accounts.
pub async fn standard(store: &Store) -> Result<(), SeedFault> {
    if !store.is_laid_down().await? {
        store.lay_down(&company("Omnibar")).await?;
    }
    Ok(())
}

async fn customers(store: &Store) -> Result<(), CustomerFault> {
    let now = Clock::start().now();
    for (turn, (last, name)) in CUSTOMERS.iter().enumerate() {
        let user = name.to_lowercase().replace(' ', ".");
        let customer = Customer {
            id: 0,
            name: (*name).to_owned(),
            phone: number(*last),
            email: format!("{user}@customers.example"),
            company: COMPANIES[turn % COMPANIES.len()].to_owned(),
            fields: BTreeMap::from([("language".to_owned(), "English".to_owned())]),
        };
        let customer = store.add_customer(now, &customer).await?;
        if let Some((subject, description, status)) = CASES.get(turn) {
            let case = Case {
                id: 0,
                customer: Some(customer.id),
                subject: (*subject).to_owned(),
                description: (*description).to_owned(),
                status: (*status).to_owned(),
            };
            store.add_case(now, &case).await?;
        }
    }
    Ok(())
}

#[must_use]
pub fn company(name: &str) -> Setup {
    let queue = |number, id: &str, name: &str, campaign: &str, priority| {
        let queue = Queue { id: id.into(), number, name: name.into(), campaign: campaign.into() };
        (QueueId::new(id), QueueSetup { queue, priority })
    };
    let survey = IvrSetup {
        ivr: Ivr { id: "survey".into(), name: "Survey".into() },
        options: BTreeMap::from([
            ("1".into(), QueueId::new("support")),
            ("2".into(), QueueId::new("sales")),
        ]),
    };
    Setup {
        centre: name.into(),
        campaigns: [
            campaign(101, "support", "Support", CampaignKind::Inbound, support()),
            campaign(102, "sales", "Sales", CampaignKind::Inbound, sales()),
            campaign(103, "outreach", "Outreach", CampaignKind::Outbound, outreach()),
        ]
        .into(),
        queues: [
            queue(201, "support", "Support", "support", 0),
            queue(202, "priority", "Priority support", "support", 2),
            queue(203, "sales", "Sales", "sales", 1),
        ]
        .into(),
        ivrs: BTreeMap::from([(IvrId::new("survey"), survey)]),
        breaks: [
            ("not_ready", "Not ready"),
            ("tea", "Tea"),
            ("lunch", "Lunch"),
            ("training", "Training"),
        ]
        .map(|(id, name)| BreakReason { id: id.into(), name: name.into() })
        .into(),
    }
}

/// The disposition with which a callback is booked; its number ends with 9.
const CALLBACK: &str = "callback";

type Codes = Vec<(&'static str, Vec<(&'static str, &'static str)>)>;

fn campaign(
    number: u32,
    id: &str,
    name: &str,
    kind: CampaignKind,
    codes: Codes,
) -> (CampaignId, CampaignRule) {
    let mut numbers = number * 10..;
    let mut next = || numbers.next().unwrap_or_default();
    let mut dispositions = Vec::new();
    for (name, codes) in codes {
        // The store numbers classes.
        let mut class = DispositionClass { number: 0, name: name.into(), codes: Vec::new() };
        for (id, name) in codes {
            let callback = id == CALLBACK;
            let number = if callback { number * 10 + 9 } else { next() };
            let code = DispositionCode { id: id.into(), number, name: name.into(), callback };
            class.codes.push(code);
        }
        dispositions.push(class);
    }
    let campaign = Campaign {
        id: id.into(),
        number,
        name: name.into(),
        kind,
        mask_numbers: false,
        wrap_up_ms: Some(120_000),
        dispositions,
    };
    let default_disposition = Some(DispositionId::new("not_disposed"));
    // Who is called has not been told that he is recorded.
    let record = kind == CampaignKind::Inbound;
    let rule = CampaignRule { campaign, default_disposition, record, tell_monitored: false };
    (CampaignId::new(id), rule)
}

fn support() -> Codes {
    vec![
        ("Resolved", vec![("resolved", "Resolved on the call"), ("explained", "Explained how")]),
        (
            "Follow-up",
            vec![
                ("escalated", "Escalated"),
                ("call_again", "Customer calls again"),
                (CALLBACK, "Callback"),
            ],
        ),
        ("Other", vec![("wrong_number", "Wrong number"), ("not_disposed", "Not disposed in time")]),
    ]
}

fn sales() -> Codes {
    vec![
        ("Sale", vec![("ordered", "Ordered"), ("upgraded", "Upgraded")]),
        (
            "No sale",
            vec![
                ("too_expensive", "Too expensive"),
                ("thinking", "Thinks about it"),
                (CALLBACK, "Callback"),
            ],
        ),
        ("Other", vec![("wrong_number", "Wrong number"), ("not_disposed", "Not disposed in time")]),
    ]
}

fn outreach() -> Codes {
    vec![
        ("Reached", vec![("interested", "Interested"), ("not_interested", "Not interested")]),
        ("Not reached", vec![("no_answer", "No answer"), ("busy", "Busy"), (CALLBACK, "Callback")]),
        ("Other", vec![("do_not_call", "Do not call"), ("not_disposed", "Not disposed in time")]),
    ]
}
