//! The backend of the library driver: a process of its own calls libnftables.

use std::time::Duration;

use tidegate_nft::{Description, Error, Listing, LiveTable, Mode, Support as Tells, TableId};

use super::LIBRARY_PROCESS;
use super::frame::{Answer, Reader, Status, Verb, request};
use crate::fault::known_fault;
use crate::message;
use crate::process::{Broken, Runner, Session, tell_replaced};
use crate::script::Script;
use crate::shared::{Backend, Run};

/// Bytes of commands after which the process is replaced, in case that libnftables loses some memory with each.
const BYTES: usize = 32 * 1024 * 1024;
/// Size of one request and its output after which the process is replaced at once: libnftables keeps the memory of
/// its biggest transaction, some fifty times its text.
const BIG: usize = 256 * 1024;
/// How long the process may take to end once its input is closed.
const FAREWELL: Duration = Duration::from_secs(5);

/// Talks to the process.
pub(super) struct LibraryBackend<R> {
    runner: R,
    deadline: Duration,
    has_json: bool,
    /// None once it was lost; the next request starts another.
    session: Option<Box<dyn Session>>,
    /// Bytes that the running one was given.
    bytes: usize,
}

impl<R: Runner> LibraryBackend<R> {
    /// Starts the process and asks what its library is.
    pub(super) fn open(runner: R, deadline: Duration) -> Result<(Self, Description), Error> {
        let mut backend = Self {
            runner,
            deadline,
            has_json: true,
            session: None,
            bytes: 0,
        };
        let hint = |error: Error| error.with_hint("choose the exec driver");
        let about = backend.ask(Verb::About, "").map_err(hint)?;
        if about.status != Status::Done {
            return Err(hint(Error::gone(about.errors)));
        }
        let version = Some(about.output).filter(|version| !version.is_empty());
        let json = match about.errors.as_str() {
            "yes" => Tells::Yes,
            "no" => Tells::No,
            reason => Tells::could_not_tell(reason),
        };
        backend.has_json = json != Tells::No;
        let description = Description {
            driver: super::ENTRY.name,
            mode: Mode("one long-lived context"),
            why: "libnftables keeps one context, in a process of its own".to_owned(),
            warning: known_fault(version.as_deref()),
            version,
            json,
            program: None,
        };
        Ok((backend, description))
    }

    /// Sends a request to the process, or to the next one if the first was lost before it could do anything.
    fn ask(&mut self, verb: Verb, commands: &str) -> Result<Answer, Error> {
        let input = request(verb, commands);
        // The process acts only on complete requests, and a read-only request can be repeated.
        let is_untouched = |broken: &Broken| verb != Verb::Apply || broken.written < input.len();
        let answer = match self.exchange(&input)? {
            Err(broken) if is_untouched(&broken) => {
                tell_replaced(&broken.reason);
                self.exchange(&input)?
            }
            answer => answer,
        };
        answer.map_err(|broken| match is_untouched(&broken) {
            true => Error::gone(broken.reason),
            false => Error::lost(broken.reason),
        })
    }

    fn exchange(&mut self, input: &[u8]) -> Result<Result<Answer, Broken>, Error> {
        let mut session = self.take_session()?;
        self.bytes += input.len();
        let mut reader = Reader::default();
        let answered = session.exchange(input, &mut |bytes| reader.feed(bytes), self.deadline);
        if let Err(broken) = answered {
            return Ok(Err(broken));
        }
        let Some(answer) = reader.finish() else {
            return Ok(Err(Broken {
                written: input.len(),
                reason: format!("{} does not answer", self.runner.program().display()),
            }));
        };
        self.session = Some(session);
        if input.len() + answer.output.len() > BIG {
            self.replace();
        }
        Ok(Ok(answer))
    }

    /// Takes the process, or starts one. Until it is returned, it counts as lost.
    fn take_session(&mut self) -> Result<Box<dyn Session>, Error> {
        match self.session.take() {
            Some(session) if self.bytes < BYTES => return Ok(session),
            Some(old) => end(old),
            None => {}
        }
        self.start()
    }

    fn start(&mut self) -> Result<Box<dyn Session>, Error> {
        self.bytes = 0;
        self.runner.start(&[LIBRARY_PROCESS])
    }

    /// Ends the process and starts the next. If that fails, the next request tries again.
    fn replace(&mut self) {
        if let Some(session) = self.session.take() {
            end(session);
        }
        self.session = self.start().ok();
    }

    fn list_as(&mut self, what: &str, verb: Verb) -> Result<String, Error> {
        let command = format!("list {what}");
        let answer = self.ask(verb, &command)?;
        understand(&Script::of_lines(&[&command]), answer)
    }
}

impl<R: Runner> Backend for LibraryBackend<R> {
    fn run(&mut self, script: &Script, run: Run) -> Result<(), Error> {
        if script.len() == 0 {
            return Ok(());
        }
        let verb = match run {
            Run::Apply => Verb::Apply,
            Run::Check => Verb::Check,
        };
        let answer = self.ask(verb, script.lines())?;
        understand(script, answer).map(drop)
    }

    fn list(&mut self, table: &TableId) -> Result<Listing, Error> {
        let what = format!("table {table}");
        let text = self.list_as(&what, Verb::ListText)?;
        let table = match self.has_json {
            false => Err("this libnftables has no JSON".to_owned()),
            true => LiveTable::parse(table, &self.list_as(&what, Verb::ListJson)?),
        };
        Ok(Listing { text, table })
    }

    fn list_json(&mut self, what: &str) -> Result<String, Error> {
        self.list_as(what, Verb::ListJson)
    }

    fn list_handles(&mut self, what: &str) -> Result<String, Error> {
        self.list_as(what, Verb::ListHandles)
    }

    fn close(self) -> Result<(), Error> {
        match self.session {
            Some(session) => session.close(FAREWELL),
            None => Ok(()),
        }
    }
}

/// Its work is done, so its exit status does not matter.
fn end(session: Box<dyn Session>) {
    drop(session.close(FAREWELL));
}

/// The output of what was done.
fn understand(script: &Script, answer: Answer) -> Result<String, Error> {
    match answer.status {
        Status::Done => Ok(answer.output),
        Status::Refused => Err(message::refusal(script, &answer.errors)),
        Status::Unable => Err(Error::gone(answer.errors)),
    }
}
