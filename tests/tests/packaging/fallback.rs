//! The same command on the same machine, before and after libnftables' development package.

use std::path::PathBuf;

use serde_json::Value;
use tidegate_test_support::{Need, require};
use tidegate_tests::Output;

use crate::dist::{artifact, strings, xtask};
use crate::image::{Image, workspace};
use crate::root::Root;

/// A build machine with this host's Rust toolchain, registry and source tree at their own paths:
/// what was compiled here need not be compiled there.
fn build_machine() -> Root {
    let home = std::env::home_dir().expect("HOME is set");
    let folder =
        |variable, name| std::env::var_os(variable).map_or_else(|| home.join(name), PathBuf::from);
    Root::over(Image::Build)
        .bind(workspace())
        .bind(folder("CARGO_HOME", ".cargo"))
        .bind(folder("RUSTUP_HOME", ".rustup"))
}

/// What `cargo xtask dist` knows of the source here, where git tells it.
fn source() -> Value {
    let plan = xtask(&["dist", "--plan", "--json"]).success();
    let mut plan: Value = serde_json::from_str(&plan).expect("the plan is JSON");
    plan["source"].take()
}

/// Runs `cargo xtask dist` there, with the commit and date that git would have told: the same
/// ones leave nothing to be compiled anew.
fn dist(machine: &Root, arguments: &str) -> Output {
    let cargo = std::env::var("CARGO").expect("tests run under cargo");
    let bin = PathBuf::from(&cargo);
    let bin = bin.parent().expect("cargo is in a folder").display();
    let source = source();
    let commit = source["commit"].as_str().expect("a commit");
    machine.sh(&format!(
        "cd {}
         export PATH={bin}:$PATH CARGO_NET_OFFLINE=true
         export SOURCE_DATE_EPOCH={} TIDEGATE_BUILD_COMMIT={commit}
         {cargo} xtask dist --out /out {arguments}",
        workspace().display(),
        source["source-date-epoch"]
    ))
}

fn manifest(machine: &Root) -> Value {
    let text = machine.sh("cat /out/manifest.json").success();
    serde_json::from_str(&text).expect("the manifest is JSON")
}

#[test]
fn without_the_development_package_auto_falls_back_and_with_it_links() {
    require!(Need::Root, Need::Program("mmdebstrap"));
    let machine = build_machine();

    let by_name = dist(&machine, "--flavour dynamic --format deb");
    assert_eq!(by_name.code, Some(1), "{by_name:#?}");
    assert!(
        by_name
            .stderr
            .contains("hint: apt-get install libnftables-dev"),
        "{by_name:#?}"
    );

    let table = dist(&machine, "").success();
    assert!(
        table.contains("instead of dynamic: libnftables cannot be linked"),
        "{table}"
    );
    let before = manifest(&machine);
    assert_eq!(artifact(&before, "deb")["flavour"], "dynamic-exec");
    assert_eq!(artifact(&before, "deb")["fallback"]["wanted"], "dynamic");
    assert!(strings(&artifact(&before, "deb")["depends"]).contains(&"nftables"));
    assert_eq!(artifact(&before, "tar")["flavour"], "static");

    let install = "apt-get install --yes --quiet --no-install-recommends libnftables-dev";
    machine
        .sh(&format!(
            "{install} || {{ apt-get update --quiet; {install}; }}"
        ))
        .success();
    let table = dist(&machine, "").success();
    assert!(!table.contains("instead of"), "{table}");
    let after = manifest(&machine);
    assert_eq!(artifact(&after, "deb")["flavour"], "dynamic");
    assert_eq!(artifact(&after, "deb")["fallback"], Value::Null);
    let depends = strings(&artifact(&after, "deb")["depends"]);
    assert!(
        depends
            .iter()
            .any(|clause| clause.starts_with("libnftables1 (>= ")),
        "{depends:?}"
    );
    let control = machine.sh("dpkg-deb --field /out/*.deb Depends").success();
    assert!(control.contains("libnftables1 (>= "), "{control}");
}
