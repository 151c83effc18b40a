//! Fedora.

use super::FamilyTable;
use crate::PackageManager;
use crate::package_database::Rpm;

pub(super) static TABLE: FamilyTable = FamilyTable {
    name: "fedora",
    about: "Fedora.",
    ids: &["fedora"],
    package_manager: &DNF,
    native_format: "rpm",
    bootstrap: None,
    packages: &[
        ("cc", "gcc"),
        ("libc.a", "glibc-static"),
        ("pkg-config", "pkgconf-pkg-config"),
        ("git", "git"),
        ("dpkg-shlibdeps", "dpkg-dev"),
        ("find-requires", "rpm-build"),
        ("rpmlint", "rpmlint"),
        ("docker", "moby-engine"),
        ("buildx", "docker-buildx"),
        ("podman", "podman"),
    ],
    cross: None,
    package_database: &Rpm,
};

/// Of Fedora and RHEL. It fetches lists that are too old by itself.
pub(super) static DNF: PackageManager = PackageManager {
    program: "dnf",
    install: &["install", "--assumeyes"],
    environment: &[],
    lists: None,
};
