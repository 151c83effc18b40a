//! Project tasks: the toolkit's own, and what only this project needs.

mod bench;
mod check;
mod ci;
mod circles;
mod dev;
mod docs;
mod extras;
mod libraries;
#[cfg(test)]
mod packaging;
mod test;
mod toolkit;
mod tools;
mod wings;
mod words;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use plimsoll::failure;

/// Builds, packages, tests and checks Tidegate. Needs nothing but Rust and a C compiler.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    #[command(flatten)]
    Packaging(plimsoll::Task),
    /// Run every test: unit, kernel conformance, end to end and packaging
    Test(test::Args),
    /// Run the daemon from the tree in a host namespace of its own, with two namespaces attached, and a shell beside it
    Dev(dev::Args),
    /// Measure the daemon and its drivers against every other way to do the same, side by side
    Bench(bench::Args),
    /// Check what a change must pass besides the tests: format, lints, licences, generated files
    Check(check::Args),
    /// Write what follows from definitions: man pages, shell completions, the reference of the files
    Docs(docs::Args),
    /// Unpack the packaging toolkit's crates as they are published, for a project that tries them
    Toolkit(toolkit::Args),
    /// Write the workflows of continuous integration from their templates
    Ci(ci::Args),
}

fn main() -> ExitCode {
    let result = match &Cli::parse().task {
        Task::Packaging(task) => return task.run(),
        Task::Test(args) => test::run(args),
        Task::Dev(args) => dev::run(args),
        Task::Bench(args) => bench::run(args).map(done),
        Task::Check(args) => check::run(args).map(done),
        Task::Docs(args) => docs::run(args).map(done),
        Task::Toolkit(args) => toolkit::run(args).map(done),
        Task::Ci(args) => ci::run(args).map(done),
    };
    failure::exit_code(result)
}

fn done((): ()) -> ExitCode {
    ExitCode::SUCCESS
}
