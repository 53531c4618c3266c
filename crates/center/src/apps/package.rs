//! Takes a package apart. It comes from outside, and says nothing true about itself
//! until it has been read.

use super::{AppField, AppRight, AppRights};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read};
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

/// Bytes of an uploaded package.
pub(crate) const LONGEST_PACKAGE: usize = 10 * 1024 * 1024;
/// Bytes of everything in it.
const LONGEST_CONTENT: u64 = 20 * 1024 * 1024;
const LONGEST_FILE: u64 = 10 * 1024 * 1024;
const LONGEST_MANIFEST: usize = 64 * 1024;
/// What compresses better than web pages do is a bomb; small files may.
const RATIO: u64 = 100;
const SMALL: u64 = 256 * 1024;
const MOST_ENTRIES: usize = 2000;
const LONGEST_PATH: usize = 240;
const DEEPEST: usize = 12;

/// What a page can be made of. Another archive is none of it.
const ARCHIVES: [&str; 7] = ["aax", "zip", "jar", "gz", "7z", "rar", "tar"];

#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    /// Named by the manifest; an administrator may change them.
    pub(crate) fields: Vec<AppField>,
    /// Wished for by the manifest; an administrator grants them, or does not.
    pub(crate) asks: AppRights,
    /// By path, without a leading slash.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
}

/// Why a package was refused: cause, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PackageFault {
    #[error("The package is longer than 10 MiB. Leave out what the page does not need.")]
    TooLong,
    #[error("This is no zip file, or a damaged one ({0}). Pack the app again.")]
    NotZip(String),
    #[error("The package has more than 2000 entries. Leave out what the page does not need.")]
    TooMany,
    #[error("The package unpacks to more than 20 MiB, or to a file of more than 10 MiB.")]
    TooMuch,
    #[error("{0} is packed more than a hundredfold, as bombs are. Pack the app again.")]
    Bomb(String),
    #[error("Entries of the package overlap, as in bombs. Pack the app again.")]
    Overlap,
    #[error("The path {0} leads out of the app. Pack the app's folder from inside.")]
    Outside(String),
    #[error("The path {0} has characters, a length or a depth that no app needs. Rename it.")]
    BadPath(String),
    #[error("{0} is a link or no plain file. Pack files only.")]
    NotFile(String),
    #[error("{0} is encrypted. Pack the app without a password.")]
    Encrypted(String),
    #[error("{0} is packed in a way that is not understood. Use the usual way, deflate.")]
    Method(String),
    #[error("{0} is there twice. Pack the app again.")]
    Twice(String),
    #[error("{0} and {1} differ only in capitals, or one is the other's folder. Rename one.")]
    Collision(String, String),
    #[error("{0} is an archive in the archive. Pack its files themselves.")]
    Nested(String),
    #[error("manifest.json is missing. Put it at the top of the package.")]
    NoManifest,
    #[error("manifest.json is in the folder {0}. Pack the folder's content, not the folder.")]
    ManifestInside(String),
    #[error("manifest.json is wrong: {0}.")]
    BadManifest(String),
    #[error("index.html is missing. Put the built page at the top of the package.")]
    NoPage,
}

#[derive(Deserialize)]
struct Manifest {
    name: String,
    version: String,
    #[serde(default, rename = "crmIntegrationConfig")]
    fields: Vec<AppField>,
    #[serde(default)]
    rights: Vec<AppRight>,
}

pub(crate) fn open(bytes: &[u8]) -> Result<Package, PackageFault> {
    if bytes.len() > LONGEST_PACKAGE {
        return Err(PackageFault::TooLong);
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(not_zip)?;
    if archive.len() > MOST_ENTRIES {
        return Err(PackageFault::TooMany);
    }
    if archive.has_duplicate_names() {
        return Err(PackageFault::Twice("A file".to_owned()));
    }
    if archive.has_overlapping_entries().map_err(not_zip)? {
        return Err(PackageFault::Overlap);
    }
    let mut files = BTreeMap::new();
    let mut left = LONGEST_CONTENT;
    for index in 0..archive.len() {
        let Some((path, content)) = entry(&mut archive, index, left)? else { continue };
        left = left.saturating_sub(content.len() as u64);
        if files.contains_key(&path) {
            return Err(PackageFault::Twice(shown(&path)));
        }
        files.insert(path, content);
    }
    collisions(&files)?;
    let manifest = manifest(&files)?;
    if !files.contains_key("index.html") {
        return Err(PackageFault::NoPage);
    }
    let Manifest { name, version, fields, rights } = manifest;
    Ok(Package { name, version, fields, asks: rights.into_iter().collect(), files })
}

/// One file of the archive; `None` for a folder.
fn entry(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    index: usize,
    left: u64,
) -> Result<Option<(String, Vec<u8>)>, PackageFault> {
    // Looked at before anything of it is unpacked.
    let raw = archive.by_index_raw(index).map_err(not_zip)?;
    let Ok(name) = std::str::from_utf8(raw.name_raw()).map(str::to_owned) else {
        return Err(PackageFault::BadPath(shown(&String::from_utf8_lossy(raw.name_raw()))));
    };
    let folder = name.ends_with('/');
    let path = checked(name.strip_suffix('/').unwrap_or(&name))?;
    // Type bits of stat(2): a folder, a plain file, or nothing said.
    let kind = raw.unix_mode().map_or(0, |mode| mode & 0o170_000);
    if raw.is_symlink()
        || !matches!((kind, folder), (0, _) | (0o100_000, false) | (0o040_000, true))
    {
        return Err(PackageFault::NotFile(shown(&path)));
    }
    if raw.encrypted() {
        return Err(PackageFault::Encrypted(shown(&path)));
    }
    if !matches!(raw.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
        return Err(PackageFault::Method(shown(&path)));
    }
    let packed = raw.compressed_size();
    drop(raw);
    if folder {
        return if packed > 2 { Err(PackageFault::NotFile(shown(&path))) } else { Ok(None) };
    }
    let most = left.min(LONGEST_FILE);
    let mut content = Vec::new();
    // What the entry says of its own length is not believed.
    let file = archive.by_index(index).map_err(not_zip)?;
    file.take(most + 1)
        .read_to_end(&mut content)
        .map_err(|e| PackageFault::NotZip(format!("{}: {e}", shown(&path))))?;
    let length = content.len() as u64;
    if length > SMALL && length / RATIO > packed {
        return Err(PackageFault::Bomb(shown(&path)));
    }
    if length > most {
        return Err(PackageFault::TooMuch);
    }
    let last = path.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    if ARCHIVES.contains(&last.as_str()) || content.starts_with(b"PK\x03\x04") {
        return Err(PackageFault::Nested(shown(&path)));
    }
    Ok(Some((path, content)))
}

fn checked(path: &str) -> Result<String, PackageFault> {
    let outside = path.starts_with('/')
        || path.starts_with('\\')
        || path.split(['/', '\\']).any(|part| part == "..")
        || path.as_bytes().get(1) == Some(&b':');
    if outside {
        return Err(PackageFault::Outside(shown(path)));
    }
    let strange = |c: char| c.is_control() || "\\:*?\"<>|%#".contains(c);
    let parts: Vec<&str> = path.split('/').collect();
    let bad = path.len() > LONGEST_PATH
        || parts.len() > DEEPEST
        || parts.iter().any(|part| part.is_empty() || *part == "." || part.ends_with([' ', '.']))
        || path.chars().any(strange);
    if bad {
        return Err(PackageFault::BadPath(shown(path)));
    }
    Ok(path.to_owned())
}

/// On a disk that tells no capitals apart, and as a file beside a folder of its name.
fn collisions(files: &BTreeMap<String, Vec<u8>>) -> Result<(), PackageFault> {
    let mut seen: BTreeMap<String, &String> = BTreeMap::new();
    for path in files.keys() {
        if let Some(other) = seen.insert(path.to_lowercase(), path) {
            return Err(PackageFault::Collision(shown(other), shown(path)));
        }
    }
    let mut folders: BTreeSet<String> = BTreeSet::new();
    for path in seen.keys() {
        for (at, _) in path.match_indices('/') {
            folders.insert(path[..at].to_owned());
        }
    }
    match seen.iter().find(|(path, _)| folders.contains(*path)) {
        Some((_, path)) => Err(PackageFault::Collision(shown(path), shown(&format!("{path}/")))),
        None => Ok(()),
    }
}

fn manifest(files: &BTreeMap<String, Vec<u8>>) -> Result<Manifest, PackageFault> {
    let bad = |why: &str| PackageFault::BadManifest(why.to_owned());
    let Some(content) = files.get("manifest.json") else {
        let inside = files.keys().find_map(|path| path.strip_suffix("/manifest.json"));
        return Err(match inside {
            Some(folder) => PackageFault::ManifestInside(shown(folder)),
            None => PackageFault::NoManifest,
        });
    };
    if content.len() > LONGEST_MANIFEST {
        return Err(bad("it is longer than 64 KiB"));
    }
    let manifest: Manifest =
        serde_json::from_slice(content).map_err(|e| PackageFault::BadManifest(e.to_string()))?;
    for (what, text) in [("name", &manifest.name), ("version", &manifest.version)] {
        let good = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let whole = (1..=64).contains(&text.len()) && text.chars().all(good);
        if !whole || text.starts_with('.') {
            return Err(PackageFault::BadManifest(format!(
                "{what} has 1 to 64 letters, digits, dots, dashes or underscores, and begins with \
                 no dot"
            )));
        }
    }
    AppField::check(&manifest.fields)
        .map_err(|why| PackageFault::BadManifest(why.trim_end_matches('.').to_owned()))?;
    Ok(manifest)
}

fn not_zip(error: ZipError) -> PackageFault {
    PackageFault::NotZip(error.to_string())
}

/// For a message: whatever stands there, short and harmless.
fn shown(path: &str) -> String {
    path.chars().take(80).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    fn app(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (path, content) in files {
            zip.start_file(*path, SimpleFileOptions::default()).unwrap();
            zip.write_all(content).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn good() -> Vec<u8> {
        app(&[
            ("manifest.json", br#"{"name": "notes", "version": "1.0"}"#),
            ("index.html", b"<!doctype html>"),
            ("static/a.js", b"let a = 1;"),
        ])
    }

    #[test]
    fn a_good_package_is_taken_whole() {
        let package = open(&good()).unwrap();
        assert_eq!((package.name.as_str(), package.version.as_str()), ("notes", "1.0"));
        let paths: Vec<&str> = package.files.keys().map(String::as_str).collect();
        assert_eq!(paths, ["index.html", "manifest.json", "static/a.js"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn whatever_stands_in_a_package_nothing_leads_out(
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
            cut in prop::option::of(any::<prop::sample::Index>()),
        ) {
            let mut bytes = good();
            for (at, to) in changes {
                let at = at.index(bytes.len());
                bytes[at] = to;
            }
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            if let Ok(package) = open(&bytes) {
                for path in package.files.keys() {
                    prop_assert!(checked(path).is_ok(), "{path:?}");
                }
            }
        }

        #[test]
        fn paths_that_pass_stay_below_the_app(path in "[a./\\\\: ~-]{0,24}") {
            if let Ok(path) = checked(&path) {
                let parts: Vec<&str> = path.split('/').collect();
                prop_assert!(parts.iter().all(|p| !p.is_empty() && *p != "." && *p != ".."));
                prop_assert!(!path.contains(['\\', ':']));
            }
        }
    }
}
