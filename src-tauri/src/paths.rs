use std::path::{Path, PathBuf};

/// Where this installation keeps what it must not lose.
#[derive(Clone, Debug)]
pub(crate) struct Paths {
    root: PathBuf,
}

impl Paths {
    /// `given` or the platform's data directory for the user.
    pub(crate) fn new(given: Option<&Path>) -> std::io::Result<Self> {
        let root = match given {
            Some(dir) => dir.to_owned(),
            None => dirs::data_local_dir()
                .ok_or_else(|| {
                    std::io::Error::other("this user has no data directory; give --data")
                })?
                .join("omnibar"),
        };
        private_dir(&root.join("logs"))?;
        Ok(Self { root })
    }

    pub(crate) fn settings(&self) -> PathBuf {
        self.root.join("settings.toml")
    }

    /// What the user's headsets do otherwise than is known; he writes it himself.
    pub(crate) fn headsets(&self) -> PathBuf {
        self.root.join("headsets.toml")
    }

    pub(crate) fn remembered(&self) -> PathBuf {
        self.root.join("signin.toml")
    }

    /// Calls and contacts of accounts that are used without a centre.
    pub(crate) fn book(&self) -> PathBuf {
        self.root.join("book.toml")
    }

    pub(crate) fn origins(&self) -> PathBuf {
        self.root.join("origins.toml")
    }

    /// What docked pages have stored, a file for each origin.
    pub(crate) fn stores(&self) -> PathBuf {
        self.root.join("stores")
    }

    /// Of the CRM's window, where its session policy keeps something.
    pub(crate) fn crm(&self) -> PathBuf {
        self.root.join("crm")
    }

    pub(crate) fn outbox(&self) -> PathBuf {
        self.root.join("outbox")
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// What exchanges know this installation by, the same at every start (RFC 5626
    /// section 4.1).
    pub(crate) fn instance(&self) -> std::io::Result<String> {
        let file = self.root.join("instance");
        let kept = std::fs::read_to_string(&file).ok();
        if let Some(kept) = kept.and_then(|text| uuid::Uuid::parse_str(text.trim()).ok()) {
            return Ok(kept.to_string());
        }
        let new = uuid::Uuid::new_v4().to_string();
        std::fs::write(&file, &new)?;
        Ok(new)
    }

    pub(crate) fn demo(&self) -> PathBuf {
        self.root.join("demo-centre")
    }
}

/// For its owner alone, with all that has to be made on the way to it.
fn private_dir(dir: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn what_is_kept_is_kept_from_other_users() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join("share/omnibar");
        let paths = Paths::new(Some(&root)).unwrap();
        for dir in [root, paths.logs()] {
            assert_eq!(dir.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        }
    }
}
