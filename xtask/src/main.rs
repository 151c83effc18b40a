//! Project tasks. Thin: arguments, dispatch and rendering; what decides is in the crates.

mod check;
mod ci;
mod dist;
mod docs;
mod failure;
mod install_deps;
mod probe;
mod run;
mod table;
mod test;
mod tools;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Builds, packages, tests and checks Tidegate. Needs nothing but Rust and a C compiler.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Show what this host has for building Tidegate, and which flavours follow from it
    Probe(probe::Args),
    /// Build and package every flavour that the probe allows
    Dist(Box<dist::Args>),
    /// Run every test: unit, kernel conformance, end to end and packaging
    Test(test::Args),
    /// Check what a change must pass besides the tests: format, lints, licences, generated files
    Check(check::Args),
    /// Write man pages and shell completions from the command lines' definitions
    Docs(docs::Args),
    /// Write the workflows of continuous integration from their templates
    Ci(ci::Args),
}

fn main() -> ExitCode {
    let task = Cli::parse().task;
    let result = match &task {
        Task::Probe(args) => probe::run(args).map(done),
        Task::Dist(args) => dist::run(args).map(done),
        Task::Test(args) => test::run(args),
        Task::Check(args) => check::run(args).map(done),
        Task::Docs(args) => docs::run(args).map(done),
        Task::Ci(args) => ci::run(args).map(done),
    };
    result.unwrap_or_else(|error| {
        failure::report(&error);
        ExitCode::FAILURE
    })
}

fn done((): ()) -> ExitCode {
    ExitCode::SUCCESS
}
