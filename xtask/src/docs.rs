//! `cargo xtask docs`: man pages and shell completions, from the command lines' definitions, the reference of the
//! toolkit's files, from the types that read them, the daemon's OpenAPI document, from its table of calls, and what the daemon's
//! Cargo manifest tells other packaging tools, from `packaging/dist.toml`.

mod man;
mod reference;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Command;
use clap_complete::{Generator, Shell};
use error_hint::{Context, Failure, Result};

use plimsoll::{Formats, run};

/// A program and the manual's section that it belongs to: 1 for users, 8 for the administrator
/// (man(1)).
struct Program {
    definition: fn() -> Command,
    section: &'static str,
}

const PROGRAMS: [Program; 2] = [
    Program {
        definition: tidegate_args::tidegate,
        section: "1",
    },
    Program {
        definition: tidegate_args::tidegated,
        section: "8",
    },
];

const SHELLS: [Shell; 3] = [Shell::Bash, Shell::Zsh, Shell::Fish];

/// The OpenAPI document of the daemon's API.
pub(crate) const OPENAPI: &str = "docs/api/openapi.json";

/// Arguments of `cargo xtask docs`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Write nothing; fail where a file is not what would be written
    #[arg(long)]
    check: bool,
}

/// The content of each generated file, by its path in the workspace.
type Files = BTreeMap<PathBuf, Vec<u8>>;

/// Writes the files, or compares them.
///
/// # Errors
/// Where a file cannot be written or, under `--check`, is stale; the error names each.
pub(crate) fn run(args: &Args) -> Result<()> {
    match args.check {
        true => check(),
        false => write(&run::root(), &generated()?),
    }
}

/// Compares the files with what would be written.
///
/// # Errors
/// Names each file that is stale or missing.
pub(crate) fn check() -> Result<()> {
    let files = generated()?;
    let stale = stale(&run::root(), &files);
    if stale.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = stale
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    let message = format!("generated files are outdated: {}", names.join(", "));
    Err(Failure::hinted(message, "cargo xtask docs"))
}

fn generated() -> Result<Files> {
    let mut files = Files::new();
    let reference = reference::reference().into_bytes();
    files.insert("docs/reference.md".into(), reference);
    files.insert(OPENAPI.into(), openapi()?);
    let manifest = plimsoll::metadata::manifest(&Formats::standard())?;
    files.insert(below_root(&manifest.path), manifest.text.into_bytes());
    for program in &PROGRAMS {
        let mut command = (program.definition)();
        files.extend(SHELLS.map(|shell| completion(&mut command, shell)));
        let pages = man::pages((program.definition)(), program.section)?;
        let page = |(name, text)| (Path::new("packaging").join::<PathBuf>(name), text);
        files.extend(pages.into_iter().map(page));
    }
    Ok(files)
}

/// A path relative to the workspace, if it is in it.
fn below_root(path: &Path) -> PathBuf {
    path.strip_prefix(run::root()).unwrap_or(path).to_owned()
}

/// The daemon's API, as its own table of calls and its types have it.
fn openapi() -> Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(&tidegate_api::openapi::document())
        .map_err(|error| Failure::of(&error))?;
    text.push(b'\n');
    Ok(text)
}

fn completion(command: &mut Command, shell: Shell) -> (PathBuf, Vec<u8>) {
    let name = command.get_name().to_owned();
    let mut text = Vec::new();
    clap_complete::generate(shell, command, &name, &mut text);
    let folder = Path::new("packaging/completions");
    (folder.join(shell.file_name(&name)), text)
}

fn write(folder: &Path, files: &Files) -> Result<()> {
    for (path, text) in files {
        let file = folder.join(path);
        let parent = file.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent)
            .and_then(|()| std::fs::write(&file, text))
            .with_context(|| format!("{} cannot be written", file.display()))?;
    }
    Ok(())
}

/// The files that are missing or differ.
fn stale<'a>(folder: &Path, files: &'a Files) -> Vec<&'a PathBuf> {
    let differs = |path: &Path, text: &[u8]| {
        std::fs::read(folder.join(path)).map_or(true, |there| there != text)
    };
    files
        .iter()
        .filter(|(path, text)| differs(path, text))
        .map(|(path, _)| path)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_not_stale_until_it_is_edited() {
        let folder = tempfile::tempdir().unwrap();
        let files = generated().unwrap();
        assert_eq!(stale(folder.path(), &files).len(), files.len());
        write(folder.path(), &files).unwrap();
        assert!(stale(folder.path(), &files).is_empty());
        std::fs::write(folder.path().join("packaging/man/tidegated.8"), "edited").unwrap();
        assert_eq!(
            stale(folder.path(), &files),
            [Path::new("packaging/man/tidegated.8")]
        );
    }

    #[test]
    fn every_subcommand_has_a_page_and_every_program_its_completions() {
        let files = generated().unwrap();
        for path in [
            "packaging/man/tidegate.1",
            "packaging/man/tidegate-network-create.1",
            "packaging/man/tidegated.8",
            "packaging/completions/tidegate.bash",
            "packaging/completions/_tidegated",
            "packaging/completions/tidegated.fish",
            "docs/reference.md",
            OPENAPI,
        ] {
            assert!(files.contains_key(Path::new(path)), "{path}");
        }
    }
}
