//! `cargo xtask test`: runs every test and counts them from what the runners say.

mod tally;

use std::io::{BufRead, BufReader, Write};
use std::process::ExitCode;

use anyhow::Context;
use plimsoll_probe::{Host, NativeDep};

use crate::extras::TEST_EXTRAS;
use plimsoll::failure::Hinted;
use plimsoll::install_deps::{self, Purpose};
use plimsoll::{probe, run};
use tally::Tally;

/// Arguments of `cargo xtask test`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Install what the host lacks through its package manager, showing each command
    #[arg(long)]
    install_deps: bool,

    /// Run only the tests whose names contain one of these
    #[arg(value_name = "FILTER")]
    filters: Vec<String>,
}

/// Runs the tests and ends with one line: how many passed, failed and were skipped.
///
/// # Errors
/// Where the tests cannot be started at all. A failing test is an exit code, not an error.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let dependency = probe::dependency()?;
    if args.install_deps {
        install_deps::ensure(Purpose::Test(&TEST_EXTRAS), &dependency)?;
    }
    warn_without_root()?;
    let mut tally = Tally::default();
    let features = features(&dependency, &mut tally)?;
    stream(&cargo_test(&features, &args.filters), &mut tally)?;
    if tally.is_empty() {
        run::say("error: no test ran\nhint: no test's name contains one of the filters");
    }
    run::print(&tally.to_string())?;
    Ok(match tally.is_success() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// Kernel tests skip themselves without root, and fail under `CI=true`.
fn warn_without_root() -> anyhow::Result<()> {
    if !run::is_root()? {
        run::say("kernel and packaging tests need root and will be skipped");
        run::say("hint: sudo --preserve-env env \"PATH=$PATH\" cargo xtask test");
    }
    Ok(())
}

/// The features that add the library driver, so that its tests run; none, with one skip counted
/// for the whole suite, where the library cannot be linked.
///
/// # Errors
/// Where it cannot be linked under `CI=true`.
fn features(dependency: &NativeDep, tally: &mut Tally) -> anyhow::Result<Vec<String>> {
    let library = plimsoll_probe::probe(&Host, dependency, None)
        .library
        .finding;
    if library.is_yes() {
        return Ok(library_features(dependency));
    }
    let reason = format!("{}: {}", dependency.pkg_config, library.answer.text());
    let hint = library.mend.map_or_else(String::new, |mend| mend.command);
    if std::env::var("CI").is_ok_and(|value| value == "true") {
        return Err(Hinted::new(format!("CI=true and no {reason}"), hint).into());
    }
    run::say(&format!(
        "skipped the library driver's tests: {reason}\nhint: {hint}"
    ));
    tally.skip_suite();
    Ok(Vec::new())
}

/// Every feature of the workspace that links the library, as `--features` takes them.
pub(crate) fn library_features(dependency: &NativeDep) -> Vec<String> {
    let features = format!(
        "{},tidegate-bench/libnftables,tidegate-nft/libnftables,tidegate-tests/libnftables",
        dependency.cargo_feature
    );
    vec!["--workspace".to_owned(), "--features".to_owned(), features]
}

/// The arguments of Cargo. Without `features` only what builds without the library is tested.
fn cargo_test(features: &[String], filters: &[String]) -> Vec<String> {
    let mut args = vec!["test".to_owned(), "--no-fail-fast".to_owned()];
    match features.is_empty() {
        true => {
            let excluded = ["libnftables", "libnftables-sys"];
            args.push("--workspace".to_owned());
            args.extend(excluded.map(|package| format!("--exclude={package}")));
        }
        false => args.extend_from_slice(features),
    }
    if !filters.is_empty() {
        args.push("--".to_owned());
        args.extend_from_slice(filters);
    }
    args
}

/// Runs Cargo, passes on every line as it comes, and counts.
fn stream(args: &[String], tally: &mut Tally) -> anyhow::Result<()> {
    let cargo = run::cargo();
    run::say(&format!("$ {}", run::line(&cargo, args)));
    let command = run::command(&cargo, args).stderr_to_stdout().unchecked();
    let output = command.reader().context("cargo cannot be started")?;
    let mut lines = BufReader::new(&output);
    let mut line = Vec::new();
    while lines
        .read_until(b'\n', &mut line)
        .context("cargo's output cannot be read")?
        > 0
    {
        // Nothing is to be done where standard error is closed; the count still holds.
        let _ = std::io::stderr().write_all(&line);
        tally.read(&String::from_utf8_lossy(&line));
        line.clear();
    }
    let finished = output.try_wait().context("cargo cannot be waited for")?;
    tally.finish(finished.is_some_and(|output| output.status.success()));
    Ok(())
}
