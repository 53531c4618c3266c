use super::Right;
use omnibar_contract::{Intent, SdkError};
use omnibar_softphone::EndpointCall;
use serde_json::Value;

/// Who gets an event, of those who may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    All,
    /// Pages that hold the toolbar.
    Crm,
    /// Pages framed in the workspace.
    App,
    Page(u32),
    /// Every page of this origin that docked under this instance id.
    Instance {
        origin: String,
        instance: String,
    },
}

/// What is to be done; in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    Done {
        page: u32,
        id: u32,
        value: Value,
    },
    Failed {
        page: u32,
        id: u32,
        error: SdkError,
    },
    Event {
        to: Audience,
        namespace: &'static str,
        event: &'static str,
        payload: Value,
        /// Pages without it do not get the event.
        needs: Right,
        /// What pages without the customers right get in place of `payload`, because
        /// that names a customer. `None`: the payload is for everybody.
        discreet: Option<Value>,
    },
    Intent(Intent),
    /// To be answered by [`super::Omni::answered`], whatever happens.
    Ask {
        ticket: u64,
        call: EndpointCall,
    },
    /// A desktop notification in a page's words, which say whose they are.
    Alert {
        subject: String,
        message: String,
    },
}
