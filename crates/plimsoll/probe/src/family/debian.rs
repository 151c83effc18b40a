//! Debian and what derives from it.

use super::{Bootstrap, CrossPackages, FamilyTable};
use crate::package_database::Dpkg;
use crate::package_manager::{PackageLists, PackageManager};

pub(super) static TABLE: FamilyTable = FamilyTable {
    name: "debian",
    about: "Debian, Ubuntu and what derives from them.",
    ids: &["debian", "ubuntu"],
    package_manager: &APT_GET,
    native_format: "deb",
    bootstrap: Some(Bootstrap::Mmdebstrap),
    packages: &[
        ("cc", "build-essential"),
        ("libc.a", "libc6-dev"),
        ("pkg-config", "pkg-config"),
        ("git", "git"),
        ("dpkg-shlibdeps", "dpkg-dev"),
        ("find-requires", "rpm"),
        ("lintian", "lintian"),
        ("rpmlint", "rpmlint"),
        ("docker", "docker.io"),
        ("buildx", "docker-buildx"),
        ("podman", "podman"),
    ],
    cross: Some(CrossPackages {
        compiler: |triple| format!("gcc-{}", triple.replace('_', "-")),
        library: |package, architecture| Some(format!("{package}:{}", own_name(architecture)?)),
    }),
    package_database: &Dpkg,
};

static APT_GET: PackageManager = PackageManager {
    program: "apt-get",
    install: &["install", "--yes", "--no-install-recommends"],
    environment: &["DEBIAN_FRONTEND=noninteractive"],
    lists: Some(PackageLists {
        refresh: &["update"],
        folder: "/var/lib/apt/lists",
        part_of_name: "_Packages",
        touched: "partial",
    }),
};

/// Debian's name of an architecture that can be built for.
fn own_name(architecture: &str) -> Option<&'static str> {
    match architecture {
        "x86_64" => Some("amd64"),
        "aarch64" => Some("arm64"),
        "armv7" => Some("armhf"),
        _ => None,
    }
}
