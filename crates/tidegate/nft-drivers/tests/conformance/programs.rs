//! Programs in nft's place that do what nft should not: drown us, hang, die, refuse.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use error_hint::Hint;
use tempfile::TempDir;
use test_support::need::find_program;
use tidegate_nft::*;
use tidegate_nft_drivers::*;

use crate::sample::TABLE;
use crate::subject::{Subject, World, transaction};

/// A shell script in nft's place. It says what release it is; the rest is up to `body`.
struct Program {
    folder: TempDir,
}

impl Program {
    fn new(body: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let program = Self { folder };
        let script = format!(
            "#!/bin/sh\ncase $1 in -V) echo 'nftables v9.9.9 (Play)'; echo '  json: yes'; exit;; esac\n{body}\n"
        );
        // Another process writes it: were it open for writing here, a child that is just being
        // started on another thread could hold it open, and it could not be run.
        let mut writer = Command::new("sh")
            .args(["-c", "cat > \"$1\" && chmod 755 \"$1\" \"$2\"", "sh"])
            .args([program.path(), program.folder.path().to_owned()])
            .stdin(Stdio::piped())
            .spawn()
            .expect("sh runs");
        writer
            .stdin
            .take()
            .expect("piped")
            .write_all(script.as_bytes())
            .expect("it reads");
        assert!(writer.wait().expect("it ends").success());
        program
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("nft")
    }

    fn open(&self, mode: ExecMode, deadline: Duration) -> Result<ExecDriver, Error> {
        let options = ExecOptions {
            nft: Some(self.path()),
            mode,
            deadline,
        };
        ExecDriver::open(Location::Current, options)
    }
}

const TIME_LIMIT: Duration = Duration::from_secs(60);

fn big() -> Transaction {
    let set = Set::new(&TABLE, name!("s"), Datatype::Mark);
    let elements = (0..200_000).map(|mark| Element::new([Mark(mark).into()]));
    transaction(|t| t.add_elements(&set.id, elements))
}

#[test]
fn outputs_of_any_size_are_read_while_the_input_is_written() {
    let flood = "head -c 3000000 /dev/zero | tr '\\0' x";
    let program = Program::new(&format!(
        "{flood}\n{flood} >&2\ncat >/dev/null\n{flood}\n{flood} >&2\n\
         printf '\\n/dev/stdin:1:1-3: Error: File exists\\n' >&2\nexit 1"
    ));
    let driver = program
        .open(ExecMode::PerTransaction, TIME_LIMIT)
        .expect("it runs");
    let error = driver.apply(&big()).expect_err("it says no");
    assert_eq!(error.applied, Applied::No);
    assert!(error.to_string().len() < 1_000);
}

#[test]
fn a_program_that_does_not_read_its_input_is_heard() {
    let program =
        Program::new("echo '/dev/stdin:1:1-3: Error: Operation not permitted' >&2; exit 1");
    let driver = program
        .open(ExecMode::PerTransaction, TIME_LIMIT)
        .expect("it runs");
    let error = driver.apply(&big()).expect_err("it says no");
    assert_eq!(
        (error.kind, error.op.map(|op| op.index)),
        (Kind::Permission, Some(0))
    );
}

#[test]
fn a_program_that_hangs_is_killed_at_the_deadline() {
    let program = Program::new("exec sleep 1000");
    let driver = program
        .open(ExecMode::PerTransaction, Duration::from_millis(300))
        .expect("it runs");
    for transaction in [transaction(|t| t.add(TABLE)), big()] {
        let error = driver.apply(&transaction).expect_err("it hangs");
        assert_eq!(
            (error.kind, error.applied),
            (Kind::DriverGone, Applied::Unknown)
        );
    }
}

/// The deadline is a minute, and the process left behind holds the pipes for an hour.
#[test]
fn a_program_that_ended_is_not_waited_for_until_its_pipes_close() {
    let program = Program::new(
        "sleep 3600 & echo $! > \"$0.left\"\ncase $1 in -i) exit 3;; esac\ncat >/dev/null",
    );
    let left = Left(program.path().with_extension("left"));
    let alone = program
        .open(ExecMode::PerTransaction, TIME_LIMIT)
        .expect("it runs");
    alone
        .apply(&transaction(|t| t.add(TABLE)))
        .expect("it ended well");
    assert!(left.end(), "it no longer held the pipes");
    let Err(error) = program.open(ExecMode::LongLivedChild, TIME_LIMIT) else {
        panic!("it ended at once")
    };
    assert!(
        error
            .to_string()
            .contains("nft -i ended with exit status: 3"),
        "{error}"
    );
}

/// A process that a program left behind, by the file with its id. Ends with this.
struct Left(PathBuf);

impl Left {
    /// Ends it, and says whether it still ran.
    fn end(&self) -> bool {
        let id = std::fs::read_to_string(&self.0).unwrap_or_default();
        let id = id
            .trim()
            .parse()
            .ok()
            .and_then(rustix::process::Pid::from_raw);
        let kill = |id| rustix::process::kill_process(id, rustix::process::Signal::KILL);
        id.is_some_and(|id| kill(id).is_ok())
    }
}

impl Drop for Left {
    fn drop(&mut self) {
        self.end();
    }
}

#[test]
fn a_program_without_interactive_mode_gets_a_process_for_each_transaction() {
    let program = Program::new("case $1 in -i) echo 'no cli' >&2; exit 1;; esac; cat >/dev/null");
    let driver = program.open(ExecMode::Auto, TIME_LIMIT).expect("it runs");
    let about = driver.describe();
    assert_eq!(
        (about.mode, about.version.as_deref()),
        (Mode("one process per transaction"), Some("9.9.9"))
    );
    assert!(
        about
            .why
            .starts_with("nft -i cannot be kept running: nft -i ended"),
        "{}",
        about.why
    );
    driver.apply(&transaction(|t| t.add(TABLE))).expect("taken");
    let Err(error) = program.open(ExecMode::LongLivedChild, TIME_LIMIT) else {
        panic!("it has no interactive mode")
    };
    assert_eq!(error.kind, Kind::DriverGone);
}

#[test]
fn a_program_that_is_not_there_is_named_with_a_hint() {
    let options = ExecOptions {
        nft: Some("/nonexistent/nft".into()),
        ..ExecOptions::default()
    };
    let Err(error) = ExecDriver::open(Location::Current, options) else {
        panic!("not there")
    };
    assert_eq!(error.to_string(), "no such program: /nonexistent/nft");
    assert!(
        error
            .hint()
            .expect("there is one")
            .contains("install the package nftables")
    );
}

#[test]
fn without_privileges_the_kind_is_permission() {
    if !Subject::PerTransaction.can_run() {
        return;
    }
    let nft = find_program("nft").expect("required").display().to_string();
    let program = Program::new(&format!(
        "exec setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all {nft} \"$@\""
    ));
    let netns = test_support::Netns::new();
    let location = || Location::Path(netns.path());
    let options = |mode| ExecOptions {
        nft: Some(program.path()),
        mode,
        ..ExecOptions::default()
    };
    let driver = ExecDriver::open(location(), options(ExecMode::Auto)).expect("it runs");
    let refused = driver
        .apply(&transaction(|t| t.add(TABLE)))
        .expect_err("nobody may");
    let child = ExecDriver::open(location(), options(ExecMode::LongLivedChild));
    let Err(no_child) = child else {
        panic!("nobody may")
    };
    for error in [refused, no_child] {
        assert_eq!(
            (error.kind, error.applied),
            (Kind::Permission, Applied::No),
            "{error}"
        );
        assert!(
            error
                .hint()
                .expect("there is one")
                .contains("CAP_NET_ADMIN")
        );
    }
    assert_eq!(netns.sh("nft list ruleset"), "");
}

#[test]
fn the_chosen_driver_says_why_it_was_chosen() {
    if !Subject::PerTransaction.can_run() {
        return;
    }
    let world = World::new(Subject::PerTransaction);
    let netns = world.netns.as_ref().expect("on the kernel");
    let opened = |choice| {
        open(
            choice,
            Location::Path(netns.path()),
            &crate::subject::programs(),
        )
    };
    let exec = opened(DriverChoice::Named("exec")).expect("nft is there");
    assert_eq!(exec.driver.describe().driver, "exec");
    assert_eq!(
        (exec.why.as_str(), exec.fallback),
        ("driver exec was asked for", None)
    );
    let auto = opened(DriverChoice::Auto).expect("one of them is there");
    let has_library = cfg!(feature = "libnftables");
    let expected = if has_library { "library" } else { "exec" };
    assert_eq!(
        (auto.driver.describe().driver, auto.fallback),
        (expected, None)
    );
    match opened(DriverChoice::Named("library")) {
        Ok(library) => assert_eq!(library.driver.describe().driver, "library"),
        Err(error) => {
            assert!(!has_library, "{error}");
            assert_eq!(error.kind, Kind::Unsupported);
        }
    }
}
