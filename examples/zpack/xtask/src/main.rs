//! Project tasks: all of them the packaging toolkit's.

use std::process::ExitCode;

use clap::Parser;

/// Builds and packages zpack.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: plimsoll::Task,
}

fn main() -> ExitCode {
    Cli::parse().task.run()
}
