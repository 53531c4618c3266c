//! Tells a web service what happens to interactions, in order, each with a signature. What
//! could not be told is tried again for a while, also after a restart; then it is given up.

use super::super::CrmFault;
use super::{Settings, ask, good};
use crate::clock::Clock;
use crate::store::{ConnectorKind, ConnectorRow, Happened, Pushed, Store, StoreFault, WebSecrets};
use omnibar_model::Moment;
use ring::hmac;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use url::Url;

/// How often it is looked for something new.
const EVERY: Duration = Duration::from_millis(500);
/// Of one service at a time: another one does not wait for it for long.
const AT_ONCE: u32 = 20;
/// An event is tried so often, over about four minutes.
const MOST_TRIES: u32 = 8;
const LONGEST_WAIT: Duration = Duration::from_secs(120);
/// `t=<seconds since 1970>,v1=<HMAC-SHA-256 of "t.body" in hex>`
const SIGNATURE: &str = "x-omnibar-signature";
/// The same for each try of one event.
const DELIVERY: &str = "x-omnibar-delivery";

/// Until the centre stops.
pub(crate) async fn run(store: Store, clock: Clock, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        if let Err(fault) = round(&store, clock.now()).await {
            tracing::warn!(%fault, "web services are not told");
        }
    }
}

async fn round(store: &Store, now: Moment) -> Result<(), StoreFault> {
    for row in store.connectors().await? {
        match row.kind {
            ConnectorKind::Web => service(store, now, &row).await?,
            ConnectorKind::Directory | ConnectorKind::Salesforce => {}
        }
    }
    Ok(())
}

async fn service(store: &Store, now: Moment, row: &ConnectorRow) -> Result<(), StoreFault> {
    let Ok(settings) = serde_json::from_value::<Settings>(row.settings.clone()) else {
        return Ok(());
    };
    let Some(mut pushed) = store.pushed(row.id).await? else { return Ok(()) };
    if settings.push.is_empty() || pushed.next_at > now {
        return Ok(());
    }
    let secrets = store.web_secrets(row.id).await?;
    for happened in store.happened_after(pushed.told, AT_ONCE).await? {
        let told = tell(store, &settings.push, &secrets, happened.id, &body(&happened)).await;
        pushed = match told {
            Ok(()) => Pushed { told: happened.id, tries: 0, next_at: now },
            Err(fault) if pushed.tries + 1 >= MOST_TRIES => {
                tracing::warn!(connector = row.id, event = happened.id, %fault, "an event is given up");
                Pushed { told: happened.id, tries: 0, next_at: now }
            }
            Err(fault) => {
                tracing::debug!(connector = row.id, %fault, "an event was not told");
                let wait = Duration::from_secs(1 << pushed.tries).min(LONGEST_WAIT);
                pushed.tries += 1;
                Pushed { next_at: now + wait, ..pushed }
            }
        };
        store.set_pushed(row.id, &pushed).await?;
        if pushed.next_at > now {
            break;
        }
    }
    Ok(())
}

/// One event, once.
pub(super) async fn tell(
    store: &Store,
    address: &str,
    secrets: &WebSecrets,
    delivery: i64,
    body: &Value,
) -> Result<(), CrmFault> {
    let url = Url::parse(address).map_err(|_| CrmFault::Refused("its address is wrong".into()))?;
    let seconds = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let mut headers = BTreeMap::from([(DELIVERY.to_owned(), delivery.to_string())]);
    let key = secrets.push_key.expose();
    if !key.is_empty() {
        // The body is written the same once more when it is sent.
        let signature = signature(key, seconds, &body.to_string());
        headers.insert(SIGNATURE.to_owned(), signature);
    }
    let answer = ask(store, &url, "POST", headers, body.clone()).await?;
    good(answer.status, &answer.data, CrmFault::Refused("there is no such address".into()))
}

fn signature(key: &str, seconds: u64, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    let tag = hmac::sign(&key, format!("{seconds}.{body}").as_bytes());
    let mut text = format!("t={seconds},v1=");
    for byte in tag.as_ref() {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn body(happened: &Happened) -> Value {
    let number = happened
        .number
        .as_ref()
        .map(|n| if happened.masked { n.masked().to_string() } else { n.to_string() });
    json!({
        "id": happened.id,
        "event": happened.what,
        "at": happened.at,
        "interactionId": happened.interaction,
        "campaignId": happened.campaign,
        "direction": happened.direction,
        "userId": happened.agent,
        "customerId": happened.customer.unwrap_or(-1),
        "phone": number,
        "disposition": happened.disposition,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_what_openssl_says() {
        // printf '1700000000.{"event":"test"}' | openssl dgst -sha256 -hmac key
        let signed = signature("key", 1_700_000_000, r#"{"event":"test"}"#);
        let (time, tag) = signed.split_once(",v1=").unwrap();
        assert_eq!((time, tag.len()), ("t=1700000000", 64));
        assert_eq!(tag, EXPECTED);
    }

    const EXPECTED: &str = "33c46725e233c2978a8cc476edeb2c4d18233a795146a8b7c59c87714957a066";
}
