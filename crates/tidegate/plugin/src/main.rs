//! `tidegate-plugin`: what container engines run to use networks of Tidegate. It is a CNI plugin if `CNI_COMMAND` is
//! set, and a netavark plugin by its argument. It asks the daemon `tidegated`, and decides nothing itself.
//!
//! The variable `TIDEGATE_SOCKET` has the path of the daemon's socket, as for `tidegate`.

mod cni;
mod daemon;
mod netavark;

use std::env;
use std::io::{self, Read, Write};
use std::process::ExitCode;

use error_hint::Failure;
use tidegate_engines::cni::Environment;

const USAGE: &str = "\
tidegate-plugin is run by container engines.
  As a CNI plugin: with the variable CNI_COMMAND.
  As a netavark plugin: tidegate-plugin info|create, tidegate-plugin setup|teardown NAMESPACE.
See /usr/share/doc/tidegate/ and https://github.com/tidegate/tidegate.
";

/// The longest request, in bytes. One of 16,384 ports has 1.5 MB.
const LONGEST: u64 = 16 << 20;

/// What an engine is answered.
struct Answer {
    stdout: String,
    is_success: bool,
}

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let arguments: Option<Vec<&str>> = arguments.iter().map(|argument| argument.to_str()).collect();
    let is_cni = env::var_os("CNI_COMMAND").is_some();
    let answer = match arguments.as_deref() {
        Some([]) if is_cni => cni::answer(&Environment::of(|name| env::var_os(name)), request),
        Some(["--version" | "-V"]) => Answer::done(version()),
        Some(given) => match netavark::Command::of(given) {
            Some(command) => netavark::answer(command, request),
            None => return unknown(),
        },
        None => return unknown(),
    };
    answer.give()
}

fn version() -> String {
    format!("tidegate-plugin {}", env!("CARGO_PKG_VERSION"))
}

fn unknown() -> ExitCode {
    log(USAGE);
    ExitCode::FAILURE
}

/// Reads the request.
fn request() -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    let read = io::stdin().lock().take(LONGEST + 1).read_to_end(&mut text);
    match read {
        Err(error) => Err(Failure::of(&error).context("cannot read the request")),
        Ok(_) if text.len() as u64 > LONGEST => Err(Failure::new(format!(
            "the request has more than {LONGEST} bytes"
        ))),
        Ok(_) => Ok(text),
    }
}

/// Tells the user. Engines show it or log it.
fn log(text: &str) {
    // Nobody is left to be told that nobody can be told.
    let _ = writeln!(io::stderr().lock(), "{}", text.trim_end());
}

impl Answer {
    fn done(stdout: String) -> Self {
        Self {
            stdout,
            is_success: true,
        }
    }

    fn failed(stdout: String) -> Self {
        Self {
            stdout,
            is_success: false,
        }
    }

    fn give(self) -> ExitCode {
        let mut stdout = io::stdout().lock();
        let written = match self.stdout.as_str() {
            "" => Ok(()),
            text => writeln!(stdout, "{text}").and_then(|()| stdout.flush()),
        };
        match written {
            Ok(()) if self.is_success => ExitCode::SUCCESS,
            Ok(()) => ExitCode::FAILURE,
            Err(error) => {
                log(&format!(
                    "error: cannot write the answer\n  caused by: {error}"
                ));
                ExitCode::FAILURE
            }
        }
    }
}
