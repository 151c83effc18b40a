//! The features of the workspace that link the declared C libraries.

use std::collections::BTreeMap;

use cargo_metadata::Metadata;
use error_hint::Result;
use plimsoll_probe::{Findings, Mend, NativeDep};

use crate::wings;

/// The declared libraries, by name.
pub(crate) type Libraries = BTreeMap<String, NativeDep>;

/// The features of `packages`, or of every one of the workspace, that link these libraries, each as `package/feature`.
///
/// A library's feature has one name in every package that has it.
///
/// # Errors
/// When Cargo cannot tell what packages there are.
pub(crate) fn features(libraries: &Libraries, packages: &[&str]) -> Result<Vec<String>> {
    Ok(of(libraries, packages, &wings::metadata()?))
}

fn of(libraries: &Libraries, packages: &[&str], metadata: &Metadata) -> Vec<String> {
    let features = libraries
        .values()
        .filter_map(|dep| dep.cargo_feature.as_ref());
    let names = features.map(|feature| feature.feature.as_str());
    let is_asked = |package: &str| packages.is_empty() || packages.contains(&package);
    let all = names.flat_map(|feature| {
        let packages = metadata.packages.iter();
        let with_it = packages.filter(move |package| {
            is_asked(&package.name) && package.features.contains_key(feature)
        });
        with_it.map(move |package| format!("{}/{feature}", package.name))
    });
    all.collect()
}

/// The libraries that this host can link.
pub(crate) fn found(libraries: &Libraries, findings: &Findings) -> Libraries {
    let is_found = |name: &str| {
        let found = findings.libraries.get(name);
        found.is_some_and(|library| library.finding.is_yes())
    };
    let found = libraries.iter().filter(|(name, _)| is_found(name));
    found
        .map(|(name, dep)| (name.clone(), dep.clone()))
        .collect()
}

/// Why a library cannot be linked here, and what mends it: of the first that cannot.
pub(crate) fn missing(libraries: &Libraries, findings: &Findings) -> Option<(String, String)> {
    let lacking = libraries.iter().find_map(|(name, dep)| {
        let finding = &findings.libraries.get(name)?.finding;
        (!finding.is_yes()).then_some((dep, finding))
    });
    lacking.map(|(dep, finding)| {
        let reason = format!("{}: {}", dep.pkg_config, finding.answer.text());
        let command = |mend: &Mend| mend.command.clone();
        (
            reason,
            finding.mend.as_ref().map_or_else(String::new, command),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_probe::fakes::sampled;

    #[test]
    fn every_package_with_the_librarys_feature_gets_it() {
        let metadata = wings::metadata().unwrap();
        let all = of(&sampled().libraries, &[], &metadata);
        assert!(all.contains(&"tidegated/libnftables".to_owned()), "{all:?}");
        assert!(
            all.contains(&"tidegate-nft-drivers/libnftables".to_owned()),
            "{all:?}"
        );
        let one = of(&sampled().libraries, &["tidegated", "tidegate"], &metadata);
        assert_eq!(one, ["tidegated/libnftables"]);
    }
}
