//! `cargo plimsoll`: the toolkit as an installed command, for any project that has a `packaging/dist.toml`.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use plimsoll_plan::toolkit::Toolkit;

/// Builds, packages and verifies a Rust program that links C libraries
#[derive(Parser)]
#[command(
    name = "cargo plimsoll",
    bin_name = "cargo plimsoll",
    version,
    max_term_width = 100
)]
struct Cli {
    #[command(subcommand)]
    task: plimsoll::Task,
}

fn main() -> ExitCode {
    Toolkit::Installed.begin();
    let words = without_own_name(std::env::args_os());
    Cli::parse_from(words).task.run()
}

/// The arguments without the name of the subcommand, which Cargo puts first.
fn without_own_name(words: impl Iterator<Item = OsString>) -> impl Iterator<Item = OsString> {
    let words = words.enumerate();
    words.filter_map(|(index, word)| (index != 1 || word != "plimsoll").then_some(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargos_word_for_the_command_is_left_out_and_no_other() {
        for (given, expected) in [
            ("a plimsoll dist", "a dist"),
            ("a dist plimsoll", "a dist plimsoll"),
            ("a", "a"),
        ] {
            let words = given.split(' ').map(OsString::from);
            let left: Vec<_> = without_own_name(words).collect();
            let left: Vec<_> = left.iter().filter_map(|word| word.to_str()).collect();
            assert_eq!(left.join(" "), expected);
        }
    }
}
