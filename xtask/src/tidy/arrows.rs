use super::Package;

/// Which crates of ours a crate may depend on. What is not listed may not be used;
/// a crate that is not listed here has no place in the house yet.
///
/// The ports of `softphone` speak in the words of `desk`, `contract` and `model`, so
/// the adapters may name those. No adapter may name another adapter: they meet in
/// `omnibar` (src-tauri) and in the tests only.
const ARROWS: &[(&str, &[&str])] = &[
    ("omnibar-model", &[]),
    ("omnibar-media", &[]),
    ("omnibar-desk", &["omnibar-model"]),
    ("omnibar-contract", &["omnibar-desk", "omnibar-model"]),
    ("omnibar-protocol", &["omnibar-model"]),
    ("omnibar-sip", &["omnibar-model"]),
    ("omnibar-tls", &[]),
    ("omnibar-peer", &["omnibar-media", "omnibar-model", "omnibar-tls"]),
    ("omnibar-softphone", &["omnibar-contract", "omnibar-desk", "omnibar-model"]),
    (
        "omnibar-headset",
        &[
            "omnibar-contract",
            "omnibar-desk",
            "omnibar-media",
            "omnibar-model",
            "omnibar-softphone",
        ],
    ),
    (
        "omnibar-buttons",
        &["omnibar-contract", "omnibar-desk", "omnibar-model", "omnibar-softphone"],
    ),
    (
        "omnibar-line",
        &[
            "omnibar-contract",
            "omnibar-desk",
            "omnibar-media",
            "omnibar-model",
            "omnibar-peer",
            "omnibar-sip",
            "omnibar-softphone",
            "omnibar-tls",
        ],
    ),
    (
        "omnibar-backend",
        &[
            "omnibar-contract",
            "omnibar-desk",
            "omnibar-model",
            "omnibar-protocol",
            "omnibar-softphone",
            "omnibar-tls",
        ],
    ),
    (
        "omnibar-dock",
        &[
            "omnibar-contract",
            "omnibar-desk",
            "omnibar-model",
            "omnibar-protocol",
            "omnibar-softphone",
            "omnibar-tls",
        ],
    ),
    (
        "omnibar-center",
        &["omnibar-media", "omnibar-model", "omnibar-peer", "omnibar-protocol", "omnibar-tls"],
    ),
    ("xtask", &["omnibar-contract", "omnibar-protocol"]),
];

/// The composition root, and the tests that stand in its place.
const ROOTS: &[&str] = &["omnibar", "omnibar-tests"];

pub(crate) fn check(packages: &[Package]) -> Vec<String> {
    let ours = |name: &str| packages.iter().any(|p| p.name == name);
    let mut complaints = Vec::new();
    for package in packages.iter().filter(|p| !ROOTS.contains(&p.name.as_str())) {
        let Some((name, allowed)) = ARROWS.iter().find(|(name, _)| *name == package.name) else {
            complaints.push(format!(
                "{}: no arrow says what this crate may depend on; add it to {}",
                package.name,
                file!()
            ));
            continue;
        };
        for (dependency, _) in &package.dependencies {
            if ours(dependency) && !allowed.contains(&dependency.as_str()) {
                complaints.push(format!(
                    "{name} may not depend on {dependency}; it may on: {}",
                    if allowed.is_empty() { "none of ours".to_owned() } else { allowed.join(", ") }
                ));
            }
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, dependencies: &[&str]) -> Package {
        let dependencies = dependencies.iter().map(|d| ((*d).to_owned(), false)).collect();
        Package { name: name.to_owned(), dependencies }
    }

    #[test]
    fn an_arrow_the_wrong_way_is_found() {
        let packages = [
            package("omnibar-model", &["serde"]),
            package("omnibar-desk", &["omnibar-model"]),
            package("omnibar-line", &["omnibar-desk", "omnibar-headset"]),
            package("omnibar-headset", &[]),
            package("omnibar-new", &[]),
            package("omnibar", &["omnibar-line", "omnibar-headset"]),
        ];
        let complaints = check(&packages);
        assert_eq!(complaints.len(), 2, "{complaints:?}");
        assert!(complaints[0].starts_with("omnibar-line may not depend on omnibar-headset"));
        assert!(complaints[1].starts_with("omnibar-new: no arrow"));
    }

    #[test]
    fn no_adapter_is_allowed_another() {
        let adapters = ["omnibar-headset", "omnibar-line", "omnibar-backend", "omnibar-dock"];
        for (name, allowed) in ARROWS {
            assert!(!allowed.iter().any(|a| adapters.contains(a)), "{name}");
        }
    }
}
