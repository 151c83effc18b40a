//! Debian and what derives from it.

use super::{Bootstrap, CrossPackages, FamilyTable};
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
    system_library,
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

fn system_library(soname: &str) -> Option<&'static str> {
    // The dynamic linker is libc6's as well: ld-linux-x86-64.so.2, ld-linux-aarch64.so.1, ….
    if soname.starts_with("ld-linux") {
        return Some("libc6");
    }
    match soname {
        "libc.so.6" | "libm.so.6" | "libdl.so.2" | "libpthread.so.0" | "librt.so.1" => {
            Some("libc6")
        }
        "libgcc_s.so.1" => Some("libgcc-s1"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::TABLE;

    #[test]
    fn the_c_library_its_linker_and_the_compilers_runtime_have_packages() {
        for (soname, package) in [
            ("libc.so.6", Some("libc6")),
            ("libm.so.6", Some("libc6")),
            ("ld-linux-aarch64.so.1", Some("libc6")),
            ("libgcc_s.so.1", Some("libgcc-s1")),
            ("libz.so.1", None),
        ] {
            assert_eq!((TABLE.system_library)(soname), package, "{soname}");
        }
    }

    #[test]
    fn packages_for_another_architecture_have_its_own_name() {
        let cross = TABLE.cross.unwrap();
        assert_eq!((cross.compiler)("x86_64-linux-gnu"), "gcc-x86-64-linux-gnu");
        for (architecture, package) in [
            ("x86_64", Some("zlib1g-dev:amd64")),
            ("aarch64", Some("zlib1g-dev:arm64")),
            ("armv7", Some("zlib1g-dev:armhf")),
            ("riscv64", None),
        ] {
            let found = (cross.library)("zlib1g-dev", architecture);
            assert_eq!(found.as_deref(), package, "{architecture}");
        }
    }
}
