//! The Debian packages on a clean Debian 12.

use std::path::Path;

use test_support::{Need, require, require_root_kernel};

use crate::image::Image;
use crate::machine;
use crate::packages::{Packages, strings};
use crate::root::Root;
use crate::traffic;

/// A clean root with the package installed by apt, which finds its dependencies.
pub(crate) fn installed(deb: &Path) -> Root {
    let root = Root::over(Image::Minimal);
    root.put(deb, "/package.deb");
    machine::install(&root, "/package.deb");
    root
}

/// lintian has neither an error nor a warning.
pub(crate) fn is_clean(deb: &Path) {
    let mut command = std::process::Command::new("lintian");
    command
        .args(["--allow-root", "--fail-on", "error,warning"])
        .arg(deb);
    let output = crate::packages::finished(&mut command);
    assert_eq!(
        (output.code, output.stdout.trim()),
        (Some(0), ""),
        "{output:#?}"
    );
}

#[test]
fn the_library_package_installs_and_works_without_the_tool() {
    require_root_kernel!();
    require!(Need::Program("mmdebstrap"));
    let packages = Packages::dynamic();
    let depends = strings(&packages.artifact("deb")["relations"]["depends"]);
    assert!(
        depends
            .iter()
            .any(|clause| clause.starts_with("libnftables1 (>= ")),
        "{depends:?}"
    );

    let root = installed(&packages.file("deb"));
    let tool = root.sh("command -v nft || echo none").success();
    assert_eq!(tool.trim(), "none", "the tool is not needed");
    let programs = root.programs("/usr/sbin/tidegated", "/usr/bin/tidegate");
    traffic::works(&programs, "library", "dynamic");
}

#[test]
fn the_exec_package_installs_with_the_tool_and_works_without_the_library() {
    require_root_kernel!();
    require!(Need::Program("mmdebstrap"));
    let packages = Packages::dynamic_exec();
    let depends = strings(&packages.artifact("deb")["relations"]["depends"]);
    assert!(depends.contains(&"nftables"), "{depends:?}");
    assert!(
        !depends
            .iter()
            .any(|clause| clause.starts_with("libnftables1")),
        "{depends:?}"
    );

    let root = installed(&packages.file("deb"));
    let programs = root.programs("/usr/sbin/tidegated", "/usr/bin/tidegate");
    traffic::works(&programs, "exec", "dynamic-exec");
}

#[test]
fn the_group_and_the_files_are_there_and_a_purge_leaves_nothing() {
    require_root_kernel!();
    require!(Need::Program("mmdebstrap"));
    let root = installed(&Packages::dynamic_exec().file("deb"));
    root.sh("getent group tidegate
         test -s /etc/tidegate/tidegated.toml
         test -s /usr/share/man/man8/tidegated.8.gz
         test -s /usr/share/doc/tidegate/changelog.Debian.gz
         test -L /etc/systemd/system/multi-user.target.wants/tidegated.service
         test -L /etc/systemd/system/sockets.target.wants/tidegated.socket
         dpkg --verify tidegate
         mkdir -p /var/lib/tidegate && touch /var/lib/tidegate/state.redb")
        .success();
    // A host whose network managers run: they read the files for our interfaces.
    let told = root
        .sh("mkdir -p /run/systemd/netif /run/NetworkManager && touch /run/systemd/netif/state
         for name in networkctl nmcli; do
             printf '#!/bin/sh\necho ${0##*/} $* >>/told\n' >/usr/bin/$name && chmod +x /usr/bin/$name
         done
         DPKG_MAINTSCRIPT_PACKAGE=tidegate /var/lib/dpkg/info/tidegate.postinst configure
         cat /told")
        .success();
    for line in ["networkctl reload", "nmcli general reload conf"] {
        assert!(told.lines().any(|it| it == line), "{line}: {told}");
    }
    // A host with a network of Tidegate.
    let removed = root
        .sh("printf '#!/bin/sh\necho 7: tgb0: group 1953064037\n' >/usr/sbin/ip && chmod +x /usr/sbin/ip
         apt-get purge --yes --quiet tidegate && rm /usr/sbin/ip")
        .success();
    for line in [
        "Networks of Tidegate are still on this host, until it boots. To remove them now:",
        "  ip link delete group 1953064037; nft delete table inet tidegate",
    ] {
        assert_eq!(
            removed.lines().filter(|it| *it == line).count(),
            1,
            "{removed}"
        );
    }
    let left = root.sh(
        "find / -xdev -path /proc -prune -o -path /tmp -prune -o -path /var/cache -prune \
         -o -path /var/log -prune -o -name '*tidegate*' -print",
    );
    assert_eq!(left.success(), "", "files are left after the purge");
}

#[test]
fn lintian_has_no_complaint() {
    require!(
        Need::Root,
        Need::Program("mmdebstrap"),
        Need::Program("lintian")
    );
    for packages in [Packages::dynamic(), Packages::dynamic_exec()] {
        is_clean(&packages.file("deb"));
    }
}
