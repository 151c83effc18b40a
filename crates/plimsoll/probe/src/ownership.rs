//! Which package a library belongs to, and whether it is of the system's toolchain.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::package_database::Owner;
use crate::{Answer, Distribution, System};

/// What comes of the same source as one of these is of the system's toolchain: the C library, and the runtime of the
/// compiler.
const TOOLCHAIN: [&str; 2] = ["libc.so.6", "libgcc_s.so.1"];

/// Whose a library is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ownership {
    /// Its package; none where no package has it, or nobody could tell.
    pub package: Option<String>,
    /// Whether it is of the system's toolchain, whose libraries every program may link.
    #[serde(flatten)]
    pub toolchain: Answer,
}

/// Asks the distribution's package manager whose these libraries are, for programs that are built for `target`.
pub fn owners<'a>(
    system: &dyn System,
    distribution: &Distribution,
    target: &str,
    sonames: impl IntoIterator<Item = &'a str>,
) -> BTreeMap<String, Ownership> {
    let ask = |soname: &str| match distribution.family {
        Some(family) => family.package_database.owner(system, soname, target),
        None => Err(format!(
            "the package manager of {} is not known",
            distribution.pretty_name
        )),
    };
    let toolchain = TOOLCHAIN.map(ask);
    let owned = |soname: &str| {
        let mut ownership = ownership(ask(soname), &toolchain);
        if TOOLCHAIN.contains(&soname) {
            ownership.toolchain = Answer::yes("it is what tells the toolchain's sources");
        }
        (soname.to_owned(), ownership)
    };
    sonames.into_iter().map(owned).collect()
}

fn ownership(
    owner: Result<Option<Owner>, String>,
    toolchain: &[Result<Option<Owner>, String>],
) -> Ownership {
    let owner = match owner {
        Ok(Some(owner)) => owner,
        Ok(None) => {
            return Ownership {
                package: None,
                toolchain: Answer::no("no package has it"),
            };
        }
        Err(reason) => {
            return Ownership {
                package: None,
                toolchain: Answer::could_not_tell(reason),
            };
        }
    };
    let sources = || toolchain.iter().flatten().flatten();
    let failed = toolchain.iter().find_map(|asked| asked.as_ref().err());
    let answer = match failed {
        _ if sources().any(|known| known.source == owner.source) => {
            Answer::yes(format!("of {}", owner.source))
        }
        Some(reason) => Answer::could_not_tell(reason),
        None => Answer::no(format!("of {}", owner.source)),
    };
    Ownership {
        package: Some(owner.package),
        toolchain: answer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::FakeSystem;
    use crate::{Host, Output, triple};

    const AMD64: &str = "x86_64-unknown-linux-gnu";
    const ARM64: &str = "aarch64-unknown-linux-gnu";

    /// A Debian with the files of these packages, each with its source.
    fn debian(files: &[(&str, &str)], sources: &[(&str, &str)]) -> FakeSystem {
        let nothing = "dpkg-query: no path found matching pattern\n";
        let sonames = ["libc.so.6", "libgcc_s.so.1", "libssl.so.3", "libm.so.6"];
        let mut system = sonames.iter().fold(FakeSystem::new(), |system, soname| {
            system.refuses(&format!("dpkg-query --search */{soname}"), nothing)
        });
        for (soname, found) in files {
            system = system.answers(&format!("dpkg-query --search */{soname}"), found);
        }
        for (package, source) in sources {
            let line = format!("dpkg-query --show --showformat=${{source:Package}} {package}");
            system = system.answers(&line, source);
        }
        system
    }

    fn bookworm() -> FakeSystem {
        debian(
            &[
                (
                    "libc.so.6",
                    "libc6-i386: /lib32/libc.so.6\nlibc6:amd64: /lib/x86_64-linux-gnu/libc.so.6\n\
                     libc6-arm64-cross: /usr/aarch64-linux-gnu/lib/libc.so.6\n",
                ),
                (
                    "libgcc_s.so.1",
                    "libgcc-s1:amd64: /lib/x86_64-linux-gnu/libgcc_s.so.1\n",
                ),
                (
                    "libm.so.6",
                    "libc6:amd64: /lib/x86_64-linux-gnu/libm.so.6\n",
                ),
                (
                    "libstdc++.so.6",
                    "libstdc++6:amd64: /usr/lib/x86_64-linux-gnu/libstdc++.so.6\n",
                ),
                (
                    "libssl.so.3",
                    "libssl3:amd64: /usr/lib/x86_64-linux-gnu/libssl.so.3\n",
                ),
            ],
            &[
                ("libc6:amd64", "glibc"),
                ("libc6-arm64-cross", "cross-toolchain-base"),
                ("libgcc-s1:amd64", "gcc-12"),
                ("libstdc++6:amd64", "gcc-12"),
                ("libssl3:amd64", "openssl"),
            ],
        )
    }

    fn said(system: &FakeSystem, os: &str, target: &str, soname: &str) -> String {
        let distribution = Distribution::parse(os);
        let owners = owners(system, &distribution, target, [soname]);
        let Ownership { package, toolchain } = &owners[soname];
        let package = package.as_deref().unwrap_or("no package");
        format!("{package}, {toolchain}: {}", toolchain.text())
    }

    #[test]
    fn what_comes_of_the_toolchains_sources_is_the_toolchains() {
        for (soname, expected) in [
            (
                "libc.so.6",
                "libc6, yes: it is what tells the toolchain's sources",
            ),
            ("libm.so.6", "libc6, yes: of glibc"),
            (
                "libgcc_s.so.1",
                "libgcc-s1, yes: it is what tells the toolchain's sources",
            ),
            ("libstdc++.so.6", "libstdc++6, yes: of gcc-12"),
            ("libssl.so.3", "libssl3, no: of openssl"),
        ] {
            assert_eq!(said(&bookworm(), "ID=debian", AMD64, soname), expected);
        }
    }

    #[test]
    fn the_library_of_the_target_counts() {
        let owner = said(&bookworm(), "ID=debian", ARM64, "libc.so.6");
        assert!(owner.starts_with("libc6-arm64-cross, yes: "), "{owner}");
    }

    #[test]
    fn a_file_of_no_package_is_a_no_and_a_database_that_fails_is_neither() {
        let nobody = debian(&[], &[]);
        assert_eq!(
            said(&nobody, "ID=debian", AMD64, "libssl.so.3"),
            "no package, no: no package has it"
        );
        let locked = Output {
            status: Some(2),
            stderr: "dpkg-query: error: the database is locked\n".into(),
            ..Output::default()
        };
        let broken = bookworm().replies("dpkg-query --search */libc.so.6", locked);
        assert_eq!(
            said(&broken, "ID=debian", AMD64, "libc.so.6"),
            "no package, yes: it is what tells the toolchain's sources"
        );
        assert_eq!(
            said(&broken, "ID=debian", AMD64, "libssl.so.3"),
            "libssl3, could not tell: dpkg-query: error: the database is locked"
        );
        assert_eq!(
            said(&bookworm(), "PRETTY_NAME=Beos", AMD64, "libm.so.6"),
            "no package, could not tell: the package manager of Beos is not known"
        );
    }

    #[test]
    fn rpm_is_asked_for_the_capability() {
        let ask = "rpm --query --whatprovides --queryformat=%{NAME} %{SOURCERPM}\\n";
        let system = FakeSystem::new()
            .answers(
                &format!("{ask} libc.so.6()(64bit)"),
                "glibc glibc-2.42-4.fc44.src.rpm\n",
            )
            .answers(
                &format!("{ask} libgcc_s.so.1()(64bit)"),
                "libgcc gcc-15.1.1-1.fc44.src.rpm\n",
            )
            .answers(
                &format!("{ask} libstdc++.so.6()(64bit)"),
                "libstdc++ gcc-15.1.1-1.fc44.src.rpm\n",
            )
            .refuses(&format!("{ask} libssl.so.3()(64bit)"), "")
            .answers(
                &format!("{ask} libz.so.1()(64bit)"),
                "zlib-ng-compat zlib-ng-2.2.src.rpm\n",
            );
        for (soname, expected) in [
            (
                "libstdc++.so.6",
                "libstdc++, yes: of gcc-15.1.1-1.fc44.src.rpm",
            ),
            ("libz.so.1", "zlib-ng-compat, no: of zlib-ng-2.2.src.rpm"),
            ("libssl.so.3", "no package, no: no package has it"),
        ] {
            assert_eq!(said(&system, "ID=fedora", AMD64, soname), expected);
        }
    }

    #[test]
    fn this_hosts_c_library_is_of_its_toolchain() {
        let distribution = Distribution::of(&Host);
        let target = triple::built_for();
        let owners = owners(&Host, &distribution, &target, ["libc.so.6", "libm.so.6"]);
        for (soname, ownership) in owners {
            assert!(!ownership.toolchain.is_no(), "{soname}: {ownership:?}");
        }
    }
}
