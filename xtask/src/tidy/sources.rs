use super::Source;

const LINES_MAX: usize = 500;

const GENERATED: &[&str] = &["ui/src/contract/generated.ts"];

/// The one file of the UI that knows the shell.
const TAURI: &str = "ui/src/host/tauri.ts";

/// Put together here, so that this file does not complain about itself.
const UNFINISHED: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("unimplemented", "!"),
    concat!("todo", "!"),
];

/// Names that say nothing of what a thing is.
const EMPTY_NAMES: &[&str] = &["Manager", "Service", "Helper", "Util", "Processor", "Handler"];

/// Folders of one machine, which mean nothing on another.
const MACHINES: &[&str] = &[
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
    concat!("/wo", "rk/"),
    concat!("C:\\Us", "ers\\"),
];

pub(crate) fn check(files: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files {
        let path = file.path.as_str();
        complaints.extend(
            in_lines(file, |line| MACHINES.iter().find(|m| has_path(line, m)).copied())
                .map(|(at, m)| format!("{path}:{at}: {m} is a folder of one machine")),
        );
        if !is_source(path) {
            continue;
        }
        let lines = file.text.lines().count();
        if lines > LINES_MAX {
            complaints.push(format!("{path}: {lines} lines; split it, {LINES_MAX} is the limit"));
        }
        complaints.extend(
            in_lines(file, |line| UNFINISHED.iter().find(|w| has_word(line, w)).copied())
                .map(|(at, word)| format!("{path}:{at}: {word}: finish it or open an issue")),
        );
        complaints.extend(
            in_lines(file, empty_name)
                .map(|(at, name)| format!("{path}:{at}: {name}: name it for what it is or does")),
        );
        if path.starts_with("ui/") && path != TAURI {
            complaints.extend(
                in_lines(file, |line| line.contains(concat!("@tauri", "-apps")).then_some(()))
                    .map(|(at, ())| format!("{path}:{at}: only {TAURI} may know the shell")),
            );
        }
    }
    complaints
}

fn is_source(path: &str) -> bool {
    let known = [".rs", ".ts", ".svelte", ".mjs", ".js", ".sh", ".css", ".html", ".sql"];
    known.iter().any(|k| path.ends_with(k)) && !GENERATED.contains(&path)
}

fn in_lines<'a, T>(
    file: &'a Source,
    found: impl Fn(&'a str) -> Option<T>,
) -> impl Iterator<Item = (usize, T)> {
    file.text.lines().zip(1..).filter_map(move |(line, at)| found(line).map(|f| (at, f)))
}

/// Not part of a longer word or path.
fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        !line[..at].ends_with(is_part) && !line[at + word.len()..].starts_with(is_part)
    })
}

fn has_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        // `a/home/b`, `$x/home/` and `{x}/home/` are other folders.
        !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-/})]*~".contains(c))
    })
}

/// The name of a type that is declared here, if it is an empty one.
fn empty_name(line: &str) -> Option<&str> {
    // An associated type (indented) is named by its trait, which may be somebody else's.
    if line.starts_with("    type ") {
        return None;
    }
    let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
    let kinds = ["struct", "enum", "trait", "union", "type", "class", "interface", "mod"];
    while let Some(word) = words.next() {
        if !kinds.contains(&word) {
            continue;
        }
        let name = words.next()?;
        let is_empty = EMPTY_NAMES.iter().any(|empty| {
            name.match_indices(empty).any(|(at, _)| {
                let rest = name[at + empty.len()..].trim_start_matches('s');
                !rest.starts_with(|c: char| c.is_lowercase())
            })
        });
        if is_empty {
            return Some(name);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(path: &str, text: &str) -> Vec<String> {
        check(&[Source { path: path.to_owned(), text: text.to_owned() }])
    }

    #[test]
    fn what_is_untidy_is_found_with_its_line() {
        for (path, text, want) in [
            ("a.rs", format!("\n// {} later", UNFINISHED[0]), "a.rs:2:"),
            ("a.rs", format!("{}()", UNFINISHED[3]), "a.rs:1:"),
            ("a.rs", format!("pub struct Call{};", EMPTY_NAMES[0]), "a.rs:1: CallM"),
            ("a.ts", format!("export class Key{}s {{}}", EMPTY_NAMES[3]), "a.ts:1: KeyU"),
            ("a.md", format!("see {}x", MACHINES[0]), "a.md:1:"),
            ("a.rs", "x\n".repeat(501), "a.rs: 501 lines"),
            (
                "ui/src/a.ts",
                format!("import '{}/api'", concat!("@tauri", "-apps")),
                "ui/src/a.ts:1:",
            ),
        ] {
            let found = complaints(path, &text);
            assert!(found.len() == 1 && found[0].starts_with(want), "{text}: {found:?}");
        }
    }

    #[test]
    fn what_only_looks_untidy_is_left_alone() {
        for (path, text) in [
            ("a.sh", "mktemp -d /tmp/x.XXXXXX"),
            ("a.rs", "struct Utility; struct Serviced; let manager = 1;"),
            ("a.rs", "impl Handler for X {}"),
            ("a.rs", concat!("impl Accept for X {\n    type ", "Service = X;\n}")),
            ("a.sh", "cd \"$root/home/x\" && ls target/home/"),
            ("a.rs", "/// the trait of a call"),
            ("ui/src/host/tauri.ts", "import { invoke } from 'tauri'"),
            ("ui/src/contract/generated.ts", &"x\n".repeat(900)),
        ] {
            assert_eq!(complaints(path, text), Vec::<String>::new(), "{text}");
        }
    }
}
