use crate::rig::Rig;
use omnibar_desk::Link;
use omnibar_softphone::{Centre as _, CentreEvent};
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn attempts_are_spread_and_never_further_apart_than_ten_seconds() {
    let mut rig = Rig::new();
    let far = rig.at_work().await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    rig.open.store(false, Ordering::SeqCst);
    drop(far);
    let mut last: Option<(Instant, u64)> = None;
    for want in 1..=12u32 {
        let CentreEvent::LinkChanged(Link::Reconnecting { attempt, next_try_ms }) =
            rig.event().await
        else {
            panic!("not reconnecting")
        };
        assert_eq!(attempt, want);
        let whole = match attempt {
            1 => 0,
            n => (250 << (n - 2).min(8)).min(10_000),
        };
        assert!(next_try_ms >= whole / 2 && next_try_ms <= whole, "{next_try_ms} of {whole} ms");
        if let Some((at, promised)) = last {
            let waited = at.elapsed().as_millis();
            assert!(waited >= u128::from(promised) && waited <= u128::from(promised) + 2);
        }
        last = Some((Instant::now(), next_try_ms));
    }
    rig.open.store(true, Ordering::SeqCst);
    rig.resumed().await;
}

#[tokio::test(start_paused = true)]
async fn signing_out_ends_the_attempts() {
    let mut rig = Rig::new();
    let far = rig.at_work().await;
    rig.open.store(false, Ordering::SeqCst);
    drop(far);
    assert!(matches!(rig.event().await, CentreEvent::LinkChanged(Link::Reconnecting { .. })));
    rig.backend.close();
    assert!(matches!(rig.news().await, CentreEvent::Ended(None)));
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(rig.told().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_centre_that_takes_and_drops_connections_is_not_hammered() {
    let mut rig = Rig::new();
    drop(rig.at_work().await);
    let began = Instant::now();
    for _ in 0..10 {
        drop(rig.resumed().await);
    }
    assert!(began.elapsed() > Duration::from_secs(20), "{:?}", began.elapsed());
}
