//! `examples/zpack`: another project with another library, packaged by the same toolkit, whose crates it has as they are
//! published. The command runs on the same machine before and after zlib's development package is there.

mod programs;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::{Map, Value};
use test_support::{Need, require};
use tidegate_tests::Output;

use crate::deb::{installed, is_clean};
use crate::machine::{build_machine, install, xtask_in};
use crate::packages::{Packages, finished, strings};
use crate::root::Root;
use crate::rpm;
use tidegate_tests::workspace;

/// What was run on that machine, in this order.
#[derive(Debug)]
struct Runs {
    /// `probe --json` before zlib's development package is there.
    probe: Value,
    /// `dist` then.
    without_zlib: Packages,
    /// The table that it ended with.
    table: String,
    /// `dist --flavour dynamic` with the development package, and with a variable set that has
    /// `libz-sys` build its own copy of zlib and link that.
    bundled: Output,
    /// `dist` with the development package.
    with_zlib: Packages,
    /// `dist --flavour dynamic` with a `.pc` file, in a folder of its own, that names another version.
    lied_to: Output,
}

fn project() -> PathBuf {
    workspace().join("examples/zpack")
}

/// The runs, made once.
fn runs() -> &'static Runs {
    static RUNS: OnceLock<Runs> = OnceLock::new();
    RUNS.get_or_init(|| {
        fetch();
        let machine = build_machine();
        let probe = xtask(&machine, "", "probe --json").success();
        let (table, without_zlib) = dist(&machine, "without-zlib");
        install(&machine, "zlib1g-dev");
        let bundled = xtask(
            &machine,
            "export LIBZ_SYS_STATIC=1",
            "dist --flavour dynamic --out /out",
        );
        let (_, with_zlib) = dist(&machine, "with-zlib");
        let lied_to = xtask(&machine, LIE, "dist --flavour dynamic --out /out");
        Runs {
            probe: serde_json::from_str(&probe).expect("the findings are JSON"),
            without_zlib,
            table,
            bundled,
            with_zlib,
            lied_to,
        }
    })
}

/// Describes the library of the system as a version that there is not.
const LIE: &str = "mkdir -p /lie
    sed 's/^Version: .*/Version: 9.9/' /usr/lib/*/pkgconfig/zlib.pc >/lie/zlib.pc
    export PKG_CONFIG_PATH=/lie";

/// The example gets the toolkit as it would be published. The machine has no network: what only the example needs is fetched
/// here.
fn fetch() {
    let vendor = ["toolkit", "--vendor", "examples/zpack/vendor"];
    crate::packages::xtask(&vendor).success();
    let cargo = std::env::var_os("CARGO").expect("tests run under cargo");
    for folder in [project(), project().join("xtask")] {
        let mut fetch = Command::new(&cargo);
        fetch.args(["fetch", "--locked"]).current_dir(folder);
        finished(&mut fetch).success();
    }
}

/// Runs the example's `cargo xtask` there, with this workspace's target folder: what both need is
/// compiled once.
fn xtask(machine: &Root, before: &str, arguments: &str) -> Output {
    let target = workspace().join("target").display().to_string();
    let before = format!("export CARGO_TARGET_DIR={target}; {before}");
    xtask_in(machine, &project(), &before, arguments)
}

fn dist(machine: &Root, name: &str) -> (String, Packages) {
    let folder = workspace().join("target/packaging-tests").join(name);
    let arguments = format!("dist --format deb,rpm,tar --out {}", folder.display());
    let table = xtask(machine, "", &arguments).success();
    (table, Packages::in_folder(folder))
}

fn depends(packages: &Packages) -> Vec<&str> {
    strings(&packages.artifact("deb")["relations"]["depends"])
}

#[test]
fn the_probe_asks_for_the_examples_library_and_for_nothing_of_ours() {
    require!(Need::Root, Need::Program("mmdebstrap"));
    let findings = &runs().probe["findings"];
    let zlib = &findings["libraries"]["zlib"];
    assert_eq!(zlib["answer"], "no", "{findings:#}");
    let mend = &zlib["mend"]["command"];
    assert_eq!(mend, "apt-get install zlib1g-dev");
    assert_eq!(findings["tools"]["zlib"]["answer"], "yes");
    assert_eq!(findings["kernel"], Value::Object(Map::new()));
    assert_eq!(zlib["checks"], Value::Array(Vec::new()));
}

#[test]
fn without_zlibs_development_package_the_example_depends_on_gzip_and_says_why() {
    require!(Need::Root, Need::Program("mmdebstrap"));
    let Runs {
        without_zlib,
        table,
        ..
    } = runs();
    for said in [
        "instead of dynamic: zlib cannot be linked",
        "apt-get install zlib1g-dev",
    ] {
        assert!(table.contains(said), "{said} is not in {table}");
    }
    let deb = without_zlib.artifact("deb");
    assert_eq!(deb["flavour"], "dynamic-exec");
    assert_eq!(deb["fallback"]["wanted"], "dynamic");
    let depends = depends(without_zlib);
    assert!(depends.contains(&"gzip"), "{depends:?}");
    assert!(!depends.iter().any(|name| name.starts_with("zlib1g")));
    assert!(rpm::requires(&without_zlib.file("rpm"), "gzip"));
    assert!(!rpm::requires(
        &without_zlib.file("rpm"),
        "libz.so.1()(64bit)"
    ));
    assert_eq!(without_zlib.artifact("tar")["flavour"], "static");
}

#[test]
fn with_it_the_same_command_links_zlib_and_depends_on_it() {
    require!(Need::Root, Need::Program("mmdebstrap"));
    let with_zlib = &runs().with_zlib;
    assert_eq!(with_zlib.artifact("deb")["flavour"], "dynamic");
    assert_eq!(with_zlib.artifact("deb")["fallback"], Value::Null);
    let depends = depends(with_zlib);
    assert!(
        depends.iter().any(|name| name.starts_with("zlib1g (>= ")),
        "{depends:?}"
    );
    assert!(!depends.contains(&"gzip"), "{depends:?}");
    assert!(rpm::requires(&with_zlib.file("rpm"), "libz.so.1()(64bit)"));
    assert!(!rpm::requires(&with_zlib.file("rpm"), "gzip"));
}

#[test]
fn a_copy_of_zlib_that_the_binding_builds_itself_is_not_packaged() {
    require!(Need::Root, Need::Program("mmdebstrap"));
    let bundled = &runs().bundled;
    assert_eq!(bundled.code, Some(1), "{bundled:#?}");
    let fault = "zpack: flavour dynamic is planned, but libz.so.1 is not linked";
    assert!(bundled.stderr.contains(fault), "{bundled:#?}");
}

#[test]
fn a_description_that_lies_about_the_version_of_zlib_is_refused() {
    require!(Need::Root, Need::Program("mmdebstrap"));
    let lied_to = &runs().lied_to;
    assert_eq!(lied_to.code, Some(1), "{lied_to:#?}");
    let fault = "libz.so.1: /lie/zlib.pc says version 9.9, and the linker takes the file of zlib1g 1:1.2.13";
    assert!(lied_to.stderr.contains(fault), "{lied_to:#?}");
    assert!(
        lied_to.stderr.contains("hint: unset PKG_CONFIG_PATH"),
        "{lied_to:#?}"
    );
}

#[test]
fn the_examples_packages_please_lintian() {
    require!(
        Need::Root,
        Need::Program("mmdebstrap"),
        Need::Program("lintian")
    );
    is_clean(&runs().without_zlib.file("deb"));
    is_clean(&runs().with_zlib.file("deb"));
}

/// Packs, has both zpack and gzip unpack it, and asks the program what it is.
const WORKS: &str = "echo tide | zpack >/tide.gz
    test \"$(zpack --unpack </tide.gz)\" = tide
    test \"$(gzip --decompress --stdout /tide.gz)\" = tide
    zpack --version";

#[test]
fn the_examples_debian_packages_work_on_a_clean_system_and_go_without_a_trace() {
    require!(Need::Root, Need::Program("mmdebstrap"));
    // Without PATH there is no gzip to be found.
    for (packages, reason, status_without_gzip) in [
        (&runs().with_zlib, "zpack 0.2.0 (dynamic: zlib 1.2.13", 0),
        (
            &runs().without_zlib,
            "zpack 0.2.0 (dynamic-exec: zlib cannot be linked: ",
            1,
        ),
    ] {
        let root = installed(&packages.file("deb"));
        let version = root.sh(WORKS).success();
        assert!(version.contains(reason), "{version}");
        let alone = root.sh("echo tide | PATH=/nowhere /usr/bin/zpack >/dev/null");
        assert_eq!(alone.code, Some(status_without_gzip), "{alone:#?}");
        let left = root.sh("dpkg --verify zpack >&2
             apt-get purge --yes --quiet zpack >&2
             find / -xdev -path /proc -prune -o -path /tmp -prune -o -path /var/cache -prune \
             -o -path /var/log -prune -o -name '*zpack*' -print");
        assert_eq!(left.success(), "", "files are left after the purge");
    }
}

#[test]
fn the_examples_rpms_install_into_an_empty_root_and_go_without_a_trace() {
    require!(
        Need::Root,
        Need::Program("rpm"),
        Need::Program("mmdebstrap")
    );
    for packages in [&runs().with_zlib, &runs().without_zlib] {
        let root = tempfile::tempdir().unwrap();
        rpm::install_alone(root.path(), &packages.file("rpm"));
        assert!(root.path().join("usr/bin/zpack").is_file());
        assert_eq!(
            rpm::in_root(root.path(), &["--verify", "--nodeps", "zpack"]),
            ""
        );
        rpm::in_root(root.path(), &["--erase", "zpack"]);
        for left in [
            "usr/bin/zpack",
            "usr/share/licenses/zpack",
            "usr/share/man/man1/zpack.1.gz",
        ] {
            assert!(!root.path().join(left).exists(), "{left} is left");
        }
    }
}

#[test]
fn the_examples_packages_are_verified_by_the_same_command() {
    require!(
        Need::Root,
        Need::Program("mmdebstrap"),
        Need::Program("lintian")
    );
    // Both are verified in the same system, which is made once.
    for (packages, flavour) in [
        (&runs().with_zlib, "dynamic"),
        (&runs().without_zlib, "dynamic-exec"),
    ] {
        let out = tempfile::tempdir().unwrap();
        let mut verify = Command::new(std::env::var_os("CARGO").expect("tests run under cargo"));
        verify
            .args([
                "xtask",
                "verify",
                "--distro",
                "debian-12",
                "--place",
                "chroot",
            ])
            .arg("--packages")
            .arg(packages.folder())
            .arg("--out")
            .arg(out.path())
            .env("CARGO_TARGET_DIR", workspace().join("target"))
            .current_dir(project());
        if let Some(mirror) = std::env::var_os("TIDEGATE_TEST_MIRROR") {
            let mirror = mirror.to_string_lossy().into_owned();
            verify.env("DIST_MIRROR", format!("debian={mirror}"));
        }
        let output = finished(&mut verify);
        let table = output.success();
        for said in [
            format!("audit: passed: {flavour} in plan, package and program"),
            "lint: passed".to_owned(),
            "smoke: passed".to_owned(),
            "purge: passed".to_owned(),
            " 0 failed".to_owned(),
        ] {
            assert!(table.contains(&said), "{said} is not in {table}");
        }
    }
}

/// Each package of a lock file with its version.
fn locked(folder: &Path) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(folder.join("Cargo.lock")).expect("a lock file");
    let value = |entry: &str, key: &str| {
        let mut lines = entry.lines();
        let found = lines.find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
        found.map(|value| value.trim_matches('"').to_owned())
    };
    let entries = text.split("[[package]]").skip(1);
    let packages = entries.map(|entry| Some((value(entry, "name")?, value(entry, "version")?)));
    packages
        .map(|package| package.expect("name and version"))
        .collect()
}

#[test]
fn nothing_of_the_toolkit_is_in_the_examples_own_lock_file() {
    let example = locked(&project());
    let names: Vec<&str> = example.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.contains(&"flate2"), "{names:?}");
    let toolkit = |name: &&str| name.starts_with("plimsoll") || *name == "clap";
    assert_eq!(names.iter().copied().find(toolkit), None, "{names:?}");
}

#[test]
fn the_example_is_locked_to_the_versions_of_this_workspace() {
    let ours = locked(&workspace());
    let example = [locked(&project()), locked(&project().join("xtask"))].concat();
    let both = |name: &str| ours.iter().any(|(ours, _)| ours == name) && name != "xtask";
    let other: Vec<_> = example
        .iter()
        .filter(|(name, _)| both(name))
        .filter(|package| !ours.contains(package))
        .collect();
    assert!(other.is_empty(), "{other:?}");
    assert!(example.iter().filter(|(name, _)| both(name)).count() > 50);
}
