//! Opens namespaces of endpoints by their paths, before the caller takes a lock.

use std::collections::HashMap;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, mpsc};
use std::time::Instant;

use rustix::fs::{Mode, OFlags, open};
use tidegate_sys::Netns;

use crate::bounded::{Device, Hangs, TIME_LIMIT, begin, device, found};
use crate::descriptors::Descriptors;
use crate::error::{Cause, NetnsFault, OpenFault};

/// Namespaces by their paths, each open or failed to open, for the next calls
/// ([`Links::admit`](crate::Links::admit)). An open namespace lives at least as long as this value.
#[derive(Clone, Debug, Default)]
pub struct OpenNamespaces(HashMap<PathBuf, Opened>);

/// How many paths of one folder are opened at the same time.
const AT_ONCE: usize = 4;

/// What came of opening one.
type Opened = Result<Arc<Netns>, OpenFault>;

impl OpenNamespaces {
    /// Opens the namespaces at these paths, several at the same time, and all within [`TIME_LIMIT`]. A failure is
    /// stored for its path. A namespace that gets one of the reserved descriptors is closed, and opened again when it
    /// is needed.
    ///
    /// Do not call this while holding a lock that others wait for.
    pub fn open(paths: impl IntoIterator<Item = PathBuf>) -> Self {
        Self::open_but(paths, |netns| Descriptors::now().keep(&netns.as_fd()))
    }

    /// Like [`open`](Self::open), but does not keep namespaces that would be closed again at once.
    fn open_but(paths: impl IntoIterator<Item = PathBuf>, is_to_go: fn(&Netns) -> bool) -> Self {
        let mut open = Self::default();
        let mut folders: HashMap<PathBuf, Vec<PathBuf>> = HashMap::new();
        for path in paths {
            match open_at_once(&path) {
                Some(netns) => open.keep(path, Ok(netns), is_to_go),
                None => {
                    let folder = path.parent().unwrap_or(&path).to_owned();
                    folders.entry(folder).or_default().push(path);
                }
            }
        }
        if !folders.is_empty() {
            open.open_abroad(folders, Instant::now() + TIME_LIMIT, is_to_go);
        }
        open
    }

    /// Opens paths that may hang, [`AT_ONCE`] in each directory, so that one that hangs does not block the others.
    fn open_abroad(
        &mut self,
        mut folders: HashMap<PathBuf, Vec<PathBuf>>,
        end: Instant,
        is_to_go: fn(&Netns) -> bool,
    ) {
        let (done, outcomes) = mpsc::channel();
        let all: Vec<PathBuf> = folders.keys().cloned().collect();
        let mut under_way = 0_usize;
        let mut begin_next = |folder: &Path, opened: &mut HashMap<PathBuf, Opened>| {
            while let Some(path) = folders.get_mut(folder).and_then(Vec::pop) {
                let done = done.clone();
                let begun = begin(&path, end, move |path| {
                    // The caller may have given up.
                    let _ = done.send((
                        path.to_owned(),
                        Netns::open(path).map(Arc::new).map_err(OpenFault::from),
                    ));
                });
                // Until it is known.
                opened.insert(path, Err(Hangs.into()));
                if begun.is_ok() {
                    return 1;
                }
            }
            0
        };
        for folder in &all {
            for _ in 0..AT_ONCE {
                under_way += begin_next(folder, &mut self.0);
            }
        }
        while under_way > 0 {
            let left = end.saturating_duration_since(Instant::now());
            let Ok((path, outcome)) = outcomes.recv_timeout(left) else {
                break;
            };
            under_way -= 1;
            under_way += begin_next(path.parent().unwrap_or(&path), &mut self.0);
            self.keep(path, outcome, is_to_go);
        }
        for path in folders.into_values().flatten() {
            self.0.insert(path, Err(Hangs.into()));
        }
    }

    fn keep(&mut self, path: PathBuf, outcome: Opened, is_to_go: fn(&Netns) -> bool) {
        match outcome.as_ref().is_ok_and(|netns| is_to_go(netns)) {
            true => drop(self.0.remove(&path)),
            false => drop(self.0.insert(path, outcome)),
        }
    }

    /// The namespace at a path. If it is not open yet, opens it now, also within [`TIME_LIMIT`].
    pub(crate) fn get(&self, path: &Path) -> Result<Arc<Netns>, Cause> {
        let opened = match self.0.get(path) {
            Some(opened) => opened.clone(),
            None => Self::open_but([path.to_owned()], |_| false)
                .0
                .remove(path)
                .unwrap_or(Err(NetnsFault::Gone.into())),
        };
        Ok(opened?)
    }
}

/// Opens a namespace on the calling thread if the kernel has every component of the path in its cache, as for names
/// of ip-netns(8): this asks no file system.
fn open_at_once(path: &Path) -> Option<Arc<Netns>> {
    static NAMESPACES: OnceLock<Option<Device>> = OnceLock::new();
    let found = found(path, OFlags::empty())?;
    // All namespaces are files of one file system (nsfs).
    let namespaces = NAMESPACES.get_or_init(|| {
        let own = open(
            tidegate_sys::CURRENT,
            OFlags::RDONLY | OFlags::CLOEXEC,
            Mode::empty(),
        );
        device(own.ok()?.as_fd())
    });
    let here = device(found.as_fd());
    if here.is_none() || here != *namespaces {
        return None;
    }
    Netns::open_found(&found).ok().map(Arc::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_is_reported_by_itself() {
        let own = PathBuf::from("/proc/self/ns/net");
        let folder = tempfile::tempdir().unwrap();
        let none = folder.path().join("none");
        let open = OpenNamespaces::open([own.clone(), none.clone(), folder.path().to_owned()]);
        let id = Netns::current().unwrap().id();
        assert_eq!(open.get(&own).unwrap().id(), id);
        let fault = |path: &Path| open.get(path).map(|netns| netns.id()).unwrap_err().kind();
        assert_eq!(fault(&none), crate::ErrorKind::Netns(NetnsFault::Gone));
        let folder = fault(folder.path());
        assert_eq!(folder, crate::ErrorKind::Netns(NetnsFault::NotANetns));
    }

    #[test]
    fn a_namespace_closed_for_lack_of_descriptors_is_opened_when_needed() {
        let own = PathBuf::from("/proc/self/ns/net");
        let open = OpenNamespaces::open_but([own.clone()], |_| true);
        assert!(open.0.is_empty());
        assert!(open.get(&own).is_ok());
    }

    #[test]
    fn a_namespace_that_was_not_admitted_is_opened_when_needed() {
        let own = Path::new("/proc/self/ns/net");
        let id = Netns::current().unwrap().id();
        assert_eq!(OpenNamespaces::default().get(own).unwrap().id(), id);
    }
}
