use super::*;
use crate::switch::{Reply, SwitchLink};
use omnibar_model::Cause;

#[tokio::test]
async fn a_customer_who_never_called_is_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).await.unwrap();
    crate::seed::demo(&store).await.unwrap();
    let setup = std::sync::Arc::new(store.setup().await.unwrap());
    let core = Core::new(setup, crate::core::Timings::default(), 1);
    let (orders, mut ordered) = mpsc::unbounded_channel::<(_, oneshot::Sender<Reply>)>();
    tokio::spawn(async move {
        while let Some((_, reply)) = ordered.recv().await {
            let _ = reply.send(Reply::Done);
        }
    });
    let (_switch, events) = mpsc::unbounded_channel();
    let voice = Voice::lasting((SwitchLink::from_channel(orders), events));
    let door = start(core, store, Clock::start(), voice, dir.path().join("recordings"));

    let leg = LegId::new("web-1");
    let (states, mut told) = mpsc::unbounded_channel();
    let (candidates, mut found) = mpsc::unbounded_channel();
    door.watch(leg.clone(), states).await;
    door.candidates(leg.clone(), candidates).await;
    let gone = SwitchEvent::Gone { leg, cause: Cause::CustomerHungUp };
    door.input(CoreInput::Switch(gone), None).await.unwrap();
    assert_eq!(told.recv().await, None, "nobody holds the other end any more");
    assert_eq!(found.recv().await, None);
    door.stop().await;
}
