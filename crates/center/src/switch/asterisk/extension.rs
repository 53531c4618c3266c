//! The softphones' extensions: made when an agent brings his voice, with a new password
//! each time, and gone with his session. They are pushed into PJSIP's configuration; where
//! sorcery.conf keeps them in memory, no password is ever written to a disk.

use super::AsteriskConfig;
use super::ari::{Ari, AriFault};
use omnibar_model::{LegId, Secret};
use omnibar_protocol::wire;
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

/// In the order in which they may be used: each names what came before.
const KINDS: [&str; 3] = ["auth", "aor", "endpoint"];
/// Whom a softphone calls to bring its voice; whatever it calls, it reaches the centre.
const VOICE: &str = "voice";

/// Makes this leg's extension, or gives it another password.
pub(super) async fn give(
    ari: &Ari,
    config: &AsteriskConfig,
    leg: &LegId,
) -> Result<wire::SipExtension, AriFault> {
    let name = leg.as_str();
    let password = Secret::new(format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()));
    let auth = |more: &[(&str, &str)]| {
        let mut fields =
            vec![("auth_type", "userpass"), ("username", name), ("password", password.expose())];
        fields.extend_from_slice(more);
        fields_of(fields)
    };
    // RFC 8760, where this Asterisk knows it; else MD5, in TLS where it matters.
    let strong = auth(&[("supported_algorithms_uas", "SHA-256,MD5")]);
    match push(ari, "auth", name, strong).await {
        Err(AriFault::Refused { status: 400, .. }) => push(ari, "auth", name, auth(&[])).await?,
        done => done?,
    }
    let aor = [("max_contacts", "1"), ("remove_existing", "yes"), ("default_expiration", "120")];
    push(ari, "aor", name, fields_of(aor.to_vec())).await?;
    let context = format!("stasis-{}", config.app);
    let mut fields = vec![
        ("context", context.as_str()),
        ("auth", name),
        ("aors", name),
        // ICE, DTLS-SRTP with a certificate of its own, one port for all.
        ("webrtc", "yes"),
        ("disallow", "all"),
        ("allow", "opus"),
        ("dtmf_mode", "rfc4733"),
        // Who hears whom is the centre's to say.
        ("allow_transfer", "no"),
        ("allow_subscribe", "no"),
        // Between calls a softphone says nothing.
        ("rtp_timeout", "0"),
    ];
    fields.extend(config.phone_settings.iter().map(|(key, value)| (key.as_str(), value.as_str())));
    push(ari, "endpoint", name, fields_of(fields)).await?;
    let host = host(&config.phones);
    Ok(wire::SipExtension {
        server: config.phones.to_string(),
        address: format!("sip:{name}@{host}"),
        user: name.to_owned(),
        password: wire::Password::from(&password),
        call: format!("sip:{VOICE}@{host}"),
    })
}

/// Nobody can register there any more.
pub(super) async fn forget(ari: &Ari, leg: &LegId) -> Result<(), AriFault> {
    for kind in KINDS.iter().rev() {
        ari.delete(&["asterisk", "config", "dynamic", "res_pjsip", kind, leg.as_str()]).await?;
    }
    Ok(())
}

async fn push(ari: &Ari, kind: &str, name: &str, fields: Value) -> Result<(), AriFault> {
    ari.put(&["asterisk", "config", "dynamic", "res_pjsip", kind, name], fields).await
}

fn fields_of(fields: Vec<(&str, &str)>) -> Value {
    let fields: Vec<Value> = fields
        .into_iter()
        .map(|(attribute, value)| json!({ "attribute": attribute, "value": value }))
        .collect();
    json!({ "fields": fields })
}

fn host(phones: &Url) -> &str {
    phones.host_str().unwrap_or("localhost")
}
