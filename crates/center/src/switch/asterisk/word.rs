//! What Asterisk says: channels and events as ARI describes them. What is not named here
//! is not read.

use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
pub(super) enum Event {
    StasisStart {
        #[serde(default)]
        args: Vec<String>,
        channel: Channel,
    },
    StasisEnd {
        channel: Channel,
    },
    ChannelStateChange {
        channel: Channel,
    },
    ChannelHangupRequest {
        channel: Channel,
        #[serde(default)]
        cause: Option<u16>,
    },
    ChannelDestroyed {
        channel: Channel,
        /// ITU-T Q.850, as Asterisk uses it.
        #[serde(default)]
        cause: u16,
    },
    ChannelDtmfReceived {
        channel: Channel,
        digit: String,
    },
    RecordingFailed {
        recording: Recording,
    },
    /// Another program has taken the application's name.
    ApplicationReplaced {},
    #[serde(other)]
    Other,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Channel {
    pub(super) id: String,
    /// `PJSIP/endpoint-0000002a`.
    pub(super) name: String,
    pub(super) state: String,
    #[serde(default)]
    pub(super) caller: Caller,
    #[serde(default)]
    pub(super) dialplan: Dialplan,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Caller {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) number: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Dialplan {
    #[serde(default)]
    pub(super) exten: String,
    #[serde(default)]
    pub(super) app_name: String,
    /// The application and its arguments, `omnibar,support`.
    #[serde(default)]
    pub(super) app_data: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Bridge {
    pub(super) id: String,
    #[serde(default)]
    pub(super) channels: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Recording {
    pub(super) name: String,
}

impl Channel {
    pub(super) fn is_up(&self) -> bool {
        self.state == "Up"
    }

    /// The SIP endpoint whose channel this is.
    pub(super) fn endpoint(&self) -> Option<&str> {
        let (endpoint, number) = self.name.strip_prefix("PJSIP/")?.rsplit_once('-')?;
        let hex = !number.is_empty() && number.bytes().all(|b| b.is_ascii_hexdigit());
        hex.then_some(endpoint)
    }

    /// The arguments with which the dialplan handed it to this application, if it did.
    pub(super) fn arguments(&self, app: &str) -> Option<Vec<String>> {
        if self.dialplan.app_name != "Stasis" {
            return None;
        }
        let mut words = self.dialplan.app_data.split(',').map(str::trim);
        (words.next() == Some(app)).then(|| words.map(str::to_owned).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_and_strange_ones_passed_over() {
        let start = r#"{"type":"StasisStart","timestamp":"x","args":["support"],"application":"omnibar",
            "channel":{"id":"pbx-1.2","name":"PJSIP/network-00000001","state":"Ring",
            "caller":{"name":"","number":"+15550101"},"connected":{"name":"","number":""},
            "dialplan":{"context":"network","exten":"800","priority":2,"app_name":"Stasis",
            "app_data":"omnibar,support"},"creationtime":"x","language":"en"}}"#;
        let Event::StasisStart { args, channel } = serde_json::from_str(start).unwrap() else {
            panic!("another event")
        };
        assert_eq!(
            (args.as_slice(), channel.endpoint()),
            (&["support".into()][..], Some("network"))
        );
        assert_eq!(channel.arguments("omnibar"), Some(vec!["support".to_owned()]));
        assert_eq!(channel.arguments("other"), None);
        let new = r#"{"type":"SomethingNew","channel":7}"#;
        assert!(matches!(serde_json::from_str(new).unwrap(), Event::Other));
        for bad in
            ["", "[]", "{}", r#"{"type":"StasisEnd"}"#, r#"{"type":"StasisEnd","channel":[]}"#]
        {
            assert!(serde_json::from_str::<Event>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_channels_name_gives_its_endpoint() {
        let named = |name: &str| {
            let text = format!(r#"{{"id":"1","name":"{name}","state":"Up"}}"#);
            let channel: Channel = serde_json::from_str(&text).unwrap();
            channel.endpoint().map(str::to_owned)
        };
        assert_eq!(named("PJSIP/agent-7f-0000002a").as_deref(), Some("agent-7f"));
        for other in ["PJSIP/agent", "PJSIP/agent-xyz", "Local/agent-1-0000002a;1", ""] {
            assert_eq!(named(other), None, "{other}");
        }
    }
}
