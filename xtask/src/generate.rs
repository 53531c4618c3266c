use crate::{schema, typescript};
use std::fs;
use std::path::Path;

/// Writes every generated file that differs. Returns what went wrong.
pub(crate) fn write(root: &Path) -> Vec<String> {
    outputs().into_iter().filter_map(|(path, text)| put(&root.join(path), &text).err()).collect()
}

/// Names every generated file whose content is not what the types say.
pub(crate) fn check(root: &Path) -> Vec<String> {
    outputs()
        .into_iter()
        .filter(|(path, text)| {
            !fs::read_to_string(root.join(path)).is_ok_and(|found| found == *text)
        })
        .map(|(path, _)| {
            format!("{path} differs from its Rust types: run `cargo run -p xtask -- generate`")
        })
        .collect()
}

/// Path from the root, and content.
fn outputs() -> Vec<(&'static str, String)> {
    vec![
        ("ui/src/contract/generated.ts", typescript::contract()),
        ("crates/protocol/schema/centre-protocol.json", schema::centre_protocol()),
    ]
}

fn put(path: &Path, text: &str) -> Result<(), String> {
    let said = |e: std::io::Error| format!("{}: {e}", path.display());
    if fs::read_to_string(path).is_ok_and(|found| found == text) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(said)?;
    }
    fs::write(path, text).map_err(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_files_say_what_the_types_say() {
        assert_eq!(check(&crate::root()), Vec::<String>::new());
    }

    #[test]
    fn generation_is_deterministic_and_free_of_bigint() {
        assert_eq!(outputs(), outputs());
        for (path, text) in outputs() {
            assert!(!text.contains("bigint"), "{path}: JSON has no bigint");
            assert!(
                text.ends_with('\n') && !text.ends_with("\n\n"),
                "{path}: one newline at the end"
            );
        }
    }
}
