//! `cargo xtask bench`: builds the programs that are measured and what measures them, and runs it.

use std::path::PathBuf;

use error_hint::{Failure, Result};
use plimsoll::Formats;
use plimsoll::{probe, run};

use crate::libraries;

/// Arguments of `cargo xtask bench`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Measure fewer times, and on smaller hosts: half a minute instead of some
    #[arg(long)]
    quick: bool,

    /// Print the report as JSON
    #[arg(long)]
    json: bool,

    /// Measure this part alone; can be given several times. `packages`, which compiles everything
    /// anew, is measured only where it is asked for
    #[arg(long = "part", value_name = "PART", value_parser = PARTS)]
    parts: Vec<String>,

    /// Measure the programs of another build beside these, and nothing else: a folder with its tidegated and tidegate,
    /// such as target/release of another checkout
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["parts", "html"])]
    against: Option<PathBuf>,

    /// Write the report as a page, and beside it under the same name as JSON and in Markdown. Parts
    /// that are not measured now are kept from what is there
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// What can be measured by itself.
const PARTS: [&str; 6] = [
    "updates", "calls", "removal", "hosts", "packets", "packages",
];

/// What is built with it, and measured.
const PACKAGES: [&str; 3] = ["tidegated", "tidegate", "tidegate-bench"];

/// Measures the daemon and its drivers against every other way to do the same.
///
/// # Errors
/// Without root, and where something cannot be built or a daemon refuses.
pub(crate) fn run(args: &Args) -> Result<()> {
    if !run::is_root() {
        let hint = "sudo --preserve-env env \"PATH=$PATH\" cargo xtask bench";
        return Err(Failure::hinted(
            "only root can create network namespaces",
            hint,
        ));
    }
    build()?;
    let programs = programs();
    let mut words = vec!["--programs".to_owned(), programs.display().to_string()];
    words.extend(args.quick.then(|| "--quick".to_owned()));
    words.extend(args.json.then(|| "--json".to_owned()));
    for part in &args.parts {
        words.extend(["--part".to_owned(), part.clone()]);
    }
    if let Some(other) = &args.against {
        words.extend(["--against".to_owned(), other.display().to_string()]);
    }
    if let Some(html) = &args.html {
        words.extend(["--html".to_owned(), html.display().to_string()]);
    }
    let bench = programs.join("tidegate-bench");
    Ok(run::command(&bench.display().to_string(), &words).pass_through()?)
}

/// With the libraries that can be linked.
fn build() -> Result<()> {
    let declared = probe::matrix(&Formats::standard())?.libraries;
    let findings = plimsoll_probe::probe(&plimsoll_probe::Host, &declared, None);
    let found = libraries::found(&declared, &findings);
    let features = libraries::features(&found, &PACKAGES)?.join(",");
    let mut words = vec!["build", "--release"];
    words.extend(PACKAGES.iter().flat_map(|package| ["--package", package]));
    words.extend(["--features", &features]);
    if let Some((reason, _)) = libraries::missing(&declared, &findings) {
        run::say(&format!("without the library driver: {reason}"));
    }
    run::shown(&run::cargo(), &words)
}

/// Where Cargo puts what it builds.
fn programs() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = target.unwrap_or_else(|| PathBuf::from("target"));
    run::root().join(target).join("release")
}
