//! The scripts of container builds, run over folders of their own in a mount namespace.

#![expect(clippy::expect_used, reason = "a test reports a failure by panicking")]

use std::path::Path;
use std::process::Command;

use test_support::{Need, require};
use tidegate_tests::Output;

/// Runs `install-packages` on a system whose files `prepare` makes in an empty `/etc` and `/var`, and prints
/// afterwards what is left under `/etc` and `/var`. `variables` are what the Dockerfile sets.
///
/// # Panics
/// When it changes the root folder, which all of these systems share.
fn install(prepare: &str, variables: &[(&str, &str)]) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../crates/plimsoll/build/src/engine/container/install-packages");
    let text = format!(
        "for folder in /etc /run /var; do mount -t tmpfs tmpfs $folder; done\n\
         mkdir /run/secrets\n{prepare}\n{}\necho left:; cd /; \
         find etc var -type f | sort | while read -r file; do echo $file; cat $file; done",
        script.display()
    );
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-eu", "-c", &text]);
    command.envs(variables.iter().copied());
    let root = || std::fs::metadata("/").expect("it is there").permissions();
    let before = root();
    let output = command.output().expect("unshare can be started");
    let after = root();
    if after != before {
        std::fs::set_permissions("/", before.clone()).expect("root may");
    }
    assert_eq!(after, before, "the mode of / was changed");
    Output {
        command: format!("{command:?}"),
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[test]
fn apt_gets_mirror_and_certificates_for_the_one_layer_and_keeps_neither() {
    require!(Need::Root, Need::NetworkNamespaces);
    let prepare = "mkdir -p /etc/apt/apt.conf.d\n\
        echo 'deb http://deb.debian.org/debian trixie main' >/etc/apt/sources.list\n\
        printf 'http://deb.debian.org/debian\\nhttp://mirror.example/debian\\n' >/run/secrets/mirror\n\
        echo PEM >/run/secrets/ca\n\
        mkdir -p /var/cache/apt /var/lib/apt/lists\n\
        touch /var/cache/apt/pkgcache.bin /var/lib/apt/lists/mirror.example_Packages";
    let output = install(
        prepare,
        &[
            (
                "REFRESH",
                "cat /etc/apt/sources.list /etc/apt/apt.conf.d/00-dist-ca",
            ),
            ("INSTALL", "echo install"),
            ("PACKAGES", "gcc pkg-config"),
            ("INSTALL_WISHED", "echo install --wished"),
            ("WISHED_PACKAGES", "libx-dev"),
        ],
    );
    assert_eq!(
        output.success(),
        "deb http://mirror.example/debian trixie main\n\
         Acquire::https::CAInfo \"/run/secrets/ca\";\n\
         install gcc pkg-config\n\
         install --wished libx-dev\n\
         left:\n\
         etc/apt/sources.list\n\
         deb http://deb.debian.org/debian trixie main\n"
    );
}

#[test]
fn dnf_is_led_past_the_metalink_to_the_mirror() {
    require!(Need::Root, Need::NetworkNamespaces);
    let repo = "[fedora]\nmetalink=https://m.example/\n#baseurl=http://download.example/pub/x/\n";
    let prepare = format!(
        "mkdir -p /etc/yum.repos.d /etc/dnf\nprintf '{}' >/etc/yum.repos.d/fedora.repo\n\
         echo '[main]' >/etc/dnf/dnf.conf\n\
         printf 'http://download.example/pub\\nhttp://mirror.example/f\\n' >/run/secrets/mirror\n\
         echo PEM >/run/secrets/ca",
        repo.replace('\n', "\\n")
    );
    let output = install(
        &prepare,
        &[
            (
                "REFRESH",
                "cat /etc/yum.repos.d/fedora.repo /etc/dnf/dnf.conf",
            ),
            ("INSTALL", "echo install"),
            ("PACKAGES", "gcc"),
            ("INSTALL_WISHED", ""),
            ("WISHED_PACKAGES", ""),
        ],
    );
    assert_eq!(
        output.success(),
        format!(
            "[fedora]\n#metalink=https://m.example/\nbaseurl=http://mirror.example/f/x/\n\
             [main]\nsslcacert=/run/secrets/ca\ninstall gcc\nleft:\n\
             etc/dnf/dnf.conf\n[main]\netc/yum.repos.d/fedora.repo\n{repo}"
        )
    );
}

#[test]
fn a_wished_package_may_be_missing_and_a_needed_one_may_not() {
    require!(Need::Root, Need::NetworkNamespaces);
    let with = |install_packages: &'static str, wished: &'static str| {
        install(
            "",
            &[
                ("REFRESH", "true"),
                ("INSTALL", install_packages),
                ("PACKAGES", "gcc"),
                ("INSTALL_WISHED", wished),
                ("WISHED_PACKAGES", "libx-dev"),
            ],
        )
    };
    let stdout = with("true", "false").success();
    assert!(
        stdout.contains("note: libx-dev is not available"),
        "{stdout}"
    );
    assert_ne!(with("false", "true").code, Some(0));
}
