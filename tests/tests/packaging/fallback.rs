//! The same command on the same machine, before and after libnftables' development package.

use serde_json::Value;
use test_support::{Need, require};

use crate::machine;
use crate::packages::{Packages, finished, strings};

#[test]
fn without_the_development_package_auto_falls_back_and_says_why() {
    require!(Need::Root, Need::Program("mmdebstrap"));
    let run = &machine::runs().without_library;
    let table = &run.table;
    assert!(
        table.contains("instead of dynamic: libnftables cannot be linked"),
        "{table}"
    );
    assert!(table.contains("apt-get install libnftables-dev"), "{table}");
    let deb = run.packages.artifact("deb");
    assert_eq!(
        (&deb["flavour"], &deb["driver"]),
        (&"dynamic-exec".into(), &"exec".into())
    );
    assert_eq!(deb["fallback"]["wanted"], "dynamic");
    assert!(strings(&deb["relations"]["depends"]).contains(&"nftables"));
}

#[test]
fn without_the_development_package_the_library_asked_for_by_name_is_an_error() {
    require!(Need::Root, Need::Program("mmdebstrap"));
    let by_name = &machine::runs().by_name;
    assert_eq!(by_name.code, Some(1), "{by_name:#?}");
    assert!(
        by_name
            .stderr
            .contains("hint: apt-get install libnftables-dev"),
        "{by_name:#?}"
    );
}

#[test]
fn with_the_development_package_the_same_command_links_the_library() {
    require!(
        Need::Root,
        Need::Program("mmdebstrap"),
        Need::Program("dpkg-deb")
    );
    let run = &machine::runs().with_library;
    assert!(!run.table.contains("instead of"), "{}", run.table);
    let deb = run.packages.artifact("deb");
    assert_eq!(
        (&deb["flavour"], &deb["driver"]),
        (&"dynamic".into(), &"library".into())
    );
    assert_eq!(deb["fallback"], Value::Null);
    let mut field = std::process::Command::new("dpkg-deb");
    field
        .arg("--field")
        .arg(Packages::dynamic().file("deb"))
        .arg("Depends");
    let depends = finished(&mut field).success();
    assert!(depends.contains("libnftables1 (>= "), "{depends}");
}
