//! Invented customers who call while somebody is free to answer.

use crate::core::CoreInput;
use crate::directory;
use crate::door::Door;
use crate::seed::{CUSTOMERS, number};
use crate::store::Store;
use crate::switch::{Reply, SwitchCommand, SwitchLink};
use omnibar_model::{LegId, Party, PartyKind, QueueId};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Of the built-in switch.
const SCRIPTS: [&str; 4] = ["delivery", "billing", "router", "appointment"];

/// A customer calls `pace` after somebody has become free, one at a time.
pub(crate) async fn run(
    door: Door,
    store: Store,
    link: SwitchLink,
    pace: Duration,
    stop: CancellationToken,
) {
    let mut floor = door.floor();
    let mut turn = 0;
    let mut ours: BTreeSet<LegId> = BTreeSet::new();
    loop {
        let wanted = {
            let floor = floor.borrow_and_update();
            ours.retain(|leg| floor.waiting.contains(leg));
            !floor.served.is_empty() && ours.is_empty()
        };
        if wanted {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pace) => {}
            }
            // Whoever was free may have gone meanwhile.
            let served: Vec<QueueId> = floor.borrow().served.iter().cloned().collect();
            let queue = served.get(turn % served.len().max(1)).cloned();
            if let Some(queue) = queue {
                if let Some(leg) = call(&door, &store, &link, turn, queue).await {
                    ours.insert(leg);
                }
                turn += 1;
            }
            continue;
        }
        tokio::select! {
            () = stop.cancelled() => return,
            changed = floor.changed() => if changed.is_err() { return },
        }
    }
}

async fn call(
    door: &Door,
    store: &Store,
    link: &SwitchLink,
    turn: usize,
    queue: QueueId,
) -> Option<LegId> {
    let (last, name) = CUSTOMERS[turn % CUSTOMERS.len()];
    let leg = LegId::new(&format!("customer-{}", Uuid::new_v4()));
    let script = SCRIPTS[turn % SCRIPTS.len()].to_owned();
    match link.command(SwitchCommand::Customer { leg: leg.clone(), script }).await {
        Reply::Done => {}
        Reply::Refused { message } | Reply::Lost { message } => {
            tracing::warn!(message, "a demo customer could not call");
            return None;
        }
        Reply::Answer { .. } | Reply::Extension { .. } | Reply::Legs { .. } => return None,
    }
    let mut customer =
        Party { kind: PartyKind::Customer, name: name.to_owned(), number: number(last) };
    let customer_id = directory::known(store, &mut customer).await;
    let arrived =
        CoreInput::Arrived { leg: leg.clone(), customer, customer_id, queue, watched: false };
    match door.input(arrived, None).await {
        Ok(_) => Some(leg),
        Err(error) => {
            tracing::warn!(message = error.message, "a demo customer found no queue");
            link.command(SwitchCommand::Close { leg }).await;
            None
        }
    }
}
