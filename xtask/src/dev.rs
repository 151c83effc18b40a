//! `cargo xtask dev`: the daemon from the tree, running in a host namespace of its own.

use std::fs;
use std::process::ExitCode;

use error_hint::{Context, Failure, Result};
use plimsoll::Formats;
use plimsoll::{probe, run};
use plimsoll_probe::{Command, Host};

use crate::libraries;

/// What runs there.
const PROGRAMS: [&str; 2] = ["tidegated", "tidegate"];

/// Arguments of `cargo xtask dev`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Run this command there instead of a shell
    #[arg(trailing_var_arg = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// Makes the host, and says how a command in it is run: `sh host.sh PROGRAMS FOLDER [COMMAND...]`.
const SCRIPT: &str = include_str!("dev/host.sh");

/// Builds the programs, and runs a command or a shell beside them. The exit code is the command's.
///
/// # Errors
/// Without root, and where the programs cannot be built.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    if !run::is_root() {
        let hint = "sudo --preserve-env env \"PATH=$PATH\" cargo xtask dev";
        return Err(Failure::hinted(
            "only root can create network namespaces",
            hint,
        ));
    }
    build()?;
    // Several may run at a time.
    let folder = run::root().join(format!("target/dev/{}", std::process::id()));
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let programs = run::root().join("target/debug");
    let [programs, folder] = [&programs, &folder].map(|path| path.display().to_string());
    let script = ["--net", "--mount", "sh", "-c", SCRIPT, "host.sh"].map(str::to_owned);
    let words = script.into_iter().chain([programs, folder]);
    let words = words.chain(args.command.iter().cloned());
    // The user ends it, so this process has no wait of its own.
    Err(Command::new("unshare", words).take_over().into())
}

/// With the libraries that can be linked.
fn build() -> Result<()> {
    let declared = probe::matrix(&Formats::standard())?.libraries;
    let findings = plimsoll_probe::probe(&Host, &declared, None);
    let found = libraries::found(&declared, &findings);
    let features = libraries::features(&found, &PROGRAMS)?.join(",");
    let mut words = vec!["build"];
    words.extend(PROGRAMS.iter().flat_map(|program| ["--package", program]));
    words.extend(["--features", &features]);
    run::shown(&run::cargo(), &words)
}
