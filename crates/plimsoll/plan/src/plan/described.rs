//! What pkg-config said of the libraries of a build.

use std::collections::BTreeMap;
use std::path::PathBuf;

use plimsoll_probe::{Findings, FlavourName};
use serde::{Deserialize, Serialize};

use crate::config::Config;

/// What pkg-config said of a library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Described {
    /// The version.
    pub version: String,
    /// The `.pc` file that says so.
    pub file: PathBuf,
}

/// The libraries that a flavour links and pkg-config described, by their sonames.
pub(super) fn described(
    config: &Config,
    findings: &Findings,
    flavour: FlavourName,
) -> BTreeMap<String, Described> {
    let matrix = config.matrix();
    let flavour = matrix.flavour(flavour).into_iter();
    let linked = flavour.flat_map(|flavour| matrix.linked(flavour));
    let described = linked.filter_map(|(name, dep)| {
        let found = findings.libraries.get(name)?;
        let described = Described {
            version: found.version.clone()?,
            file: found.described_in.clone()?,
        };
        Some((dep.soname.to_string(), described))
    });
    described.collect()
}
