//! `cargo xtask check`: what a change must pass besides the tests.

use std::path::Path;

use error_hint::{Context, Failure, Result};
use plimsoll::Formats;

use plimsoll::install_deps::{self, Purpose};
use plimsoll::{probe, run};

use crate::extras::TEST_EXTRAS;
use crate::libraries::Libraries;
use crate::{ci, circles, docs, test, toolkit, tools, wings, words};

/// Arguments of `cargo xtask check`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Install what the host lacks through its package manager, showing each command
    #[arg(long)]
    install_deps: bool,

    /// Check the advisory database too, which is fetched from its public home
    #[arg(long)]
    advisories: bool,
}

/// What names the manifest to Cargo and to cargo-deny.
const IN: &str = "--manifest-path";

/// This workspace's manifest.
const OURS: &str = "Cargo.toml";

/// The manifests of the example and of its xtask, each a workspace of its own.
const EXAMPLE: [&str; 2] = [
    "examples/zpack/Cargo.toml",
    "examples/zpack/xtask/Cargo.toml",
];

/// Where the example has the toolkit's crates, as they are published.
const VENDOR: &str = "examples/zpack/vendor";

/// The manifest of the fuzz targets, a workspace of its own that takes too long to build for a check.
const FUZZ: &str = "crates/dev/checks/fuzz/Cargo.toml";

const WORKFLOWS: &str = ".github/workflows";

const FORMS: [&str; 2] = [
    ".github/ISSUE_TEMPLATE/bug.yml",
    ".github/ISSUE_TEMPLATE/feature.yml",
];

/// One check: its name, and how it is done.
type Check<'a> = (&'a str, Box<dyn Fn() -> Result<()> + 'a>);

/// Runs every check, and reports every one that fails.
///
/// # Errors
/// Names the checks that failed.
pub(crate) fn run(args: &Args) -> Result<()> {
    let declared = probe::matrix(&Formats::standard())?.libraries;
    if args.install_deps {
        install_deps::findings(Some(Purpose::Test(&TEST_EXTRAS)), &declared)?;
    }
    let checks = checks(args, &declared);
    let failed: Vec<&str> = checks
        .iter()
        .filter(|(_, check)| !passes(check()))
        .map(|(name, _)| *name)
        .collect();
    if failed.is_empty() {
        run::say(&format!("{} checks passed", checks.len()));
        return Ok(());
    }
    let message = format!(
        "{} of {} checks failed: {}",
        failed.len(),
        checks.len(),
        failed.join(", ")
    );
    Err(Failure::hinted(message, "the reasons are above"))
}

fn passes(result: Result<()>) -> bool {
    result.inspect_err(plimsoll::failure::report).is_ok()
}

fn checks<'a>(args: &'a Args, declared: &'a Libraries) -> Vec<Check<'a>> {
    vec![
        ("wings", Box::new(wings::check)),
        ("circles of files", Box::new(circles::check)),
        ("words", Box::new(words::check)),
        ("format", Box::new(|| cargo(&["fmt", "--all", "--check"]))),
        ("lints without the library", Box::new(|| clippy(&[]))),
        (
            "lints without the package writer",
            Box::new(|| {
                clippy(&["--package", "plimsoll", "--no-default-features"].map(str::to_owned))
            }),
        ),
        ("lints", Box::new(|| clippy(&all_features(declared)?))),
        (
            "licences and sources",
            Box::new(|| deny(OURS, args.advisories)),
        ),
        (
            "example: the toolkit's packages",
            Box::new(|| toolkit::vendor(Path::new(VENDOR))),
        ),
        (
            "example: format",
            Box::new(|| of_example(|manifest| cargo(&["fmt", "--check", IN, manifest]))),
        ),
        ("example: lints", Box::new(lint_example)),
        (
            "example: licences and sources",
            Box::new(|| of_example(|manifest| deny(manifest, args.advisories))),
        ),
        (
            "fuzz targets: format",
            Box::new(|| cargo(&["fmt", "--check", IN, FUZZ])),
        ),
        ("toolkit: documentation", Box::new(toolkit::document)),
        ("toolkit: packages", Box::new(toolkit::publish)),
        ("generated files", Box::new(docs::check)),
        ("OpenAPI document", Box::new(validate_openapi)),
        ("generated workflows", Box::new(ci::check)),
        (
            "workflows: schema",
            Box::new(|| schema("workflows", &workflows()?)),
        ),
        (
            "forms of issues: schema",
            Box::new(|| schema("issue-forms", &FORMS)),
        ),
        ("workflows: security", Box::new(audit_workflows)),
    ]
}

/// The features that the library driver's tests need, and the one that links the package writer.
fn all_features(declared: &Libraries) -> Result<Vec<String>> {
    let writer = ["--features", "plimsoll/writer"].map(str::to_owned);
    let library = test::library_features(declared)?;
    Ok(library.into_iter().chain(writer).collect())
}

fn clippy(features: &[String]) -> Result<()> {
    let features = features.iter().map(String::as_str);
    let args = ["clippy", "--all-targets"].into_iter().chain(features);
    cargo(&args.chain(["--", "--deny", "warnings"]).collect::<Vec<_>>())
}

/// Does it with each of the example's manifests.
fn of_example(check: impl Fn(&str) -> Result<()>) -> Result<()> {
    EXAMPLE.into_iter().try_for_each(check)
}

/// The lock file of its xtask must fit the toolkit's packages, which are its dependencies. What this workspace needs too is
/// compiled once.
fn lint_example() -> Result<()> {
    of_example(|manifest| {
        for features in [None, Some("--all-features")] {
            let lint = ["clippy", "--locked", IN, manifest, "--target-dir", "target"];
            let what = ["--workspace", "--all-targets"].into_iter().chain(features);
            let args = lint.into_iter().chain(what);
            cargo(&args.chain(["--", "--deny", "warnings"]).collect::<Vec<_>>())?;
        }
        Ok(())
    })
}

fn workflows() -> Result<Vec<String>> {
    let entries =
        std::fs::read_dir(WORKFLOWS).with_context(|| format!("cannot read {WORKFLOWS}"))?;
    entries
        .map(|entry| Ok(entry?.path().to_string_lossy().into_owned()))
        .collect()
}

/// Checks files of GitHub's against its own schemas, which come with the program.
fn schema(kind: &str, files: &[impl AsRef<str>]) -> Result<()> {
    let program = tools::from_pypi(&tools::CHECK_JSONSCHEMA)?;
    let schema = format!("vendor.github-{kind}");
    let files = files.iter().map(AsRef::as_ref);
    let args: Vec<&str> = ["--builtin-schema", &schema]
        .into_iter()
        .chain(files)
        .collect();
    run::shown(&program.to_string_lossy(), &args)
}

fn audit_workflows() -> Result<()> {
    let program = tools::from_pypi(&tools::ZIZMOR)?;
    run::shown(&program.to_string_lossy(), &["--offline", WORKFLOWS])
}

fn deny(manifest: &str, advisories: bool) -> Result<()> {
    let mut args = vec!["--locked", IN, manifest, "--config", "deny.toml", "check"];
    args.extend(["bans", "licenses", "sources"]);
    args.extend(advisories.then_some("advisories"));
    let program = tools::cargo_deny()?;
    run::shown(&program.to_string_lossy(), &args)
}

/// By a program that knows OpenAPI and nothing of this project.
fn validate_openapi() -> Result<()> {
    let program = tools::from_pypi(&tools::OPENAPI_VALIDATOR)?;
    let document = run::root().join(docs::OPENAPI);
    let args = ["--schema", "3.1", &document.to_string_lossy()];
    run::shown(&program.to_string_lossy(), &args)
}

fn cargo(args: &[&str]) -> Result<()> {
    run::shown(&run::cargo(), args)
}
