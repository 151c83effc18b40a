//! `init`: looks at a workspace, and writes `packaging/dist.toml` and `packaging/distros.toml` for it.

mod assets;
mod built;
mod cargo;
mod choose;
mod dist;
mod existing;
mod facts;
mod features;
mod help;
mod library;
mod native;
mod place;
mod read;
mod relations;
#[cfg(test)]
mod tests;
mod words;

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

use error_hint::{Context, Failure, FileError, Result, in_one_line};
use plimsoll_build::format::Formats;
use plimsoll_plan::{check, config};

use crate::run;
use facts::Facts;

/// What is built and packaged.
const DIST: &str = "packaging/dist.toml";

/// For which distributions.
const LIST: &str = "packaging/distros.toml";

/// The distributions to begin with.
const DISTROS: &str = include_str!("init/distros.toml");

/// Arguments of `init`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A Cargo package whose programs are packaged; may be repeated, the main one first [default: those that look like it]
    #[arg(long, value_name = "NAME")]
    package: Vec<String>,

    /// Build and run nothing: what the programs need and print is asked for
    #[arg(long)]
    no_build: bool,

    /// Print the files, and write none
    #[arg(long)]
    print: bool,
}

/// Writes both files, or the one that is missing, and lists the questions that are left.
///
/// # Errors
/// Where both are there already, or the workspace cannot be read or has no program.
pub fn run(args: &Args, formats: &Formats) -> Result<()> {
    let here = std::env::current_dir().context("the working folder is unknown")?;
    run_in(&here, args, formats)
}

fn run_in(folder: &Path, args: &Args, formats: &Formats) -> Result<()> {
    let (root, mut facts) = read::facts(folder, &args.package)?;
    let is_there = |name: &str| !args.print && root.join(name).exists();
    if is_there(DIST) {
        if is_there(LIST) {
            refuse(&root.join(DIST))?;
        }
        return write(&root, LIST, DISTROS);
    }
    if !args.no_build {
        run::say("building the programs, to see what they need and print");
        match built::look(&root, &facts) {
            Ok(built) => facts.built = Some(built),
            Err(error) => {
                run::say("warning: the programs could not be built, so more is asked for");
                run::say(&error.to_string());
            }
        }
    }
    let files = files(&facts)?;
    for (name, text) in &files {
        if args.print {
            run::print(&format!("# ---- {name}\n{text}"))?;
        } else if !is_there(name) {
            write(&root, name, text)?;
        }
    }
    report(&files[0].1, formats);
    Ok(())
}

/// The files with their texts.
fn files(facts: &Facts) -> Result<[(&'static str, String); 2]> {
    let main = facts.packages.first();
    let main = main.context("the workspace has no package with a program")?;
    let text = dist::text(facts, main, &library::table()?);
    Ok([(DIST, text), (LIST, DISTROS.to_owned())])
}

/// Says what is left to do.
fn report(text: &str, formats: &Formats) {
    let questions = words::questions(text);
    for (number, question) in questions.iter().enumerate() {
        run::say(&format!("question {}: {question}", number + 1));
    }
    for fault in faults(text, formats) {
        run::say(&format!("to be mended: {fault}"));
    }
    run::say("next: dist --check-config");
}

/// What a check of the file says, without the questions.
fn faults(text: &str, formats: &Formats) -> Vec<String> {
    let path = Path::new(DIST);
    match config::parse(text, path, &formats.rules().names()) {
        Ok(config) => {
            let complaints = check::config(&config, formats.rules()).into_iter();
            let found = complaints.map(|complaint| complaint.found(path, text).to_string());
            found.collect()
        }
        Err(config::ConfigError::Question { .. }) => Vec::new(),
        Err(error) => vec![in_one_line(&error)],
    }
}

fn refuse(path: &Path) -> Result<()> {
    if path.exists() {
        let what = format!("{} is there already", path.display());
        let hint = "move it away, or compare it with what `init --print` shows";
        return Err(Failure::hinted(what, hint));
    }
    Ok(())
}

fn write(root: &Path, name: &str, text: &str) -> Result<()> {
    let path = &root.join(name);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(FileError::at("make", folder))?;
    }
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    match file.and_then(|mut file| file.write_all(text.as_bytes())) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return refuse(path),
        written => written.map_err(FileError::at("write", path))?,
    }
    run::say(&format!("wrote {name}"));
    Ok(())
}
