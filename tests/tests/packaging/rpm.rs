//! The RPM packages, by rpm itself.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use test_support::{Need, require};

use crate::packages::{Packages, finished};

/// What `rpm -qp` says about a package, a line each.
pub(crate) fn query(rpm: &Path, what: &str) -> Vec<String> {
    let output = finished(Command::new("rpm").args(["-qp", what]).arg(rpm)).success();
    output.lines().map(str::to_owned).collect()
}

pub(crate) fn requires(rpm: &Path, name: &str) -> bool {
    query(rpm, "--requires")
        .iter()
        .any(|requirement| requirement == name)
}

/// Runs `rpm` for a root with a database of its own.
pub(crate) fn in_root(root: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("rpm");
    command.arg("--root").arg(root);
    command
        .args(["--define", "_dbpath /var/lib/rpm"])
        .args(arguments);
    finished(&mut command).success()
}

/// Installs a package into an empty root: nothing is there to depend on, nor a shell to run scripts
/// with.
pub(crate) fn install_alone(root: &Path, rpm: &Path) {
    in_root(root, &["--initdb"]);
    let rpm = rpm.to_string_lossy();
    in_root(root, &["--install", "--nodeps", "--noscripts", &rpm]);
}

#[test]
fn the_library_package_requires_the_library_and_nothing_behind_it() {
    require!(
        Need::Root,
        Need::Program("rpm"),
        Need::Program("mmdebstrap")
    );
    let rpm = Packages::dynamic().file("rpm");
    assert!(
        requires(&rpm, "libnftables.so.1()(64bit)"),
        "{:?}",
        query(&rpm, "--requires")
    );
    for transitive in [
        "libmnl",
        "libnftnl",
        "libjansson",
        "libgmp",
        "libxtables",
        "libedit",
    ] {
        let found = query(&rpm, "--requires")
            .into_iter()
            .find(|r| r.starts_with(transitive));
        assert_eq!(found, None);
    }
    assert!(!requires(&rpm, "nftables"));
    assert_eq!(query(&rpm, "--recommends"), ["nftables"]);
}

#[test]
fn the_exec_package_requires_the_tool_and_not_the_library() {
    require!(
        Need::Root,
        Need::Program("rpm"),
        Need::Program("mmdebstrap")
    );
    let rpm = Packages::dynamic_exec().file("rpm");
    assert!(requires(&rpm, "nftables"));
    let library = query(&rpm, "--requires")
        .into_iter()
        .find(|r| r.contains("libnftables"));
    assert_eq!(library, None);
}

#[test]
fn both_install_into_an_empty_root_and_go_without_a_trace() {
    require!(
        Need::Root,
        Need::Program("rpm"),
        Need::Program("mmdebstrap")
    );
    for packages in [Packages::dynamic(), Packages::dynamic_exec()] {
        let root = tempfile::tempdir().unwrap();
        let rpm = |arguments: &[&str]| in_root(root.path(), arguments);
        install_alone(root.path(), &packages.file("rpm"));
        assert!(root.path().join("usr/sbin/tidegated").is_file());
        assert_eq!(
            rpm(&["--query", "--configfiles", "tidegate"]),
            "/etc/tidegate/tidegated.toml\n"
        );
        assert_eq!(rpm(&["--verify", "--nodeps", "tidegate"]), "");
        rpm(&["--erase", "--noscripts", "tidegate"]);
        for folder in [
            "etc/tidegate",
            "usr/share/doc/tidegate",
            "usr/share/licenses/tidegate",
        ] {
            assert!(!root.path().join(folder).exists(), "{folder} is left");
        }
    }
}

/// Stands in for ip(8) on a host with a network of Tidegate.
const WITH_NETWORK: &str = "#!/bin/sh\necho '7: tgb0: <UP> mtu 1500 group 1953064037'\n";

#[test]
fn a_removal_tells_what_is_left_and_an_upgrade_does_not() {
    require!(
        Need::Root,
        Need::Program("rpm"),
        Need::Program("mmdebstrap")
    );
    let root = crate::root::Root::over(crate::image::Image::Minimal);
    root.put(&Packages::dynamic_exec().file("rpm"), "/package.rpm");
    let told = |script: &str| {
        let rpm = "rpm --root \"$ROOT\" --define '_dbpath /var/lib/rpm'";
        root.outside(&script.replace("RPM", rpm)).success()
    };
    told("RPM --initdb; RPM --install --nodeps \"$ROOT/package.rpm\"");
    assert_eq!(told("RPM --erase tidegate"), "");

    let ip = root.layer().join("usr/sbin/ip");
    std::fs::write(&ip, WITH_NETWORK).unwrap();
    std::fs::set_permissions(&ip, PermissionsExt::from_mode(0o755)).unwrap();
    let state = root.layer().join("var/lib/tidegate/state.redb");
    std::fs::create_dir_all(state.parent().unwrap()).unwrap();
    std::fs::write(&state, "").unwrap();
    let upgraded = told(
        "RPM --install --nodeps \"$ROOT/package.rpm\"
         RPM --upgrade --force --nodeps \"$ROOT/package.rpm\"",
    );
    assert_eq!(upgraded, "");
    let removed = told("RPM --erase tidegate");
    for line in [
        "Networks of Tidegate are still on this host, until it boots. To remove them now:",
        "  ip link delete group 1953064037; nft delete table inet tidegate",
        "  rm -r /var/lib/tidegate",
    ] {
        assert!(removed.lines().any(|it| it == line), "{line}: {removed}");
    }
    assert!(state.exists(), "only the administrator deletes the state");
}

#[test]
fn scripts_run_where_there_is_no_systemd() {
    require!(
        Need::Root,
        Need::Program("rpm"),
        Need::Program("mmdebstrap")
    );
    let root = crate::root::Root::over(crate::image::Image::Minimal);
    root.put(&Packages::dynamic_exec().file("rpm"), "/package.rpm");
    let rpm = "rpm --root \"$ROOT\" --define '_dbpath /var/lib/rpm'";
    let output = root.outside(&format!(
        "{rpm} --initdb
         {rpm} --install --nodeps \"$ROOT/package.rpm\"
         {rpm} --erase tidegate"
    ));
    assert!(!output.stderr.contains("scriptlet failed"), "{output:#?}");
    output.success();
}
