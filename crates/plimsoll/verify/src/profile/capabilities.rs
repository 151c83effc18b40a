//! From figures to RPM's `Provides`.

use std::collections::BTreeSet;

use super::{GlibcVersion, Profile};
use crate::Target;
use plimsoll_plan::plan::Arch;

/// What glibc installs; the dynamic linker's name depends on the architecture.
const GLIBC: [&str; 6] = [
    "libc.so.6",
    "libdl.so.2",
    "libm.so.6",
    "libpthread.so.0",
    "librt.so.1",
    "libutil.so.1",
];

/// The symbol versions before glibc gave each minor release its own at most.
const EARLY: [&str; 6] = ["2.2.5", "2.2.6", "2.3", "2.3.2", "2.3.3", "2.3.4"];

/// What every distribution has: the scriptlets' shell, and a dynamic linker that reads the hash
/// table that rpm asks for.
const BASE: [&str; 2] = ["/bin/sh", "rtld(GNU_HASH)"];

/// What differs between architectures.
struct Abi {
    /// The dynamic linker.
    linker: &'static str,
    /// The minor release of glibc that is the oldest for it.
    oldest: u32,
    /// Whether symbol versions before 2.4 are there.
    is_early: bool,
    /// What ends the name of a capability.
    mark: &'static str,
    /// What follows the soname where no symbol version does.
    empty: &'static str,
}

/// The oldest symbol versions are those of glibc's `shlib-versions` of each architecture.
fn abi(arch: Arch) -> Abi {
    match arch {
        Arch::Amd64 => Abi {
            linker: "ld-linux-x86-64.so.2",
            oldest: 4,
            is_early: true,
            mark: "(64bit)",
            empty: "()",
        },
        Arch::Arm64 => Abi {
            linker: "ld-linux-aarch64.so.1",
            oldest: 17,
            is_early: false,
            mark: "(64bit)",
            empty: "()",
        },
        Arch::Armhf => Abi {
            linker: "ld-linux-armhf.so.3",
            oldest: 4,
            is_early: false,
            mark: "",
            empty: "",
        },
    }
}

/// What a distribution provides, sorted.
pub(super) fn of(profile: &Profile, arch: Arch) -> Vec<String> {
    let abi = abi(arch);
    let glibc = symbol_versions(profile.glibc.version, &abi);
    let mut all: BTreeSet<String> = BASE.map(str::to_owned).into();
    for soname in GLIBC.into_iter().chain([abi.linker]) {
        all.extend(of_library(soname, &glibc, &abi));
    }
    for library in &profile.libraries {
        all.extend(of_library(&library.soname, &library.symbol_versions, &abi));
    }
    let packages = profile.packages.iter();
    all.extend(packages.map(|package| format!("{} = {}", package.name, package.version)));
    all.into_iter().collect()
}

/// The libraries of a distribution, each with what it defines.
pub(super) fn target(profile: &Profile, arch: Arch) -> Target {
    let abi = abi(arch);
    let glibc: BTreeSet<String> = symbol_versions(profile.glibc.version, &abi)
        .into_iter()
        .collect();
    let of_glibc = GLIBC.into_iter().chain([abi.linker]);
    let of_glibc = of_glibc.map(|soname| (soname.to_owned(), glibc.clone()));
    let others = profile.libraries.iter().map(|library| {
        let versions = library.symbol_versions.iter().cloned().collect();
        (library.soname.clone(), versions)
    });
    Target {
        libraries: of_glibc.chain(others).collect(),
    }
}

/// Every symbol version up to a release. Some minor releases have none of their own; as no file
/// can need these, it does no harm that they are among them.
fn symbol_versions(newest: GlibcVersion, abi: &Abi) -> Vec<String> {
    let early = EARLY.iter().filter(|_| abi.is_early);
    let early = early.map(|version| format!("GLIBC_{version}"));
    let later = (abi.oldest..=newest.minor).map(|minor| format!("GLIBC_2.{minor}"));
    early.chain(later).collect()
}

fn of_library(soname: &str, versions: &[String], abi: &Abi) -> Vec<String> {
    let Abi { mark, empty, .. } = abi;
    let versions = versions.iter();
    let versions = versions.map(|version| format!("{soname}({version}){mark}"));
    versions.chain([format!("{soname}{empty}{mark}")]).collect()
}
