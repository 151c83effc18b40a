//! `tidegate`, the command line of the daemon `tidegated`.

mod commands;
mod daemon;
mod error;
mod import;
mod kept;
mod netns;
mod output;
mod published;
mod timings;
mod view;

use std::io::Write;
use std::process::ExitCode;

use tidegate_args::{Client, Parsed, parse};

use tidegate_client::ClientError;

use commands::CommandResult;

fn main() -> ExitCode {
    match parse::<Client>(std::env::args_os()) {
        Parsed::Run(client) => run(client),
        Parsed::Show(shown) => {
            // A reader that went away has seen what it wanted.
            let _ = shown.print();
            ExitCode::SUCCESS
        }
        Parsed::Wrong(mistake) => {
            let _ = mistake.print();
            ExitCode::from(1)
        }
    }
}

fn run(client: Client) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(commands::run(client)),
        Err(source) => CommandResult::failed(ClientError::Runtime { source }.into()),
    };
    let mut stderr = std::io::stderr().lock();
    for error in &outcome.errors {
        // Nobody is left to be told that nobody can be told.
        let _ = writeln!(stderr, "{}", error.failure());
    }
    for call in &outcome.calls {
        let _ = write!(stderr, "{}", call.tree());
    }
    ExitCode::from(outcome.status())
}
