//! The window host: a frameless web view over the three doors, with tray, system-wide
//! keys, notifications, links and docking. The softphone does not live here: the web
//! view may be reloaded or killed, and the call goes on.

mod alerts;
mod demo;
mod doors;
mod keys;
mod links;
mod shape;
#[cfg(target_os = "linux")]
mod strut;
mod surface;
mod tray;
mod webview;
mod workspace;

use crate::cli::WindowArgs;
use crate::compose::{self, Composed, Composition};
use crate::paths::Paths;
use crate::shell::Kept;
use omnibar_contract::{PhoneAccount, Remembered};
use omnibar_softphone::{Doors, Event, Inbox};
use std::process::ExitCode;
use tauri::{AppHandle, Manager, RunEvent};

/// Label of the one window.
const MAIN: &str = "main";

/// Runs the app until it is quit.
pub(crate) fn run(args: WindowArgs, paths: Paths, runtime: &tokio::runtime::Runtime) -> ExitCode {
    tauri::async_runtime::set(runtime.handle().clone());
    // Adapters start their tasks from the window's own thread.
    let _inside = runtime.enter();
    let app = tauri::Builder::default()
        .plugin(tauri_plugin_single_instance::init(|app, arguments, _| {
            raise(app);
            links::dial_from(app, &arguments);
        }))
        .plugin(tauri_plugin_deep_link::init())
        .plugin(tauri_plugin_notification::init())
        .plugin(tauri_plugin_opener::init())
        .invoke_handler(tauri::generate_handler![doors::intent, doors::snapshot])
        .setup(move |app| start(app.handle(), args, paths).map_err(Into::into))
        .build(tauri::generate_context!());
    let app = match app {
        Ok(app) => app,
        Err(error) => {
            tracing::error!(%error, "the window could not be opened");
            eprint_fault(&error.to_string());
            return ExitCode::FAILURE;
        }
    };
    app.run(|app, event| match event {
        RunEvent::ExitRequested { api, code, .. } if code.is_none() => {
            // The last window was closed: the softphone stays in the tray.
            api.prevent_exit();
        }
        RunEvent::Exit => {
            if let Some(inbox) = app.try_state::<Inbox>() {
                inbox.post(Event::Stop);
            }
        }
        _ => {}
    });
    ExitCode::SUCCESS
}

#[allow(clippy::print_stderr)]
fn eprint_fault(error: &str) {
    eprintln!(
        "omnibar: the window could not be opened: {error}\n\
         Start it from a desktop session, or use `omnibar phone` without a window."
    );
}

fn start(app: &AppHandle, args: WindowArgs, paths: Paths) -> Result<(), compose::Fault> {
    let mut kept = Kept::load(&paths);
    if let Some(centre) = &args.centre {
        kept.remembered.centre.clone_from(centre);
    }
    if let Some(address) = &args.sip {
        kept.remembered = extension(address, &args, std::mem::take(&mut kept.remembered));
    }
    if args.demo {
        demo::start(&args, &paths, &mut kept);
    }
    webview::open(app, &kept.settings).map_err(|e| compose::Fault::Window(e.to_string()))?;
    let surface = surface::DesktopSurface::new(app.clone(), kept.settings.shape, args.demo);
    let crm = paths.crm();
    let Composed { inbox, doors, endpoints, dock_port: _ } = compose::start(Composition {
        common: &args.common,
        window: surface.view(),
        paths,
        kept,
        surface: Some(Box::new(surface)),
        auto_answer: false,
    })?;
    app.manage(inbox);
    app.manage(doors.clone());
    doors::push(app.clone(), &doors);
    tray::start(app, &doors);
    workspace::start(app, &doors, endpoints, crm);
    if let Some(link) = &args.link {
        links::dial(&doors, link);
    }
    links::listen(app);
    keys::listen(app);
    Ok(())
}

/// What of an extension's sign-in stands on the command line; the password that is kept for
/// the same one is still good.
fn extension(address: &str, args: &WindowArgs, kept: Remembered) -> Remembered {
    let given = |text: &Option<String>| text.clone().unwrap_or_default();
    let user = address.split_once(':').map_or(address, |(_, rest)| rest);
    let user = user.split('@').next().unwrap_or_default();
    Remembered {
        centre: address.to_owned(),
        user: Some(user.into()),
        password: kept.password && kept.centre == address,
        account: Some(PhoneAccount {
            server: given(&args.ws),
            user: given(&args.user),
            display: given(&args.display),
            ca: String::new(),
            voicemail: given(&args.voicemail),
            echo: String::new(),
        }),
    }
}

/// Brings the window to the front, from the tray too.
fn raise(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(MAIN) {
        for result in [window.show(), window.unminimize(), window.set_focus()] {
            if let Err(error) = result {
                tracing::debug!(%error, "the window did not come to the front");
            }
        }
    }
}

/// The doors of the running app; `None` while it starts.
fn doors_of(app: &AppHandle) -> Option<Doors> {
    app.try_state::<Doors>().map(|d| d.inner().clone())
}
