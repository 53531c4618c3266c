//! The test of an extension's connection.

use super::Softphone;
use crate::entrance::Tested;
use crate::port::SignIn;
use omnibar_contract::{
    ConnectionIntent, ConnectionTest, ConnectionTestState, Password, TestedAccount,
};

impl Softphone {
    pub(super) fn ask_connection(&mut self, ask: ConnectionIntent) {
        match ask {
            ConnectionIntent::Test { of: None, echo } => self.start_test(None, echo),
            ConnectionIntent::Test { of: Some(account), echo } => self.test_account(*account, echo),
            ConnectionIntent::Stop => {
                self.entrance.forget_test();
                self.ports.probe.stop_test();
            }
            ConnectionIntent::Dismiss => {
                if self.scene.connection.state != ConnectionTestState::Running {
                    self.tested(ConnectionTest::default());
                }
            }
        }
    }

    fn test_account(&mut self, tested: TestedAccount, echo: String) {
        let TestedAccount { address, user, account, password } = tested;
        let sign_in = SignIn {
            centre: address,
            user,
            password: password.map(Password::into_secret),
            take_over: false,
            account: Some(account),
        };
        let tested = Tested { sign_in, echo };
        if tested.sign_in.password.is_some() {
            return self.test(tested);
        }
        let (centre, user) = self.entrance.recall_for(tested);
        self.ports.shell.recall(centre, user);
    }

    pub(super) fn test(&mut self, Tested { sign_in, echo }: Tested) {
        if sign_in.password.is_none() {
            let state = ConnectionTestState::NoPassword;
            return self.tested(ConnectionTest { state, steps: Vec::new() });
        }
        self.start_test(Some(sign_in), echo);
    }

    fn start_test(&mut self, of: Option<SignIn>, echo: String) {
        if self.in_call {
            let state = ConnectionTestState::InCall;
            return self.tested(ConnectionTest { state, steps: Vec::new() });
        }
        let servers = self.servers();
        self.ports.probe.test(of, echo, servers);
    }

    pub(super) fn tested(&mut self, test: ConnectionTest) {
        self.changed |= self.scene.connection != test;
        self.scene.connection = test;
    }
}
