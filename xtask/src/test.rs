//! `cargo xtask test`: runs tests and counts them from what the runners say.

mod lanes;
mod tally;

use std::io::Write;
use std::num::NonZero;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::thread;

use error_hint::{Failure, Result};
use plimsoll::Formats;
use plimsoll_probe::{Findings, RunError};

use crate::extras::TEST_EXTRAS;
use crate::libraries::{self, Libraries};
use lanes::{Lane, Scope};
use plimsoll::install_deps::{self, Purpose};
use plimsoll::{probe, run};
use tally::Tally;

/// Arguments of `cargo xtask test`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Install what the host lacks through its package manager, showing each command
    #[arg(long)]
    install_deps: bool,

    /// Run only what needs neither root nor a kernel: under a minute once it is built
    #[arg(long, conflicts_with = "all")]
    unit: bool,

    /// Run what concerns other distributions, other projects, other releases of nftables and the static programs too, as CI does
    #[arg(long)]
    all: bool,

    /// Run only the tests whose names contain one of these
    #[arg(value_name = "FILTER")]
    filters: Vec<String>,
}

impl Args {
    const fn scope(&self) -> Scope {
        match (self.unit, self.all) {
            (true, _) => Scope::Unit,
            (_, true) => Scope::All,
            _ => Scope::Host,
        }
    }
}

/// Runs the tests. Names those that failed, each with the command that runs it alone, and ends with one line: how many
/// passed, failed and were skipped.
///
/// # Errors
/// Where the tests cannot be started at all. A failing test is an exit code, not an error.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let declared = probe::matrix(&Formats::standard())?.libraries;
    let purpose = args.install_deps.then_some(Purpose::Test(&TEST_EXTRAS));
    let findings = install_deps::findings(purpose, &declared)?;
    let scope = args.scope();
    if scope != Scope::Unit {
        warn_without_root();
    }
    let mut tally = Tally::default();
    let features = features(&declared, &findings, &mut tally)?;
    let lanes = lanes::of(scope, !features.is_empty());
    let tally = match build(&features, &lanes) {
        Ok(()) => run_lanes(&features, &lanes, &args.filters, tally)?,
        Err(error) => {
            plimsoll::failure::report(&error);
            tally.finish(false);
            tally
        }
    };
    for name in tally.failures() {
        run::say(&format!(
            "failed: {name}\n  again: cargo xtask test --all {name}"
        ));
    }
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
fn warn_without_root() {
    if !run::is_root() {
        run::say("kernel and packaging tests need root and will be skipped");
        run::say("hint: sudo --preserve-env env \"PATH=$PATH\" cargo xtask test");
    }
}

/// The features that add the library driver, so that its tests run; none, with one skip counted
/// for the whole suite, where a library cannot be linked.
///
/// # Errors
/// Where it cannot be linked under `CI=true`.
fn features(declared: &Libraries, findings: &Findings, tally: &mut Tally) -> Result<Vec<String>> {
    let Some((reason, hint)) = libraries::missing(declared, findings) else {
        return library_features(declared);
    };
    if std::env::var("CI").is_ok_and(|value| value == "true") {
        return Err(Failure::hinted(format!("CI=true and no {reason}"), hint));
    }
    run::say(&format!(
        "skipped the library driver's tests: {reason}\nhint: {hint}"
    ));
    tally.skip_suite();
    Ok(Vec::new())
}

/// Every feature of the workspace that links a library, as `--features` takes them.
pub(crate) fn library_features(declared: &Libraries) -> Result<Vec<String>> {
    let features = libraries::features(declared, &[])?.join(",");
    Ok(vec![
        "--workspace".to_owned(),
        "--features".to_owned(),
        features,
    ])
}

/// The arguments of Cargo for a choice of test programs. Without `features` only what builds without the library is
/// tested.
fn cargo_test(features: &[String], choice: &[String]) -> Vec<String> {
    let mut args = vec!["test".to_owned(), "--no-fail-fast".to_owned()];
    match features.is_empty() {
        true => {
            let excluded = ["libnftables", "libnftables-sys"];
            args.push("--workspace".to_owned());
            args.extend(excluded.map(|package| format!("--exclude={package}")));
        }
        false => args.extend_from_slice(features),
    }
    args.extend_from_slice(choice);
    args
}

/// Builds every test program once, before any runs, so that no lane waits for the other's build.
fn build(features: &[String], lanes: &[Lane]) -> Result<()> {
    let programs = lanes.iter().flat_map(|lane| &lane.programs);
    let choice: Vec<String> = programs
        .map(String::clone)
        .chain(["--no-run".to_owned()])
        .collect();
    run::shown(&run::cargo(), &cargo_test(features, &choice))
}

/// Runs the lanes side by side: where one waits for a kernel's timers, the other builds.
fn run_lanes(
    features: &[String],
    lanes: &[Lane],
    filters: &[String],
    tally: Tally,
) -> Result<Tally> {
    let tally = Mutex::new(tally);
    thread::scope(|scope| {
        let lanes = lanes.iter().map(|lane| {
            let tally = &tally;
            scope.spawn(move || {
                lane.commands(filters)
                    .iter()
                    .try_for_each(|choice| stream(lane, &cargo_test(features, choice), tally))
            })
        });
        let lanes: Vec<_> = lanes.collect();
        lanes.into_iter().try_for_each(|lane| {
            lane.join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    })?;
    Ok(tally.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// The test runner's setting of how many tests of a program run at a time.
const THREADS: &str = "RUST_TEST_THREADS";

/// How many tests of a program run at a time: what the user set, or the lane's number for this machine.
fn threads(lane: &Lane) -> String {
    std::env::var(THREADS).unwrap_or_else(|_| {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        lane.threads(cores).to_string()
    })
}

/// Runs Cargo, passes on every line as it comes behind the lane's name, and counts.
fn stream(lane: &Lane, args: &[String], tally: &Mutex<Tally>) -> Result<()> {
    let name = lane.name;
    let (program, args) = lane.program(run::cargo(), args);
    let command = run::command(&program, &args).with_env(THREADS, threads(lane));
    run::say(&format!("[{name}] $ {}", command.pasteable()));
    let mut own = Tally::default();
    let ran = command.lines(|line| {
        own.read(line);
        // In one call, so that no line of another lane comes between. Nothing is to be done where standard error is
        // closed; the count still holds.
        let _ = std::io::stderr().write_all(format!("[{name}] {line}\n").as_bytes());
    });
    match ran {
        Ok(()) => own.finish(true),
        Err(RunError::Failed { .. }) => own.finish(false),
        Err(error) => return Err(error.into()),
    }
    let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
    tally.add(own);
    Ok(())
}
