//! The assumed findings about a distribution, before a system of it exists.

use std::collections::BTreeMap;

use plimsoll_probe::{
    Answer, Finding, Findings, LibraryFinding, NamedFinding, NativeDep, RustTargets, ToolFinding,
};

use super::{BuildPackages, DevelSource, Distro};
use crate::config::Config;
use crate::plan::Arch;

/// The findings that the list promises: installed packages are there, and nothing else. The planner treats them like
/// findings of a real probe.
pub(super) fn findings(
    distro: &Distro,
    architecture: Arch,
    config: &Config,
    packages: &BuildPackages,
) -> Findings {
    let target = architecture.triple().to_owned();
    let not_installed = || Finding::from(Answer::no("not installed"));
    let build = || Finding::yes(packages.required.join(", "));
    Findings {
        distribution: distro.distribution(),
        c_compiler: build(),
        static_libc: not_installed(),
        pkg_config: build(),
        libraries: of_each(config, |name, dep| LibraryFinding {
            finding: devel(distro, name, dep),
            version: None,
            libdir: None,
            described_in: None,
            static_archive: not_installed(),
            checks: Vec::new(),
        }),
        tools: of_each(config, |_, _| ToolFinding {
            finding: not_installed(),
            path: None,
            version: None,
            checks: Vec::new(),
        }),
        // A container or root runs on the kernel of the host.
        kernel: BTreeMap::new(),
        rust: RustTargets {
            finding: Finding::yes(&target),
            host: target.clone(),
            installed: vec![target.clone()],
        },
        packaging_tools: vec![NamedFinding {
            name: "dpkg-shlibdeps".to_owned(),
            finding: build(),
        }],
        container_engines: Vec::new(),
        target,
    }
}

fn of_each<T>(config: &Config, one: impl Fn(&str, &NativeDep) -> T) -> BTreeMap<String, T> {
    let libraries = config.native_dep.iter();
    let each = libraries.map(|(name, dep)| (name.clone(), one(name, dep)));
    each.collect()
}

fn devel(distro: &Distro, name: &str, library: &NativeDep) -> Finding {
    let source = distro.devel_of(name);
    let name = library
        .devel
        .of(distro.family)
        .unwrap_or("no devel package");
    match source {
        DevelSource::Main => Finding::yes(format!("of {name}")),
        DevelSource::Crb => Finding::yes(format!("of {name}, from CodeReady Builder,")),
        DevelSource::Subscription => Finding::from(Answer::no(format!(
            "{name} is in a repository for subscribed systems alone"
        ))),
        DevelSource::None => Finding::from(Answer::no(format!("{} has no {name}", distro.id()))),
    }
}
