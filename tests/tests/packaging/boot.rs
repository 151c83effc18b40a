//! The packages on a booted system: systemd, sandbox and all.

use std::path::Path;

use tidegate_test_support::{Need, require, require_root_kernel};

use crate::dist::Packages;
use crate::image::Image;
use crate::root::Root;

/// Runs on the booted system, with what failed as its last word.
const LIFE: &str = r#"#!/bin/bash
exec >/life.log 2>&1
trap 'systemctl poweroff --force' EXIT
trap 'echo "FAILED: $BASH_COMMAND"; journalctl --unit=tidegated --no-pager | tail -20' ERR
set -Eeux
export DEBIAN_FRONTEND=noninteractive

apt-get install --yes --no-install-recommends /package.deb
systemctl is-active tidegated.service tidegated.socket
systemctl is-enabled tidegated.service tidegated.socket
[ "$(stat -c '%U:%G %a' /run/tidegate/tidegated.sock)" = 'root:tidegate 660' ]
[ "$(stat -c '%U:%G %a' /var/lib/tidegate)" = 'root:root 700' ]
echo "INFO $(tidegate info --json | tr -d '\n')"

tidegate network create web
ip netns add one
tidegate attach web --netns one --name one -p 8080:80
sleep infinity & sleeper=$!
unshare --net sleep infinity & other=$!
until [ "$(readlink /proc/$other/ns/net)" != "$(readlink /proc/$sleeper/ns/net)" ]; do sleep 0.05; done
tidegate attach web --pid $other --name two
tidegate detach two
install -d -o nobody -m 700 /run/private
touch /run/private/net
mount --bind /proc/$other/ns/net /run/private/net
tidegate attach web --netns /run/private/net --name two
tidegate detach two
mkdir -p /run/user/1000
mount -t tmpfs -o mode=700,uid=1000 none /run/user/1000
touch /run/user/1000/net
mount --bind /proc/$other/ns/net /run/user/1000/net
tidegate attach web --netns /run/user/1000/net --name two
[ "$(sysctl -n net.ipv4.ip_forward net.ipv4.conf.tgb0.route_localnet | tr '\n' ' ')" = '1 1 ' ]
tidegate doctor
systemd-analyze security --no-pager --threshold=30 tidegated.service | tail -n 1
[ -z "$(tidegate ruleset --diff)" ]

systemctl restart tidegated.service
systemctl is-active tidegated.service tidegated.socket
[ "$(tidegate endpoint ls --json | grep -c '"name": "one"\|"name":"one"')" -ge 1 ]
[ -z "$(tidegate ruleset --diff)" ]

echo '# mine' >>/etc/tidegate/tidegated.toml
apt-get install --yes --reinstall -o Dpkg::Options::=--force-confold /package.deb
systemctl is-active tidegated.service tidegated.socket
grep '# mine' /etc/tidegate/tidegated.toml

apt-get remove --yes tidegate
[ "$(systemctl is-active tidegated.service tidegated.socket | sort -u)" = inactive ]
[ -e /etc/tidegate/tidegated.toml ]
apt-get purge --yes tidegate
[ ! -e /etc/tidegate ] && [ ! -e /var/lib/tidegate ] && [ ! -e /run/tidegate ]
echo PASSED
"#;

const UNIT: &str = "[Service]\nExecStart=/life.sh\n[Install]\nWantedBy=multi-user.target\n";

/// Boots a clean system, which runs [`LIFE`] and powers off; gives back what it logged.
fn life(deb: &Path) -> String {
    let root = Root::over(Image::Bootable);
    root.put(deb, "/package.deb");
    let folder = root.layer();
    std::fs::create_dir_all(folder.join("etc/systemd/system")).unwrap();
    std::fs::write(folder.join("life.sh"), LIFE).unwrap();
    std::fs::write(folder.join("etc/systemd/system/life.service"), UNIT).unwrap();
    // The booted system has no network: its dependencies are fetched first, and not installed.
    root.sh("chmod 755 /life.sh
         systemctl enable life.service
         get='apt-get install --yes --download-only --no-install-recommends /package.deb'
         $get || { apt-get update --quiet; $get; }")
        .success();
    root.outside(
        "umount -R \"$ROOT/proc\" \"$ROOT/sys\" \"$ROOT/dev\" \"$ROOT/tmp\" \"$ROOT/run/netns\" || :
         exec env SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 systemd-nspawn --quiet --register=no \
         --keep-unit --boot --directory \"$ROOT\" --private-network </dev/null",
    );
    std::fs::read_to_string(folder.join("life.log")).expect("the booted system left a log")
}

fn lives(deb: &Path, driver: &str) {
    let log = life(deb);
    assert!(log.lines().any(|line| line == "PASSED"), "{log}");
    let info = log
        .lines()
        .find(|line| line.starts_with("INFO "))
        .expect("info was asked");
    let driver = format!("\"name\":\"{driver}\"");
    assert!(
        info.replace(": ", ":").contains(&driver),
        "{driver} is not in {info}"
    );
}

#[test]
fn the_library_package_lives_on_a_booted_system() {
    require_root_kernel!();
    require!(Need::Program("mmdebstrap"), Need::Program("systemd-nspawn"));
    lives(&Packages::dynamic().file("deb"), "library");
}

#[test]
fn the_exec_package_lives_on_a_booted_system() {
    require_root_kernel!();
    require!(Need::Program("mmdebstrap"), Need::Program("systemd-nspawn"));
    lives(&Packages::dynamic_exec().file("deb"), "exec");
}
