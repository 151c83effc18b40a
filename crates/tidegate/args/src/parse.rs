//! Parsing, with the exit status left to the caller: clap's own would end the process in the
//! middle of it, and with 2 for what is the user's mistake.

use std::error::Error;
use std::ffi::OsString;
use std::io::{self, Write};

use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, Id, Parser};
use error_hint::Failure;
use tidegate_model::Invalid;

/// What came of a command line.
#[derive(Debug)]
pub enum Parsed<T> {
    /// There is something to do.
    Run(T),
    /// Help or a version was asked for: to be printed to standard output.
    Show(clap::Error),
    /// It is not a valid command line: to be printed to standard error.
    Wrong(Mistake),
}

/// What is wrong with a command line.
#[derive(Debug)]
pub enum Mistake {
    /// Its form.
    Usage(clap::Error),
    /// A value in it. It is told as the daemon would tell it, with what would be accepted.
    Value(Failure),
}

impl Mistake {
    /// Prints it to standard error.
    ///
    /// # Errors
    /// When standard error does not take it.
    pub fn print(&self) -> io::Result<()> {
        match self {
            Self::Usage(error) => error.print(),
            Self::Value(report) => writeln!(io::stderr(), "{report}"),
        }
    }
}

impl From<clap::Error> for Mistake {
    fn from(error: clap::Error) -> Self {
        let invalid = error.source().and_then(|e| e.downcast_ref::<Invalid>());
        match invalid {
            Some(invalid) => {
                let failure = Failure::from(invalid.clone());
                let option = option_of(&error).map_or_else(String::new, |it| format!(" ({it})"));
                Self::Value(Failure {
                    message: failure.message + &option,
                    ..failure
                })
            }
            None => Self::Usage(error),
        }
    }
}

/// The option in whose value something is wrong; none if it is not an option's.
fn option_of(error: &clap::Error) -> Option<&str> {
    let Some(ContextValue::String(arg)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    let name = arg.split(' ').next()?;
    name.starts_with('-').then_some(name)
}

/// Parses a command line, the program's name first.
pub fn parse<T: Parser>(args: impl IntoIterator<Item = OsString>) -> Parsed<T> {
    let args: Vec<OsString> = args.into_iter().collect();
    match T::try_parse_from(&args) {
        Ok(parsed) => Parsed::Run(parsed),
        Err(e) if matches!(e.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            Parsed::Show(e)
        }
        Err(e) => Parsed::Wrong(of_user::<T>(e, &args).into()),
    }
}

/// The error without the options that environment variables set: clap would show these in the usage, as if the user had
/// written them. If only a variable is wrong, the error is about that.
fn of_user<T: Parser>(error: clap::Error, args: &[OsString]) -> clap::Error {
    let command = T::command();
    let ids: Vec<Id> = command
        .get_arguments()
        .map(|arg| arg.get_id().clone())
        .collect();
    let without = |command: Command, id| command.mut_arg(id, |arg| arg.env(Resettable::Reset));
    let command = ids.into_iter().fold(command, without);
    command.try_get_matches_from(args).err().unwrap_or(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Client;

    fn mistake(args: &[&str]) -> Mistake {
        match parse::<Client>(args.iter().map(OsString::from)) {
            Parsed::Wrong(mistake) => mistake,
            other => unreachable!("{other:?}"),
        }
    }

    #[test]
    fn a_value_that_is_not_valid_is_reported_with_its_hint() {
        for (args, shown) in [
            (
                &["tidegate", "network", "create", "a b"][..],
                "error: invalid name \"a b\": it contains ' '\n\
                 hint: use 1 to 63 characters: A-Z a-z 0-9 _ . - and start with a letter or a digit",
            ),
            (
                &["tidegate", "attach", "web", "--netns", "a", "-p", "80:x"],
                "error: invalid published port \"80:x\": port: \"x\" is not a number from 1 to 65535 (--publish)\n\
                 hint: write it [HOSTIP:][HOSTPORT[-END]:]PORT[-END][/tcp|udp|sctp], for example \
                 8080:80, 127.0.0.1::53/udp or [2001:db8::1]:8000-8009:80",
            ),
        ] {
            assert!(
                matches!(mistake(args), Mistake::Value(report) if report.to_string() == shown),
                "{args:?}"
            );
        }
    }

    #[test]
    fn a_wrong_form_is_reported_with_the_usage() {
        let usage = mistake(&["tidegate", "attach", "web"]);
        assert!(
            matches!(&usage, Mistake::Usage(e) if e.to_string().contains("Usage: ")),
            "{usage:?}"
        );
    }
}
