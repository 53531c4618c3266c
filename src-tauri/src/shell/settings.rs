//! Settings and the remembered sign-in, as TOML files that are replaced whole.

use omnibar_contract::{Remembered, Ringing, Settings, TurnServer};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::Write;
use std::path::{Path, PathBuf};

/// s; no call is offered for longer.
const LONGEST_RING: u16 = 600;

/// A file was there but could not be read: it was put aside under this name.
#[derive(Debug)]
pub(crate) struct PutAside(pub(crate) PathBuf);

pub(crate) fn load_settings(path: &Path) -> (Settings, Option<PutAside>) {
    let (settings, aside): (Settings, _) = load(path);
    (sane(settings), aside)
}

pub(crate) fn load_remembered(path: &Path) -> Remembered {
    load(path).0
}

pub(super) fn load<T: DeserializeOwned + Default>(path: &Path) -> (T, Option<PutAside>) {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return (T::default(), None),
        Err(error) => return (T::default(), put_aside(path, &error.to_string())),
    };
    match toml::from_str(&text) {
        Ok(value) => (value, None),
        Err(error) => (T::default(), put_aside(path, error.message())),
    }
}

fn put_aside(path: &Path, error: &str) -> Option<PutAside> {
    let aside = path.with_extension("toml.unreadable");
    tracing::warn!(file = %path.display(), error, "put an unreadable file aside");
    std::fs::rename(path, &aside).ok().map(|()| PutAside(aside))
}

/// Writes beside and renames, so that a crash leaves the old file or the new one.
pub(crate) fn save<T: Serialize>(path: &Path, value: &T) -> std::io::Result<()> {
    let text = toml::to_string_pretty(value).map_err(std::io::Error::other)?;
    let beside = path.with_extension("toml.new");
    let mut file = private(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(beside, path)
}

/// For its owner alone: centre, user and servers are nobody else's business.
fn private(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Values that a hand-edited file or a page could have made senseless.
pub(crate) fn sane(mut settings: Settings) -> Settings {
    settings.text_size = match settings.text_size {
        0 => 100,
        n => n.clamp(100, 200),
    };
    settings.ringing.also.truncate(Ringing::ALSO_MAX);
    settings.ringing.also.iter_mut().for_each(|also| also.after = also.after.min(LONGEST_RING));
    settings.ringing.louder_after = settings.ringing.louder_after.min(LONGEST_RING);
    let also = settings.ringing.also.iter_mut().map(|also| &mut also.volume);
    let volumes = &mut settings.volumes;
    for volume in also.chain([&mut volumes.speaker, &mut volumes.ringer, &mut volumes.cues]) {
        *volume = if volume.is_finite() { volume.clamp(0.0, 1.0) } else { 1.0 };
    }
    settings.ice_servers.retain(is_server);
    settings.ice_servers.truncate(8);
    settings
}

/// RFC 7064 and RFC 7065, in the lengths that the page's fields take.
fn is_server(server: &TurnServer) -> bool {
    let known = ["stun:", "stuns:", "turn:", "turns:"];
    let plain = |text: &str, most| text.len() <= most && !text.contains(char::is_control);
    known.iter().any(|scheme| server.url.starts_with(scheme))
        && plain(&server.url, 256)
        && plain(&server.username, 512)
}

#[cfg(test)]
mod tests {
    use super::*;
    use omnibar_contract::AlsoRings;

    #[test]
    fn settings_come_back_as_saved() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("settings.toml");
        let settings = Settings { text_size: 125, auto_answer: true, ..sane(Settings::default()) };
        save(&path, &settings).unwrap();
        let (back, aside) = load_settings(&path);
        assert_eq!(back, settings);
        assert!(aside.is_none());
    }

    #[test]
    fn an_unreadable_file_is_put_aside_not_lost() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("settings.toml");
        std::fs::write(&path, "theme = 7").unwrap();
        let (settings, aside) = load_settings(&path);
        assert_eq!(settings, sane(Settings::default()));
        assert_eq!(std::fs::read_to_string(aside.unwrap().0).unwrap(), "theme = 7");
    }

    #[test]
    fn senseless_values_are_mended() {
        let mut settings = Settings { text_size: 9000, ..Settings::default() };
        settings.volumes.speaker = f32::NAN;
        settings.volumes.ringer = -4.0;
        let also = AlsoRings { after: u16::MAX, volume: f32::INFINITY, ..AlsoRings::default() };
        settings.ringing.also = vec![also; 9];
        let server = |url: &str| TurnServer { url: url.into(), ..TurnServer::default() };
        let long = format!("turn:{}", "x".repeat(300));
        settings.ice_servers =
            ["http://evil.test", "turn:a\nb", &long, "turn:good.test"].map(server).into();
        let settings = sane(settings);
        assert_eq!(settings.ice_servers, [server("turn:good.test")]);
        assert_eq!(settings.ringing.also.len(), Ringing::ALSO_MAX);
        let also = &settings.ringing.also[0];
        assert_eq!((also.after, also.volume), (LONGEST_RING, 1.0));
        assert_eq!(
            (settings.text_size, settings.volumes.speaker, settings.volumes.ringer),
            (200, 1.0, 0.0)
        );
    }
}
