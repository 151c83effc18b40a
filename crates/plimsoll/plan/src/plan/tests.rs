mod details;

use error_hint::Hint;
use expect_test::{Expect, expect};
use plimsoll_probe::fakes::FakeSystem;
use plimsoll_probe::{Answer, Distribution, Finding, probe};
use plimsoll_spec::{Relation, Relations};

use super::*;
use crate::fixtures;

/// What a Debian 12 host with everything installed is found to have.
fn findings() -> Findings {
    found_for(&fixtures::config())
}

/// What such a host is found to have for a project.
fn found_for(config: &Config) -> Findings {
    let system = FakeSystem::new().file(
        "/etc/os-release",
        "ID=debian\nVERSION_ID=12\nPRETTY_NAME=Debian\n",
    );
    let mut findings = probe(
        &system,
        &config.native_dep,
        Some("x86_64-unknown-linux-gnu"),
    );
    let yes = |detail: &str| Finding::yes(detail);
    findings.c_compiler = yes("cc");
    for tool in &mut findings.packaging_tools {
        tool.finding = yes(&tool.name);
    }
    findings.static_libc = yes("libc.a");
    findings.rust.finding = yes("rustc 1.95.0");
    findings.rust.host = "x86_64-unknown-linux-gnu".to_owned();
    for library in findings.libraries.values_mut() {
        library.finding = yes("1.0.6");
        library.version = Some("1.0.6".to_owned());
        library.static_archive = yes("/usr/lib/lib.a");
    }
    findings
}

fn without_library() -> Findings {
    let mut findings = findings();
    lose(&mut findings, "libnftables");
    findings
}

/// Has a library not be there.
fn lose(findings: &mut Findings, name: &str) {
    let library = findings.libraries.get_mut(name).expect("declared");
    library.version = None;
    library.finding =
        Finding::from(Answer::no(format!("no package {name}"))).mended_by(Some(Mend {
            command: format!("apt-get install {name}-dev"),
            packages: vec![format!("{name}-dev")],
        }));
}

fn planned(findings: &Findings, request: &Request) -> Result<Plan, PlanError> {
    planned_of(&fixtures::config(), findings, request)
}

fn planned_of(config: &Config, findings: &Findings, request: &Request) -> Result<Plan, PlanError> {
    planned_from(config, &fixtures::source(), findings, request)
}

fn plan_of(source: &Source) -> Result<Plan, PlanError> {
    planned_from(
        &fixtures::config(),
        source,
        &findings(),
        &Request::default(),
    )
}

fn planned_from(
    config: &Config,
    source: &Source,
    findings: &Findings,
    request: &Request,
) -> Result<Plan, PlanError> {
    let places = Places {
        workspace: "/w".into(),
        out: "/w/target/dist".into(),
        cache: "/w/target/dist".into(),
        cargo_home: "/c".into(),
    };
    plan(
        &fixtures::formats(),
        config,
        source,
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
        let of = |relation| declared.of(relation).join(", ");
        let (depends, recommends) = (of(Relation::Depends), of(Relation::Recommends));
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

fn exactly(flavour: FlavourName) -> Request {
    Request {
        flavour: FlavourRequest::Exactly(flavour),
        ..Request::default()
    }
}

#[test]
fn the_files_of_a_pre_release_have_names_that_every_host_keeps() {
    let mut source = fixtures::source();
    source.version = "1.0.0-rc.1".to_owned();
    let plan = planned_from(&fixtures::config(), &source, &findings(), &all_formats());
    let packages = plan.expect("a plan").packages;
    let names: Vec<&str> = packages.iter().map(|it| it.file.as_str()).collect();
    assert_eq!(
        names,
        [
            "sample_1.0.0.rc.1-1_amd64.deb",
            "sample-1.0.0.rc.1-1.x86_64.rpm",
            "sample-1.0.0-rc.1-x86_64-linux-static.tar.gz",
        ]
    );
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
            sample-0.1.0-x86_64-linux-static.tar.gz
              depends: 
              recommends: 
            no dynamic Some(FormatName("rpm")): this host is Debian, whose libraries may have other names than those of the distributions that use .rpm
        "#]],
    );
}

/// Asks for every format by name.
fn all_formats() -> Request {
    Request {
        formats: vec![FormatName::DEB, FormatName::RPM, FormatName::TAR],
        ..Request::default()
    }
}

#[test]
fn a_format_of_another_family_is_made_by_name_and_with_a_warning() {
    let plan = planned(&findings(), &all_formats()).expect("a plan");
    assert_eq!(
        plan.warnings,
        [
            "sample-0.1.0-1.x86_64.rpm may not work there: this host is Debian, whose libraries may have other names than \
             those of the distributions that use .rpm; `verify` proves it on them or over their profiles"
        ]
    );
    let own = planned(&findings(), &Request::default()).expect("a plan");
    assert_eq!(own.warnings, [""; 0]);
    let mend = own.left_out[0].mend.as_ref().map(|mend| &mend.command);
    let expected = "`--distro` builds in a system of one of them, `--format rpm` makes it here";
    assert_eq!(mend.map(String::as_str), Some(expected));
    let strict = Request {
        strict: true,
        ..Request::default()
    };
    assert_eq!(planned(&findings(), &strict).expect("a plan"), own);
}

#[test]
fn where_every_format_is_of_another_family_the_error_says_so() {
    let mut config = fixtures::config();
    for (_, flavour) in &mut config.flavour {
        flavour.formats.retain(|format| *format == FormatName::RPM);
    }
    let request = exactly(FlavourName::DYNAMIC);
    let error = planned_of(&config, &findings(), &request).expect_err("only .rpm");
    let message = error.to_string();
    assert!(
        message.starts_with("cannot make .rpm packages here: this host is Debian, "),
        "{message}"
    );
    let hint = error.hint().unwrap_or_default().into_owned();
    assert!(hint.contains("`--format rpm` makes it here"), "{hint}");
}

#[test]
fn without_the_library_the_tool_becomes_a_dependency_and_the_reason_is_given() {
    check(
        &without_library(),
        &all_formats(),
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
    let error =
        planned(&without_library(), &exactly(FlavourName::DYNAMIC)).expect_err("no library");
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
    let plan = planned(&findings, &all_formats()).expect("a plan");
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
        planned(&findings, &exactly(FlavourName::STATIC)),
        Err(PlanError::CannotBuild { .. })
    ));
}

#[test]
fn a_format_that_cannot_be_made_is_left_out_and_is_an_error_where_it_is_asked_for() {
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
            no dynamic Some(FormatName("deb")): this host is Fedora, whose libraries may have other names than those of the distributions that use .deb
        "#]],
    );
    let asked = Request {
        formats: vec![FormatName::DEB],
        ..Request::default()
    };
    let error = planned(&findings, &asked).expect_err("no .deb");
    assert_eq!(
        error.to_string(),
        "cannot make .deb packages here: dpkg-shlibdeps derives dependencies on Debian and its like alone, and this is Fedora"
    );
}

#[test]
fn a_missing_tool_of_a_format_is_named_with_what_mends_it() {
    let mut findings = findings();
    findings.packaging_tools = probe(
        &FakeSystem::new().file("/etc/os-release", "ID=debian\n"),
        &fixtures::config().native_dep,
        None,
    )
    .packaging_tools;
    let request = Request {
        formats: vec![FormatName::DEB],
        ..exactly(FlavourName::DYNAMIC)
    };
    let error = planned(&findings, &request).expect_err("no dpkg-shlibdeps");
    assert_eq!(
        error.to_string(),
        "cannot make .deb packages here: dpkg-shlibdeps is not installed"
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
    let flavours: Vec<FlavourName> = plan.builds.iter().map(|build| build.flavour).collect();
    assert_eq!(flavours, [FlavourName::STATIC]);

    let none = Request {
        formats: vec![FormatName::DEB],
        ..exactly(FlavourName::STATIC)
    };
    let error = planned(&findings(), &none).expect_err("no such package");
    assert_eq!(
        error.to_string(),
        "nothing to do: flavour static is not packaged as deb"
    );
}

#[test]
fn only_the_linking_program_links_the_library() {
    let plan = planned(&findings(), &exactly(FlavourName::DYNAMIC)).expect("a plan");
    let links: Vec<(&str, &[String])> = plan.builds[0]
        .programs
        .iter()
        .map(|program| (program.name.as_str(), program.libraries.as_slice()))
        .collect();
    let libnftables = ["libnftables".to_owned()];
    assert_eq!(links, [("sampled", &libnftables[..]), ("sample", &[])]);
}

#[test]
fn a_static_build_has_a_target_so_that_its_flags_do_not_reach_procedural_macros() {
    let plan = planned(&findings(), &exactly(FlavourName::STATIC)).expect("a plan");
    let build = &plan.builds[0];
    expect![[r#"
        build --locked --profile release --config profile.release.strip="symbols" --package sampled --package sample --target x86_64-unknown-linux-gnu --message-format=json-render-diagnostics --target-dir /w/target/dist/build/static
        --remap-path-prefix=/w=sample-0.1.0 --remap-path-prefix=/w/target/dist=sample-0.1.0/target/dist --remap-path-prefix=/c=cargo -Ctarget-feature=+crt-static
        CARGO_INCREMENTAL=0
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

/// What the plan of the project with three libraries says in short: of each build what is linked by which program.
fn links(plan: &Plan) -> String {
    let builds = plan.builds.iter().map(|build| {
        let programs = build.programs.iter().map(|program| {
            let libraries = program.libraries.join(" ");
            format!("\n  {}: {libraries}", program.name)
        });
        let linked: Vec<String> = build
            .linked
            .iter()
            .map(|(n, v)| format!("{n} {v}"))
            .collect();
        format!(
            "{} {}{}\n  linked: {}\n  cargo {}\n",
            build.flavour,
            build.linking,
            programs.collect::<String>(),
            linked.join(", "),
            build.cargo[..build.cargo.len() - 3].join(" "),
        )
    });
    builds.collect::<String>() + &summary(plan)
}

#[test]
fn every_library_of_a_flavour_is_planned_for_the_programs_that_link_it() {
    let config = fixtures::capture();
    let plan = planned_of(&config, &found_for(&config), &all_formats()).expect("a plan");
    expect![[r#"
        full dynamic
          capture: pcap zlib
          capture-reader: lzma zlib
          linked: liblzma 1.0.6, libpcap 1.0.6, zlib 1.0.6
          cargo build --locked --profile release --config profile.release.strip="symbols" --package capture --package capture-reader --features capture-formats/xz,capture/live
        everywhere static
          capture: zlib
          capture-reader: lzma zlib
          linked: liblzma 1.0.6, zlib 1.0.6
          cargo build --locked --profile release --config profile.release.strip="symbols" --package capture --package capture-reader --features capture-formats/xz --target x86_64-unknown-linux-gnu
        full: liblzma 1.0.6, libpcap 1.0.6 and zlib 1.0.6 can be linked
        everywhere: the C library and the other ones are linked statically
        capture_0.1.0-1_amd64.deb
          depends: 
          recommends: xz-utils
        capture-0.1.0-1.x86_64.rpm
          depends: 
          recommends: xz
        capture-0.1.0-x86_64-linux-everywhere.tar.gz
          depends: 
          recommends: 
    "#]].assert_eq(&links(&plan));
    let environment = |index: usize| plan.builds[index].env.get("PKG_CONFIG_ALL_STATIC");
    assert_eq!(
        (environment(0), environment(1).map(String::as_str)),
        (None, Some("1"))
    );
}

#[test]
fn the_first_flavour_whose_libraries_are_there_is_planned_and_its_tools_are_depended_on() {
    let config = fixtures::capture();
    let mut findings = found_for(&config);
    lose(&mut findings, "lzma");
    let deb = Request {
        formats: vec![FormatName::DEB],
        ..Request::default()
    };
    let plan = planned_of(&config, &findings, &deb).expect("a plan");
    expect![[r#"
        capture-only dynamic
          capture: pcap zlib
          capture-reader: zlib
          linked: libpcap 1.0.6, zlib 1.0.6
          cargo build --locked --profile release --config profile.release.strip="symbols" --package capture --package capture-reader --features capture/live
        capture-only: liblzma cannot be linked: no package lzma [instead of full]
        capture_0.1.0-1_amd64.deb
          depends: xz-utils
          recommends: 
    "#]].assert_eq(&links(&plan));
    lose(&mut findings, "pcap");
    let plan = planned_of(&config, &findings, &deb).expect("a plan");
    expect![[r#"
        plain dynamic
          capture: zlib
          capture-reader: zlib
          linked: zlib 1.0.6
          cargo build --locked --profile release --config profile.release.strip="symbols" --package capture --package capture-reader
        plain: liblzma cannot be linked: no package lzma; libpcap cannot be linked: no package pcap [instead of full]
        capture_0.1.0-1_amd64.deb
          depends: xz-utils
          recommends: 
    "#]].assert_eq(&links(&plan));
}

#[test]
fn nothing_is_planned_without_a_required_library() {
    let config = fixtures::capture();
    let mut findings = found_for(&config);
    lose(&mut findings, "zlib");
    let error = planned_of(&config, &findings, &Request::default()).expect_err("no zlib");
    let source = std::error::Error::source(&error).expect("a cause");
    assert_eq!(
        source.to_string(),
        "every flavour needs zlib: no package zlib"
    );
    assert_eq!(error.hint().as_deref(), Some("apt-get install zlib-dev"));
}

#[test]
fn a_flavour_that_is_not_declared_is_not_planned() {
    let fancy = exactly(FlavourName::new("fancy"));
    let error = planned(&findings(), &fancy).expect_err("no such flavour");
    let cause = std::error::Error::source(&error)
        .expect("a cause")
        .to_string();
    assert_eq!(
        format!("{error}: {cause}"),
        "flavour fancy cannot be built: flavour fancy is not declared: expected auto, dynamic, \
         dynamic-exec, static"
    );
}

#[test]
fn one_tool_for_two_libraries_is_named_once_and_is_needed_where_one_of_them_is_missing() {
    let mut config = fixtures::capture();
    let tool = config.native_dep["lzma"].tool.clone();
    config.native_dep.get_mut("pcap").expect("declared").tool = tool;
    let host = Distribution::parse("ID=debian\nVERSION_ID=12\n");
    let of = |flavour: &'static str| {
        let flavour = FlavourName::new(flavour);
        declared(&config, &host, "0.1.0", flavour, &crate::format::Deb).expect("named")
    };
    let only = |relation| Relations::from_iter([(relation, ["xz-utils"])]);
    assert_eq!(of("full"), only(Relation::Recommends));
    assert_eq!(of("capture-only"), only(Relation::Depends));
    assert_eq!(of("plain"), only(Relation::Depends));
}

#[test]
fn the_flags_of_the_project_follow_those_of_the_toolkit() {
    let mut source = fixtures::source();
    let host = findings().rust.host;
    source.settings.rustflags = vec!["--cfg=any".to_owned()];
    let flags = |source: &Source| {
        let planned = plan_of(source).expect("a plan");
        planned.builds[0].rustflags.last().cloned()
    };
    assert_eq!(flags(&source).as_deref(), Some("--cfg=any"));
    let of_target = vec!["--cfg=target".to_owned()];
    source.settings.target_rustflags.insert(host, of_target);
    assert_eq!(flags(&source).as_deref(), Some("--cfg=target"));
}

#[test]
fn programs_are_stripped_where_the_profile_says_nothing() {
    let mut source = fixtures::source();
    let told = |source: &Source| {
        let plan = plan_of(source).expect("a plan");
        let strips = |argument: &String| argument.contains("strip=");
        (plan.builds[0].cargo.iter().any(strips), plan.warnings)
    };
    assert_eq!(told(&source), (true, Vec::new()));
    source.settings.strip = Some("symbols".to_owned());
    assert_eq!(told(&source), (false, Vec::new()));
    source.settings.strip = Some("none".to_owned());
    let warning = "profile release sets strip = \"none\": the programs keep symbols, which lintian and rpmlint refuse";
    assert_eq!(told(&source), (false, vec![warning.to_owned()]));
}

#[test]
fn a_target_in_cargos_configuration_is_the_hosts_or_refused() {
    let mut source = fixtures::source();
    source.settings.target = Some(findings().rust.host);
    assert!(plan_of(&source).is_ok());
    source.settings.target = Some("aarch64-unknown-linux-gnu".to_owned());
    let error = plan_of(&source).expect_err("another");
    let message = "build.target of Cargo is aarch64-unknown-linux-gnu, but packages are built for this host, \
                   x86_64-unknown-linux-gnu";
    assert_eq!(error.to_string(), message);
}
