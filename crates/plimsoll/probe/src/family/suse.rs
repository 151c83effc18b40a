//! openSUSE and SUSE Linux Enterprise.

use super::FamilyTable;
use crate::PackageManager;
use crate::package_database::Rpm;

pub(super) static TABLE: FamilyTable = FamilyTable {
    name: "suse",
    about: "openSUSE and SUSE Linux Enterprise.",
    ids: &["suse", "opensuse", "sles"],
    package_manager: &ZYPPER,
    native_format: "rpm",
    bootstrap: None,
    packages: &[
        ("cc", "gcc"),
        ("libc.a", "glibc-devel-static"),
        ("pkg-config", "pkg-config"),
        ("git", "git"),
        ("find-requires", "rpm-build"),
        ("rpmlint", "rpmlint"),
        ("docker", "docker"),
        ("buildx", "docker-buildx"),
        ("podman", "podman"),
    ],
    cross: None,
    package_database: &Rpm,
};

/// It fetches lists that are too old by itself.
static ZYPPER: PackageManager = PackageManager {
    program: "zypper",
    install: &["--non-interactive", "install", "--no-recommends"],
    environment: &[],
    lists: None,
};
