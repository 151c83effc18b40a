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
    let needed = Devel::of(distro, config, true);
    let wished = Devel::of(distro, config, false);
    let required = family.build_packages.iter().chain(&distro.build_packages);
    let required = required.chain(&needed.packages);
    let with = |devel: &Devel| {
        let options: &[String] = if devel.with_crb { &family.crb } else { &[] };
        install.iter().chain(options).cloned().collect()
    };
    BuildPackages {
        refresh: distro.refresh.as_ref().unwrap_or(&family.refresh).clone(),
        install: with(&needed),
        required: required.cloned().collect(),
        install_wished: with(&wished),
        wished: wished.packages,
    }
}

/// The devel packages that can be installed.
#[derive(Default)]
struct Devel {
    packages: Vec<String>,
    with_crb: bool,
}

impl Devel {
    /// Those of the required libraries, or of the others.
    fn of(distro: &Distro, config: &Config, required: bool) -> Self {
        let mut devel = Self::default();
        let libraries = config.native_dep.iter();
        for (name, library) in libraries.filter(|(_, library)| library.required == required) {
            let from_crb = match distro.devel_of(name) {
                DevelSource::Main => false,
                DevelSource::Crb => true,
                DevelSource::Subscription | DevelSource::None => continue,
            };
            let package = library.devel.of(distro.family).map(str::to_owned);
            devel.with_crb |= from_crb && package.is_some();
            devel.packages.extend(package);
        }
        devel
    }
}
