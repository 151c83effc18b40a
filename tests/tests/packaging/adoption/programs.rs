//! Four programs of crates.io, packaged as their authors would: nothing of theirs is changed, and the files of
//! `tests/adoption` are added.
//!
//! Each is built twice on a machine of Debian 12, in two folders that share nothing but Cargo's home, and once on one of
//! Debian 13. All are built without optimisation, which takes a third of the time: what is tested is the toolkit.

mod project;

use serde_json::Value;
use test_support::{Need, require, require_root_kernel};

use crate::packages::{Packages, strings};
use crate::rpm;
use project::{Made, Program, made, made_on_debian_13};

const RIPGREP: Program = Program {
    name: "ripgrep",
    version: "15.2.0",
    devel: "libpcre2-dev",
};
const DIESEL: Program = Program {
    name: "diesel_cli",
    version: "2.3.14",
    devel: "libsqlite3-dev",
};
const SNIFFGLUE: Program = Program {
    name: "sniffglue",
    version: "0.16.2",
    devel: "libpcap-dev libseccomp-dev",
};
const TARSSH: Program = Program {
    name: "tarssh",
    version: "0.7.0",
    devel: "",
};

/// Whether a package depends on at least some version of another one.
fn depends(packages: &Packages, name: &str) -> bool {
    let depends = strings(&packages.artifact("deb")["relations"]["depends"]);
    depends
        .iter()
        .any(|clause| *clause == name || clause.starts_with(&format!("{name} (>= ")))
}

/// The paths in the .deb.
fn paths(packages: &Packages) -> Vec<String> {
    let mut list = std::process::Command::new("dpkg-deb");
    list.arg("--contents").arg(packages.file("deb"));
    let list = crate::packages::finished(&mut list).success();
    let path = |line: &str| line.split(" ./").nth(1).map(|path| format!("/{path}"));
    list.lines().filter_map(path).collect()
}

fn has(packages: &Packages, wanted: &[&str]) {
    let paths = paths(packages);
    for path in wanted {
        assert!(
            paths.iter().any(|there| there == path),
            "{path} is not in {paths:#?}"
        );
    }
}

/// Every check of a report passed, but those that are said not to apply.
fn passed(report: &Value) {
    for package in report["packages"].as_array().expect("packages") {
        for (name, check) in package["checks"].as_object().expect("checks") {
            let outcome = check["outcome"].as_str();
            assert!(
                matches!(outcome, Some("passed" | "not-applicable")),
                "{name}: {package:#}"
            );
        }
    }
}

/// What packaging a program and proving its packages take.
macro_rules! require_proof {
    () => {
        require_root_kernel!();
        require!(
            Need::Program("mmdebstrap"),
            Need::Program("systemd-nspawn"),
            Need::Program("lintian"),
            Need::Program("rpmlint"),
            Need::Program("dnf"),
            Need::Program("createrepo_c")
        );
    };
}

/// The RPM families besides Fedora: one system of each.
const OTHERS: [&str; 2] = ["centos-stream-9", "opensuse-leap-16"];

/// Plans the program's packages there, and has the profiles judge the RPM that was made on Debian.
fn judged_by_others(made: &Made) {
    for distro in OTHERS {
        made.planned(distro);
        let report = made.verified_by(distro, "resolve,audit");
        for package in report["packages"].as_array().expect("packages") {
            let checks = &package["checks"];
            assert_eq!(
                checks["resolve"]["outcome"], "passed",
                "{distro}: {checks:#}"
            );
            // Nothing was installed: nobody asked the program what it is.
            let audit = checks["audit"].to_string();
            let agrees = audit.contains("package and manifest agree");
            assert!(
                agrees || checks["audit"]["outcome"] == "passed",
                "{distro}: {audit}"
            );
        }
    }
}

#[test]
fn ripgrep_links_pcre2_as_its_author_knows_it_and_brings_the_man_page_that_it_writes_itself() {
    require_proof!();
    let made = made(&RIPGREP);
    let packages = &made.packages;
    assert_eq!(packages.artifact("deb")["flavour"], "dynamic");
    assert!(depends(packages, "libpcre2-8-0"));
    has(
        packages,
        &[
            "/usr/bin/rg",
            "/usr/share/man/man1/rg.1.gz",
            "/usr/share/bash-completion/completions/rg",
            "/usr/share/zsh/vendor-completions/_rg",
        ],
    );
    assert!(rpm::requires(
        &packages.file("rpm"),
        "libpcre2-8.so.0()(64bit)"
    ));
    passed(&made.verified("debian-12"));
    passed(&made.verified("fedora-44"));
    judged_by_others(&made);
    passed(&made_on_debian_13(&RIPGREP).verified("debian-13"));
}

#[test]
fn diesel_is_built_for_sqlite_alone() {
    require_proof!();
    let made = made(&DIESEL);
    let packages = &made.packages;
    assert!(depends(packages, "libsqlite3-0"));
    for other in ["libpq5", "libmariadb3", "libmysqlclient21"] {
        assert!(!depends(packages, other), "{other}");
    }
    has(
        packages,
        &[
            "/usr/bin/diesel",
            "/usr/share/zsh/vendor-completions/_diesel",
        ],
    );
    assert!(rpm::requires(
        &packages.file("rpm"),
        "libsqlite3.so.0()(64bit)"
    ));
    passed(&made.verified("debian-12"));
    passed(&made.verified("fedora-44"));
    judged_by_others(&made);
    passed(&made_on_debian_13(&DIESEL).verified("debian-13"));
}

#[test]
fn sniffglue_links_two_libraries_of_which_one_has_another_name_on_fedora() {
    require_proof!();
    let made = made(&SNIFFGLUE);
    let packages = &made.packages;
    assert!(depends(packages, "libpcap0.8"));
    assert!(depends(packages, "libseccomp2"));
    has(
        packages,
        &["/etc/sniffglue.conf", "/usr/share/man/man1/sniffglue.1.gz"],
    );
    passed(&made.verified("debian-12"));
    // What is linked on Debian can be satisfied there alone, and verify says so.
    for distro in ["fedora-44"].into_iter().chain(OTHERS) {
        made.planned(distro);
        let refused = made.verify(distro, "resolve,audit");
        assert_eq!(refused.code, Some(1), "{refused:#?}");
        assert!(refused.stdout.contains("libpcap.so.0.8"), "{refused:#?}");
    }
    passed(&made_on_debian_13(&SNIFFGLUE).verified("debian-13"));
}

#[test]
fn tarssh_has_a_user_and_a_unit_of_its_own_with_a_drop_in() {
    require_proof!();
    let made = made(&TARSSH);
    let packages = &made.packages;
    has(
        packages,
        &[
            "/usr/sbin/tarssh",
            "/usr/lib/systemd/system/tarssh.service",
            "/usr/lib/systemd/system/tarssh.service.d/10-package.conf",
            "/usr/lib/sysusers.d/tarssh.conf",
        ],
    );
    passed(&made.verified("debian-12"));
    passed(&made.verified("fedora-44"));
    judged_by_others(&made);
    passed(&made_on_debian_13(&TARSSH).verified("debian-13"));
}
