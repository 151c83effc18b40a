//! The other side: the process in which libnftables is called.

use std::io::{self, BufReader, Write};

use libnftables::{Context, Format, RunResult};

use super::frame::{Answer, Status, Verb, read_request, write_answer};

/// Calls libnftables for the process that started this one, as stdin says, until that ends. To be
/// called by a program whose only argument is [`LIBRARY_PROCESS`](super::LIBRARY_PROCESS).
///
/// # Errors
/// When stdin or stdout are not what they should be.
pub fn serve_library() -> io::Result<()> {
    // What the process is called in `ps` and in others' logs; without it, it is only less clear.
    let _ = rustix::thread::set_name(c"libnftables");
    let (mut input, mut output) = (BufReader::new(io::stdin().lock()), io::stdout().lock());
    let mut context = Context::new();
    while let Some((verb, commands)) = read_request(&mut input)? {
        let answer = match &mut context {
            Ok(context) => carry_out(context, verb, &commands),
            Err(error) => unable(with_sources(error)),
        };
        write_answer(&mut output, &answer)?;
        output.flush()?;
    }
    Ok(())
}

fn carry_out(context: &mut Context, verb: Verb, commands: &str) -> Answer {
    let outcome = match verb {
        Verb::About => return about(context),
        Verb::Apply => context.run(commands, false),
        Verb::Check => context.run(commands, true),
        Verb::ListText => context.list(commands, Format::Text),
        Verb::ListJson => context.list(commands, Format::Json),
        Verb::ListHandles => context.list(commands, Format::Handles),
    };
    match outcome {
        Ok(outcome) => answer(outcome),
        Err(error) => unable(format!("cannot pass commands to libnftables: {error}")),
    }
}

fn answer(outcome: RunResult) -> Answer {
    Answer {
        status: match outcome.success {
            true => Status::Done,
            false => Status::Refused,
        },
        output: outcome.output,
        errors: outcome.errors,
    }
}

fn about(context: &mut Context) -> Answer {
    let json = match context.has_json() {
        Ok(true) => "yes".to_owned(),
        Ok(false) => "no".to_owned(),
        Err(reason) => reason,
    };
    Answer {
        status: Status::Done,
        output: context.version().unwrap_or_default(),
        errors: json,
    }
}

fn unable(reason: String) -> Answer {
    Answer {
        status: Status::Unable,
        output: String::new(),
        errors: reason,
    }
}

/// This is where the chain of another crate's error ends.
fn with_sources(error: &dyn std::error::Error) -> String {
    let sources = std::iter::successors(Some(error), |error| error.source());
    let texts: Vec<String> = sources.map(ToString::to_string).collect();
    texts.join(": ")
}
