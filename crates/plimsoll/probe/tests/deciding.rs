//! What is built for each request, from findings that are values.

#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

use error_hint::Hint;
use expect_test::{Expect, expect};
use plimsoll_probe::fakes::{FakeSystem, libnftables};
use plimsoll_probe::{Answer, Finding, Findings, Flavour, Mend, Request, decide, outlook, probe};

const HOST: &str = "x86_64-unknown-linux-gnu";
const MUSL: &str = "x86_64-unknown-linux-musl";

/// A host that can build everything.
fn everything() -> Findings {
    let mut findings = probe(&FakeSystem::new(), &libnftables(), Some(HOST));
    findings.rust.host = HOST.into();
    findings.rust.installed = vec![HOST.into()];
    findings.rust.finding = Finding::yes(HOST);
    findings.c_compiler = Finding::yes("cc");
    findings.static_libc = Finding::yes("/usr/lib/libc.a");
    findings.library.finding = Finding::yes("1.0.6 in /usr/lib");
    findings
}

fn lacking(answer: Answer) -> Finding {
    Finding::from(answer).mended_by(Some(Mend::run("apt-get install it")))
}

fn check(request: &str, findings: &Findings, expected: &Expect) {
    let request: Request = request.parse().unwrap();
    let text = match decide(request, &libnftables(), findings) {
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
    findings.library.finding = lacking(Answer::no("Package libnftables was not found"));
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
    findings.library.finding = lacking(Answer::could_not_tell("pkg-config is not installed"));
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
    findings.library.finding = lacking(Answer::no("Package libnftables was not found"));
    check(
        "dynamic",
        &findings,
        &expect![[r#"
        error: flavour dynamic needs libnftables: Package libnftables was not found
        hint: apt-get install it"#]],
    );
    findings.library.finding = lacking(Answer::could_not_tell("pkg-config is not installed"));
    check(
        "dynamic",
        &findings,
        &expect![[r#"
        error: flavour dynamic needs libnftables: could not tell: pkg-config is not installed
        hint: apt-get install it"#]],
    );
}

#[test]
fn dynamic_exec_by_name_is_no_fallback() {
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
        let error = decide(request, &libnftables(), &findings).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("every flavour needs a C compiler for {HOST}: cc is not installed")
        );
    }
}

#[test]
fn the_outlook_names_what_is_built_instead_of_dynamic_alone() {
    let mut findings = everything();
    findings.library.finding = lacking(Answer::no("not found"));
    findings.static_libc = lacking(Answer::could_not_tell("no C compiler to ask"));
    let outlook = outlook(&libnftables(), &findings);
    let lines: Vec<String> = outlook
        .iter()
        .map(|one| format!("{} {} {:?}", one.flavour, one.finding.answer, one.instead))
        .collect();
    assert_eq!(
        lines,
        [
            "dynamic no Some(DynamicExec)",
            "dynamic-exec yes None",
            "static could not tell None",
        ]
    );
    assert_eq!(outlook[0].flavour, Flavour::Dynamic);
}
