//! Standard output: data, and nothing else.

use std::io::{self, ErrorKind, IsTerminal, Write};

use serde::de::DeserializeOwned;
use serde_json::Value;
use tidegate_api::Warning;
use tidegate_client::read;

use crate::error::CommandError;

/// How answers are printed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    /// The daemon's JSON instead of text for people.
    pub(crate) json: bool,
}

impl Output {
    /// Tells on standard error what the daemon says about an answer (`notes` and `warnings`), for people and programs
    /// alike.
    pub(crate) fn tell(self, answer: &Value) {
        let list = |key: &str| {
            answer
                .get(key)
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
        };
        for note in list("notes").filter_map(Value::as_str) {
            self.note(note);
        }
        for warning in list("warnings") {
            // A daemon of another release may say it in other words.
            if let Ok(Warning { what, hint }) = read(warning.clone()) {
                let _ = writeln!(io::stderr(), "warning: {what}\nhint: {hint}");
            }
        }
    }
}

impl Output {
    /// Tells something on standard error. The answer counts, not what is said of it.
    pub(crate) fn note(self, note: &str) {
        let _ = writeln!(io::stderr(), "note: {note}");
    }
}

impl Output {
    /// Prints an answer: as the JSON that it is, or as `view` puts it.
    pub(crate) fn show<T: DeserializeOwned>(
        self,
        answer: Value,
        view: impl FnOnce(&T) -> String,
    ) -> Result<(), CommandError> {
        if self.json {
            return print(&format!("{answer:#}\n"));
        }
        print(&view(&read(answer)?))
    }
}

impl Output {
    /// Prints one of many answers on a line of its own: as its JSON, or as `view` puts it.
    pub(crate) fn show_line<T: DeserializeOwned>(
        self,
        answer: Value,
        view: impl FnOnce(&T) -> String,
    ) -> Result<(), CommandError> {
        match self.json {
            true => print(&format!("{answer}\n")),
            false => self.show(answer, view),
        }
    }
}

impl Output {
    /// Prints an answer in place of the one before, on a terminal; elsewhere after it. JSON goes on a line of its
    /// own.
    pub(crate) fn show_again<T: DeserializeOwned>(
        self,
        answer: Value,
        view: impl FnOnce(&T) -> String,
    ) -> Result<(), CommandError> {
        /// Cursor to the upper left, and everything after it cleared (console_codes(4)).
        const CLEAR: &str = "\x1b[H\x1b[J";
        let is_screen = !self.json && io::stdout().is_terminal();
        self.show_line(answer, |value: &T| {
            let text = view(value);
            match is_screen {
                true => format!("{CLEAR}{text}"),
                false => format!("{text}\n"),
            }
        })
    }
}

/// A reader that went away (`| head`) has seen what it wanted.
fn print(text: &str) -> Result<(), CommandError> {
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(source) if source.kind() != ErrorKind::BrokenPipe => {
            Err(CommandError::Output { source })
        }
        _ => Ok(()),
    }
}
