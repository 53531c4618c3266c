use super::{Package, Source};

/// What the pure crates may be built with. A library that reads a clock, opens a
/// socket or starts a thread does not belong here.
const LIBRARIES: &[(&str, &[&str])] = &[
    ("omnibar-model", &["schemars", "serde", "thiserror", "ts-rs"]),
    ("omnibar-desk", &["omnibar-model", "serde", "serde_json", "thiserror", "ts-rs"]),
    ("omnibar-sip", &["md-5", "omnibar-model", "quick-xml", "sha2", "thiserror"]),
    (
        "omnibar-media",
        &["opus", "opusic-sys", "realfft", "rtrb", "sonora", "sonora-aec3", "thiserror"],
    ),
    (
        "omnibar-contract",
        &["omnibar-desk", "omnibar-model", "serde", "serde_json", "thiserror", "ts-rs"],
    ),
];

const FOLDERS: &[&str] = &[
    "crates/model/src/",
    "crates/desk/src/",
    "crates/media/src/",
    "crates/contract/src/",
    "crates/sip/src/",
    "crates/center/src/acd/",
    "crates/center/src/callbacks/",
    "crates/center/src/calls/",
    "crates/center/src/chats/",
];

/// Word, and why it has no place in pure code.
const WORDS: &[(&str, &str)] = &[
    ("tokio", "pure code knows no runtime"),
    ("tracing", "pure code does not log: it yields effects"),
    ("Instant", "time is an argument (Moment)"),
    ("SystemTime", "time is an argument (Moment)"),
    ("HashMap", "its order differs from run to run: use BTreeMap"),
    ("HashSet", "its order differs from run to run: use BTreeSet"),
    ("rand", "randomness is an argument"),
    ("thread_local", "state is passed in"),
];

/// Module of std, and why.
const MODULES: &[(&str, &str)] = &[
    ("net", "pure code opens no socket"),
    ("fs", "pure code reads no file"),
    ("thread", "pure code starts no thread"),
    ("env", "configuration is an argument"),
    ("process", "pure code starts no program"),
    ("io", "pure code does no input and output"),
];

pub(crate) fn check(packages: &[Package], files: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for (name, allowed) in LIBRARIES {
        let Some(package) = packages.iter().find(|p| p.name == *name) else {
            complaints.push(format!("{name} is not in the workspace"));
            continue;
        };
        for (library, only_tests) in &package.dependencies {
            if !only_tests && !allowed.contains(&library.as_str()) {
                complaints.push(format!(
                    "{name} is pure and may not depend on {library}; if that does no IO, add \
                     it to {}",
                    file!()
                ));
            }
        }
    }
    for folder in FOLDERS {
        let inside = |f: &&Source| f.path.starts_with(folder) && f.path.ends_with(".rs");
        let mut sources = files.iter().filter(inside).peekable();
        if sources.peek().is_none() {
            complaints.push(format!("{folder} holds no Rust file: its purity was not checked"));
        }
        complaints.extend(sources.flat_map(impurities));
    }
    complaints
}

fn impurities(file: &Source) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut group = None;
    for (line, number) in file.text.lines().zip(1..) {
        // Tests come last; they may read what they like.
        if line.trim_start().starts_with("mod tests {") {
            break;
        }
        let code = line.split("//").next().unwrap_or_default();
        let words: Vec<&str> = words(code).collect();
        for (word, why) in WORDS {
            if words.contains(word) {
                complaints.push(format!("{}:{number}: {word}: {why}", file.path));
            }
        }
        // `use std::{fmt, fs};` may go over several lines.
        let compact: String = code.split_whitespace().collect();
        let opened = compact.find("std::{").map(|at| &compact[at..]);
        let listed = opened.or_else(|| group.is_some().then_some(compact.as_str()));
        for (module, why) in MODULES {
            let named = compact.contains(&format!("std::{module}::"))
                || compact.contains(&format!("std::{module};"));
            let grouped = listed.is_some_and(|l| self::words(l).any(|w| w == *module));
            if named || grouped {
                complaints.push(format!("{}:{number}: std::{module}: {why}", file.path));
            }
        }
        group = if listed.is_some_and(|l| !l.contains(';')) { Some(()) } else { None };
    }
    complaints
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|w| !w.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> usize {
        impurities(&Source { path: "x.rs".to_owned(), text: text.to_owned() }).len()
    }

    #[test]
    fn impure_code_is_found() {
        for text in [
            "use tokio::sync::mpsc;",
            "let t = std::time::Instant::now();",
            "use std::time::{Duration, Instant};",
            "use std::{fmt, fs};",
            "use std::{\n    fmt,\n    net::SocketAddr,\n};",
            "fn f(m: &HashMap<u8, u8>) {}",
            "std::thread::spawn(f);",
            "use std::fs;",
        ] {
            assert_eq!(found(text), 1, "{text}");
        }
    }

    #[test]
    fn pure_code_is_left_alone() {
        for text in [
            "/// A thread, an Instant or tokio may be named in a comment.",
            "use std::{fmt, sync::Arc};\nlet fs = 48_000;",
            "use std::time::Duration;",
            "let instant_answer = net;",
            "#[cfg(test)]\nmod tests {\n    use std::fs;\n}",
        ] {
            assert_eq!(found(text), 0, "{text}");
        }
    }

    #[test]
    fn a_library_that_is_not_allowed_is_found() {
        let packages: Vec<Package> = LIBRARIES
            .iter()
            .map(|(name, allowed)| Package {
                name: (*name).to_owned(),
                dependencies: vec![
                    ("tokio".to_owned(), *name != "omnibar-desk"),
                    ("serde".to_owned(), !allowed.contains(&"serde")),
                ],
            })
            .collect();
        let complaints = check(&packages, &[]);
        assert_eq!(complaints.len(), 1 + FOLDERS.len(), "{complaints:?}");
        assert!(complaints[0].contains("omnibar-desk is pure and may not depend on tokio"));
    }
}
