//! Where the CRM's window keeps cookies when its session policy says so: a directory for
//! one agent of one centre. A machine may be many agents' in turn, and none of them may
//! find himself signed in to the CRM as another.

use omnibar_model::AgentId;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use tauri::WebviewWindow;

/// Names the directory that is in use. A directory may come back after it was removed, when a
/// web view that is just closing writes once more: such a one is nobody's.
const IN_USE: &str = "in-use";

/// The agent's own, as he left it at his last sign-in; everybody else's is emptied. Reads
/// and removes files: call it where that may take time. `now`: milliseconds since 1970.
pub(super) fn open(root: &Path, centre: &str, user: &AgentId, now: u128) -> PathBuf {
    let owner = owner(centre, user);
    let name = std::fs::read_to_string(root.join(IN_USE))
        .ok()
        .filter(|name| is_of(name, &owner))
        // A directory that was emptied is not used again: the web view may hold some of it.
        .unwrap_or_else(|| format!("{owner}-{now}"));
    for entry in std::fs::read_dir(root).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_name().to_str().is_some_and(|found| found == name || found == IN_USE) {
            continue;
        }
        let removed = if path.is_dir() {
            std::fs::remove_dir_all(&path)
        } else {
            std::fs::remove_file(&path)
        };
        if let Err(error) = removed {
            tracing::warn!(%error, "what another agent's CRM kept is still there");
        }
    }
    let noted =
        std::fs::create_dir_all(root).and_then(|()| std::fs::write(root.join(IN_USE), &name));
    if let Err(error) = noted {
        tracing::warn!(%error, "the CRM's cookies will not be found again at the next start");
    }
    root.join(name)
}

/// Written by us or not, it names a directory of this agent's and nothing else.
fn is_of(name: &str, owner: &str) -> bool {
    name.strip_prefix(owner)
        .and_then(|rest| rest.strip_prefix('-'))
        .is_some_and(|made| !made.is_empty() && made.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The CRM stands in a frame of the centre's page and is mostly of another site, of which
/// WebKit keeps no cookies unless it is told to. Posted before the page has answered.
#[cfg(target_os = "linux")]
pub(super) fn take_all(window: &WebviewWindow) -> tauri::Result<()> {
    use webkit2gtk::{CookieAcceptPolicy, CookieManagerExt, WebViewExt, WebsiteDataManagerExt};
    window.with_webview(|webview| {
        let kept = webview.inner().website_data_manager();
        match kept.and_then(|kept| kept.cookie_manager()) {
            Some(cookies) => cookies.set_accept_policy(CookieAcceptPolicy::Always),
            None => tracing::warn!("the CRM's cookies are not kept: the web view has no jar"),
        }
    })
}

/// Elsewhere it is the system's web view that decides: Edge's keeps them, Apple's does not.
#[cfg(not(target_os = "linux"))]
pub(super) fn take_all(_window: &WebviewWindow) -> tauri::Result<()> {
    Ok(())
}

/// Nothing of a name that would mean something in a path.
fn owner(centre: &str, user: &AgentId) -> String {
    let digest = Sha256::digest(format!("{centre}\n{user}"));
    digest.iter().take(16).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_agent_finds_his_own_or_nothing() {
        let root = tempfile::tempdir().unwrap();
        let of = |centre: &str, user: &str, now| {
            let jar = open(root.path(), centre, &AgentId::new(user), now);
            std::fs::create_dir_all(&jar).unwrap();
            std::fs::write(jar.join("cookies"), user).unwrap();
            jar
        };
        let first = of("https://centre.example", "agent1", 1);
        assert_eq!(of("https://centre.example", "agent1", 2), first, "kept between starts");
        let second = of("https://centre.example", "agent2", 3);
        assert_ne!(second, first);
        assert!(!first.exists(), "the one before has left nothing");
        assert_ne!(of("https://centre.example", "agent1", 4), first);
        assert!(!second.exists());
        let elsewhere = of("https://other.example", "agent1", 5);
        assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 2, "its own and the note");
        assert_eq!(elsewhere.parent(), Some(root.path()));
        std::fs::write(root.path().join("stray"), "").unwrap();
        assert_eq!(of("https://other.example", "agent1", 6), elsewhere);
        assert!(!root.path().join("stray").exists());
        std::fs::create_dir_all(&first).unwrap();
        std::fs::write(first.join("cookies"), "written by a web view that was closing").unwrap();
        let back = of("https://centre.example", "agent1", 8);
        assert_ne!(back, first, "what came back after it was emptied is nobody's");
        assert!(!first.exists());
        let own = back.file_name().unwrap().to_str().unwrap();
        for bad in ["..", "", "/", &format!("{own}/../.."), &own[..33]] {
            std::fs::write(root.path().join(IN_USE), bad).unwrap();
            assert_eq!(of("https://centre.example", "agent1", 9).parent(), Some(root.path()));
        }
        assert!(of("c", "../../etc", 7).parent() == Some(root.path()), "no name leads out");
    }
}
