//! A test of a connection while it runs, and what the window sees of it.

use super::faults::{failed, step};
use crate::sip::{Check, Checked, Outcome, Step, Verdict, check};
use omnibar_contract::{ConnectionTest, ConnectionTestState, StepState, TestStep};
use omnibar_softphone::{Event, Inbox};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// For the exchange to take note that the extension is not registered any more.
const CLEARED: Duration = Duration::from_secs(2);

/// The handle of a test that runs.
pub(super) struct Trial {
    /// With what the test is to end as.
    stop: Option<oneshot::Sender<ConnectionTestState>>,
    /// The extension is signed in here: it gives its registration up for the test, and the
    /// test waits for that. An exchange may keep only one of each.
    cleared: Option<oneshot::Sender<()>>,
    pub(super) of_own: bool,
    task: JoinHandle<()>,
}

impl Trial {
    /// # Panics
    /// Outside a tokio runtime.
    pub(super) fn start(check: Check, of_own: bool, inbox: Inbox) -> Self {
        let (stop, stopped) = oneshot::channel();
        let (cleared, clear) = oneshot::channel();
        let task = tokio::spawn(run(check, clear, stopped, inbox));
        let mut trial = Self { stop: Some(stop), cleared: Some(cleared), of_own, task };
        if !of_own {
            trial.cleared();
        }
        trial
    }

    /// The extension that is signed in is not registered any more.
    pub(super) fn cleared(&mut self) {
        if let Some(cleared) = self.cleared.take() {
            // A test that was stopped meanwhile does not wait.
            let _ = cleared.send(());
        }
    }

    /// It ends as that, within two seconds.
    pub(super) fn stop(&mut self, state: ConnectionTestState) {
        if let Some(stop) = self.stop.take() {
            // A test that has ended needs no stop.
            let _ = stop.send(state);
        }
    }

    /// Waits until it is over and has given its own registration up.
    pub(super) async fn over(&mut self) {
        // One that failed is over too.
        let _ = (&mut self.task).await;
    }
}

async fn run(
    wanted: Check,
    cleared: oneshot::Receiver<()>,
    mut stopped: oneshot::Receiver<ConnectionTestState>,
    inbox: Inbox,
) {
    let mut shown = Shown::new(wanted.steps());
    let tell = |test| inbox.post(Event::Tested(test));
    tell(shown.test(ConnectionTestState::Running));
    tokio::select! {
        // Without an answer the exchange is asked all the same.
        _ = timeout(CLEARED, cleared) => {}
        why = &mut stopped => {
            tell(shown.test(why.unwrap_or(ConnectionTestState::Stopped)));
            return;
        }
    }
    let mut why = ConnectionTestState::Stopped;
    let stop = async {
        if let Ok(state) = stopped.await {
            why = state;
        }
    };
    let verdict = check(wanted, stop, |checked| {
        shown.done(&checked);
        tell(shown.test(ConnectionTestState::Running));
    })
    .await;
    let state = match verdict {
        Verdict::Passed => ConnectionTestState::Passed,
        Verdict::Failed => ConnectionTestState::Failed,
        Verdict::Stopped => why,
    };
    tracing::info!(?state, "the connection was tested");
    tell(shown.test(state));
}

/// The steps, as far as they are done.
struct Shown(Vec<TestStep>);

impl Shown {
    fn new(steps: Vec<Step>) -> Self {
        let waiting = |at| TestStep { step: step(at), state: StepState::Waiting };
        Self(steps.into_iter().map(waiting).collect())
    }

    fn done(&mut self, checked: &Checked) {
        let state = match &checked.outcome {
            Outcome::Passed { took } => {
                StepState::Passed { took_ms: u32::try_from(took.as_millis()).unwrap_or(u32::MAX) }
            }
            Outcome::Failed(fault) => StepState::Failed { fault: failed(fault) },
        };
        if let Some(at) = self.0.iter_mut().find(|at| at.step == step(checked.step)) {
            at.state = state;
        }
    }

    /// The step that is being tried is the first that is not done.
    fn test(&self, state: ConnectionTestState) -> ConnectionTest {
        let mut steps = self.0.clone();
        let waits = |at: &&mut TestStep| at.state == StepState::Waiting;
        let failed = |at: &TestStep| matches!(at.state, StepState::Failed { .. });
        if state == ConnectionTestState::Running
            && !steps.iter().any(failed)
            && let Some(next) = steps.iter_mut().find(waits)
        {
            next.state = StepState::Running;
        }
        ConnectionTest { state, steps }
    }
}

/// One that was not begun, and why.
pub(super) fn not_begun(state: ConnectionTestState) -> Event {
    Event::Tested(ConnectionTest { state, steps: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::{CheckFault, ConnectFault};
    use omnibar_contract::StepFault;
    use omnibar_desk::ServerFault;

    #[test]
    fn the_first_step_that_is_not_done_is_being_tried_until_one_fails() {
        let mut shown = Shown::new(vec![Step::Name, Step::Connection, Step::WebSocket]);
        let states = |shown: &Shown, state| -> Vec<StepState> {
            shown.test(state).steps.into_iter().map(|step| step.state).collect()
        };
        let running = |shown: &Shown| states(shown, ConnectionTestState::Running);
        let (waits, tried) = (StepState::Waiting, StepState::Running);
        assert_eq!(running(&shown), [tried.clone(), waits.clone(), waits.clone()]);
        let took = Duration::from_millis(7);
        shown.done(&Checked { step: Step::Name, outcome: Outcome::Passed { took } });
        let passed = StepState::Passed { took_ms: 7 };
        assert_eq!(running(&shown), [passed.clone(), tried, waits.clone()]);
        let stopped = states(&shown, ConnectionTestState::Stopped);
        assert_eq!(stopped, [passed.clone(), waits.clone(), waits.clone()]);
        let outcome = Outcome::Failed(CheckFault::Connect(ConnectFault::Refused));
        shown.done(&Checked { step: Step::Connection, outcome });
        let fault = StepFault::Server { server: ServerFault::Closed };
        assert_eq!(running(&shown), [passed, StepState::Failed { fault }, waits]);
    }
}
