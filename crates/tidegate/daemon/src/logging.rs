//! Log messages, to standard error.

use std::io::{self, IsTerminal, StderrLock, Write};

use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata};
use tracing_subscriber::fmt;
use tracing_subscriber::fmt::MakeWriter;

/// Logs to standard error from here on. Where that is the journal (systemd.exec(5),
/// `JOURNAL_STREAM`), each line starts with its priority (sd-daemon(3)) and has no time, which
/// the journal writes itself.
pub(crate) fn start(level: LevelFilter) {
    let stderr = io::stderr();
    let is_journal = std::env::var_os("JOURNAL_STREAM").is_some() && !stderr.is_terminal();
    let builder = fmt()
        .with_max_level(level)
        .with_ansi(false)
        .with_target(false);
    // A subscriber that is there already (in tests) stays.
    let _ = if is_journal {
        let builder = builder
            .with_writer(Journal)
            .without_time()
            .with_level(false);
        tracing::subscriber::set_global_default(builder.finish())
    } else {
        tracing::subscriber::set_global_default(builder.with_writer(io::stderr).finish())
    };
}

/// Standard error with the priority in front of each message.
struct Journal;

impl<'a> MakeWriter<'a> for Journal {
    type Writer = StderrLock<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        io::stderr().lock()
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Self::Writer {
        let mut stderr = io::stderr().lock();
        // The message itself would be lost the same way.
        let _ = write!(stderr, "<{}>", priority(*meta.level()));
        stderr
    }
}

/// The priority of syslog(3).
fn priority(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        Level::DEBUG | Level::TRACE => 7,
    }
}
