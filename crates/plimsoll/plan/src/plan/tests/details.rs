//! Parts of a plan, and what makes one impossible.

use super::*;

#[test]
fn a_key_that_its_format_does_not_know_is_refused() {
    let mut config = fixtures::config();
    let own = toml::from_str("level = 9").expect("TOML");
    config.format.insert(FormatName::DEB, own);
    let error = planned_of(&config, &findings(), &Request::default()).expect_err("a key");
    assert_eq!(
        error.to_string(),
        "[format.deb] is wrong: unknown key \"level\""
    );
    let apk = FormatName::new("apk");
    config.format = [(apk, toml::Table::new())].into();
    let error = planned_of(&config, &findings(), &Request::default()).expect_err("a format");
    assert!(
        error
            .to_string()
            .starts_with("unknown package format \"apk\""),
        "{error}"
    );
}

#[test]
fn a_build_says_which_versions_it_links_and_by_what_it_works() {
    let plan = planned(&findings(), &Request::default()).expect("a plan");
    let builds = plan.builds.iter().map(|build| {
        let linked = build
            .linked
            .iter()
            .map(|(name, version)| format!("{name} {version}"));
        (build.driver.as_str(), linked.collect::<Vec<_>>())
    });
    let expected = [
        ("library", vec!["libnftables 1.0.6".to_owned()]),
        ("exec", vec![]),
    ];
    assert_eq!(builds.collect::<Vec<_>>(), expected);
    let folders: Vec<&str> = plan
        .builds
        .iter()
        .filter_map(|build| build.cargo.last())
        .map(String::as_str)
        .collect();
    let build = "/w/target/dist/build";
    assert_eq!(
        folders,
        [format!("{build}/dynamic"), format!("{build}/static")]
    );
}

#[test]
fn a_target_without_a_name_in_the_formats_is_refused() {
    let mut findings = findings();
    findings.target = "riscv64gc-unknown-linux-gnu".into();
    let error = planned(&findings, &Request::default()).expect_err("no name");
    assert!(matches!(error, PlanError::UnknownArch(_)), "{error}");
}
