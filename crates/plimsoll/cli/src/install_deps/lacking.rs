//! What a host lacks for a purpose.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_probe::{Command, Family, Finding, Findings, NativeDep, System};

use super::{Extra, Purpose};

/// The packages to install, each named once.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Lacking {
    /// Nothing goes without these.
    pub(super) required: Vec<String>,
    /// Without these, something else is built.
    pub(super) wished: Vec<String>,
}

impl Lacking {
    /// What `findings` and `system` do not have of what `purpose` needs.
    pub(super) fn of(
        purpose: Purpose<'_>,
        libraries: &BTreeMap<String, NativeDep>,
        findings: &Findings,
        system: &dyn System,
    ) -> Self {
        let family = findings.distribution.family;
        let mut required = packages(&[&findings.c_compiler, &findings.pkg_config]);
        required.extend(git(family, system));
        required.extend(packages(&linked(libraries, findings, true)));
        let mut wished = packages(&linked(libraries, findings, false));
        wished.extend(packages(&[&findings.static_libc]));
        wished.extend(packages(&tools(
            findings,
            &["dpkg-shlibdeps", "find-requires"],
        )));
        if let Purpose::Test(more) = purpose {
            required.append(&mut wished);
            let in_place: Vec<_> = findings.tools.values().map(|tool| &tool.finding).collect();
            required.extend(packages(&in_place));
            required.extend(packages(&tools(findings, &["lintian"])));
            required.extend(extras(more, family, system));
        }
        unique(&mut required);
        unique(&mut wished);
        wished.retain(|package| !required.contains(package));
        Self { required, wished }
    }
}

/// The findings of the required libraries, or of the others.
fn linked<'a>(
    libraries: &BTreeMap<String, NativeDep>,
    findings: &'a Findings,
    required: bool,
) -> Vec<&'a Finding> {
    let these = libraries.iter().filter(|(_, dep)| dep.required == required);
    let found = these.filter_map(|(name, _)| findings.libraries.get(name));
    found.map(|found| &found.finding).collect()
}

/// The findings of these packaging tools.
fn tools<'a>(findings: &'a Findings, names: &[&str]) -> Vec<&'a Finding> {
    let tools = findings.packaging_tools.iter();
    let named = tools.filter(|tool| names.contains(&tool.name.as_str()));
    named.map(|tool| &tool.finding).collect()
}

/// The packages that mend the findings.
fn packages(findings: &[&Finding]) -> Vec<String> {
    let mends = findings.iter().filter_map(|finding| finding.mend.as_ref());
    mends
        .flat_map(|mend| mend.packages.iter().cloned())
        .collect()
}

fn unique(packages: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    packages.retain(|package| seen.insert(package.clone()));
}

/// The packages of those extras that are not there.
fn extras(extras: &[Extra], family: Option<Family>, system: &dyn System) -> Vec<String> {
    let absent = extras
        .iter()
        .filter(|extra| !succeeds(extra.present, system));
    let names = absent.filter_map(|extra| extra.package(family?));
    names.map(str::to_owned).collect()
}

/// Git's package where it is not there: building and packaging record the commit.
fn git(family: Option<Family>, system: &dyn System) -> Option<String> {
    let package = family?.package("git")?;
    (!succeeds(&["git", "--version"], system)).then(|| package.to_owned())
}

fn succeeds(command: &[&str], system: &dyn System) -> bool {
    let Some((program, args)) = command.split_first() else {
        return true;
    };
    let command = Command::new(*program, args.iter().copied());
    system.run(&command).is_ok_and(|output| output.success())
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_probe::fakes::{FakeSystem, compressor, sampled};
    use plimsoll_probe::probe;

    fn bare_debian() -> FakeSystem {
        FakeSystem::new().file("/etc/os-release", "ID=debian\n")
    }

    fn lacking(purpose: Purpose<'_>, system: &FakeSystem) -> Lacking {
        of(&sampled().libraries, purpose, system)
    }

    fn of(
        libraries: &BTreeMap<String, NativeDep>,
        purpose: Purpose<'_>,
        system: &FakeSystem,
    ) -> Lacking {
        let findings = probe(system, libraries, None);
        Lacking::of(purpose, libraries, &findings, system)
    }

    const EXTRAS: [Extra; 2] = [
        Extra {
            present: &["ip", "-V"],
            packages: &[("debian", "iproute2"), ("suse", "iproute2")],
        },
        Extra {
            present: &["mmdebstrap", "--version"],
            packages: &[("debian", "mmdebstrap")],
        },
    ];

    #[test]
    fn a_build_cannot_go_without_a_compiler_but_without_the_library() {
        let lacking = lacking(Purpose::Dist, &bare_debian());
        assert_eq!(lacking.required, ["build-essential", "pkg-config", "git"]);
        assert_eq!(lacking.wished, ["libnftables-dev", "dpkg-dev", "rpm"]);
    }

    #[test]
    fn a_build_cannot_go_without_a_required_library() {
        let lacking = of(&compressor().libraries, Purpose::Dist, &bare_debian());
        assert_eq!(
            lacking.required,
            ["build-essential", "pkg-config", "git", "zlib1g-dev"]
        );
        assert_eq!(
            lacking.wished,
            ["libbz2-dev", "liblzma-dev", "dpkg-dev", "rpm"]
        );
    }

    #[test]
    fn tests_need_the_library_the_tool_and_what_the_project_names() {
        let lacking = lacking(Purpose::Test(&EXTRAS), &bare_debian());
        for package in [
            "libnftables-dev",
            "nftables",
            "lintian",
            "iproute2",
            "mmdebstrap",
        ] {
            assert!(
                lacking.required.iter().any(|name| name == package),
                "{package}"
            );
        }
        assert!(lacking.wished.is_empty());
    }

    #[test]
    fn what_is_there_is_not_installed() {
        let system = bare_debian().answers("ip -V", "ip utility");
        let lacking = lacking(Purpose::Test(&EXTRAS), &system);
        assert!(!lacking.required.iter().any(|name| name == "iproute2"));
    }
}
