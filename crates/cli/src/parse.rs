//! Parsing, with the exit status left to the caller: clap's own would end the process in the
//! middle of it, and with 2 for what is the user's mistake.

use std::ffi::OsString;

use clap::Parser;
use clap::error::ErrorKind;

/// What came of a command line.
#[derive(Debug)]
pub enum Parsed<T> {
    /// There is something to do.
    Run(T),
    /// Help or a version was asked for: to be printed to standard output.
    Show(clap::Error),
    /// It is not a valid command line: to be printed to standard error.
    Wrong(clap::Error),
}

/// Parses a command line, the program's name first.
pub fn parse<T: Parser>(args: impl IntoIterator<Item = OsString>) -> Parsed<T> {
    match T::try_parse_from(args) {
        Ok(parsed) => Parsed::Run(parsed),
        Err(e) if matches!(e.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            Parsed::Show(e)
        }
        Err(e) => Parsed::Wrong(e),
    }
}
