use std::error::Error;
use std::path::Path;

use error_hint::Hint;
use expect_test::{Expect, expect};
use plimsoll_probe::Request as FlavourRequest;
use plimsoll_spec::Relation;

use super::*;
use crate::fixtures::{self, DISTROS, config, distros, formats, source};

fn planned(list: &DistroList, id: &str) -> DistroPlan {
    let distro = list.get(id).expect("an entry");
    plan(
        &formats(),
        list,
        distro,
        &config(),
        &source(),
        Arch::Amd64,
        FlavourRequest::Auto,
    )
    .expect("a plan")
}

fn summary(plan: &DistroPlan) -> String {
    let package = &plan.plan.packages[0];
    format!(
        "{}: {}\nwished: {}\ndepends: {}\nrecommends: {}\n{}",
        plan.follows,
        plan.reason,
        plan.packages.wished.join(" "),
        package.declared.depends().join(", "),
        package.declared.of(Relation::Recommends).join(", "),
        package.file,
    )
}

fn check(id: &str, expected: Expect) {
    expected.assert_eq(&summary(&planned(&distros(), id)));
}

/// Parses the list after an edit, and renders why it is refused.
fn refused(from: &str, to: &str) -> String {
    assert!(DISTROS.contains(from), "{from}");
    let text = DISTROS.replacen(from, to, 1);
    let error = parse(&text, Path::new("distros.toml"), &formats()).expect_err("refused");
    let cause = error.source().map(|cause| format!(": {cause}"));
    let hint = error.hint().map(|hint| format!("\nhint: {hint}"));
    format!(
        "{error}{}{}",
        cause.unwrap_or_default(),
        hint.unwrap_or_default()
    )
}

fn line_of(text: &str) -> usize {
    DISTROS
        .lines()
        .position(|line| line == text)
        .expect("there")
        + 1
}

#[test]
fn a_devel_package_in_the_main_repository_gives_the_library() {
    check(
        "debian-12",
        expect![[r#"
            dynamic: libnftables of libnftables-dev can be linked
            wished: libnftables-dev
            depends: systemd | systemd-standalone-sysusers | systemd-sysusers
            recommends: nftables
            sample_0.1.0-1-debian.12_amd64.deb"#]],
    );
}

#[test]
fn a_devel_package_for_subscribers_gives_the_tool_as_a_hard_dependency() {
    check(
        "rhel-9",
        expect![[r#"
            dynamic-exec: libnftables cannot be linked: nftables-devel is in a repository for subscribed systems alone
            wished: 
            depends: systemd, nftables
            recommends: 
            sample-0.1.0-1.rhel9.x86_64.rpm"#]],
    );
}

#[test]
fn codeready_builder_is_enabled_only_for_the_devel_package() {
    let plan = planned(&distros(), "centos-stream-10");
    assert_eq!(plan.follows, FlavourName::DYNAMIC);
    let enables = |command: &[String]| command.iter().any(|word| word == "--enablerepo=crb");
    assert!(enables(&plan.packages.install_wished));
    assert!(!enables(&plan.packages.install));
}

#[test]
fn every_entry_is_planned_as_it_expects_and_for_every_architecture() {
    let list = distros();
    let mut files = Vec::new();
    for distro in &list.distros {
        for architecture in &distro.architectures {
            let flavour = FlavourRequest::Auto;
            let plan = plan(
                &formats(),
                &list,
                distro,
                &config(),
                &source(),
                *architecture,
                flavour,
            );
            let plan = plan.expect("a plan");
            assert_eq!(plan.departure, None, "{}", distro.id());
            files.extend(plan.plan.packages.into_iter().map(|package| package.file));
        }
    }
    let count = files.len();
    files.sort();
    files.dedup();
    assert_eq!(files.len(), count, "no two packages share a file name");
}

#[test]
fn an_unexpected_flavour_is_reported() {
    let text = DISTROS.replacen("devel = \"crb\"", "devel = \"none\"", 1);
    let list = parse(&text, Path::new("distros.toml"), &formats()).expect("sound");
    let departure = planned(&list, "centos-stream-9").departure.expect("one");
    expect!["dynamic-exec is built, not dynamic: libnftables cannot be linked: centos-stream-9 has no nftables-devel"]
        .assert_eq(&departure.to_string());
}

#[test]
fn an_entrys_own_package_names_win() {
    let text = DISTROS.replacen(
        "devel = \"crb\"",
        "devel = \"crb\"\npackages.libnftables = { devel = \"libnftables-devel\", tool = \"nft\" }",
        1,
    );
    let list = parse(&text, Path::new("distros.toml"), &formats()).expect("sound");
    let plan = planned(&list, "centos-stream-9");
    assert_eq!(plan.packages.wished, ["libnftables-devel"]);
    let declared = &plan.plan.packages[0].declared;
    assert_eq!(declared.of(Relation::Recommends), ["nft"]);
    assert_eq!(
        planned(&list, "rhel-9").plan.packages[0].declared.depends(),
        ["systemd", "nftables"]
    );
}

#[test]
fn an_architecture_that_is_not_listed_is_refused() {
    let list = distros();
    let distro = list.get("debian-12").expect("an entry");
    let flavour = FlavourRequest::Auto;
    let error = plan(
        &formats(),
        &list,
        distro,
        &config(),
        &source(),
        Arch::Armhf,
        flavour,
    )
    .expect_err("none");
    assert_eq!(
        error.to_string(),
        "distribution debian-12 is not built for armhf"
    );
}

#[test]
fn an_unknown_distribution_gets_the_known_ones_as_a_hint() {
    let error = distros().get("debian-10").map(|_| ()).expect_err("unknown");
    assert_eq!(error.to_string(), "unknown distribution \"debian-10\"");
    let hint = error.hint().expect("a hint");
    assert!(
        hint.starts_with("known are debian-11, debian-12, "),
        "{hint}"
    );
}

#[test]
fn a_system_is_recognised_by_its_os_release() {
    let list = distros();
    let is = |id: &str, text: &str| {
        let distro = list.get(id).expect("an entry");
        distro.must_be(&Distribution::parse(text)).is_ok()
    };
    assert!(is("debian-12", "ID=debian\nVERSION_ID=\"12\""));
    assert!(!is("debian-12", "ID=debian\nVERSION_ID=\"13\""));
    assert!(!is("debian-12", "ID=ubuntu\nVERSION_ID=\"12\""));
    assert!(
        is("rhel-9", "ID=rhel\nVERSION_ID=\"9.4\""),
        "a point release"
    );
    assert!(!is("rhel-9", "ID=rhel\nVERSION_ID=\"90\""));
    assert!(is("debian-forky", "ID=debian"), "not released yet");
    assert!(is(
        "opensuse-tumbleweed",
        "ID=opensuse-tumbleweed\nVERSION_ID=20261120"
    ));
}

#[test]
fn an_unknown_key_is_named_with_its_line() {
    let line = line_of("suite = \"bullseye\"");
    let error = refused("suite = \"bullseye\"", "sweet = \"bullseye\"");
    assert!(error.contains("unknown field `sweet`"), "{error}");
    assert!(error.contains(&format!("line {line},")), "{error}");
}

#[test]
fn an_end_of_life_is_a_day() {
    let error = refused("2026-08-31", "2026-08-31T10:00:00Z");
    assert!(
        error.contains("2026-08-31T10:00:00Z is not a day such as 2028-06-30"),
        "{error}"
    );
}

#[test]
fn a_fault_names_line_entry_reason_and_mend() {
    let line = line_of("id = \"debian-12\"");
    let error = refused("id = \"debian-12\"", "id = \"debian-11\"");
    assert_eq!(
        error.lines().next(),
        Some(format!("distros.toml:{line}: distribution debian-11 is there twice").as_str())
    );
    expect![[r#"
        hint: remove one, or rename it"#]]
    .assert_eq(error.lines().last().unwrap_or_default());
}

#[test]
fn what_an_entry_must_fulfil_is_checked() {
    for (from, to, what) in [
        (
            "id = \"debian-12\"",
            "id = \"work\"",
            "cannot be the name of a folder",
        ),
        (
            "id = \"debian-12\"",
            "id = \"Debian/12\"",
            "cannot be the name of a folder",
        ),
        ("[family.suse]", "[family.debian.x]", "unknown field"),
        (
            "\"~debian.12\"",
            "\"~debian.11\"",
            "has the revision suffix \"~debian.11\" of debian-11",
        ),
        ("\"~debian.12\"", "\"-12\"", "which deb does not take"),
        ("\".fc43\"", "\"fc43\"", "which rpm does not take"),
        (
            "[\"amd64\", \"arm64\"]",
            "[]",
            "has no architecture, or one twice",
        ),
        (
            "[\"amd64\", \"arm64\"]",
            "[\"amd64\", \"amd64\"]",
            "has no architecture, or one twice",
        ),
        ("suite = \"bullseye\"\n", "", "lacks `suite` or `archive`"),
        (
            "devel = \"main\"",
            "devel = \"crb\"",
            "which its family cannot enable",
        ),
        (
            "devel = \"main\"",
            "devel = \"epel\"",
            "unknown variant `epel`",
        ),
    ] {
        let error = refused(from, to);
        assert!(error.contains(what), "{from} -> {to}: {error}");
    }
}

#[test]
fn a_family_without_a_name_for_the_library_is_found_in_both_files() {
    let mut config = config();
    let library = config.native_dep.values_mut().next().expect("one");
    let debian = Family::named("debian").expect("known");
    library.devel = [(debian, "libnftables-dev")].into_iter().collect();
    let path = Path::new("distros.toml");
    let error = check_names(&distros(), &config, path, DISTROS).expect_err("a missing name");
    let line = line_of("id = \"fedora-43\"");
    assert_eq!(
        error.to_string(),
        format!(
            "distros.toml:{line}: distribution fedora-43 has no name for the devel package of libnftables"
        )
    );
}

#[test]
fn the_release_before_is_of_the_same_distribution() {
    let list = distros();
    let older = |id: &str| {
        let distro = list.get(id).expect("an entry");
        list.older(distro).map(Distro::id)
    };
    assert_eq!(older("debian-13"), Some("debian-12"));
    assert_eq!(older("debian-11"), None);
    assert_eq!(
        older("debian-forky"),
        Some("debian-13"),
        "it has no number yet"
    );
    assert_eq!(older("ubuntu-24.04"), Some("ubuntu-22.04"));
    assert_eq!(older("rhel-10"), Some("rhel-9"));
    assert_eq!(older("amazonlinux-2023"), None);
}

/// The plan of an entry for the project with three libraries, after an edit of the list.
fn captured(id: &str, from: &str, to: &str) -> Result<DistroPlan, DistroError> {
    let text = DISTROS.replace(
        "expected-flavour = \"dynamic\"",
        "expected-flavour = \"full\"",
    );
    let text = text.replace("\"dynamic-exec\"", "\"plain\"");
    assert!(text.contains(from), "{from}");
    let text = text.replacen(from, to, 1);
    let (path, config) = (Path::new("distros.toml"), fixtures::capture());
    let list = parse(&text, path, &formats())?;
    check_names(&list, &config, path, &text)?;
    let distro = list.get(id)?;
    plan(
        &formats(),
        &list,
        distro,
        &config,
        &source(),
        Arch::Amd64,
        FlavourRequest::Auto,
    )
}

#[test]
fn the_devel_package_of_each_library_is_installed_the_required_ones_first() {
    let plan = captured("debian-13", "", "").expect("a plan");
    assert_eq!(plan.follows.as_str(), "full");
    assert_eq!(plan.departure, None);
    expect!["build-essential ca-certificates pkg-config zlib1g-dev"]
        .assert_eq(&plan.packages.required.join(" "));
    expect!["liblzma-dev libpcap-dev"].assert_eq(&plan.packages.wished.join(" "));
}

#[test]
fn a_library_can_come_from_a_repository_of_its_own_or_from_none() {
    let of =
        |source: &str| format!("id = \"centos-stream-9\"\npackages.lzma.repository = \"{source}\"");
    let id = "id = \"centos-stream-9\"";
    let plan = captured("centos-stream-9", id, &of("main")).expect("a plan");
    assert!(
        plan.packages
            .install
            .iter()
            .any(|word| word == "--enablerepo=crb")
    );
    let plan = captured("centos-stream-9", id, &of("none")).expect("a plan");
    assert_eq!(plan.packages.wished, ["libpcap-devel"]);
    let departure = plan.departure.expect("one");
    expect![
        "capture-only is built, not full: liblzma cannot be linked: centos-stream-9 has no xz-devel"
    ]
    .assert_eq(&departure.to_string());
}

#[test]
fn a_distribution_without_a_required_library_has_no_plan() {
    let id = "id = \"fedora-43\"";
    let to = format!("{id}\npackages.zlib.repository = \"none\"");
    let error = captured("fedora-43", id, &to).expect_err("no zlib");
    let plan = error.source().expect("a cause");
    let cause = plan.source().expect("a cause").to_string();
    assert_eq!(
        cause,
        "every flavour needs zlib: fedora-43 has no zlib-ng-compat-devel"
    );
}

#[test]
fn a_name_for_one_release_counts_before_the_familys() {
    let names = |id: &str| {
        let list = distros();
        let distro = list.get(id).expect("an entry");
        let adapted = distro.adapt(&list, &fixtures::capture());
        let pcap = &adapted.native_dep["pcap"];
        let package = pcap.runtime.of(distro.family).expect("named");
        format!("{} in {package}", pcap.soname)
    };
    assert_eq!(names("debian-12"), "libpcap.so.0.8 in libpcap0.8");
    assert_eq!(names("debian-13"), "libpcap.so.0.8 in libpcap0.8t64");
    assert_eq!(names("fedora-43"), "libpcap.so.1 in libpcap");
}

#[test]
fn a_library_without_a_soname_in_a_family_is_refused() {
    let dist = fixtures::CAPTURE.replace("suse = \"libpcap.so.1\"", "debian-13 = \"libpcap.so.1\"");
    let config =
        crate::config::parse(&dist, Path::new("dist.toml"), &formats().names()).expect("sound");
    let text = DISTROS
        .replace("\"dynamic\"", "\"full\"")
        .replace("\"dynamic-exec\"", "\"plain\"");
    let path = Path::new("distros.toml");
    let list = parse(&text, path, &formats()).expect("a list");
    let error = check_names(&list, &config, path, &text).expect_err("refused");
    let fault = "has no soname for libpcap";
    assert!(error.to_string().contains(fault), "{error}");
    assert!(error.to_string().contains("opensuse"), "{error}");
}

#[test]
fn what_an_entry_says_of_libraries_and_flavours_is_checked() {
    let id = "id = \"debian-12\"";
    let full = "expected-flavour = \"full\"";
    let cases = [
        (
            id,
            "id = \"debian-12\"\npackages.bzip2.devel = \"libbz2-dev\"",
            "names packages of bzip2, which no native-dep declares",
        ),
        (
            full,
            "expected-flavour = \"everywhere\"",
            "expects the flavour everywhere, which is static and belongs to no distribution",
        ),
        (
            full,
            "expected-flavour = \"fancy\"",
            "expects the flavour fancy, which packaging/dist.toml does not declare",
        ),
    ];
    for (from, to, what) in cases {
        let error = captured("debian-12", from, to).expect_err("refused");
        assert!(error.to_string().contains(what), "{error}");
        assert!(error.hint().is_some(), "{error}");
    }
}

#[test]
fn package_names_without_their_library_are_refused_with_the_form_that_is_meant() {
    let error = refused(
        "id = \"debian-12\"",
        "id = \"debian-12\"\npackages = { devel = \"libnftables-dev\" }",
    );
    assert!(
        error.contains(
            "expected a table for one library, as in packages.zlib = { devel = \"zlib1g-dev\" }"
        ),
        "{error}"
    );
}

#[test]
fn a_list_is_read_from_its_path_and_one_that_is_missing_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("distros.toml");
    let error = load(&path, &formats()).expect_err("no file");
    assert_eq!(error.to_string(), format!("cannot read {}", path.display()));
    let hint = error.hint();
    assert_eq!(
        hint.as_deref(),
        Some("run the command inside of the workspace; `cargo xtask init` writes the file")
    );
    std::fs::write(&path, DISTROS).expect("written");
    assert_eq!(read(&path).expect("there"), DISTROS);
    assert_eq!(load(&path, &formats()).expect("sound"), distros());
}

#[test]
fn a_plan_has_the_entrys_last_day_image_and_family() {
    let plan = planned(&distros(), "debian-11");
    assert_eq!(plan.end_of_life.as_deref(), Some("2026-08-31"));
    assert_eq!(
        (plan.distro.as_str(), plan.family.name),
        ("debian-11", "debian")
    );
    assert_eq!(plan.plan.places.workspace, Path::new(WORKSPACE));
    assert_eq!(plan.plan.places.cache, Path::new("/target/dist"));
    assert_eq!(planned(&distros(), "debian-forky").end_of_life, None);
}
