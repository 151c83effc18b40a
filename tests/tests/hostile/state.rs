//! The state file lost, emptied or replaced: no network ends by it, and nothing that was answered is lost.

use std::fs;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;

use tidegate_tests::{Host, Lab, Programs, require_root_kernel, wait_until};

use crate::drivers;

fn database(host: &Host) -> PathBuf {
    host.state_dir().join("state.redb")
}

fn things(host: &Host) -> (String, String) {
    let networks = host.json(&["network", "ls"]).to_string();
    (networks, host.json(&["endpoint", "ls"]).to_string())
}

#[test]
fn a_state_file_without_content_ends_no_networks() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = Lab::with_driver(&driver);
        lab.host.ok(&["network", "create", "web"]);
        let _front = lab.attach("web", "front", &["8080:80"]);
        let before = things(&lab.host);
        lab.host.stop();
        let (file, copy) = (database(&lab.host), lab.host.folder().join("copy"));
        fs::copy(&file, &copy).unwrap();
        fs::write(&file, "").unwrap();
        let links = lab.host.netns.sh("ip -o link");
        for _ in 0..2 {
            let refused = lab.host.start_to_end();
            assert_eq!(refused.code, Some(2), "{refused:#?}");
            assert!(
                refused.stderr.contains("state.redb is empty"),
                "{refused:#?}"
            );
            assert!(refused.stderr.contains("\nhint: "), "{refused:#?}");
            assert_eq!(fs::read(&file).unwrap(), b"");
            assert_eq!(lab.host.netns.sh("ip -o link"), links);
        }
        // Restored, as the hint says.
        fs::copy(&copy, &file).unwrap();
        lab.host.start();
        assert_eq!(things(&lab.host), before);
        lab.host.stop();
        // Or given up, as the hint says too.
        fs::write(&file, "").unwrap();
        lab.host.add_arguments(&["--discard-unknown"]);
        lab.host.start();
        assert_eq!(things(&lab.host), ("[]".into(), "[]".into()));
        assert!(!lab.host.netns.sh("ip -o link").contains("tgb"));
    }
}

#[test]
fn a_state_file_without_content_is_a_new_one_where_nothing_of_it_is_on_the_host() {
    require_root_kernel!();
    let mut host = Host::new(Programs::of_this_tree(), &[]);
    fs::create_dir(host.state_dir()).unwrap();
    fs::write(database(&host), "").unwrap();
    host.start();
    host.ok(&["network", "create", "web"]);
    host.kill();
    host.start();
    host.ok(&["network", "inspect", "web"]);
}

/// What somebody does to the state file while the daemon runs.
type Harm = fn(&Host);

const HARM: &[(&str, Harm)] = &[
    ("removed", |host| fs::remove_file(database(host)).unwrap()),
    ("its folder removed", |host| {
        fs::remove_dir_all(host.state_dir()).unwrap();
    }),
    ("moved away", |host| {
        fs::rename(database(host), host.folder().join("away")).unwrap();
    }),
    ("its folder moved away", |host| {
        fs::rename(host.state_dir(), host.folder().join("moved")).unwrap();
    }),
    ("replaced by another file", |host| {
        let other = host.folder().join("other");
        fs::write(&other, "scribble").unwrap();
        fs::rename(other, database(host)).unwrap();
    }),
    ("replaced by an old copy", |host| {
        let copy = host.folder().join("copy");
        fs::copy(database(host), &copy).unwrap();
        host.ok(&["network", "create", "since"]);
        fs::rename(copy, database(host)).unwrap();
    }),
    ("emptied", |host| fs::write(database(host), "").unwrap()),
    // As `cp` puts a backup back: into the same file.
    ("overwritten by an older copy", |host| {
        let copy = fs::read(database(host)).unwrap();
        host.ok(&["network", "create", "later"]);
        host.ok(&["network", "rm", "later"]);
        overwrite(host, &copy);
    }),
    ("overwritten by noise", |host| {
        let length = fs::metadata(database(host)).unwrap().len();
        overwrite(host, &vec![0x5a; length.try_into().unwrap()]);
    }),
    ("a FIFO in its place", |host| {
        fs::remove_file(database(host)).unwrap();
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        let kind = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, database(host), kind, mode, 0).unwrap();
    }),
    (
        "removed, with a folder in the place of the new one",
        |host| {
            let new = database(host).with_extension("redb.new");
            fs::create_dir_all(new.join("inside")).unwrap();
            fs::remove_file(database(host)).unwrap();
        },
    ),
];

/// Writes into the file, and leaves its inode and length.
fn overwrite(host: &Host, bytes: &[u8]) {
    let file = fs::OpenOptions::new().write(true).open(database(host));
    file.unwrap().write_all_at(bytes, 0).unwrap();
}

#[test]
fn changes_of_the_state_file_at_run_time_lose_no_confirmed_change() {
    require_root_kernel!();
    for driver in drivers() {
        for (what, harm) in HARM {
            let mut lab = Lab::with_driver(&driver);
            lab.host.ok(&["network", "create", "web"]);
            harm(&lab.host);
            let _front = lab.attach("web", "front", &["8080:80"]);
            lab.host.ok(&["network", "create", "db"]);
            let before = things(&lab.host);
            assert_eq!(lab.host.tidegate(&["doctor"]).code, Some(0), "{what}");
            lab.host.kill();
            lab.host.start();
            assert_eq!(things(&lab.host), before, "{what}");
            lab.host.ok(&["network", "create", "more"]);
        }
    }
}

#[test]
fn a_state_file_that_is_removed_or_emptied_is_written_again_without_a_command() {
    require_root_kernel!();
    for driver in drivers() {
        // What is done to the file itself stays there until another file takes its name.
        let is_in_it = |what: &str| what == "emptied" || what.starts_with("overwritten");
        let in_it = HARM.iter().filter(|(what, _)| is_in_it(what));
        for (what, harm) in HARM[..2].iter().chain(in_it) {
            let mut lab = Lab::with_driver(&driver);
            lab.host.ok(&["network", "create", "web"]);
            let before = things(&lab.host);
            let was = fs::metadata(database(&lab.host)).unwrap().ino();
            harm(&lab.host);
            wait_until(what, || {
                let found = fs::metadata(database(&lab.host));
                found.is_ok_and(|found| !is_in_it(what) || found.ino() != was)
            });
            lab.host.kill();
            lab.host.start();
            assert_eq!(things(&lab.host), before, "{what}");
            // Nor does a stop leave nothing behind.
            harm(&lab.host);
            lab.host.stop();
            lab.host.start();
            assert_eq!(things(&lab.host), before, "{what}");
        }
    }
}

#[test]
fn a_state_file_that_cannot_be_rewritten_is_reported_and_refuses_changes() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = Lab::with_driver(&driver);
        lab.host.ok(&["network", "create", "web"]);
        let before = things(&lab.host);
        let folder = lab.host.state_dir();
        fs::rename(&folder, lab.host.folder().join("away")).unwrap();
        // The custodian may be quicker, and make the folder again.
        wait_until("a file is in its place", || {
            let _ = fs::remove_dir_all(&folder);
            fs::write(&folder, "").is_ok()
        });
        let refused = lab.host.tidegate(&["network", "create", "db"]);
        assert_eq!(refused.code, Some(2), "{refused:#?}");
        assert!(refused.stderr.contains("\nhint: "), "{refused:#?}");
        assert_eq!(things(&lab.host), before);
        assert_eq!(lab.host.ruleset_diff(), "");
        let found = lab.host.tidegate(&["doctor"]);
        assert_eq!(found.code, Some(1), "{found:#?}");
        assert!(found.stdout.contains("FAULT    state: "), "{found:#?}");
        fs::remove_file(&folder).unwrap();
        lab.host.ok(&["network", "create", "db"]);
        let before = things(&lab.host);
        lab.host.kill();
        lab.host.start();
        assert_eq!(things(&lab.host), before);
    }
}
