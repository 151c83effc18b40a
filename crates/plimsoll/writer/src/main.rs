//! The package writer as a program of its own, as this crate's tests run it.

use std::process::ExitCode;

use clap::Parser;

/// Write packages from specifications, and read finished ones.
#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    args: plimsoll_writer::Args,
}

fn main() -> ExitCode {
    Cli::parse().args.run()
}
