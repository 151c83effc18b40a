//! The host's resolv.conf(5), read again when it changed.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use rustix::net::netdevice::name_to_index;
use rustix::net::{AddressFamily, SocketType, socket};
use tidegate_link::with_time_limit;
use tidegate_model::DNS_PORT;
use tidegate_resolver::resolv_conf::{HostConf, Server};

use super::ask_list::AskList;

/// The host's settings (resolv.conf(5)).
pub(crate) const RESOLV_CONF: &str = "/etc/resolv.conf";

/// How long the servers of a file outlive it: somebody may be writing a new one.
const REPLACED_WITHIN: Duration = Duration::from_secs(1);

/// The time in which a second change of a file can have the same time stamp: more than one tick of the kernel's
/// coarse clock, which is 10 ms at most.
const SAME_STAMP: Duration = Duration::from_millis(50);

/// The current settings of the host; empty without a file, or if it cannot be read in time.
pub(crate) fn host_conf() -> HostConf {
    match read() {
        Found::Text(text, _) => HostConf::parse(&text),
        Found::Nothing | Found::Unreadable => HostConf::default(),
    }
}

/// The file with its last known content.
#[derive(Debug, Default)]
pub(super) struct HostFile {
    /// Of the content. None if the content may have changed under the same stamp.
    stamp: Option<Stamp>,
    conf: Option<HostConf>,
    /// Since when the file is missing or empty, although it had content before.
    blank_since: Option<Instant>,
}

impl HostFile {
    /// The servers now. The file is read again if it is another one or was changed.
    pub(super) fn ask_list(&mut self) -> AskList {
        if self.stamp.is_none() || self.stamp != stamp_now() {
            self.read_again();
        }
        let Some(conf) = &self.conf else {
            return AskList::default();
        };
        // An interface of this name may be another one by now.
        let at = |server: &Server| server.at(DNS_PORT, index_of);
        AskList {
            servers: conf.servers_to_ask().iter().filter_map(at).collect(),
            options: conf.ask_options(),
        }
    }

    /// A file that cannot be read in time changes nothing.
    fn read_again(&mut self) {
        let (text, stamp) = match read() {
            Found::Text(text, stamp) => (text, stamp),
            Found::Nothing => (String::new(), None),
            Found::Unreadable => {
                self.stamp = None;
                return;
            }
        };
        if text.trim().is_empty() && self.conf.is_some() {
            let since = *self.blank_since.get_or_insert_with(Instant::now);
            if since.elapsed() < REPLACED_WITHIN {
                self.stamp = None;
                return;
            }
        } else {
            self.blank_since = None;
        }
        self.stamp = stamp;
        self.conf = Some(HostConf::parse(&text));
    }
}

/// The index of an interface of the host.
pub(super) fn index_of(name: &str) -> Option<u32> {
    let any = socket(AddressFamily::INET, SocketType::DGRAM, None).ok()?;
    name_to_index(any, name).ok()
}

/// The result of reading the file.
enum Found {
    /// Its text, with the stamp that it has for as long as it has this text.
    Text(String, Option<Stamp>),
    /// There is no file, or it is not for us to read.
    Nothing,
    /// It cannot be read now.
    Unreadable,
}

fn read() -> Found {
    let read = with_time_limit(Path::new(RESOLV_CONF), read_at);
    match read {
        Ok(Ok((text, stamp))) => Found::Text(String::from_utf8_lossy(&text).into_owned(), stamp),
        Ok(Err(error)) if is_nothing(&error) => Found::Nothing,
        Ok(Err(_)) | Err(_) => Found::Unreadable,
    }
}

fn is_nothing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::PermissionDenied | ErrorKind::NotADirectory
    )
}

/// The stamp is that of the file that was read, taken before.
fn read_at(path: &Path) -> io::Result<(Vec<u8>, Option<Stamp>)> {
    let mut file = File::open(path)?;
    let stamp = Stamp::of(&file.metadata()?);
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    Ok((text, stamp.is_settled().then_some(stamp)))
}

fn stamp_now() -> Option<Stamp> {
    let found = with_time_limit(Path::new(RESOLV_CONF), |path| fs::metadata(path));
    Some(Stamp::of(&found.ok()?.ok()?))
}

/// The identity of a file, which shows a change or a replacement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    file: (u64, u64),
    size: u64,
    changed: (i64, i64),
}

impl Stamp {
    fn of(found: &fs::Metadata) -> Self {
        Self {
            file: (found.dev(), found.ino()),
            size: found.size(),
            changed: (found.ctime(), found.ctime_nsec()),
        }
    }

    /// Whether a later change has another stamp.
    fn is_settled(&self) -> bool {
        let (seconds, nanoseconds) = self.changed;
        let since = (u64::try_from(seconds).ok())
            .zip(u32::try_from(nanoseconds).ok())
            .map(|(seconds, nanoseconds)| Duration::new(seconds, nanoseconds))
            .and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since));
        // A stamp in the future says nothing.
        since.is_some_and(|since| since.elapsed().is_ok_and(|age| age > SAME_STAMP))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed_ago(age: Duration) -> Stamp {
        let time = SystemTime::now() - age;
        let time = time.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        Stamp {
            file: (1, 2),
            size: 3,
            changed: (time.as_secs() as i64, time.subsec_nanos().into()),
        }
    }

    #[test]
    fn a_file_that_was_changed_just_now_or_in_the_future_is_read_again() {
        let now = changed_ago(Duration::ZERO);
        assert!(!now.is_settled());
        assert!(changed_ago(Duration::from_secs(1)).is_settled());
        let future = Stamp {
            changed: (now.changed.0 + 3600, 0),
            ..now
        };
        assert!(!future.is_settled());
    }
}
