//! Whose a number is, and what a masked one stands for.

use crate::calls::Contact;
use crate::core::CoreInput;
use crate::store::{CustomerFault, Store, StoreFault};
use crate::switch::Arrival;
use omnibar_model::{AgentId, CampaignId, LegId, Moment, Party, PartyKind, PhoneNumber, QueueId};

/// Why a number cannot be dialled.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DialFault {
    #[error(
        "A masked number cannot be called from this campaign. Choose the campaign of the \
         customer, or give the whole number."
    )]
    Hidden,
    #[error("Nobody whom you may call has a number that ends so. Give the whole number.")]
    Nobody,
    #[error(
        "More than one number ends so. Call from the customer's record, or give the whole number."
    )]
    Ambiguous,
    #[error(transparent)]
    Store(#[from] StoreFault),
}

/// The customer's id; his name is filled in where it is missing. A directory that fails
/// keeps no call from its queue.
pub(crate) async fn known(store: &Store, customer: &mut Party) -> Option<u64> {
    let number = customer.number.as_ref()?;
    match store.customer_of(number).await {
        Ok(found) => found.map(|known| {
            if customer.name.is_empty() {
                customer.name = known.name;
            }
            known.id
        }),
        Err(fault) => {
            tracing::error!(%fault, "a caller could not be looked up");
            None
        }
    }
}

/// One who has called in from the phone network, as the core takes him.
pub(crate) async fn arrived(store: &Store, leg: LegId, arrival: Arrival) -> CoreInput {
    let Arrival { number, name, wanted } = arrival;
    let mut customer = Party { kind: PartyKind::Customer, name, number };
    let customer_id = known(store, &mut customer).await;
    let queue = QueueId::new(&wanted);
    CoreInput::Arrived { leg, customer, customer_id, queue, watched: false }
}

pub(crate) async fn contact(store: &Store, number: &PhoneNumber) -> Result<Contact, StoreFault> {
    let found = store.customer_of(number).await?;
    Ok(found.map(|c| Contact { id: Some(c.id), name: c.name }).unwrap_or_default())
}

/// As [`contact`]; who is not known is added (REST-01: `shouldAddCustomer`).
pub(crate) async fn contact_or_new(
    store: &Store,
    now: Moment,
    number: &PhoneNumber,
) -> Result<Contact, CustomerFault> {
    let customer = store.customer_or_new(now, number, "").await?;
    Ok(Contact { id: Some(customer.id), name: customer.name })
}

/// The number that the agent means. One that was masked for him stands for the only one
/// that ends so, and only in a campaign that masks: its call shows him no more.
pub(crate) async fn dialled(
    store: &Store,
    user: &AgentId,
    campaign: &CampaignId,
    number: &PhoneNumber,
) -> Result<PhoneNumber, DialFault> {
    if !number.is_masked() {
        return Ok(number.clone());
    }
    if !store.setup().await?.masks(campaign) {
        return Err(DialFault::Hidden);
    }
    let digits = number.as_str().trim_start_matches('*');
    if digits.is_empty() {
        return Err(DialFault::Nobody);
    }
    let mut found = store.numbers_ending(user.as_str(), digits).await?;
    match (found.pop(), found.pop()) {
        (Some(number), None) => Ok(number),
        (None, _) => Err(DialFault::Nobody),
        (Some(_), Some(_)) => Err(DialFault::Ambiguous),
    }
}
