//! A context on its own thread, on the real kernel.

#![expect(clippy::expect_used, reason = "a test reports a failure by panicking")]

use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;

use libnftables::{Format, Gone, OpenError, Outcome, Owner};
use tidegate_test_support::{Netns, require_root_kernel};

fn open(netns: &Netns) -> Owner {
    let namespace: OwnedFd = File::open(netns.path()).expect("it is there").into();
    Owner::open(Some(Arc::new(namespace))).expect("the library opens")
}

fn run(owner: &Owner, commands: &str) -> Outcome {
    owner
        .run(commands.to_owned(), false)
        .expect("it is open")
        .expect("commands are handed over")
}

fn list(owner: &Owner, format: Format) -> String {
    let listing = owner.list("list ruleset".to_owned(), format);
    listing
        .expect("it is open")
        .expect("it is handed over")
        .output
}

#[test]
fn commands_are_carried_out_in_the_namespace_all_or_none() {
    require_root_kernel!();
    let netns = Netns::new();
    let owner = open(&netns);
    let taken = run(&owner, "add table inet one\nadd chain inet one c\n");
    assert!(taken.success && taken.errors.is_empty(), "{taken:?}");
    let refused = run(&owner, "add table inet two\ndelete chain inet one absent\n");
    assert!(!refused.success, "{refused:?}");
    assert!(refused.errors.contains(":2:23-28: Error: "), "{refused:?}");
    assert_eq!(
        list(&owner, Format::Text),
        "table inet one {\n\tchain c {\n\t}\n}\n"
    );
    assert_eq!(netns.sh("nft list ruleset"), list(&owner, Format::Text));
}

#[test]
fn a_dry_run_changes_nothing_and_the_next_run_does() {
    require_root_kernel!();
    let netns = Netns::new();
    let owner = open(&netns);
    let tried = owner
        .run("add table inet t\n".to_owned(), true)
        .expect("it is open");
    assert!(tried.expect("handed over").success);
    assert_eq!(list(&owner, Format::Text), "");
    assert!(run(&owner, "add table inet t\n").success);
    assert_eq!(list(&owner, Format::Text), "table inet t {\n}\n");
}

#[test]
fn what_one_run_said_is_not_said_again() {
    require_root_kernel!();
    let netns = Netns::new();
    let owner = open(&netns);
    assert!(!run(&owner, "delete table inet absent\n").errors.is_empty());
    assert_eq!(run(&owner, "add table inet t\n").errors, "");
    let long = "add table inet t\n".repeat(5_000);
    assert!(run(&owner, &long).success);
    let short = run(&owner, "add nonsense\n");
    assert!(short.errors.contains(":1:"), "{short:?}");
}

#[test]
fn the_release_and_json_are_known() {
    require_root_kernel!();
    let netns = Netns::new();
    let owner = open(&netns);
    assert_eq!(owner.has_json(), Ok(true));
    let version = owner.version().expect("it has JSON");
    assert!(netns.sh("nft -v").contains(version), "{version}");
    assert!(list(&owner, Format::Json).contains("\"metainfo\""));
}

#[test]
fn descriptors_of_other_threads_stay_open() {
    require_root_kernel!();
    let netns = Netns::new();
    let (mut reader, mut writer) = std::io::pipe().expect("a pipe");
    let owner = open(&netns);
    assert!(run(&owner, "add table inet t\n").success);
    std::io::Write::write_all(&mut writer, b"still here").expect("it is open");
    // The other end of the pipe is open nowhere but here: at its end, it says so.
    drop(writer);
    let mut read = String::new();
    std::io::Read::read_to_string(&mut reader, &mut read).expect("it is open");
    assert_eq!(read, "still here");
    assert!(reader.as_raw_fd() > 2);
}

#[test]
fn a_closed_owner_is_gone() {
    require_root_kernel!();
    let netns = Netns::new();
    let owner = open(&netns);
    owner.close().expect("it is open");
    assert_eq!(
        owner.run(String::new(), false).expect_err("closed"),
        Gone::Before
    );
    assert_eq!(owner.close().expect_err("closed"), Gone::Before);
}

#[test]
fn what_is_no_network_namespace_is_refused() {
    let file: OwnedFd = File::open("/proc/self/ns/uts").expect("it is there").into();
    let error = Owner::open(Some(Arc::new(file))).expect_err("it is of another kind");
    assert!(matches!(error, OpenError::Namespace(_)), "{error:?}");
}
