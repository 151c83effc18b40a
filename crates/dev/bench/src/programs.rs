//! The programs that are measured, or that prepare what is.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use tidegate_tests::find_program;

/// Where a program is.
///
/// # Errors
/// When it is not there.
pub(crate) fn program(name: &str) -> anyhow::Result<PathBuf> {
    find_program(name).with_context(|| format!("{name} is not there"))
}

/// Runs a command with an input.
///
/// # Errors
/// When it fails, with what it said.
pub(crate) fn run(command: &mut Command, input: &str) -> anyhow::Result<()> {
    let line = format!("{command:?}");
    let command = command.stdin(Stdio::piped()).stdout(Stdio::null());
    let mut child = command.stderr(Stdio::piped()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("{line}: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}
