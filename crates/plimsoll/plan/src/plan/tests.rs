use error_hint::Hint;
use expect_test::{Expect, expect};
use plimsoll_probe::fakes::FakeSystem;
use plimsoll_probe::{Answer, Distribution, Finding, probe};

use super::*;
use crate::fixtures;

/// What a Debian 12 host with everything installed is found to have.
fn findings() -> Findings {
    let dep = plimsoll_probe::fakes::libnftables();
    let system = FakeSystem::new().file("/etc/os-release", "ID=debian\nVERSION_ID=12\n");
    let mut findings = probe(&system, &dep, Some("x86_64-unknown-linux-gnu"));
    let yes = |detail: &str| Finding::yes(detail);
    findings.c_compiler = yes("cc");
    for tool in &mut findings.packaging_tools {
        tool.finding = yes(&tool.name);
    }
    findings.static_libc = yes("libc.a");
    findings.rust.finding = yes("rustc 1.95.0");
    findings.rust.host = "x86_64-unknown-linux-gnu".to_owned();
    findings.library.finding = yes("1.0.6");
    findings.library.version = Some("1.0.6".to_owned());
    findings
}

fn without_library() -> Findings {
    let mut findings = findings();
    findings.library.version = None;
    findings.library.finding =
        Finding::from(Answer::no("no package libnftables")).mended_by(Some(Mend {
            command: "apt-get install libnftables-dev".to_owned(),
            packages: vec!["libnftables-dev".to_owned()],
        }));
    findings
}

fn planned(findings: &Findings, request: &Request) -> Result<Plan, PlanError> {
    let places = Places {
        workspace: "/w".into(),
        out: "/w/target/dist".into(),
        cache: "/w/target/dist".into(),
        cargo_home: "/c".into(),
    };
    plan(
        &fixtures::formats(),
        &fixtures::config(),
        &fixtures::source(),
        &places,
        findings,
        request,
    )
}

/// Flavours with their reasons, and files with what is declared for them.
fn summary(plan: &Plan) -> String {
    let builds = plan.builds.iter().map(|build| {
        let fallback = build
            .fallback
            .as_ref()
            .map(|f| format!(" [instead of {}]", f.wanted));
        format!(
            "{}: {}{}\n",
            build.flavour,
            build.reason,
            fallback.unwrap_or_default()
        )
    });
    let packages = plan.packages.iter().map(|package| {
        let declared = &package.declared;
        let (depends, recommends) = (declared.depends.join(", "), declared.recommends.join(", "));
        format!(
            "{}\n  depends: {depends}\n  recommends: {recommends}\n",
            package.file
        )
    });
    let left_out = plan
        .left_out
        .iter()
        .map(|left| format!("no {} {:?}: {}\n", left.flavour, left.format, left.because));
    builds.chain(packages).chain(left_out).collect()
}

fn check(findings: &Findings, request: &Request, expected: Expect) {
    let plan = planned(findings, request).expect("a plan");
    expected.assert_eq(&summary(&plan));
}

fn exactly(flavour: Flavour) -> Request {
    Request {
        flavour: FlavourRequest::Exactly(flavour),
        ..Request::default()
    }
}

#[test]
fn auto_is_the_best_dynamic_flavour_and_the_static_one() {
    check(
        &findings(),
        &Request::default(),
        expect![[r#"
            dynamic: libnftables 1.0.6 can be linked
            static: no musl target is installed, so the C library is linked statically
            sample_0.1.0-1_amd64.deb
              depends: systemd | systemd-standalone-sysusers | systemd-sysusers
              recommends: nftables
            sample-0.1.0-1.x86_64.rpm
              depends: systemd
              recommends: nftables
            sample-0.1.0-x86_64-linux-static.tar.gz
              depends: 
              recommends: 
        "#]],
    );
}

#[test]
fn without_the_library_the_tool_becomes_a_dependency_and_the_reason_is_given() {
    check(
        &without_library(),
        &Request::default(),
        expect![[r#"
            dynamic-exec: libnftables cannot be linked: no package libnftables [instead of dynamic]
            static: no musl target is installed, so the C library is linked statically
            sample_0.1.0-1_amd64.deb
              depends: systemd | systemd-standalone-sysusers | systemd-sysusers, nftables
              recommends: 
            sample-0.1.0-1.x86_64.rpm
              depends: systemd, nftables
              recommends: 
            sample-0.1.0-x86_64-linux-static.tar.gz
              depends: 
              recommends: 
        "#]],
    );
}

#[test]
fn a_flavour_asked_for_by_name_is_never_replaced() {
    let error = planned(&without_library(), &exactly(Flavour::Dynamic)).expect_err("no library");
    assert_eq!(error.to_string(), "flavour dynamic cannot be built");
    assert_eq!(
        error.hint().as_deref(),
        Some("apt-get install libnftables-dev")
    );
}

#[test]
fn strict_allows_no_fallback() {
    let request = Request {
        strict: true,
        ..Request::default()
    };
    let error = planned(&without_library(), &request).expect_err("a fallback");
    assert_eq!(
        error.to_string(),
        "flavour dynamic cannot be built, and --strict allows no fallback: \
         libnftables cannot be linked: no package libnftables"
    );
    assert!(planned(&findings(), &request).is_ok());
}

#[test]
fn a_static_flavour_that_cannot_be_built_is_left_out_with_its_reason() {
    let mut findings = findings();
    findings.static_libc = Answer::no("no libc.a").into();
    let plan = planned(&findings, &Request::default()).expect("a plan");
    assert_eq!(plan.left_out.len(), 1);
    assert!(
        plan.left_out[0].because.contains("no libc.a"),
        "{}",
        plan.left_out[0].because
    );
    let strict = Request {
        strict: true,
        ..Request::default()
    };
    assert!(matches!(
        planned(&findings, &strict),
        Err(PlanError::Strict { .. })
    ));
    assert!(matches!(
        planned(&findings, &exactly(Flavour::Static)),
        Err(PlanError::CannotBuild { .. })
    ));
}

#[test]
fn a_format_that_cannot_be_made_is_left_out_with_its_reason_unless_it_is_asked_for() {
    let mut findings = findings();
    findings.distribution = Distribution::parse("ID=fedora\nPRETTY_NAME=Fedora\n");
    check(
        &findings,
        &Request::default(),
        expect![[r#"
            dynamic: libnftables 1.0.6 can be linked
            static: no musl target is installed, so the C library is linked statically
            sample-0.1.0-1.x86_64.rpm
              depends: systemd
              recommends: nftables
            sample-0.1.0-x86_64-linux-static.tar.gz
              depends: 
              recommends: 
            no dynamic Some(FormatName("deb")): dpkg-shlibdeps derives dependencies on Debian and its like alone, and this is Fedora
        "#]],
    );
    let asked = Request {
        formats: vec![FormatName::DEB],
        ..Request::default()
    };
    let strict = Request {
        strict: true,
        ..Request::default()
    };
    for request in [asked, strict] {
        let error = planned(&findings, &request).expect_err("no .deb");
        assert!(matches!(error, PlanError::CannotPackage { .. }), "{error}");
    }
}

#[test]
fn a_missing_tool_of_a_format_is_named_with_what_mends_it() {
    let mut findings = findings();
    findings.packaging_tools = probe(
        &FakeSystem::new().file("/etc/os-release", "ID=debian\n"),
        &plimsoll_probe::fakes::libnftables(),
        None,
    )
    .packaging_tools;
    let request = Request {
        formats: vec![FormatName::DEB],
        ..exactly(Flavour::Dynamic)
    };
    let error = planned(&findings, &request).expect_err("no dpkg-shlibdeps");
    assert_eq!(
        error.to_string(),
        "no .deb can be made here: dpkg-shlibdeps is not installed"
    );
    assert_eq!(error.hint().as_deref(), Some("apt-get install dpkg-dev"));
}

#[test]
fn a_format_chooses_the_flavours_that_have_it() {
    let tar = Request {
        formats: vec![FormatName::TAR],
        ..Request::default()
    };
    let plan = planned(&findings(), &tar).expect("a plan");
    let flavours: Vec<Flavour> = plan.builds.iter().map(|build| build.flavour).collect();
    assert_eq!(flavours, [Flavour::Static]);

    let none = Request {
        formats: vec![FormatName::DEB],
        ..exactly(Flavour::Static)
    };
    let error = planned(&findings(), &none).expect_err("no such package");
    assert_eq!(
        error.to_string(),
        "nothing to do: flavour static is not packaged as deb"
    );
}

#[test]
fn only_the_linking_program_links_the_library() {
    let plan = planned(&findings(), &exactly(Flavour::Dynamic)).expect("a plan");
    let links: Vec<(&str, bool)> = plan.builds[0]
        .programs
        .iter()
        .map(|program| (program.name.as_str(), program.links_library))
        .collect();
    assert_eq!(links, [("sampled", true), ("sample", false)]);
}

#[test]
fn a_static_build_has_a_target_so_that_its_flags_do_not_reach_procedural_macros() {
    let plan = planned(&findings(), &exactly(Flavour::Static)).expect("a plan");
    let build = &plan.builds[0];
    expect![[r#"
        build --release --locked --package sampled --package sample --target x86_64-unknown-linux-gnu --message-format=json-render-diagnostics --target-dir /w/target/dist/build/static
        --remap-path-prefix=/w=sample-0.1.0 --remap-path-prefix=/c=cargo -Ctarget-feature=+crt-static
        SAMPLE_BUILD_COMMIT=abc
        SAMPLE_BUILD_FLAVOUR=static
        SAMPLE_BUILD_REASON=no musl target is installed, so the C library is linked statically
        SOURCE_DATE_EPOCH=1
    "#]]
    .assert_eq(&format!(
        "{}\n{}\n{}",
        build.cargo.join(" "),
        build.rustflags.join(" "),
        build.env.iter().map(|(name, value)| format!("{name}={value}\n")).collect::<String>()
    ));
}

#[test]
fn a_plan_survives_json() {
    let plan = planned(&without_library(), &Request::default()).expect("a plan");
    let json = serde_json::to_string(&plan).expect("JSON");
    assert_eq!(serde_json::from_str::<Plan>(&json).expect("a plan"), plan);
}
