//! What is built for each request, from findings that are values.

#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

use error_hint::Hint;
use expect_test::{Expect, expect};
use plimsoll_probe::fakes::{FakeSystem, compressor, sampled};
use plimsoll_probe::{
    Answer, Finding, Findings, FlavourName, Matrix, Mend, Request, decide, outlook, probe,
};

const HOST: &str = "x86_64-unknown-linux-gnu";
const MUSL: &str = "x86_64-unknown-linux-musl";

/// A host that can build everything.
fn everything() -> Findings {
    everything_for(&sampled())
}

fn everything_for(matrix: &Matrix) -> Findings {
    let debian = FakeSystem::new().file("/etc/os-release", "ID=debian\n");
    let mut findings = probe(&debian, &matrix.libraries, Some(HOST));
    findings.rust.host = HOST.into();
    findings.rust.installed = vec![HOST.into()];
    findings.rust.finding = Finding::yes(HOST);
    findings.c_compiler = Finding::yes("cc");
    findings.static_libc = Finding::yes("/usr/lib/libc.a");
    for library in findings.libraries.values_mut() {
        library.finding = Finding::yes("1.0.6 in /usr/lib");
        library.static_archive = Finding::yes("/usr/lib/lib.a");
    }
    findings
}

/// The finding about a library, to change it.
fn library<'a>(findings: &'a mut Findings, name: &str) -> &'a mut Finding {
    &mut findings.libraries.get_mut(name).unwrap().finding
}

fn lacking(answer: Answer) -> Finding {
    Finding::from(answer).mended_by(Some(Mend::run("apt-get install it")))
}

fn check(request: &str, findings: &Findings, expected: &Expect) {
    check_of(&sampled(), request, findings, expected);
}

fn check_of(matrix: &Matrix, request: &str, findings: &Findings, expected: &Expect) {
    let request: Request = request.parse().unwrap();
    let text = match decide(request, matrix, findings) {
        Ok(decision) => serde_json::to_string_pretty(&decision).unwrap(),
        Err(error) => format!(
            "error: {error}\nhint: {}",
            error.hint().as_deref().unwrap_or("none")
        ),
    };
    expected.assert_eq(&text);
}

#[test]
fn auto_links_the_library_where_it_is_there() {
    check(
        "auto",
        &everything(),
        &expect![[r#"
        {
          "request": "auto",
          "flavour": "dynamic",
          "reason": "libnftables 1.0.6 in /usr/lib can be linked",
          "build": {
            "target": null,
            "crt-static": false,
            "features": [
              "sampled/libnftables"
            ]
          }
        }"#]],
    );
}

#[test]
fn auto_falls_back_to_exec_and_says_why() {
    let mut findings = everything();
    *library(&mut findings, "libnftables") =
        lacking(Answer::no("Package libnftables was not found"));
    check(
        "auto",
        &findings,
        &expect![[r#"
        {
          "request": "auto",
          "flavour": "dynamic-exec",
          "reason": "libnftables cannot be linked: Package libnftables was not found",
          "build": {
            "target": null,
            "crt-static": false,
            "features": []
          },
          "fallback": {
            "wanted": "dynamic",
            "because": "libnftables cannot be linked: Package libnftables was not found",
            "mend": {
              "command": "apt-get install it"
            }
          }
        }"#]],
    );
}

#[test]
fn auto_does_not_build_on_a_could_not_tell_nor_call_it_a_no() {
    let mut findings = everything();
    *library(&mut findings, "libnftables") =
        lacking(Answer::could_not_tell("pkg-config is not installed"));
    check(
        "auto",
        &findings,
        &expect![[r#"
        {
          "request": "auto",
          "flavour": "dynamic-exec",
          "reason": "could not tell whether libnftables can be linked: pkg-config is not installed",
          "build": {
            "target": null,
            "crt-static": false,
            "features": []
          },
          "fallback": {
            "wanted": "dynamic",
            "because": "could not tell whether libnftables can be linked: pkg-config is not installed",
            "mend": {
              "command": "apt-get install it"
            }
          }
        }"#]],
    );
}

#[test]
fn dynamic_without_the_library_is_an_error_with_its_mend() {
    let mut findings = everything();
    *library(&mut findings, "libnftables") =
        lacking(Answer::no("Package libnftables was not found"));
    check(
        "dynamic",
        &findings,
        &expect![[r#"
        error: flavour dynamic needs libnftables: Package libnftables was not found
        hint: apt-get install it"#]],
    );
    *library(&mut findings, "libnftables") =
        lacking(Answer::could_not_tell("pkg-config is not installed"));
    check(
        "dynamic",
        &findings,
        &expect![[r#"
        error: flavour dynamic needs libnftables: could not tell: pkg-config is not installed
        hint: apt-get install it"#]],
    );
}

#[test]
fn dynamic_exec_by_name_is_not_a_fallback() {
    check(
        "dynamic-exec",
        &everything(),
        &expect![[r#"
        {
          "request": "dynamic-exec",
          "flavour": "dynamic-exec",
          "reason": "asked for by name",
          "build": {
            "target": null,
            "crt-static": false,
            "features": []
          }
        }"#]],
    );
}

#[test]
fn static_takes_glibc_with_an_explicit_target_where_there_is_no_musl() {
    check(
        "static",
        &everything(),
        &expect![[r#"
        {
          "request": "static",
          "flavour": "static",
          "reason": "no musl target is installed, so the C library is linked statically",
          "build": {
            "target": "x86_64-unknown-linux-gnu",
            "crt-static": true,
            "features": []
          }
        }"#]],
    );
}

#[test]
fn static_takes_musl_where_it_is_installed() {
    let mut findings = everything();
    findings.rust.installed.push(MUSL.into());
    findings.static_libc = lacking(Answer::no("cc finds no libc.a"));
    check(
        "static",
        &findings,
        &expect![[r#"
        {
          "request": "static",
          "flavour": "static",
          "reason": "the musl target is installed",
          "build": {
            "target": "x86_64-unknown-linux-musl",
            "crt-static": true,
            "features": []
          }
        }"#]],
    );
}

#[test]
fn static_without_musl_or_static_glibc_is_an_error() {
    let mut findings = everything();
    findings.static_libc = lacking(Answer::no("cc finds no libc.a"));
    check(
        "static",
        &findings,
        &expect![[r#"
        error: flavour static needs the Rust target x86_64-unknown-linux-musl or a static C library: cc finds no libc.a
        hint: apt-get install it"#]],
    );
}

#[test]
fn a_cross_build_names_its_target() {
    let mut findings = everything();
    findings.target = "aarch64-unknown-linux-gnu".into();
    check(
        "auto",
        &findings,
        &expect![[r#"
        {
          "request": "auto",
          "flavour": "dynamic",
          "reason": "libnftables 1.0.6 in /usr/lib can be linked",
          "build": {
            "target": "aarch64-unknown-linux-gnu",
            "crt-static": false,
            "features": [
              "sampled/libnftables"
            ]
          }
        }"#]],
    );
}

#[test]
fn nothing_is_built_without_a_compiler_or_a_rust_target() {
    let mut findings = everything();
    findings.rust.finding = lacking(Answer::no("no standard library for it"));
    check(
        "auto",
        &findings,
        &expect![[r#"
        error: every flavour needs the Rust target x86_64-unknown-linux-gnu: no standard library for it
        hint: apt-get install it"#]],
    );
    let mut findings = everything();
    findings.c_compiler = lacking(Answer::no("cc is not installed"));
    for request in ["auto", "static", "dynamic", "dynamic-exec"] {
        let request: Request = request.parse().unwrap();
        let error = decide(request, &sampled(), &findings).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("every flavour needs a C compiler for {HOST}: cc is not installed")
        );
    }
}

#[test]
fn the_outlook_names_only_what_is_built_instead_of_dynamic() {
    let mut findings = everything();
    *library(&mut findings, "libnftables") = lacking(Answer::no("not found"));
    findings.static_libc = lacking(Answer::could_not_tell("no C compiler to ask"));
    let outlook = outlook(&sampled(), &findings);
    let lines: Vec<String> = outlook
        .iter()
        .map(|one| format!("{} {} {:?}", one.flavour, one.finding.answer, one.instead))
        .collect();
    assert_eq!(
        lines,
        [
            "dynamic no Some(FlavourName(\"dynamic-exec\"))",
            "dynamic-exec yes None",
            "static could not tell None",
        ]
    );
    assert_eq!(outlook[0].flavour, FlavourName::DYNAMIC);
}

/// What a decision about the compressor says in short.
fn summary(request: &str, findings: &Findings) -> String {
    let request: Request = request.parse().unwrap();
    match decide(request, &compressor(), findings) {
        Ok(decision) => {
            let features = decision.build.features.join(",");
            let (flavour, reason) = (decision.flavour, decision.reason);
            let mend = decision.fallback.and_then(|fallback| fallback.mend);
            let mend = mend.map_or_else(String::new, |mend| format!(" [{}]", mend.command));
            format!("{flavour} ({features}): {reason}{mend}")
        }
        Err(error) => format!("error: {error} [{}]", error.hint().unwrap_or_default()),
    }
}

fn install(package: &str) -> Option<Mend> {
    Some(Mend {
        command: format!("apt-get install {package}"),
        packages: vec![package.to_owned()],
    })
}

fn no(package: &str) -> Finding {
    Finding::from(Answer::no("not found")).mended_by(install(package))
}

#[test]
fn auto_takes_the_first_flavour_whose_libraries_were_all_found() {
    let mut findings = everything_for(&compressor());
    expect![[r#"full (press/bzip2,press/lzma): bzip2 1.0.6 in /usr/lib, lzma 1.0.6 in /usr/lib and zlib 1.0.6 in /usr/lib can be linked"#]]
        .assert_eq(&summary("auto", &findings));
    *library(&mut findings, "bzip2") = no("libbz2-dev");
    expect![[
        r#"lean (press/lzma): bzip2 cannot be linked: not found [apt-get install libbz2-dev]"#
    ]]
    .assert_eq(&summary("auto", &findings));
    *library(&mut findings, "lzma") = no("liblzma-dev");
    expect![[r#"plain (): bzip2 cannot be linked: not found; lzma cannot be linked: not found [apt-get install libbz2-dev liblzma-dev]"#]]
        .assert_eq(&summary("auto", &findings));
}

#[test]
fn a_library_that_could_not_be_told_is_not_linked_and_not_said_to_be_missing() {
    let mut findings = everything_for(&compressor());
    let mend = Some(Mend::run("unset PKG_CONFIG_PATH"));
    *library(&mut findings, "lzma") =
        Finding::from(Answer::could_not_tell("it was not run")).mended_by(mend);
    expect![[r#"plain (): could not tell whether lzma can be linked: it was not run [unset PKG_CONFIG_PATH]"#]]
        .assert_eq(&summary("auto", &findings));
    expect![[
        r#"error: flavour lean needs lzma: could not tell: it was not run [unset PKG_CONFIG_PATH]"#
    ]]
    .assert_eq(&summary("lean", &findings));
    *library(&mut findings, "bzip2") = no("libbz2-dev");
    expect![[r#"error: flavour full needs bzip2 and lzma: bzip2 cannot be linked: not found; could not tell whether lzma can be linked: it was not run [unset PKG_CONFIG_PATH && apt-get install libbz2-dev]"#]]
        .assert_eq(&summary("full", &findings));
}

#[test]
fn a_flavour_without_optional_libraries_names_the_required_ones() {
    let findings = everything_for(&compressor());
    assert_eq!(
        summary("plain", &findings),
        "plain (): zlib 1.0.6 in /usr/lib can be linked"
    );
}

#[test]
fn nothing_is_built_without_a_required_library() {
    let mut findings = everything_for(&compressor());
    *library(&mut findings, "zlib") = no("zlib1g-dev");
    *library(&mut findings, "lzma") = no("liblzma-dev");
    for request in ["auto", "full", "plain", "static"] {
        assert_eq!(
            summary(request, &findings),
            "error: every flavour needs zlib: not found [apt-get install zlib1g-dev]"
        );
    }
}

#[test]
fn a_static_flavour_with_libraries_needs_their_archives_and_the_targets_own_c_library() {
    let mut findings = everything_for(&compressor());
    findings.rust.installed.push(MUSL.into());
    expect!["static (press/lzma): the C library and the other ones are linked statically"]
        .assert_eq(&summary("static", &findings));
    let archive = &mut findings.libraries.get_mut("zlib").unwrap().static_archive;
    *archive = Answer::no("/usr/lib/libz.a is not there").into();
    expect![
        "error: flavour static needs the static archive of zlib: /usr/lib/libz.a is not there []"
    ]
    .assert_eq(&summary("static", &findings));
    findings.static_libc = Answer::no("cc finds no libc.a").into();
    expect!["error: flavour static needs a static C library: cc finds no libc.a []"]
        .assert_eq(&summary("static", &findings));
}

#[test]
fn a_flavour_that_is_not_declared_is_refused_with_those_that_are() {
    let findings = everything_for(&compressor());
    assert_eq!(
        summary("dynamic", &findings),
        "error: flavour dynamic is not declared: expected auto, full, lean, plain, static \
         [declare it as [flavour.NAME] in packaging/dist.toml, or name another]"
    );
    let error = decide(Request::Auto, &Matrix::default(), &findings).unwrap_err();
    assert_eq!(
        error.to_string(),
        "flavour auto is not declared: there is no [flavour.NAME]"
    );
}

#[test]
fn auto_is_static_where_nothing_else_is_declared() {
    let mut matrix = sampled();
    matrix
        .flavours
        .retain(|flavour| flavour.name == FlavourName::STATIC);
    let decision = decide(Request::Auto, &matrix, &everything_for(&matrix)).unwrap();
    assert_eq!(decision.flavour, FlavourName::STATIC);
}

#[test]
fn a_library_that_was_not_probed_is_not_linked() {
    let findings = everything_for(&sampled());
    assert_eq!(
        summary("full", &findings),
        "error: every flavour needs zlib: could not tell: it was not probed []"
    );
}

#[test]
fn the_outlook_says_for_which_target_a_flavour_is_built_and_by_what() {
    let said = |findings: &Findings| -> Vec<String> {
        let outlook = outlook(&sampled(), findings).into_iter();
        outlook
            .map(|one| one.finding.answer.text().to_owned())
            .collect()
    };
    let mut findings = everything();
    assert_eq!(
        said(&findings),
        [
            "for x86_64-unknown-linux-gnu: libnftables 1.0.6 in /usr/lib can be linked",
            "for x86_64-unknown-linux-gnu",
            "for x86_64-unknown-linux-gnu: no musl target is installed, so the C library is linked statically",
        ]
    );
    *library(&mut findings, "libnftables") = lacking(Answer::no("not found"));
    assert_eq!(
        said(&findings)[0],
        "flavour dynamic needs libnftables: not found"
    );
}
