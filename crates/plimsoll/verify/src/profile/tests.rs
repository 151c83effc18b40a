//! Profiles as they are read, and what they provide.

use std::path::Path;

use super::*;
use plimsoll_plan::fixtures;

const SMALL: &str = r#"
[glibc]
version = "2.28"
confidence = "confirmed"
source = "a list of packages"

[[library]]
soname = "libnftables.so.1"
version = "1.0.4"
symbol-versions = ["LIBNFTABLES_1"]
confidence = "derived"
source = "upstream's libnftables.map"

[[package]]
name = "systemd"
version = "239-82.el8_10"
confidence = "confirmed"
source = "a list of packages"
"#;

fn small() -> Profile {
    parse(SMALL, Path::new("small.toml")).expect("a profile")
}

#[test]
fn symbol_versions_end_with_the_release_and_begin_with_the_architectures_first() {
    let amd64 = small().capabilities(Arch::Amd64);
    let has = |capability: &str| amd64.iter().any(|it| it == capability);
    for capability in [
        "/bin/sh",
        "libc.so.6()(64bit)",
        "libc.so.6(GLIBC_2.2.5)(64bit)",
        "libc.so.6(GLIBC_2.3.4)(64bit)",
        "libm.so.6(GLIBC_2.28)(64bit)",
        "ld-linux-x86-64.so.2(GLIBC_2.3)(64bit)",
        "libnftables.so.1()(64bit)",
        "libnftables.so.1(LIBNFTABLES_1)(64bit)",
        "systemd = 239-82.el8_10",
    ] {
        assert!(has(capability), "{capability}");
    }
    assert!(!has("libc.so.6(GLIBC_2.29)(64bit)"));
    let arm64 = small().capabilities(Arch::Arm64);
    let versions = arm64.iter().filter(|it| it.starts_with("libc.so.6("));
    let first = versions.min().expect("a version");
    assert_eq!(first, "libc.so.6()(64bit)");
    assert!(!arm64.contains(&"libc.so.6(GLIBC_2.16)(64bit)".to_owned()));
    assert!(arm64.contains(&"libc.so.6(GLIBC_2.17)(64bit)".to_owned()));
    assert!(arm64.contains(&"ld-linux-aarch64.so.1()(64bit)".to_owned()));
}

#[test]
fn a_file_of_32_bits_has_no_mark() {
    let armhf = small().capabilities(Arch::Armhf);
    assert!(armhf.contains(&"libc.so.6".to_owned()));
    assert!(armhf.contains(&"libc.so.6(GLIBC_2.4)".to_owned()));
}

#[test]
fn systemd_before_250_has_no_update_helper() {
    let mut profile = small();
    assert_eq!(profile.scriptlets(), Some(Scriptlets::Systemctl));
    profile.packages[0].version = "252.23-14.amzn2023".into();
    assert_eq!(profile.scriptlets(), Some(Scriptlets::UpdateHelper));
    profile.packages.clear();
    assert_eq!(profile.scriptlets(), None);
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    let text = SMALL.replace("2.28", "8");
    let error = parse(&text, Path::new("small.toml")).expect_err("no release");
    assert_eq!(error.to_string(), "cannot parse small.toml");
    let source = std::error::Error::source(&error)
        .expect("a source")
        .to_string();
    assert!(source.contains("line 3"), "{source}");
    assert!(
        source.contains("\"8\" is not a release of glibc"),
        "{source}"
    );
    let text = SMALL.replace("confidence = \"derived\"", "confidence = \"sure\"");
    assert!(parse(&text, Path::new("small.toml")).is_err());
    let text = SMALL.replace("soname =", "so-name =");
    assert!(parse(&text, Path::new("small.toml")).is_err());
}

#[test]
fn the_example_is_a_profile() {
    let profile = parse(EXAMPLE, Path::new("profile.toml")).expect("sound");
    let provides = profile.capabilities(Arch::Amd64);
    assert!(
        provides.contains(&"systemd = 252-51.el9_6.1".to_owned()),
        "{provides:?}"
    );
}

#[test]
fn a_profile_too_few_or_too_many_is_named() {
    let list = fixtures::distros();
    let folder = tempfile::tempdir().expect("a folder");
    let error = load_all(folder.path(), &list).expect_err("none is there");
    assert!(matches!(error, ProfileError::Missing { .. }), "{error}");
    for id in [
        "fedora-43",
        "amazonlinux-2023",
        "centos-stream-9",
        "centos-stream-10",
        "rhel-9",
        "rhel-10",
        "opensuse-tumbleweed",
    ] {
        std::fs::write(path(folder.path(), id), SMALL).expect("a file");
    }
    load_all(folder.path(), &list).expect("all are there");
    std::fs::write(folder.path().join("debian-12.toml"), SMALL).expect("a file");
    let error = load_all(folder.path(), &list).expect_err("one too many");
    assert!(error.to_string().contains("debian-12.toml"), "{error}");
}
