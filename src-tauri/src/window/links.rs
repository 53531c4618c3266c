//! `tel:` links, from the command line, a second start or the system.

use super::{doors_of, raise};
use omnibar_contract::Intent;
use omnibar_desk::Ask;
use omnibar_model::{BadNumber, PhoneNumber};
use omnibar_softphone::Doors;
use tauri::AppHandle;
use tauri_plugin_deep_link::DeepLinkExt;

/// Dials the first `tel:` link among a second instance's arguments.
pub(super) fn dial_from(app: &AppHandle, arguments: &[String]) {
    if let Some(link) = arguments.iter().find(|a| is_tel(a))
        && let Some(doors) = doors_of(app)
    {
        dial(&doors, link);
    }
}

/// Links that the system hands to a running app (macOS; elsewhere a second instance).
pub(super) fn listen(app: &AppHandle) {
    let handle = app.clone();
    app.deep_link().on_open_url(move |event| {
        let links: Vec<String> = event.urls().iter().map(ToString::to_string).collect();
        raise(&handle);
        dial_from(&handle, &links);
    });
}

pub(super) fn dial(doors: &Doors, link: &str) {
    match number_in(link) {
        Ok(number) => {
            tracing::info!(?number, "dialling a link");
            let ask = Ask::Dial { number, campaign: None };
            if let Err(fault) = doors.post(Intent::Desk { ask }) {
                tracing::debug!(%fault, "a link came too late");
            }
        }
        Err(error) => tracing::warn!(%error, "a link that cannot be dialled"),
    }
}

#[derive(Debug, thiserror::Error)]
enum BadLink {
    #[error("only tel: links are dialled")]
    NotTel,
    #[error(transparent)]
    Number(#[from] BadNumber),
    /// RFC 3966 section 11: a page must not be able to give the PBX orders.
    #[error("service codes are dialled by hand")]
    ServiceCode,
}

fn number_in(link: &str) -> Result<PhoneNumber, BadLink> {
    if !is_tel(link) {
        return Err(BadLink::NotTel);
    }
    let number = PhoneNumber::parse(link)?;
    if number.as_str().contains(['*', '#']) { Err(BadLink::ServiceCode) } else { Ok(number) }
}

fn is_tel(link: &str) -> bool {
    link.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("tel:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_dials_a_number_and_gives_no_orders() {
        let dialled = number_in("tel:+1-555-0102;ext=*72").map(|n| n.to_string());
        assert_eq!(dialled.ok(), Some("+15550102".into()), "parameters are left out");
        for bad in [
            "tel:*72*15550199",
            "tel:**21%2315550199%23",
            "TEL:#31#15550199",
            "tel:--data=/etc",
            "tel:+1\n555",
            "tel:",
            "sip:agent1@evil.test",
            "--demo",
            "+15550102",
            "té:",
        ] {
            assert!(number_in(bad).is_err(), "{bad}");
        }
    }
}
