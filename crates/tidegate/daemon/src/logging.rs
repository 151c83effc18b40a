//! Log messages, to standard error.

use std::io::{self, IsTerminal, StderrLock, Write};

use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Registry, fmt, reload};

/// The least severe level that is logged, which can be changed.
#[derive(Clone, Debug)]
pub(crate) struct LogLevel(reload::Handle<LevelFilter, Registry>);

impl LogLevel {
    /// Logs messages of this level and more severe ones from now on.
    pub(crate) fn set(&self, level: LevelFilter) {
        // Without its subscriber (in tests) there is nothing to change.
        let _ = self.0.reload(level);
    }
}

/// Logs to standard error from here on. Where that is the journal (systemd.exec(5),
/// `JOURNAL_STREAM`), each line starts with its priority (sd-daemon(3)) and has no time, which
/// the journal writes itself.
pub(crate) fn start(level: LevelFilter) -> LogLevel {
    let stderr = io::stderr();
    let is_journal = std::env::var_os("JOURNAL_STREAM").is_some() && !stderr.is_terminal();
    let (filter, handle) = reload::Layer::new(level);
    let registry = tracing_subscriber::registry().with(filter);
    let layer = fmt::layer().with_ansi(false).with_target(false);
    // A subscriber that is there already (in tests) stays.
    let _ = if is_journal {
        let layer = layer.with_writer(Journal).without_time().with_level(false);
        tracing::subscriber::set_global_default(registry.with(layer))
    } else {
        let layer = layer.with_writer(io::stderr);
        tracing::subscriber::set_global_default(registry.with(layer))
    };
    LogLevel(handle)
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
