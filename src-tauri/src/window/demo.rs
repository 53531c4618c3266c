//! The embedded centre of `omnibar --demo`.

use crate::cli::WindowArgs;
use crate::paths::Paths;
use crate::shell::Kept;
use omnibar_center::{Centre, Config as CentreConfig};
use omnibar_contract::NoticeKind;

/// Starts the embedded centre beside the app; what goes wrong is said in the window.
pub(super) fn start(args: &WindowArgs, paths: &Paths, kept: &mut Kept) {
    let Some(listen) = args.demo_listen else { return };
    let config = CentreConfig {
        listen,
        demo: true,
        record_customers: args.demo_record.clone(),
        ..CentreConfig::local(paths.demo())
    };
    match tauri::async_runtime::block_on(Centre::start(config)) {
        Ok(centre) => {
            kept.remembered.centre = centre.url();
            kept.remembered.user.get_or_insert_with(|| "agent1".into());
            // It ends with the process.
            std::mem::forget(centre);
        }
        Err(error) => {
            tracing::error!(%error, "the embedded centre did not start");
            kept.say(NoticeKind::CentreNotStarted { detail: error.to_string() });
        }
    }
}
