//! The exec driver over a runner that only plays `nft`: what it is given, and what is made of its
//! answers.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};

use tidegate_nft::{Applied, Description, Error, Kind, Support};

use super::*;
use crate::process::{Broken, Finished, Runner, Session};
use crate::script::Script;
use crate::shared::{Backend, Run};

const VERSION: &str = "nftables v1.0.6 (Lester Gooch #5)\n  json:\t\tyes\n";

/// What the next exchange with a child comes to.
#[derive(Clone)]
enum Reply {
    /// It says this before it answers the word.
    Says(&'static str),
    /// It is gone, having taken this many bytes.
    Gone(usize),
}

#[derive(Default)]
struct Play {
    /// Arguments and input of each process, and each input of a child.
    seen: Vec<String>,
    finished: VecDeque<Finished>,
    replies: VecDeque<Reply>,
    has_child: bool,
}

#[derive(Clone, Default)]
struct FakeRunner(Arc<Mutex<Play>>);

impl FakeRunner {
    fn with_child() -> Self {
        let runner = Self::default();
        runner.0.lock().unwrap().has_child = true;
        runner
    }

    fn next_finished(&self, success: bool, stderr: &str) {
        let status = format!("exit status: {}", i32::from(!success));
        let stderr = stderr.to_owned();
        let finished = Finished {
            success,
            status,
            stderr,
            ..Finished::default()
        };
        self.0.lock().unwrap().finished.push_back(finished);
    }

    fn next_reply(&self, reply: Reply) {
        self.0.lock().unwrap().replies.push_back(reply);
    }

    fn take_seen(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().seen)
    }
}

impl Runner for FakeRunner {
    fn run(&mut self, args: &[&str], stdin: &str, _: Duration) -> Result<Finished, Error> {
        let mut play = self.0.lock().unwrap();
        play.seen
            .push(format!("nft {} <<< {stdin:?}", args.join(" ")));
        if args == ["-V"] {
            let stdout = VERSION.to_owned();
            return Ok(Finished {
                success: true,
                stdout,
                ..Finished::default()
            });
        }
        let done = Finished {
            success: true,
            ..Finished::default()
        };
        Ok(play.finished.pop_front().unwrap_or(done))
    }

    fn start(&mut self, args: &[&str]) -> Result<Box<dyn Session>, Error> {
        self.0
            .lock()
            .unwrap()
            .seen
            .push(format!("nft {}", args.join(" ")));
        match self.0.lock().unwrap().has_child {
            true => Ok(Box::new(FakeSession(self.clone()))),
            false => Err(Error::gone("interactive mode is not compiled in")),
        }
    }

    fn program(&self) -> &Path {
        Path::new("/usr/sbin/nft")
    }
}

struct FakeSession(FakeRunner);

impl Session for FakeSession {
    fn exchange(
        &mut self,
        input: &[u8],
        answer: &mut dyn FnMut(&[u8]) -> bool,
        _: Duration,
    ) -> Result<(), Broken> {
        let input = String::from_utf8_lossy(input).into_owned();
        let (line, word) = input.trim_end().split_once('\n').expect("two lines");
        let mut play = self.0.0.lock().unwrap();
        play.seen.push(line.to_owned());
        let usual = Reply::Says(if line == "add table" {
            "Error: syntax error\n"
        } else {
            ""
        });
        match play.replies.pop_front().unwrap_or(usual) {
            Reply::Gone(written) => Err(Broken {
                written,
                reason: "nft -i ended with signal: 9".to_owned(),
            }),
            Reply::Says(said) => {
                let own = format!("{said}Error: syntax error, unexpected newline\n{word}\n   ^\n");
                assert!(answer(own.as_bytes()), "the word completes the answer");
                Ok(())
            }
        }
    }

    fn close(self: Box<Self>, _: Duration) -> Result<(), Error> {
        Ok(())
    }
}

fn open(runner: &FakeRunner, mode: ExecMode) -> (ExecBackend<FakeRunner>, Description) {
    let opened = ExecBackend::open(runner.clone(), mode, Duration::from_secs(1));
    let (backend, description) = opened.expect("it opens");
    runner.take_seen();
    (backend, description)
}

fn script() -> Script {
    Script::of_lines(&["add table inet t", "add chain inet t c"])
}

#[test]
fn one_process_gets_one_operation_a_line() {
    let runner = FakeRunner::default();
    let (mut backend, description) = open(&runner, ExecMode::PerTransaction);
    assert_eq!(description.mode, PER_TRANSACTION);
    assert_eq!(
        (description.version.as_deref(), description.json),
        (Some("1.0.6"), Support::Yes)
    );
    backend.run(&script(), Run::Apply).expect("applied");
    backend
        .run(&script(), Run::Check)
        .expect("would be applied");
    let input = r#"<<< "add table inet t\nadd chain inet t c\n""#;
    assert_eq!(
        runner.take_seen(),
        [format!("nft -f - {input}"), format!("nft -c -f - {input}")]
    );
}

#[test]
fn a_refused_process_names_the_operation() {
    let runner = FakeRunner::default();
    let (mut backend, _) = open(&runner, ExecMode::PerTransaction);
    runner.next_finished(false, "/dev/stdin:2:20-20: Error: File exists\nadd\n^\n");
    let error = backend.run(&script(), Run::Apply).expect_err("refused");
    assert_eq!((error.kind, error.applied), (Kind::Exists, Applied::No));
    assert_eq!(error.op.expect("it is known").text, "add chain inet t c");
}

#[test]
fn a_process_that_dies_silently_leaves_the_outcome_open() {
    let runner = FakeRunner::default();
    let (mut backend, _) = open(&runner, ExecMode::PerTransaction);
    runner.next_finished(false, "");
    let error = backend.run(&script(), Run::Apply).expect_err("it died");
    assert_eq!(
        (error.kind, error.applied),
        (Kind::DriverGone, Applied::Unknown)
    );
}

#[test]
fn the_child_gets_the_operations_on_one_line() {
    let runner = FakeRunner::with_child();
    let (mut backend, description) = open(&runner, ExecMode::Auto);
    assert_eq!(description.mode, LONG_LIVED_CHILD);
    backend.run(&script(), Run::Apply).expect("applied");
    assert_eq!(runner.take_seen(), ["add table inet t; add chain inet t c"]);
    runner.next_reply(Reply::Says(
        "Error: Device or resource busy\nq\n                   ^\n",
    ));
    let error = backend.run(&script(), Run::Apply).expect_err("refused");
    assert_eq!(
        (error.kind, error.op.map(|op| op.index)),
        (Kind::Busy, Some(1))
    );
}

#[test]
fn checks_and_big_transactions_get_a_process() {
    let runner = FakeRunner::with_child();
    let (mut backend, _) = open(&runner, ExecMode::Auto);
    backend
        .run(&script(), Run::Check)
        .expect("would be applied");
    let many = Script::of_lines(&["add table inet t"; 1000]);
    backend.run(&many, Run::Apply).expect("applied");
    let seen = runner.take_seen();
    assert!(seen[0].starts_with("nft -c -f - "), "{seen:?}");
    assert!(seen[1].starts_with("nft -f - "), "{seen:?}");
}

#[test]
fn without_interactive_mode_each_transaction_gets_a_process() {
    let runner = FakeRunner::default();
    let (mut backend, description) = open(&runner, ExecMode::Auto);
    assert_eq!(description.mode, PER_TRANSACTION);
    assert_eq!(
        description.why,
        "nft -i cannot be kept running: interactive mode is not compiled in"
    );
    backend.run(&script(), Run::Apply).expect("applied");
    assert!(runner.take_seen()[0].starts_with("nft -f - "));
    let asked = ExecBackend::open(runner, ExecMode::LongLivedChild, Duration::from_secs(1));
    assert!(asked.is_err(), "what was asked for cannot be had");
}

#[test]
fn a_child_lost_before_it_had_the_line_is_replaced() {
    let runner = FakeRunner::with_child();
    let (mut backend, _) = open(&runner, ExecMode::Auto);
    let line = script().joined();
    for taken in [0, line.len()] {
        runner.next_reply(Reply::Gone(taken));
        backend
            .run(&script(), Run::Apply)
            .expect("the next child did it");
        assert_eq!(runner.take_seen(), [line.as_str(), "nft -i", line.as_str()]);
    }
}

#[test]
fn a_child_lost_with_the_line_is_not_asked_twice() {
    let runner = FakeRunner::with_child();
    let (mut backend, _) = open(&runner, ExecMode::Auto);
    let line = script().joined();
    runner.next_reply(Reply::Gone(line.len() + 1));
    let error = backend
        .run(&script(), Run::Apply)
        .expect_err("nobody knows");
    assert_eq!(
        (error.kind, error.applied),
        (Kind::DriverGone, Applied::Unknown)
    );
    assert_eq!(runner.take_seen(), [line.as_str()]);
    backend
        .run(&script(), Run::Apply)
        .expect("the driver is usable");
    assert_eq!(runner.take_seen(), ["nft -i", line.as_str()]);
}

#[test]
fn words_that_are_not_an_error_of_nft_leave_the_outcome_open() {
    let runner = FakeRunner::with_child();
    let (mut backend, _) = open(&runner, ExecMode::Auto);
    runner.next_reply(Reply::Says("Warning: this will go away\nadd\n^\n"));
    backend
        .run(&script(), Run::Apply)
        .expect("a warning is no refusal");
    runner.next_reply(Reply::Says("BUG: invalid expression\n"));
    let error = backend
        .run(&script(), Run::Apply)
        .expect_err("something is wrong");
    assert_eq!(
        (error.kind, error.applied),
        (Kind::DriverGone, Applied::Unknown)
    );
}

#[test]
fn an_empty_script_runs_nothing() {
    let runner = FakeRunner::with_child();
    let (mut backend, _) = open(&runner, ExecMode::Auto);
    backend
        .run(&Script::default(), Run::Apply)
        .expect("nothing to do");
    assert_eq!(runner.take_seen(), Vec::<String>::new());
}
