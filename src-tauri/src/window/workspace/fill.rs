//! The CRM's addresses, with the contract's placeholders filled in (REST-06, REST-07).

use omnibar_model::{AgentId, Campaign, Direction, Interaction, PartyKind};
use tauri::Url;

/// Id of the CRM's frame in the workspace, by which the SDK and the page name it.
const FRAME: &str = "crm";
/// A customer whom the centre's directory does not know.
const NOBODY: &str = "-1";
/// Longer than any address that an administrator may write, filled in.
const LONGEST: usize = 8_192;

/// What is the same for all of a session's addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Agent {
    pub(super) user: AgentId,
    pub(super) name: String,
    /// Names the session to pages and to REST.
    pub(super) handle: String,
    /// Origin of the workspace.
    pub(super) origin: String,
}

/// The Knowledge Base URL for this agent; `None`: it leads to no page of the web.
pub(super) fn landing(template: &str, agent: &Agent, campaign: &Campaign) -> Option<Url> {
    fill(template, |name| agent.value(name, campaign))
}

/// The call URL for this interaction. `pushed_at`: milliseconds since 1970.
pub(super) fn call(
    template: &str,
    agent: &Agent,
    campaign: &Campaign,
    interaction: &Interaction,
    pushed_at: u128,
) -> Option<Url> {
    fill(template, |name| match name {
        "crm_push_generated_time" => Some(pushed_at.to_string()),
        "phone" | "displayPhone" => {
            let number = interaction.customer.number.as_ref();
            let shown = number.map(|n| if campaign.mask_numbers { n.masked() } else { n.clone() });
            Some(shown.map_or_else(String::new, |n| n.to_string()))
        }
        "isOriginalPhoneRequiredInCRM" => Some((!campaign.mask_numbers).to_string()),
        // A call is disposed once it is over.
        "disableDispositionOnActiveCall" => Some(true.to_string()),
        // As the events of the SDK tell it.
        "associationType" => Some(match interaction.direction {
            Direction::Outbound => "manualdial.association".to_owned(),
            Direction::Inbound => "inbound.association".to_owned(),
        }),
        "callType" => Some(match interaction.direction {
            Direction::Outbound => "outbound".to_owned(),
            Direction::Inbound => "inbound".to_owned(),
        }),
        "crtObjectId" => {
            let legs = &interaction.legs;
            let leg = legs.iter().find(|leg| leg.party.kind == PartyKind::Customer);
            Some(leg.map_or_else(String::new, |leg| leg.id.to_string()))
        }
        "interactionId" => Some(interaction.id.to_string()),
        "customerId" => {
            Some(interaction.customer_id.map_or_else(|| NOBODY.to_owned(), |id| id.to_string()))
        }
        _ => agent.value(name, campaign),
    })
}

impl Agent {
    fn value(&self, name: &str, campaign: &Campaign) -> Option<String> {
        Some(match name {
            "userId" => self.user.to_string(),
            "userName" => self.name.clone(),
            "userType" => "Executive".to_owned(),
            "sessionId" | "session-id" | "crmSessionId" | "userCrtObjectId"
            | "userCrtObjectIds" => self.handle.clone(),
            "iframeId" | "instanceId" => FRAME.to_owned(),
            "campaignId" => campaign.number.to_string(),
            "locale" => "en".to_owned(),
            "origin" => self.origin.clone(),
            // One of each to a centre.
            "contactCenterId" | "processId" => "1".to_owned(),
            _ => return None,
        })
    }
}

/// Puts percent-encoded values in the place of `{name}`, so that none can end its
/// parameter. A name that is not known stays empty.
fn fill(template: &str, value: impl Fn(&str) -> Option<String>) -> Option<Url> {
    let mut filled = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, behind) = after.split_once('}')?;
        filled.push_str(before);
        encode(&value(name).unwrap_or_default(), &mut filled);
        rest = behind;
    }
    filled.push_str(rest);
    if filled.len() > LONGEST {
        return None;
    }
    Url::parse(&filled).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

/// RFC 3986 section 2.1: everything but unreserved characters.
pub(super) fn encode(text: &str, into: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            into.push(char::from(byte));
        } else {
            into.push('%');
            into.push(char::from(HEX[usize::from(byte >> 4)]));
            into.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use omnibar_model::placeholder::{CALL, LANDING};
    use serde_json::json;

    fn campaign(mask: bool) -> Campaign {
        serde_json::from_value(json!({
            "id": "support", "number": 101, "name": "Support", "kind": "inbound",
            "mask_numbers": mask, "wrap_up_ms": null, "dispositions": [],
        }))
        .unwrap()
    }

    fn agent() -> Agent {
        Agent {
            user: AgentId::new("agent1"),
            name: "Ada & Palmer".into(),
            handle: "ses-1".into(),
            origin: "https://centre.example".into(),
        }
    }

    fn interaction() -> Interaction {
        serde_json::from_value(json!({
            "id": "i1", "channel": "voice", "direction": "inbound", "campaign": "support",
            "queue": null, "customer": {"kind": "customer", "name": "Maria", "number": "+15550101"},
            "customer_id": 100_000, "record": null, "owner": true,
            "conversation": {"state": "connected"}, "since": 0, "connected_at": 0,
            "legs": [{"id": "leg7", "party": {"kind": "customer", "name": "Maria", "number": null},
                      "state": {"state": "connected"}, "consult": false, "destination": null}],
            "conference": false, "recording": false, "cause": null, "note": "",
        }))
        .unwrap()
    }

    fn pairs(url: &Url) -> Vec<(String, String)> {
        url.query_pairs().map(|(k, v)| (k.into_owned(), v.into_owned())).collect()
    }

    #[test]
    fn the_landing_page_gets_every_placeholder() {
        let query: Vec<String> = LANDING.iter().map(|name| format!("{name}={{{name}}}")).collect();
        let template = format!("https://crm.example/home?{}", query.join("&"));
        let url = landing(&template, &agent(), &campaign(false)).unwrap();
        let found = pairs(&url);
        assert_eq!(found.len(), LANDING.len());
        for (name, value) in &found {
            assert!(!value.is_empty(), "{name}");
        }
        assert!(found.contains(&("userName".into(), "Ada & Palmer".into())));
        assert!(found.contains(&("origin".into(), "https://centre.example".into())));
    }

    #[test]
    fn a_call_gets_every_placeholder() {
        let query: Vec<String> = CALL.iter().map(|name| format!("{name}={{{name}}}")).collect();
        let template = format!("https://crm.example/pop?{}", query.join("&"));
        let url = call(&template, &agent(), &campaign(false), &interaction(), 1_700).unwrap();
        let found = pairs(&url);
        assert_eq!(found.len(), CALL.len());
        for (name, value) in &found {
            assert!(!value.is_empty(), "{name}");
        }
        for (name, value) in [
            ("phone", "+15550101"),
            ("displayPhone", "+15550101"),
            ("isOriginalPhoneRequiredInCRM", "true"),
            ("crtObjectId", "leg7"),
            ("interactionId", "i1"),
            ("customerId", "100000"),
            ("crm_push_generated_time", "1700"),
            ("associationType", "inbound.association"),
        ] {
            assert!(found.contains(&(name.into(), value.into())), "{name}: {found:?}");
        }
    }

    #[test]
    fn a_hidden_number_stays_hidden() {
        let template = "https://crm.example/?p={phone}&d={displayPhone}";
        let url = call(template, &agent(), &campaign(true), &interaction(), 0).unwrap();
        assert!(!url.as_str().contains("1555"), "{url}");
        assert!(pairs(&url).iter().all(|(_, value)| value.ends_with("0101")), "{url}");
    }

    #[test]
    fn no_value_ends_its_parameter_and_no_address_leaves_the_web() {
        let hostile = Agent { name: "a&b=c#d/../{userId}\r\n".into(), ..agent() };
        let url = landing("https://crm.example/?n={userName}&z=1", &hostile, &campaign(false));
        let url = url.unwrap();
        assert_eq!(pairs(&url), [("n".into(), hostile.name.clone()), ("z".into(), "1".to_owned())]);
        assert_eq!((url.host_str(), url.fragment()), (Some("crm.example"), None));
        for bad in
            ["", "crm.example", "file:///etc/passwd", "javascript:alert(1)", "https://a/{userId"]
        {
            assert_eq!(landing(bad, &agent(), &campaign(false)), None, "{bad}");
        }
    }
}
