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
        std::fs::create_dir_all(root.join("logs"))?;
        Ok(Self { root })
    }

    pub(crate) fn settings(&self) -> PathBuf {
        self.root.join("settings.toml")
    }

    pub(crate) fn remembered(&self) -> PathBuf {
        self.root.join("signin.toml")
    }

    pub(crate) fn outbox(&self) -> PathBuf {
        self.root.join("outbox")
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    pub(crate) fn demo(&self) -> PathBuf {
        self.root.join("demo-centre")
    }
}
