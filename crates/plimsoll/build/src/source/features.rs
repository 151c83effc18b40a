//! Whether Cargo finds the features that the configuration names.

use cargo_metadata::{Metadata, Package};
use plimsoll_plan::complaint::Complaint;
use plimsoll_plan::config::Config;
use plimsoll_probe::CargoFeature;

/// What is wrong in the features of C libraries, and in those of [cargo] that name their package.
pub(super) fn complaints(metadata: &Metadata, config: &Config) -> Vec<Complaint> {
    let of_libraries = config.native_dep.iter().filter_map(|(name, dep)| {
        let feature = dep.cargo_feature.as_ref()?;
        let key = vec!["native-dep", name.as_str(), "cargo-feature"];
        complaint(&key, feature, metadata, config)
    });
    let of_cargo = config.cargo.features.iter().filter_map(|feature| {
        let (package, feature) = feature.split_once('/')?;
        let feature = CargoFeature {
            package: package.to_owned(),
            feature: feature.to_owned(),
        };
        complaint(&["cargo", "features"], &feature, metadata, config)
    });
    of_libraries.chain(of_cargo).collect()
}

/// Cargo takes `PACKAGE/FEATURE` for a package that is built and for what it depends on itself, no deeper.
fn complaint(
    key: &[&str],
    feature: &CargoFeature,
    metadata: &Metadata,
    config: &Config,
) -> Option<Complaint> {
    let CargoFeature {
        package: owner,
        feature: name,
    } = feature;
    let member = metadata.packages.iter().find(|it| *it.name == **owner);
    let is_built = config.cargo.packages.contains(owner);
    let built = || {
        let packages = metadata.packages.iter();
        packages.filter(|it| config.cargo.packages.contains(&it.name.to_string()))
    };
    let (what, hint) = match member {
        Some(member) if !has(member, name) => {
            let known: Vec<&str> = member.features.keys().map(String::as_str).collect();
            let hint = match known.as_slice() {
                [] => "it has none".to_owned(),
                known => format!("it has {}", known.join(", ")),
            };
            (format!("Cargo package {owner} has no feature {name}"), hint)
        }
        _ if is_built || built().any(|it| needs(it, owner)) => return None,
        Some(_) => (
            format!(
                "no package that is built depends on {owner} itself, so Cargo refuses {feature}"
            ),
            format!("add \"{owner}\" to `packages` of [cargo]"),
        ),
        None => (
            format!("no package that is built depends on {owner}"),
            "name a package of the workspace, or a dependency of one that is built".to_owned(),
        ),
    };
    Some(Complaint::about(key, what, hint))
}

/// Whether a package has a feature, or an optional dependency that is one.
fn has(package: &Package, feature: &str) -> bool {
    let mut dependencies = package.dependencies.iter();
    package.features.contains_key(feature)
        || dependencies.any(|it| it.optional && name(it) == feature)
}

fn needs(package: &Package, other: &str) -> bool {
    package.dependencies.iter().any(|it| name(it) == other)
}

/// What the package that depends on it calls a dependency.
fn name(dependency: &cargo_metadata::Dependency) -> &str {
    dependency.rename.as_deref().unwrap_or(&dependency.name)
}

#[cfg(test)]
mod tests {
    use cargo_metadata::MetadataCommand;

    use super::*;

    /// What is found in a workspace whose program depends on `middle`, and that on `deep`, for a feature of the program's
    /// library.
    fn found(packages: &[&str], feature: &str) -> Vec<String> {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: String| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            std::fs::write(path, text).expect("written");
        };
        write(
            "Cargo.toml",
            "[workspace]\nmembers = [\"program\", \"middle\", \"deep\"]\n".to_owned(),
        );
        for (name, rest) in [
            (
                "program",
                "[dependencies]\nmiddle = { path = \"../middle\" }\nlibc = \"0.2\"\n",
            ),
            (
                "middle",
                "[dependencies]\ndeep = { path = \"../deep\" }\n[features]\nof-middle = []\n",
            ),
            ("deep", "[features]\nof-deep = []\n"),
        ] {
            let head = format!("[package]\nname = \"{name}\"\nedition = \"2021\"\n");
            write(&format!("{name}/Cargo.toml"), head + rest);
            write(&format!("{name}/src/lib.rs"), String::new());
        }
        let mut question = MetadataCommand::new();
        let metadata = question.no_deps().current_dir(folder.path()).exec();
        let metadata = metadata.expect("Cargo answers");
        let mut config = plimsoll_plan::fixtures::config();
        config.native_dep.clear();
        config.cargo.packages = packages.iter().map(|it| (*it).to_owned()).collect();
        config.cargo.features = vec![feature.to_owned()];
        let found = complaints(&metadata, &config).into_iter();
        found
            .map(|it| format!("{} | {}", it.what, it.hint))
            .collect()
    }

    #[test]
    fn features_of_what_is_built_and_of_its_own_dependencies_are_found() {
        assert_eq!(found(&["program"], "middle/of-middle"), [""; 0]);
        assert_eq!(found(&["program"], "libc/extra_traits"), [""; 0]);
        assert_eq!(found(&["program", "deep"], "deep/of-deep"), [""; 0]);
    }

    #[test]
    fn a_feature_of_a_deeper_package_needs_the_package_among_those_that_are_built() {
        assert_eq!(
            found(&["program"], "deep/of-deep"),
            [
                "no package that is built depends on deep itself, so Cargo refuses deep/of-deep | \
              add \"deep\" to `packages` of [cargo]"
            ]
        );
    }

    #[test]
    fn a_feature_or_a_package_that_is_not_there_is_named() {
        assert_eq!(
            found(&["program"], "middle/more"),
            ["Cargo package middle has no feature more | it has of-middle"]
        );
        let elsewhere = found(&["program"], "pcap/x");
        assert!(elsewhere[0].starts_with("no package that is built depends on pcap"));
    }
}
