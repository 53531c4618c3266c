//! A leg that is in no call hears itself, for a while, when that is asked for.

use crate::far::{Phone, Switch};
use omnibar_center::switch::SwitchCommand;
use omnibar_model::LegId;
use std::time::Duration;
use tokio::time::timeout;

/// What was on its way has come, and nothing more comes.
async fn hears_nothing(phone: &Phone) {
    while timeout(Duration::from_millis(400), phone.listen(25)).await.is_ok() {}
    assert!(timeout(Duration::from_millis(600), phone.listen(1)).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leg_hears_itself_only_when_asked_and_never_after_a_call() {
    let switch = Switch::start();
    let agent = Phone::call(&switch, "agent1", Some(500.0)).await;
    let echo = |on| SwitchCommand::Echo { leg: LegId::new("agent1"), on };
    hears_nothing(&agent).await;
    switch.done(echo(true)).await;
    agent.hears(&[500.0], &[]).await;
    let customer = Phone::call(&switch, "customer1", Some(1_300.0)).await;
    switch.connect("call", &["agent1", "customer1"]).await;
    agent.hears(&[1_300.0], &[500.0]).await;
    customer.hears(&[500.0], &[1_300.0]).await;
    switch.connect("call", &["customer1"]).await;
    hears_nothing(&agent).await;
    switch.done(echo(true)).await;
    agent.hears(&[500.0], &[]).await;
    switch.done(echo(false)).await;
    hears_nothing(&agent).await;
}
