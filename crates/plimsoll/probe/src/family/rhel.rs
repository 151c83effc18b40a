//! Red Hat Enterprise Linux and its kin.

use super::{FamilyTable, fedora::DNF};
use crate::package_database::Rpm;

pub(super) static TABLE: FamilyTable = FamilyTable {
    name: "rhel",
    about: "Red Hat Enterprise Linux, CentOS Stream and their rebuilds.",
    ids: &["rhel", "centos", "rocky", "almalinux", "ol"],
    package_manager: &DNF,
    native_format: "rpm",
    bootstrap: None,
    // It has podman in place of docker.
    packages: &[
        ("cc", "gcc"),
        ("libc.a", "glibc-static"),
        ("pkg-config", "pkgconf-pkg-config"),
        ("git", "git"),
        ("dpkg-shlibdeps", "dpkg-dev"),
        ("find-requires", "rpm-build"),
        ("rpmlint", "rpmlint"),
        ("podman", "podman"),
    ],
    cross: None,
    package_database: &Rpm,
};
