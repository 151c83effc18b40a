//! What a build needs to have installed.

use serde::{Deserialize, Serialize};

use super::{DevelSource, Distro, DistroList};
use crate::config::Config;

/// What is installed before the build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct BuildPackages {
    /// The command that fetches the package lists.
    pub refresh: Vec<String>,
    /// The command that installs `required`.
    pub install: Vec<String>,
    /// Nothing is built without these.
    pub required: Vec<String>,
    /// The command that installs each of `wished`.
    pub install_wished: Vec<String>,
    /// Without these, another flavour is built.
    pub wished: Vec<String>,
}

/// The distribution's commands, and what they install for a build. `config` is adapted to it.
#[must_use]
pub fn build_packages(list: &DistroList, distro: &Distro, config: &Config) -> BuildPackages {
    let family = list.family_of(distro);
    let install = distro.install.as_ref().unwrap_or(&family.install);
    let devel = config.library().devel.of(distro.family).map(str::to_owned);
    let (wished, options) = match distro.devel {
        DevelSource::Main => (devel, &[] as &[String]),
        DevelSource::Crb => (devel, family.crb.as_slice()),
        DevelSource::Subscription | DevelSource::None => (None, &[] as &[String]),
    };
    let required = family.build_packages.iter().chain(&distro.build_packages);
    BuildPackages {
        refresh: distro.refresh.as_ref().unwrap_or(&family.refresh).clone(),
        install: install.clone(),
        required: required.cloned().collect(),
        install_wished: install.iter().chain(options).cloned().collect(),
        wished: wished.into_iter().collect(),
    }
}
