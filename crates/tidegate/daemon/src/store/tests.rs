use std::fs::{self, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;

use error_hint::{FileError, Hint};
use rustix::fs::inotify::{CreateFlags, ReadFlags, Reader, WatchFlags, add_watch, init};
use rustix::io::Errno;

use tidegate_model::{AllowList, MacAddr, Network};
use tidegate_model::{Policy, Subnet};

use super::*;

mod of_0_1_0;
mod stored;

fn network(name: &str, number: u8) -> Network {
    Network {
        name: name.parse().unwrap(),
        bridge: format!("tgb{number}").parse().unwrap(),
        mac: MacAddr::local([0, 0, 0, 0, number]),
        subnets: vec![Subnet::new(format!("10.0.{number}.0/24").parse().unwrap(), None).unwrap()],
        mtu: Some(1400),
        host_ips: Vec::new(),
        allow: AllowList::default(),
        policy: Policy::default(),
        reserved: Default::default(),
        peers: Default::default(),
        labels: Default::default(),
        dns: Default::default(),
        remove_when_unused: false,
    }
}

/// A store with one network in it, and what it holds.
fn store_with_a_network(folder: &Path) -> (Store, State) {
    let mut store = Store::open(folder).unwrap();
    let mut state = store.load().unwrap();
    assert_eq!(state, State::default());
    let change = Change::AddNetwork(network("web", 1));
    store.commit(&state, &change).unwrap();
    state.apply(&change);
    (store, state)
}

#[test]
fn a_committed_change_is_there_when_the_store_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let (store, state) = store_with_a_network(folder.path());
    drop(store);
    let mut store = Store::open(folder.path()).unwrap();
    assert_eq!(store.load().unwrap(), state);
    assert_eq!(state.next_number, 1);
}

#[test]
fn a_removed_endpoint_is_gone_but_its_number_is_not_reused() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, mut state) = store_with_a_network(folder.path());
    let change = Change::RemoveNetwork(network("web", 1));
    store.commit(&state, &change).unwrap();
    state.apply(&change);
    let loaded = store.load().unwrap();
    assert!(loaded.networks.is_empty());
    assert_eq!(loaded.next_number, 1);
}

#[test]
fn only_a_change_with_a_new_interface_writes_the_number() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, state) = store_with_a_network(folder.path());
    rows::set_only_number(store.database.as_ref().unwrap(), 77).unwrap();
    store.take_up();
    let before = Box::new(network("web", 1));
    let after = Box::new(Network {
        mtu: None,
        ..network("web", 1)
    });
    let replaced = Change::ReplaceNetwork { before, after };
    store.commit(&state, &replaced).unwrap();
    assert_eq!(store.load().unwrap().next_number, 77);
    let added = Change::AddNetwork(network("db", 2));
    store.commit(&state, &added).unwrap();
    assert_eq!(store.load().unwrap().next_number, 2);
}

#[test]
fn after_a_commit_the_written_file_is_known_and_not_another_at_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = store_with_a_network(folder.path());
    let path = folder.path().join(FILE);
    let other = folder.path().join("other");
    fs::copy(&path, &other).unwrap();
    fs::rename(other, &path).unwrap();
    let open = store.file.as_ref().unwrap();
    let known = Known::of_open(open).unwrap();
    assert!(known.is(&store.known.unwrap()));
    assert!(!known.is(&Known::of(&path, open).unwrap()));
}

#[test]
fn a_second_daemon_is_refused_the_same_state() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, _) = store_with_a_network(folder.path());
    let refused = Store::open(folder.path()).unwrap_err();
    assert!(matches!(refused, StoreError::InUse { .. }), "{refused:?}");
}

#[test]
fn a_file_that_is_not_a_database_is_refused_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    for junk in [
        &b"not a database"[..],
        &[0; 100_000],
        b"redb\x1a\x0a\xa9\x0d\x0a",
    ] {
        fs::write(&path, junk).unwrap();
        let refused = Store::open(folder.path()).unwrap_err();
        assert!(matches!(refused, StoreError::Damaged { .. }), "{refused:?}");
        assert_eq!(fs::read(&path).unwrap(), junk);
    }
}

#[test]
fn damage_anywhere_in_the_file_is_an_error_or_harmless_but_never_wrong_state() {
    let folder = tempfile::tempdir().unwrap();
    let (store, state) = store_with_a_network(folder.path());
    drop(store);
    let path = folder.path().join(FILE);
    let sound = fs::read(&path).unwrap();
    let mut refused = 0;
    for at in (0..sound.len()).step_by(sound.len() / 256) {
        fs::write(&path, &sound).unwrap();
        let mut file = OpenOptions::new().write(true).open(&path).unwrap();
        file.seek(SeekFrom::Start(at as u64)).unwrap();
        file.write_all(&[!sound[at]; 64]).unwrap();
        drop(file);
        match Store::open(folder.path()).and_then(|mut store| store.load()) {
            Ok(loaded) => assert_eq!(loaded, state, "at {at}"),
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 0, "no damage was ever noticed");
}

#[test]
fn after_a_failed_write_the_next_one_puts_the_file_right() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, mut state) = store_with_a_network(folder.path());
    // As after a write of which it is not known whether it reached the disk: it did.
    let phantom = Change::AddNetwork(network("phantom", 9));
    store.commit(&state, &phantom).unwrap();
    store.database = None;
    let change = Change::AddNetwork(network("db", 2));
    store.commit(&state, &change).unwrap();
    state.apply(&change);
    assert_eq!(store.load().unwrap(), state);
}

/// What the kernel told of names in a folder since it was asked to.
fn told(news: &OwnedFd) -> Vec<(String, ReadFlags)> {
    let mut buffer = [MaybeUninit::uninit(); 4096];
    let mut reader = Reader::new(news, &mut buffer);
    let mut told = Vec::new();
    while let Ok(event) = reader.next() {
        let name = event.file_name().map(|name| name.to_string_lossy());
        told.push((name.unwrap_or_default().into_owned(), event.events()));
    }
    told
}

/// Whether nothing was written to what has the name of the state file, and nothing took it away, before a whole file got it.
fn came_whole(told: &[(String, ReadFlags)]) -> bool {
    let mut of_file = told.iter().filter(|(name, _)| name == FILE);
    of_file
        .next()
        .is_some_and(|(_, first)| first.contains(ReadFlags::MOVED_TO))
}

fn watch(folder: &Path) -> OwnedFd {
    let news = init(CreateFlags::NONBLOCK).unwrap();
    let flags = WatchFlags::MODIFY | WatchFlags::MOVE | WatchFlags::CREATE | WatchFlags::DELETE;
    add_watch(&news, folder, flags).unwrap();
    news
}

#[test]
fn a_daemon_that_is_killed_at_any_moment_leaves_a_whole_file_or_what_somebody_else_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    let news = watch(folder.path());
    let (mut store, state) = store_with_a_network(folder.path());
    assert!(came_whole(&told(&news)), "at its first start");
    type Harm = fn(&Path);
    let harms: [(&str, Harm); 3] = [
        ("emptied", |path| fs::write(path, "").unwrap()),
        ("removed", |path| fs::remove_file(path).unwrap()),
        ("replaced", |path| {
            let other = path.with_extension("other");
            fs::write(&other, "scribble").unwrap();
            fs::rename(other, path).unwrap();
        }),
    ];
    for (what, harm) in harms {
        harm(&path);
        told(&news);
        store.rewrite(&state).unwrap();
        let told = told(&news);
        assert!(came_whole(&told), "{what}: {told:?}");
        // As it lies there, of a daemon that was killed.
        let copy = tempfile::tempdir().unwrap();
        fs::copy(&path, copy.path().join(FILE)).unwrap();
        let mut copy = Store::open(copy.path()).unwrap();
        assert_eq!(copy.load().unwrap(), state, "{what}");
    }
    let kept = fs::read_to_string(path.with_extension("redb.replaced"));
    assert_eq!(kept.unwrap(), "scribble");
}

#[test]
fn a_file_that_another_daemon_has_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, state) = store_with_a_network(folder.path());
    fs::remove_file(store.path()).unwrap();
    let other = Store::open(folder.path()).unwrap();
    let refused = store.rewrite(&state).unwrap_err();
    assert!(matches!(refused, StoreError::InUse { .. }), "{refused:?}");
    drop(other);
    store.rewrite(&state).unwrap();
    assert_eq!(store.load().unwrap(), state);
}

#[test]
fn an_error_about_a_file_says_what_was_done_to_which() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, state) = store_with_a_network(folder.path());
    let path = folder.path().join(FILE);
    // A directory in its place is renamed, but not to the name of one that is not empty.
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    fs::create_dir_all(folder.path().join("state.redb.replaced/full")).unwrap();
    let refused = store.rewrite(&state).unwrap_err();
    assert_eq!(
        refused.to_string(),
        format!("cannot rename {}", path.display())
    );
}

#[test]
fn an_error_of_the_database_says_what_could_not_be_done() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, _) = store_with_a_network(folder.path());
    let database = store.database.as_ref().unwrap();
    let write = database.begin_write().unwrap();
    assert!(write.delete_table(layout::META).unwrap());
    write.commit().unwrap();
    let refused = store.load().unwrap_err();
    let path = folder.path().join(FILE);
    let message = format!("cannot read the state database {}", path.display());
    assert_eq!(refused.to_string(), message);
}

#[test]
fn a_database_with_tables_of_another_kind_is_not_ours() {
    let folder = tempfile::tempdir().unwrap();
    let other = Database::create(folder.path().join(FILE)).unwrap();
    let write = other.begin_write().unwrap();
    let networks = redb::TableDefinition::<u64, u64>::new("networks");
    write.open_table(networks).unwrap();
    write.commit().unwrap();
    drop(other);
    let refused = Store::open(folder.path()).unwrap_err();
    assert!(matches!(refused, StoreError::Damaged { .. }), "{refused:?}");
}

#[test]
fn the_hint_of_a_refusal_of_the_system_fits_its_reason() {
    for (errno, advice) in [
        (Errno::NOSPC, "free some space "),
        (Errno::DQUOT, "free some space "),
        (Errno::IO, "look for disk errors "),
        (
            Errno::ROFS,
            "mount the file system of the state directory writable ",
        ),
        (
            Errno::ACCESS,
            "run as root, and make the state directory and its files root's ",
        ),
        (Errno::NOTDIR, "check the state directory "),
    ] {
        let path = Path::new("/var/lib/tidegate/state.redb");
        let file = FileError::at("rename", path)(errno.into());
        let database = Box::new(redb::Error::Io(errno.into()));
        for error in [
            StoreError::from(file),
            StoreError::opening(path, redb::StorageError::Io(errno.into()).into()),
            error::Fault::Database(database).at("write to", path),
        ] {
            let hint = error.hint().unwrap();
            assert!(hint.starts_with(advice), "{error}: {hint}");
            // Another state directory would know none of the host's networks.
            assert!(!hint.contains("--state-dir"), "{hint}");
        }
    }
}
