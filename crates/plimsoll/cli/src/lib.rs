//! The command line of the packaging toolkit, for any project that has a `packaging/dist.toml`: the installed command
//! `cargo plimsoll`, and the same tasks for a project's own `xtask`.
//!
//! # A complete xtask
//!
//! ```no_run
//! use clap::Parser;
//!
//! /// Builds and packages this project.
//! #[derive(Parser)]
//! #[command(bin_name = "cargo xtask")]
//! struct Cli {
//!     #[command(subcommand)]
//!     task: plimsoll::Task,
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     Cli::parse().task.run()
//! }
//! ```
//!
//! A project with tasks of its own flattens [`Task`] among them: `#[command(flatten)]`. `xtask/Cargo.toml` says
//!
//! ```toml
//! [package]
//! name = "xtask"
//! version = "0.0.0"
//! edition = "2024"
//! publish = false
//!
//! [features]
//! writer = ["plimsoll/writer"]
//!
//! [dependencies]
//! clap = { version = "4", features = ["derive"] }
//! plimsoll = { version = "0.1", default-features = false }
//! ```
//!
//! and `.cargo/config.toml`
//!
//! ```toml
//! [alias]
//! xtask = "run --quiet --package xtask --"
//! ```
//!
//! so that `cargo xtask probe`, `cargo xtask dist` and `cargo xtask verify` work. They build the package `xtask` with its feature
//! `writer` when the first package is to be written or read; [`writer`] says why.
//!
//! What is here are arguments, dispatch and rendering. What decides is in [`plimsoll_plan`] and [`plimsoll_probe`], what runs in
//! [`plimsoll_build`] and [`plimsoll_verify`].

pub mod failure;
#[cfg(test)]
mod hints;
pub mod init;
pub mod install_deps;
pub mod metadata;
pub mod package;
pub mod probe;
pub mod run;
mod site;
pub mod table;
pub mod verify;
mod watch;
pub mod writer;

use std::process::ExitCode;

use clap::Subcommand;

pub use plimsoll_build::format::Formats;

/// The toolkit's subcommands.
#[derive(Debug, Subcommand)]
pub enum Task {
    /// Write packaging/dist.toml and packaging/distros.toml for this workspace, with the questions that are left
    Init(init::Args),
    /// Show what this host has for a build, and which flavours follow from it
    Probe(probe::Args),
    /// Build and package every flavour that the probe allows
    Dist(Box<package::Args>),
    /// Prove on clean systems of their distributions that the packages install and work
    Verify(verify::Args),
    /// Write into the Cargo manifest what plain `cargo deb` and `cargo generate-rpm` need
    Metadata(metadata::Args),
    /// Write and read package files, for `dist` and `verify`
    #[command(name = "__writer", hide = true)]
    Writer(writer::Args),
}

impl Task {
    /// Does it with the package formats of the toolkit, and reports a failure on standard error.
    pub fn run(&self) -> ExitCode {
        self.run_with(&Formats::standard())
    }

    /// Does it with a project's own table of package formats, and reports a failure on standard error.
    pub fn run_with(&self, formats: &Formats) -> ExitCode {
        let result = match self {
            Task::Init(args) => init::run(args, formats),
            Task::Probe(args) => probe::run(args, formats),
            Task::Dist(args) => package::run(args, formats),
            Task::Verify(args) => verify::run(args, formats),
            Task::Metadata(args) => metadata::run(args, formats),
            Task::Writer(args) => return args.run(),
        };
        failure::exit_code(result.map(|()| ExitCode::SUCCESS))
    }
}
