//! What pages store by API-41 to 43: a file for each origin beside the settings, replaced
//! whole. An origin that the agent does not know any more has none.

use super::settings;
use crate::paths::Paths;
use omnibar_dock::KeptOrigin;
use omnibar_dock::omni::Items;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use tokio::sync::mpsc;

/// Bytes of a file: what a store may hold, with every byte escaped.
const LONGEST: u64 = 1024 * 1024;

#[derive(Debug, Default, Serialize, Deserialize)]
struct Stored {
    origin: String,
    items: Items,
}

/// Those of allowed origins; every other file is removed.
pub(super) fn load(paths: &Paths, origins: &[KeptOrigin]) -> Vec<(String, Items)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(paths.stores()).into_iter().flatten().flatten() {
        let path = entry.path();
        let small = entry.metadata().is_ok_and(|about| about.is_file() && about.len() <= LONGEST);
        let stored: Stored = if small { settings::load(&path).0 } else { Stored::default() };
        let Stored { origin, items } = stored;
        let allowed = origins.iter().any(|known| known.origin == origin && known.rights.is_some());
        if allowed && path == file(paths, &origin) {
            found.push((origin, items));
        } else if let Err(error) = std::fs::remove_file(&path) {
            tracing::debug!(%error, "a page's store that is of no use");
        }
    }
    found
}

fn file(paths: &Paths, origin: &str) -> PathBuf {
    let digest = Sha256::digest(origin);
    let mut name = digest.iter().take(16).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    });
    name.push_str(".toml");
    paths.stores().join(name)
}

pub(super) type Changed = (String, Option<Items>);

/// Writes what has changed, the newest of each origin, on a thread that may wait.
pub(super) async fn write(paths: Paths, mut changes: mpsc::UnboundedReceiver<Changed>) {
    while let Some((origin, items)) = changes.recv().await {
        let mut newest = BTreeMap::from([(origin, items)]);
        while let Ok((origin, items)) = changes.try_recv() {
            newest.insert(origin, items);
        }
        let paths = paths.clone();
        let write =
            move || newest.into_iter().for_each(|(origin, items)| save(&paths, origin, items));
        if tokio::task::spawn_blocking(write).await.is_err() {
            return;
        }
    }
}

fn save(paths: &Paths, origin: String, items: Option<Items>) {
    let path = file(paths, &origin);
    let written = match items {
        Some(items) => std::fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))
            .and_then(|()| settings::save(&path, &Stored { origin, items })),
        None => match std::fs::remove_file(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        },
    };
    if let Err(error) = written {
        tracing::warn!(%error, "what a page stored is kept until Omnibar is closed only");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use omnibar_contract::Rights;

    const CRM: &str = "https://crm.example";

    fn origin(origin: &str, rights: Option<Rights>) -> KeptOrigin {
        KeptOrigin { origin: origin.into(), seen_at: 0, rights }
    }

    #[tokio::test]
    async fn what_a_page_stored_is_there_after_a_restart_until_it_is_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::new(Some(dir.path())).unwrap();
        let items =
            Items::from([("a \"key\"\n\0".into(), "värde".into()), (String::new(), "".into())]);
        let known = [origin(CRM, Some(Rights::default())), origin("https://evil.example", None)];
        let (changes, changed) = mpsc::unbounded_channel();
        let writing = tokio::spawn(write(paths.clone(), changed));
        changes.send((CRM.into(), Some(Items::new()))).unwrap();
        changes.send((CRM.into(), Some(items.clone()))).unwrap();
        changes.send(("https://evil.example".into(), Some(items.clone()))).unwrap();
        drop(changes);
        writing.await.unwrap();
        assert_eq!(load(&paths, &known), [(CRM.to_owned(), items)]);
        assert_eq!(std::fs::read_dir(paths.stores()).unwrap().count(), 1, "no blocked origin's");
        save(&paths, CRM.into(), None);
        save(&paths, CRM.into(), None);
        assert!(load(&paths, &known).is_empty());
    }

    #[test]
    fn a_broken_file_is_nobodys() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::new(Some(dir.path())).unwrap();
        save(&paths, CRM.into(), Some(Items::from([("k".into(), "v".into())])));
        let known = [origin(CRM, Some(Rights::default()))];
        let path = file(&paths, CRM);
        std::fs::copy(&path, path.with_file_name("other.toml")).unwrap();
        assert_eq!(load(&paths, &known).len(), 1, "under its own name only");
        std::fs::write(&path, "origin = 1").unwrap();
        assert!(load(&paths, &known).is_empty());
        assert!(!path.exists());
    }
}
