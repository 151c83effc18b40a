//! Parts of a plan, and what makes one impossible.

use super::*;
use crate::format::{Deb, Rpm};

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

/// A further package with the program that links nothing, and one with a file.
const FURTHER: &str = r#"
[package.sample-cli]
summary = "Asks"
description = "It asks."
same-version = ["sample", "sample-data"]

[package.sample-cli.rpm]
requires = ["less"]

[package.sample-data]
summary = "Words"
description = "Some words."

[[asset]]
source = "words"
dest = "/usr/share/sample/words"
package = "sample-data"
"#;

#[test]
fn each_package_is_a_file_in_each_format_and_a_tar_file_holds_all() {
    let cli = "binary = \"sample\"\n";
    let text = fixtures::DIST.replacen(cli, &format!("{cli}package = \"sample-cli\"\n"), 1);
    let formats = fixtures::formats().names();
    let path = std::path::Path::new("dist.toml");
    let config = crate::config::parse(&(text + FURTHER), path, &formats).expect("sound");
    let plan = planned_of(&config, &findings(), &all_formats()).expect("a plan");
    assert_eq!(plan.name, "sample");
    let packages = plan.packages.iter().map(|package| {
        let declared = &package.declared;
        format!(
            "{} | {} | {} | {} | {}\n",
            package.file,
            package.holds.join(" "),
            package.programs.join(" "),
            declared.depends().join(", "),
            declared.of(Relation::Recommends).join(", ")
        )
    });
    expect![[r#"
        sample_0.1.0-1_amd64.deb | sample | sampled | systemd | systemd-standalone-sysusers | systemd-sysusers | nftables
        sample-cli_0.1.0-1_amd64.deb | sample-cli | sample | sample (= 0.1.0-1), sample-data (= 0.1.0-1) | 
        sample-data_0.1.0-1_amd64.deb | sample-data |  |  | 
        sample-0.1.0-1.x86_64.rpm | sample | sampled | systemd | nftables
        sample-cli-0.1.0-1.x86_64.rpm | sample-cli | sample | less, sample = 0.1.0-1, sample-data = 0.1.0-1 | 
        sample-data-0.1.0-1.x86_64.rpm | sample-data |  |  | 
        sample-0.1.0-x86_64-linux-static.tar.gz | sample sample-cli sample-data | sampled sample |  | 
    "#]]
    .assert_eq(&packages.collect::<String>());
}

#[test]
fn a_package_with_programs_has_a_debug_package_where_the_format_has_such() {
    let mut config = fixtures::config();
    config.debug_packages = true;
    let plan = planned_of(&config, &findings(), &all_formats()).expect("a plan");
    let packages = plan.packages.iter().map(|package| {
        let of = package.debug_of.as_deref().unwrap_or_default();
        format!("{} {of} {}", package.name, package.programs.join(" "))
    });
    assert_eq!(
        packages.collect::<Vec<_>>(),
        [
            "sample  sampled sample",
            "sample-dbgsym sample ",
            "sample  sampled sample",
            "sample-debuginfo sample ",
            "sample  sampled sample",
        ]
    );
    // Their builds leave the symbols in the programs.
    let stripped = plan.builds.iter().map(|build| {
        let mut words = build.cargo.iter();
        words.any(|word| word.ends_with("strip=\"symbols\""))
    });
    assert_eq!(stripped.collect::<Vec<_>>(), [false, true]);
    let declared = [1, 3].map(|index| plan.packages[index].declared.depends().join(", "));
    assert_eq!(declared, ["sample (= 0.1.0-1)", "sample = 0.1.0-1"]);
}

#[test]
fn a_target_without_a_name_in_the_formats_is_refused() {
    let mut findings = findings();
    findings.target = "riscv64gc-unknown-linux-gnu".into();
    let error = planned(&findings, &Request::default()).expect_err("no name");
    assert!(matches!(error, PlanError::UnknownArch(_)), "{error}");
}

#[test]
fn a_build_says_which_file_described_each_library_that_it_links() {
    let mut findings = findings();
    let library = findings.libraries.get_mut("libnftables").expect("declared");
    library.described_in = Some("/usr/lib/pkgconfig/libnftables.pc".into());
    let plan = planned(&findings, &Request::default()).expect("a plan");
    let described = plan.builds.iter().map(|build| {
        let libraries = build.described.iter();
        let libraries =
            libraries.map(|(soname, it)| format!("{soname} {} {}", it.version, it.file.display()));
        libraries.collect::<Vec<_>>()
    });
    let one = "libnftables.so.1 1.0.6 /usr/lib/pkgconfig/libnftables.pc".to_owned();
    assert_eq!(described.collect::<Vec<_>>(), [vec![one], vec![]]);
}

#[test]
fn a_package_for_every_architecture_says_so_in_its_formats_words() {
    let mut config = fixtures::config();
    config.architecture = crate::config::Architecture::All;
    let plan = planned_of(&config, &findings(), &all_formats()).expect("a plan");
    let files = plan
        .packages
        .iter()
        .map(|it| (it.arch.as_str(), it.file.as_str()));
    let wanted = [
        ("all", "sample_0.1.0-1_all.deb"),
        ("noarch", "sample-0.1.0-1.noarch.rpm"),
        ("noarch", "sample-0.1.0-noarch-linux-static.tar.gz"),
    ];
    assert_eq!(files.collect::<Vec<_>>(), wanted);
}

/// What is declared for a distribution, of one kind.
fn declared_on(config: &Config, os: &str, format: &dyn FormatRules, relation: Relation) -> String {
    let host = Distribution::parse(os);
    let declared = declared(config, &host, "1.0.0-rc.1", FlavourName::DYNAMIC, format);
    declared.expect("declared").of(relation).join(", ")
}

#[test]
fn the_version_of_the_packages_stands_for_its_placeholder_in_relations() {
    let mut config = fixtures::config();
    config.revision = "2~x".to_owned();
    config.deb.epoch = 3;
    config.deb.provides = ["sample-api (={version})"].into_iter().collect();
    config.deb.breaks = ["old (<< {version}~)"].into_iter().collect();
    config.rpm.obsoletes = ["old < {version}"].into_iter().collect();
    config.rpm.supplements = ["( aa = {version} and bb )"].into_iter().collect();
    let [deb, rpm] = ["ID=debian", "ID=fedora"];
    for (os, format, relation, text) in [
        (
            deb,
            &Deb as &dyn FormatRules,
            Relation::Provides,
            "sample-api (= 3:1.0.0~rc.1-2~x)",
        ),
        (deb, &Deb, Relation::Breaks, "old (<< 3:1.0.0~rc.1-2~x~)"),
        (rpm, &Rpm, Relation::Obsoletes, "old < 1.0.0~rc.1-2~x"),
        (
            rpm,
            &Rpm,
            Relation::Supplements,
            "(aa = 1.0.0~rc.1-2~x and bb)",
        ),
    ] {
        assert_eq!(declared_on(&config, os, format, relation), text);
        let of_version = format.complaints(&config).into_iter();
        let of_version = of_version.filter(|it| it.what.contains("{version}"));
        assert_eq!(of_version.count(), 0, "{text}");
    }
    config.deb.provides = ["sample-api (= {revision})"].into_iter().collect();
    let complaints = Deb.complaints(&config);
    let refused = complaints
        .iter()
        .find(|it| it.what.contains("sample-api (= {revision})"));
    let hint = refused.map(|it| it.hint.clone()).unwrap_or_default();
    assert!(hint.contains("`{version}`"), "{hint}");
}

#[test]
fn alternatives_need_what_the_family_calls_the_package_of_update_alternatives() {
    let alternative = "\n[[alternative]]\nname = \"s\"\nlink = \"/usr/bin/s\"\npath = \"/usr/bin/sample\"\npriority = 5\n";
    let formats = fixtures::formats().names();
    let text = format!("{}{alternative}", fixtures::DIST);
    let config = crate::config::parse(&text, std::path::Path::new("dist.toml"), &formats);
    let config = config.expect("sound");
    for (os, package) in [
        ("ID=fedora\nVERSION_ID=44", "alternatives"),
        ("ID=rhel\nVERSION_ID=9.4", "alternatives"),
        (
            "ID=rocky\nID_LIKE=\"rhel fedora\"\nVERSION_ID=8.10",
            "chkconfig",
        ),
        (
            "ID=opensuse-leap\nID_LIKE=suse\nVERSION_ID=16.0",
            "update-alternatives",
        ),
        // Elsewhere, the names are those of Fedora.
        ("ID=debian", "alternatives"),
    ] {
        let requires = declared_on(&config, os, &Rpm, Relation::Depends);
        assert!(
            requires.split(", ").any(|it| it == package),
            "{os}: {requires}"
        );
    }
    let plain = declared_on(&fixtures::config(), "ID=fedora", &Rpm, Relation::Depends);
    assert!(!plain.contains("alternatives"), "{plain}");
}

#[test]
fn no_name_of_a_file_has_a_mark_of_a_version_and_the_version_keeps_it() {
    let mut config = fixtures::config();
    config.name = "sample++".to_owned();
    config.revision = "1~debian.13+2".to_owned();
    let mut source = fixtures::source();
    source.version = "1.0.0-rc.1+git-5".to_owned();
    let plan = planned_from(&config, &source, &findings(), &all_formats()).expect("a plan");
    let files = plan.packages.iter().map(|it| it.file.as_str());
    let wanted = [
        "sample___1.0.0.rc.1_git.5-1-debian.13_2_amd64.deb",
        "sample__-1.0.0.rc.1_git.5-1-debian.13_2.x86_64.rpm",
        "sample__-1.0.0-rc.1_git-5-x86_64-linux-static.tar.gz",
    ];
    assert_eq!(files.collect::<Vec<_>>(), wanted);
    assert_eq!(
        Deb.full_version(&config, &source.version),
        "1.0.0~rc.1+git.5-1~debian.13+2"
    );
}

#[test]
fn two_packages_with_one_file_are_refused() {
    let text = fixtures::DIST.replace("name = \"sample\"", "name = \"sample+\"");
    let further = "\n[package.sample_]\nsummary = \"s\"\ndescription = \"d\"\n\n[[asset]]\npackage = \"sample_\"\n\
        source = \"LICENSE\"\ndest = \"/usr/share/doc/sample_/LICENSE\"\n";
    let formats = fixtures::formats().names();
    let config = crate::config::parse(
        &format!("{text}{further}"),
        std::path::Path::new("dist.toml"),
        &formats,
    );
    let error = planned_of(&config.expect("sound"), &findings(), &all_formats());
    let error = error.expect_err("one file");
    assert_eq!(
        error.to_string(),
        "package sample+ of flavour dynamic and package sample_ of flavour dynamic would both be sample__0.1.0-1_amd64.deb"
    );
    assert_eq!(
        error.hint().as_deref(),
        Some("in packaging/dist.toml, rename one of them, or leave the format out of one flavour")
    );
    // Where two flavours that are built together have one format.
    let mut config = fixtures::config();
    for (_, flavour) in &mut config.flavour {
        flavour.formats = vec![FormatName::DEB];
    }
    let error = planned_of(&config, &findings(), &all_formats()).expect_err("one file");
    assert_eq!(
        error.to_string(),
        "package sample of flavour dynamic and package sample of flavour static would both be sample_0.1.0-1_amd64.deb"
    );
}
