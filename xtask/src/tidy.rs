//! The house's invariants (ARCHITECTURE.md), read from `cargo metadata` and from
//! every file that git keeps.

mod arrows;
mod purity;
mod sources;

use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

/// A file of the repository: path from the root with `/`, and text.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Everything that is wrong, one sentence each.
pub(crate) fn tidy(root: &Path) -> Vec<String> {
    let (packages, files) = match (packages(root), files(root)) {
        (Ok(packages), Ok(files)) => (packages, files),
        (packages, files) => return packages.err().into_iter().chain(files.err()).collect(),
    };
    let mut complaints = arrows::check(&packages);
    complaints.extend(purity::check(&packages, &files));
    complaints.extend(sources::check(&files));
    complaints.sort();
    complaints
}

/// A workspace member and what it asks for, as `cargo metadata` says.
pub(crate) struct Package {
    pub(crate) name: String,
    /// Name, and whether only tests need it.
    pub(crate) dependencies: Vec<(String, bool)>,
}

fn packages(root: &Path) -> Result<Vec<Package>, String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let text = run(root, &cargo, &["metadata", "--no-deps", "--format-version", "1", "--offline"])?;
    let metadata: Value =
        serde_json::from_slice(&text).map_err(|e| format!("cargo metadata: {e}"))?;
    let list = metadata["packages"].as_array().ok_or("cargo metadata lists no packages")?;
    Ok(list.iter().map(package).collect())
}

fn package(value: &Value) -> Package {
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let none = Vec::new();
    let dependencies = value["dependencies"].as_array().unwrap_or(&none);
    Package {
        name: text(&value["name"]),
        dependencies: dependencies
            .iter()
            .map(|d| (text(&d["name"]), d["kind"].as_str() == Some("dev")))
            .collect(),
    }
}

/// Every text file that git keeps, as it is in the work tree.
fn files(root: &Path) -> Result<Vec<Source>, String> {
    let list = run(root, "git", &["-c", "safe.directory=*", "ls-files", "-z"])?;
    let list = String::from_utf8(list).map_err(|e| format!("git ls-files: {e}"))?;
    let files: Vec<Source> = list
        .split('\0')
        .filter_map(|path| {
            // A picture or a sound is no text; a deleted file is not there.
            let text = fs::read_to_string(root.join(path)).ok()?;
            Some(Source { path: path.to_owned(), text })
        })
        .collect();
    if files.is_empty() {
        return Err("git keeps no text file here: nothing was checked".to_owned());
    }
    Ok(files)
}

fn run(root: &Path, program: &str, args: &[&str]) -> Result<Vec<u8>, String> {
    let output = Command::new(program)
        .args(args)
        .current_dir(root)
        .output()
        .map_err(|e| format!("{program} does not run: {e}"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{program} {}: {}", args.join(" "), said.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_house_is_tidy() {
        let complaints = tidy(&crate::root());
        assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
    }
}
