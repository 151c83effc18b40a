//! The assumed findings about a distribution, before a system of it exists.

use plimsoll_probe::{
    Answer, Distribution, Finding, Findings, LibraryFinding, NamedFinding, NativeDep, RustTargets,
    ToolFinding,
};

use super::{BuildPackages, DevelSource, Distro};
use crate::plan::Arch;

/// The findings that the list promises: installed packages are there, and nothing else. The planner treats them like
/// findings of a real probe.
pub(super) fn findings(
    distro: &Distro,
    architecture: Arch,
    library: &NativeDep,
    packages: &BuildPackages,
) -> Findings {
    let target = architecture.triple().to_owned();
    let not_installed = || Finding::from(Answer::no("not installed"));
    let build = || Finding::yes(packages.required.join(", "));
    Findings {
        distribution: Distribution {
            id: distro.os.clone(),
            version_id: distro.release.clone(),
            pretty_name: distro.id().to_owned(),
            family: Some(distro.family),
        },
        c_compiler: build(),
        static_libc: not_installed(),
        pkg_config: build(),
        library: LibraryFinding {
            finding: devel(distro, library),
            version: None,
            libdir: None,
            static_archive: not_installed(),
            checks: Vec::new(),
        },
        tool: ToolFinding {
            finding: not_installed(),
            path: None,
            version: None,
            checks: Vec::new(),
        },
        // It is the host's, whatever the distribution.
        kernel: None,
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

fn devel(distro: &Distro, library: &NativeDep) -> Finding {
    let name = library
        .devel
        .of(distro.family)
        .unwrap_or("no devel package");
    match distro.devel {
        DevelSource::Main => Finding::yes(format!("of {name}")),
        DevelSource::Crb => Finding::yes(format!("of {name}, from CodeReady Builder,")),
        DevelSource::Subscription => Finding::from(Answer::no(format!(
            "{name} is in a repository for subscribed systems alone"
        ))),
        DevelSource::None => Finding::from(Answer::no(format!("{} has no {name}", distro.id()))),
    }
}
