//! `tel:` links, from the command line, a second start or the system.

use super::{doors_of, raise};
use omnibar_contract::Intent;
use omnibar_desk::Ask;
use omnibar_model::PhoneNumber;
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
    match PhoneNumber::parse(link) {
        Ok(number) if is_tel(link) => {
            tracing::info!(?number, "dialling a link");
            let ask = Ask::Dial { number, campaign: None };
            if let Err(fault) = doors.post(Intent::Desk { ask }) {
                tracing::debug!(%fault, "a link came too late");
            }
        }
        Ok(_) => tracing::warn!("only tel: links are dialled"),
        Err(error) => tracing::warn!(%error, "a link that cannot be dialled"),
    }
}

fn is_tel(link: &str) -> bool {
    link.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("tel:"))
}
