//! API-01 to API-11 and EVT-01 to EVT-04.

use crate::world::*;
use omnibar_contract::SdkErrorType;
use omnibar_desk::{Ask, Input, Order, SessionView, SignInFault};
use omnibar_model::{AgentState, Presence};
use serde_json::json;

#[test]
fn api_01_initialize_wants_the_page_s_own_origin() {
    let mut world = World::new();
    let config = json!({"context": "crm", "origin": ORIGIN, "instanceId": "ameyoIframe"});
    assert_eq!(world.value("initialize", &[config]), json!(null));
    let error = world.error("initialize", &[json!({"context": "crm"})]);
    assert_eq!(error.description, "config.origin is required");
    let forged = json!({"context": "crm", "origin": "https://bank.example"});
    assert_eq!(world.error("initialize", &[forged]).error_type, SdkErrorType::InvalidOrigin);
}

#[test]
fn api_02_03_the_base_url_is_the_centre_that_the_agent_trusts() {
    let mut world = World::new();
    assert_eq!(world.value("getBaseUrl", &[]), json!("https://centre.example"));
    assert_eq!(world.value("setBaseUrl", &[json!("https://centre.example/")]), json!(null));
    let error = world.error("setBaseUrl", &[json!("https://evil.example")]);
    assert_eq!(error.error_type, SdkErrorType::InvalidOrigin);
    assert!(error.description.contains("https://centre.example"));
    assert_eq!(
        world.error("setBaseUrl", &[json!("javascript:1")]).error_type,
        SdkErrorType::RequiredFieldMissing
    );
    world.view.remembered.centre.clear();
    assert_eq!(world.error("getBaseUrl", &[]).error_type, SdkErrorType::DataNotFound);
}

#[test]
fn api_04_a_page_that_loads_is_shown_until_it_has_loaded_or_gone() {
    let mut world = World::new();
    world.value("onLoadHandler", &[json!(true)]);
    assert!(world.shown().loading);
    world.value("onLoadHandler", &[json!(false)]);
    assert!(!world.shown().loading);
    world.value("onLoadHandler", &[json!({"isLoading": true})]);
    world.omni.closed(CRM);
    assert!(!world.shown().loading);
}

#[test]
fn api_05_login_with_one_campaign_ends_at_work() {
    let mut world = World::new();
    world.assigned.truncate(1);
    assert_eq!(world.login("agent1", "right"), None);
    assert_eq!(world.answer(), Ok(json!("Successfully Logged In")));
    let campaigns = vec!["in".into()];
    assert_eq!(world.orders, [Order::Choose { campaigns, extension: "centre".into() }]);
    assert!(matches!(world.view.desk.session, SessionView::SignedIn { .. }));
    assert_eq!(world.login("agent1", "right"), Some(Ok(json!("Successfully Logged In"))));
    let other = world.login("agent2", "right").unwrap().unwrap_err();
    assert_eq!(other.error_type, SdkErrorType::HttpError);
    assert!(other.description.contains("agent1 is signed in"));
}

#[test]
fn api_05_with_several_campaigns_the_agent_chooses_and_next_time_they_are_chosen_for_him() {
    let mut world = World::new();
    assert_eq!(world.login("agent1", "right"), None);
    assert_eq!(world.answer(), Ok(json!("Successfully Logged In")));
    assert!(world.orders.is_empty());
    let choice = Ask::Choose { campaigns: vec!["out".into()], extension: "1001".into() };
    world.ask(choice);
    world.ask(Ask::SignOut);
    world.orders.clear();
    assert_eq!(world.login("agent1", "right"), None);
    assert_eq!(world.answer(), Ok(json!("Successfully Logged In")));
    let campaigns = vec!["out".into()];
    assert_eq!(world.orders, [Order::Choose { campaigns, extension: "1001".into() }]);
}

#[test]
fn api_05_a_wrong_password_is_an_error_in_words_each_time() {
    let mut world = World::new();
    for _ in 0..2 {
        assert_eq!(world.login("agent1", "wrong"), None);
        let error = world.answer().unwrap_err();
        assert_eq!((error.error_type, error.error_code), (SdkErrorType::HttpError, 3000));
        assert_eq!(error.description, "user or password is wrong: check both");
        world.pass(10);
    }
    world.view.remembered.centre.clear();
    let error = world.login("agent1", "right").unwrap().unwrap_err();
    assert!(error.description.contains("knows no centre"));
    assert!(world.login("agent\u{0}1", "right").unwrap().is_err());
}

#[test]
fn api_06_force_login_takes_the_session_over() {
    let mut world = World::new();
    assert_eq!(world.login("taken", "right"), None);
    assert!(world.answer().unwrap_err().description.contains("forceLogin"));
    assert_eq!(world.call("session.forceLogin", &[json!("taken"), json!("right")]), None);
    assert_eq!(world.answer(), Ok(json!("Successfully Logged In")));
}

#[test]
fn api_07_09_10_tell_who_works_where() {
    let mut world = World::available();
    assert_eq!(
        world.value("session.getSelectedExtension", &[]),
        json!({"callContextId": 1, "phone": "centre"})
    );
    assert_eq!(
        world.value("session.getCurrentUser", &[]),
        json!({"userId": "agent1", "userType": "Executive", "userName": "Agent One"})
    );
    let campaigns = world.value("session.getSelectedCampaigns", &[]);
    let (one, two) = (&campaigns[0], &campaigns[1]);
    assert_eq!(
        one,
        &json!({
            "campaignId": 101, "campaignName": "Campaign in",
            "campaignType": "Interactive Voice", "processId": 1,
        })
    );
    assert_eq!(two["campaignId"], json!(102));
    for api in ["getSelectedExtension", "getCurrentUser", "getSelectedCampaigns", "getAgentSession"]
    {
        let error = World::new().error(&format!("session.{api}"), &[]);
        assert_eq!(error.error_type, SdkErrorType::DataNotFound, "{api}");
    }
}

#[test]
fn api_08_logout_waits_until_calls_are_disposed() {
    let mut world = World::in_call();
    let error = world.error("session.logout", &[]);
    assert_eq!(error.error_type, SdkErrorType::HttpError);
    assert!(error.description.contains("dispose it first"));
    let mut world = World::available();
    assert_eq!(world.call("session.logout", &[]), None);
    assert_eq!(world.answer(), Ok(json!("Logout successful")));
    assert_eq!(world.event("loginStatus").payload, json!("loggedOut"));
    assert_eq!(world.error("session.logout", &[]).description, "nobody is signed in");
}

#[test]
fn api_11_the_session_comes_from_the_centre() {
    let mut world = World::available();
    assert_eq!(world.call("session.getAgentSession", &[]), None);
    let asked = world.centre_says(200, json!({"userId": "agent1"}));
    let question = (asked.service.as_str(), asked.method.as_str(), asked.path.as_str());
    assert_eq!(question, ("appserver", "GET", "/session"));
    assert_eq!(world.answer(), Ok(json!({"userId": "agent1"})));
}

#[test]
fn evt_01_03_04_sign_in_and_the_choice_are_told_once() {
    let mut world = World::new();
    world.login("agent1", "right");
    assert_eq!(world.names(), ["loginStatus"]);
    let told = world.event("loginStatus");
    assert_eq!((told.namespace, told.payload), ("session", json!("loggedIn")));
    world.happened.clear();
    let campaigns = vec!["in".into()];
    world.ask(Ask::Choose { campaigns, extension: "centre".into() });
    let chosen = world.event("campaignSelected").payload;
    assert_eq!((&chosen[0]["campaignId"], chosen.as_array().unwrap().len()), (&json!(101), 1));
    let extension = world.event("extensionSelected").payload;
    assert_eq!(extension["userCrtObjectId"], json!("ses-agent1-1"));
    assert_eq!(extension["phone"], json!("centre"));
    world.happened.clear();
    let campaigns = vec!["out".into()];
    world.ask(Ask::Choose { campaigns, extension: "centre".into() });
    assert_eq!(world.names(), ["campaignSelected"]);
    world.happened.clear();
    world.input(Input::SessionEnded { fault: Some(SignInFault::TakenOver) });
    assert_eq!(world.event("loginStatus").payload, json!("loggedOut"));
}

#[test]
fn evt_02_availability_says_what_the_agent_is_and_why() {
    let mut world = World::available();
    world.be(AgentState::Break, Presence::Break { reason: "lunch".into() });
    assert_eq!(
        world.event("userAvailabilityChanged").payload,
        json!({
            "isAvailable": false, "autoCallStatus": false,
            "statusDescription": "Lunch-Break", "autoCallStateChangeCause": "agent_set_break",
        })
    );
    world.happened.clear();
    world.be(AgentState::Available, Presence::Available);
    assert_eq!(
        world.event("userAvailabilityChanged").payload,
        json!({
            "isAvailable": true, "autoCallStatus": true,
            "statusDescription": "Available", "autoCallStateChangeCause": "agent_set_ready",
        })
    );
    world.happened.clear();
    world.be(AgentState::Busy, Presence::Available);
    let busy = world.event("userAvailabilityChanged").payload;
    assert_eq!(busy["isAvailable"], json!(false));
    assert_eq!(busy["autoCallStateChangeCause"], json!("interaction_assigned"));
    world.happened.clear();
    world.be(AgentState::Busy, Presence::Available);
    assert_eq!(world.names(), Vec::<&str>::new(), "nothing changed");
}
