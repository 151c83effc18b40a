//! C libraries that are in the programs themselves: copies that a crate brings, and static archives of the system.
//!
//! No package manager sees them, so no update reaches them, and no dependency names them. Each one is in the manifest and in the
//! list of components ([`sbom`](crate::sbom)).

pub mod archives;
pub mod known;

use std::borrow::Cow;

use error_hint::Hint;
use plimsoll_plan::config::{BundledPolicy, Config};
use plimsoll_probe::{FlavourName, Linking, NativeDep};
use serde::{Deserialize, Serialize};

use crate::fault::{AuditError, Fault};

/// A C library that is in a program itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Bundled {
    /// Its name: that of its project where it is known, else of the archive.
    pub name: String,
    /// Its version, where something says it.
    pub version: Option<String>,
    /// The crate that links it, with its version; none where only the program shows it.
    #[serde(rename = "crate")]
    pub of_crate: Option<String>,
    /// The archive, such as `libz.a`.
    pub archive: Option<String>,
    /// What shows it.
    pub found: String,
}

impl Bundled {
    /// It, and the crate that links it, in words.
    #[must_use]
    pub fn in_words(&self) -> String {
        let version = self.version.iter().map(|version| format!(" {version}"));
        let of_crate = self.of_crate.iter().map(|name| format!(" of {name}"));
        let words = version.chain(of_crate).collect::<String>();
        format!("a copy of {}{words} ({})", self.name, self.found)
    }

    fn is(&self, (name, library): (&String, &NativeDep)) -> bool {
        let archive = library.archive_name();
        self.archive.as_ref() == Some(&archive)
            || known::name_of(&archive).is_some_and(|known| known == self.name)
            || [name, &library.pkg_config].contains(&&self.name)
    }
}

/// Copies of C libraries that must not be in the programs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct BundledError(#[from] pub AuditError);

impl Hint for BundledError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        Some(
            "turn off the feature or variable that has the crate bring its own copy (often `bundled`, `vendored` or `static`); to \
             accept the copy of a library that is not a native-dep, add it to `bundled = { allow = [\"…\"] }` in packaging/dist.toml"
                .into(),
        )
    }
}

/// What was found of the copies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Findings {
    /// The copies that must not be there.
    pub faults: Vec<Fault>,
    /// Those that the configuration lets pass, and nobody planned: each in words.
    pub reported: Vec<String>,
}

/// Judges the copies in the programs of a flavour. One of a declared library must not be there, but in a static flavour that
/// links it. What becomes of others is for the configuration to say.
#[must_use]
pub fn audit(flavour: FlavourName, config: &Config, bundled: &[Bundled]) -> Findings {
    let mut findings = Findings::default();
    for copy in bundled {
        let words = copy.in_words();
        match judge(flavour, config, copy) {
            Verdict::Planned => {}
            Verdict::Reported => findings
                .reported
                .push(format!("flavour {flavour} holds {words}")),
            Verdict::Fault(why) => {
                let what = format!("holds {words}, {why}");
                let fault = Fault::new(&format!("flavour {flavour}"), what);
                findings.faults.push(fault);
            }
        }
    }
    findings
}

enum Verdict {
    Planned,
    Reported,
    Fault(String),
}

fn judge(flavour: FlavourName, config: &Config, copy: &Bundled) -> Verdict {
    let is_static = config.linking(flavour) == Linking::Static;
    if let Some((name, library)) = config.native_dep.iter().find(|library| copy.is(*library)) {
        return match (links(flavour, config, name), is_static) {
            (true, true) => Verdict::Planned,
            (true, false) => Verdict::Fault(format!("and links {} too", library.soname)),
            (false, _) => Verdict::Fault(format!("and is planned without {name}")),
        };
    }
    match &config.bundled {
        _ if copy.name == C_LIBRARY && is_static => Verdict::Planned,
        BundledPolicy::Allow(names) if names.contains(&copy.name) => Verdict::Planned,
        BundledPolicy::Report => Verdict::Reported,
        BundledPolicy::Refuse | BundledPolicy::Allow(_) => {
            Verdict::Fault("which `bundled` refuses".to_owned())
        }
    }
}

/// The name of the C library in a static program.
pub const C_LIBRARY: &str = "libc";

fn links(flavour: FlavourName, config: &Config, name: &str) -> bool {
    let matrix = config.matrix();
    let Some(flavour) = matrix.flavour(flavour) else {
        return false;
    };
    matrix.linked(flavour).any(|(linked, _)| linked == name)
}

#[cfg(test)]
mod tests {
    use plimsoll_plan::fixtures;

    use super::*;

    fn copy(name: &str, archive: &str) -> Bundled {
        Bundled {
            name: name.to_owned(),
            version: Some("1.3.1".to_owned()),
            of_crate: Some("x-sys 1.1.20".to_owned()),
            archive: Some(archive.to_owned()),
            found: format!("its build script made {archive}"),
        }
    }

    fn faults(flavour: &'static str, policy: BundledPolicy, copy: Bundled) -> Vec<String> {
        let mut config = fixtures::capture();
        config.bundled = policy;
        let found = audit(FlavourName::new(flavour), &config, &[copy]);
        found.faults.iter().map(Fault::to_string).collect()
    }

    #[test]
    fn a_copy_of_a_declared_library_is_a_fault_but_in_a_static_flavour_that_links_it() {
        let lzma = || copy("xz", "liblzma.a");
        let words = "a copy of xz 1.3.1 of x-sys 1.1.20 (its build script made liblzma.a)";
        assert_eq!(
            faults("plain", BundledPolicy::Report, lzma()),
            [format!(
                "flavour plain: holds {words}, and is planned without lzma"
            )]
        );
        assert_eq!(
            faults("full", BundledPolicy::Report, lzma()),
            [format!(
                "flavour full: holds {words}, and links liblzma.so.5 too"
            )]
        );
        assert_eq!(faults("everywhere", BundledPolicy::Refuse, lzma()), [""; 0]);
        let pcap = faults(
            "everywhere",
            BundledPolicy::Report,
            copy("pcap", "libpcap.a"),
        );
        assert_eq!(pcap.len(), 1, "{pcap:?}");
    }

    #[test]
    fn a_copy_of_another_library_is_reported_refused_or_allowed() {
        let ring = || copy("ring", "libring_core.a");
        assert_eq!(faults("full", BundledPolicy::Report, ring()), [""; 0]);
        let allow = |names: &[&str]| {
            BundledPolicy::Allow(names.iter().map(|name| (*name).to_owned()).collect())
        };
        assert_eq!(faults("full", allow(&["ring"]), ring()), [""; 0]);
        for policy in [BundledPolicy::Refuse, allow(&["zlib"])] {
            assert_eq!(
                faults("full", policy, ring()),
                [
                    "flavour full: holds a copy of ring 1.3.1 of x-sys 1.1.20 (its build script made libring_core.a), which \
                  `bundled` refuses"
                ]
            );
        }
    }

    #[test]
    fn the_c_library_of_a_static_program_is_not_a_fault() {
        let libc = || copy(C_LIBRARY, "libc.a");
        assert_eq!(faults("everywhere", BundledPolicy::Refuse, libc()), [""; 0]);
        assert_eq!(faults("full", BundledPolicy::Refuse, libc()).len(), 1);
    }
}
