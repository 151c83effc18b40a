//! `zpack`: writes and reads gzip files, through zlib where it is linked, else the gzip program.

mod codec;
mod stamp;

use std::io::{self, Write};
use std::process::ExitCode;

use codec::Direction;

const USAGE: &str = "usage: zpack [--unpack] <INPUT >OUTPUT
       zpack --version [--json]
       zpack --help";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        [] => codec::run(Direction::Pack),
        ["--unpack"] => codec::run(Direction::Unpack),
        ["--version"] => print(&stamp::text()),
        ["--version", "--json"] => print(&stamp::json()),
        ["--help"] => print(USAGE),
        _ => Err(io::Error::other(format!("unknown arguments\n{USAGE}"))),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is to be done where standard error is closed.
            let _ = writeln!(io::stderr(), "zpack: {error}");
            ExitCode::FAILURE
        }
    }
}

fn print(text: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{text}")
}
