//! The long-lived child and the process of libnftables, lost and found.

use test_support::need::find_program;
use tidegate_nft::*;
use tidegate_nft_drivers::*;

use crate::sample::{TABLE, publish4, published};
use crate::subject::{Subject, World, transaction};

fn add(port: u16) -> Transaction {
    transaction(|t| t.create_elements(&publish4().id, [published(port)]))
}

/// The processes in the namespace: the child alone.
fn child(world: &World) -> rustix::process::Pid {
    let netns = world.netns.as_ref().expect("on the kernel");
    let listed = std::process::Command::new(find_program("ip").expect("required"))
        .args(["netns", "pids", netns.name()])
        .output()
        .expect("ip runs");
    let listed = String::from_utf8(listed.stdout).expect("numbers");
    let pids: Vec<i32> = listed
        .lines()
        .map(|pid| pid.parse().expect("a number"))
        .collect();
    // The thread of the driver counts for its process, which is this one.
    let own = i32::try_from(std::process::id()).expect("small");
    let children: Vec<i32> = pids.into_iter().filter(|pid| *pid != own).collect();
    assert_eq!(children.len(), 1, "{children:?}");
    rustix::process::Pid::from_raw(children[0]).expect("not nought")
}

fn kill(pid: rustix::process::Pid, signal: rustix::process::Signal) {
    rustix::process::kill_process(pid, signal).expect("it runs");
}

/// Waits until a killed process has closed its files: then it is a zombie, or gone.
fn wait_for_end(pid: rustix::process::Pid) {
    wait_for(pid, 'Z');
}

/// Waits until a process is in a state (proc_pid_stat(5)), or gone.
fn wait_for(pid: rustix::process::Pid, state: char) {
    let stat = format!("/proc/{}/stat", pid.as_raw_nonzero());
    let is_so = || match std::fs::read_to_string(&stat) {
        Ok(stat) => stat
            .rsplit(") ")
            .next()
            .is_some_and(|rest| rest.starts_with(state)),
        Err(_) => true,
    };
    while !is_so() {
        std::thread::yield_now();
    }
}

/// What keeps a child.
const WITH_CHILD: &[Subject] = &[
    Subject::LongLived,
    #[cfg(feature = "libnftables")]
    Subject::Library,
];

#[test]
fn a_killed_child_is_replaced_and_nothing_is_lost() {
    for &subject in WITH_CHILD {
        if !subject.can_run() {
            return;
        }
        let world = World::new(subject);
        let mut model = Ruleset::new();
        world.apply(
            &mut model,
            &transaction(|base| base.add(TABLE).add(publish4())),
        );
        for port in 1..=5 {
            let before = child(&world);
            kill(before, rustix::process::Signal::KILL);
            wait_for_end(before);
            world.apply(&mut model, &add(port));
            assert_ne!(child(&world), before);
        }
        kill(child(&world), rustix::process::Signal::KILL);
        assert_eq!(world.differences(&model, &TABLE), Vec::<String>::new());
    }
}

#[test]
fn a_child_that_is_stopped_is_replaced_and_what_it_had_not_read_is_done_by_the_next() {
    // Longer than anybody would wait: it is seen to be stopped.
    let deadline = std::time::Duration::from_secs(3600);
    for &subject in WITH_CHILD {
        if !subject.can_run() {
            return;
        }
        let netns = test_support::Netns::new();
        let location = Location::Path(netns.path());
        let world = World {
            subject,
            driver: subject.open_with(location, deadline),
            netns: Some(netns),
        };
        let mut model = Ruleset::new();
        world.apply(
            &mut model,
            &transaction(|base| base.add(TABLE).add(publish4())),
        );
        let stopped = child(&world);
        kill(stopped, rustix::process::Signal::STOP);
        wait_for(stopped, 'T');
        world.apply(&mut model, &add(1));
        wait_for_end(stopped);
        assert_ne!(child(&world), stopped);
        assert_eq!(world.differences(&model, &TABLE), Vec::<String>::new());
    }
}

#[cfg(feature = "libnftables")]
#[test]
fn the_process_of_the_library_is_replaced_after_a_big_transaction_and_no_other() {
    if !Subject::Library.can_run() {
        return;
    }
    let world = World::new(Subject::Library);
    let mut model = Ruleset::new();
    let base = transaction(|base| base.add(TABLE).add(publish4()));
    world.apply(&mut model, &base);
    let first = child(&world);
    world.apply(&mut model, &add(1));
    assert_eq!(child(&world), first);
    let all = (2..=20_000).map(published);
    world.apply(
        &mut model,
        &transaction(|t| t.create_elements(&publish4().id, all)),
    );
    let second = child(&world);
    assert_ne!(second, first);
    world.apply(&mut model, &add(20_001));
    assert_eq!(child(&world), second);
}
