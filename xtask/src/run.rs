//! Running other programs in sight of the user: data goes to stdout, all else to stderr.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;

/// The workspace's root.
pub(crate) fn root() -> PathBuf {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR");
    let manifest = manifest.unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&manifest)
        .parent()
        .unwrap_or(Path::new("."))
        .to_owned()
}

/// The Cargo that runs this program, else the one in PATH.
pub(crate) fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// Writes a line to standard error; nothing is to be done where that is closed.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Writes a line to standard output.
///
/// # Errors
/// Where standard output is closed.
pub(crate) fn print(line: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{line}").context("standard output cannot be written to")
}

/// A command in the workspace's root that reads nothing.
pub(crate) fn command<S: AsRef<str>>(program: &str, args: &[S]) -> duct::Expression {
    let args: Vec<&str> = args.iter().map(AsRef::as_ref).collect();
    duct::cmd(program, args).dir(root()).stdin_null()
}

/// Shows a command and runs it.
///
/// # Errors
/// Where it cannot be started, or fails.
pub(crate) fn shown<S: AsRef<str>>(program: &str, args: &[S]) -> anyhow::Result<()> {
    let line = line(program, args);
    say(&format!("$ {line}"));
    let ran = command(program, args).stdout_to_stderr().unchecked().run();
    let status = ran
        .with_context(|| format!("`{line}` cannot be started"))?
        .status;
    anyhow::ensure!(status.success(), "`{line}` failed ({status})");
    Ok(())
}

/// The command as a person would type it.
pub(crate) fn line<S: AsRef<str>>(program: &str, args: &[S]) -> String {
    let name = Path::new(program)
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or(program);
    let words = std::iter::once(name).chain(args.iter().map(AsRef::as_ref));
    words.map(quoted).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    match word.is_empty() || word.contains(|c: char| c.is_whitespace() || "\"'$&;|<>*".contains(c))
    {
        true => format!("'{}'", word.replace('\'', r"'\''")),
        false => word.to_owned(),
    }
}

/// Whether this process is root's.
pub(crate) fn is_root() -> anyhow::Result<bool> {
    let uid = duct::cmd!("id", "-u")
        .read()
        .context("`id -u` cannot be run")?;
    Ok(uid.trim() == "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_command_can_be_pasted() {
        assert_eq!(
            line("/opt/bin/cargo", &["test", "--", "a b", "it's"]),
            r"cargo test -- 'a b' 'it'\''s'"
        );
    }

    #[test]
    fn the_root_holds_the_workspace_manifest() {
        assert!(root().join("Cargo.toml").is_file());
        assert!(root().join("xtask").is_dir());
    }
}
