//! The watch reports changes of other programs, and not ours.

use std::time::Duration;

use rustix::pipe::{PipeFlags, pipe_with};
use test_support::Netns;
use tidegate_nft::*;
use tidegate_nft_drivers::*;

use crate::sample::{TABLE, publish4, published};
use crate::subject::{ON_KERNEL, transaction};

/// A watch in a namespace, and a tracked driver with the table in place.
struct Scene {
    netns: Netns,
    watch: Watch,
    driver: Box<dyn Driver>,
}

impl Scene {
    fn new(subject: crate::subject::Subject) -> Self {
        let netns = Netns::new();
        let watch = netns.run(|| Watch::open(&TABLE).expect("root may listen"));
        let driver = watch
            .ledger()
            .track(subject.open(Location::Path(netns.path())));
        let scene = Self {
            netns,
            watch,
            driver,
        };
        scene.apply(&transaction(|base| base.add(TABLE).add(publish4())));
        scene
    }

    fn apply(&self, transaction: &Transaction) {
        let applied = self.driver.apply(transaction);
        applied.unwrap_or_else(|error| panic!("{error}"));
    }

    /// The judgements of all notices until now. A last change by another program marks the end.
    fn judged(&mut self) -> Vec<TableChanges> {
        self.netns
            .sh("nft 'add chain inet sample end; delete chain inet sample end'");
        let (stopped, _stop) = pipe_with(PipeFlags::CLOEXEC).expect("a pipe");
        let ledger = self.watch.ledger();
        let mut findings = Vec::new();
        loop {
            let notice = self.watch.wait(&stopped).expect("the socket is good");
            let finding = ledger.judge(notice.expect("nobody says stop"));
            let finding = finding.expect("the kernel tells");
            let is_end = match &finding {
                TableChanges::Changed(changes) => changes
                    .iter()
                    .any(|change| change.what.contains(&"chain end deleted".to_owned())),
                // The announcement of the last change was lost too.
                TableChanges::Missed => true,
                TableChanges::Nothing => false,
            };
            findings.push(finding);
            if is_end {
                return findings;
            }
        }
    }

    /// The descriptions of each reported change.
    fn reported(&mut self) -> Vec<Vec<String>> {
        let findings = self.judged().into_iter();
        let changes = findings.flat_map(|finding| match finding {
            TableChanges::Changed(changes) => changes,
            TableChanges::Nothing | TableChanges::Missed => Vec::new(),
        });
        let mut what: Vec<_> = changes.map(|change| change.what).collect();
        what.pop();
        what
    }
}

#[test]
fn our_own_transactions_are_not_reported() {
    for &subject in ON_KERNEL {
        if !subject.can_run() {
            return;
        }
        let mut scene = Scene::new(subject);
        for port in 1..=20 {
            scene.apply(&transaction(|t| {
                t.add_elements(&publish4().id, [published(port)])
            }));
        }
        let refused = transaction(|t| t.create(TABLE));
        scene.driver.apply(&refused).expect_err("it is there");
        assert_eq!(scene.reported(), Vec::<Vec<String>>::new(), "{subject:?}");
    }
}

#[test]
fn a_wait_goes_on_after_our_own_transactions() {
    for &subject in ON_KERNEL {
        if !subject.can_run() {
            return;
        }
        let mut scene = Scene::new(subject);
        let (driver, watch, netns) = (&scene.driver, &mut scene.watch, &scene.netns);
        let (stopped, stop) = pipe_with(PipeFlags::CLOEXEC).expect("a pipe");
        let ledger = watch.ledger();
        let findings = std::thread::scope(|scope| {
            let heard = scope.spawn(|| {
                let mut findings = Vec::new();
                while let Some(notice) = watch.wait(&stopped).expect("the socket is good") {
                    findings.push(ledger.judge(notice).expect("the kernel tells"));
                }
                findings
            });
            for port in 1..=20 {
                let publish = transaction(|t| t.add_elements(&publish4().id, [published(port)]));
                driver.apply(&publish).expect("it is applied");
                // So that it is announced alone.
                std::thread::sleep(Duration::from_millis(10));
            }
            netns.sh("nft add chain inet sample end");
            std::thread::sleep(Duration::from_millis(200));
            drop(stop);
            heard.join().expect("it ends")
        });
        assert!(
            matches!(&findings[..], [TableChanges::Changed(_)]),
            "{subject:?}: {findings:?}"
        );
    }
}

#[test]
fn changes_of_other_programs_are_reported_with_what_was_done_and_by_which_program() {
    for &subject in ON_KERNEL {
        if !subject.can_run() {
            return;
        }
        let mut scene = Scene::new(subject);
        scene.apply(&transaction(|t| {
            t.add_elements(&publish4().id, [published(80)])
        }));
        scene
            .netns
            .sh("nft delete element inet sample publish4 '{ tcp . 80 }'
                 nft flush ruleset
                 nft add table inet sample");
        let heard = scene.reported();
        assert_eq!(heard[0], ["element of set publish4 deleted"]);
        assert_eq!(heard[1], ["table deleted"]);
        assert_eq!(heard[2], ["table added"]);
    }
}

#[test]
fn a_change_is_reported_with_the_process_that_made_it() {
    let subject = ON_KERNEL[0];
    if !subject.can_run() {
        return;
    }
    let mut scene = Scene::new(subject);
    let mut nft = scene.netns.command("nft");
    let child = nft
        .args(["add", "chain", "inet", "sample", "strange"])
        .spawn();
    let mut child = child.expect("nft starts");
    let pid = child.id();
    assert!(child.wait().expect("it ends").success());
    let findings = scene.judged();
    let Some(TableChanges::Changed(changes)) = findings.first() else {
        panic!("{findings:?}");
    };
    assert_eq!(changes[0].program.as_deref(), Some("nft"));
    // The kernel numbers it as the first process namespace does (proc_ns_file of PROC_PID_INIT_INO).
    let namespace = std::fs::read_link("/proc/self/ns/pid").expect("procfs is mounted");
    if namespace.as_os_str() == "pid:[4026531836]" {
        assert_eq!(changes[0].process, Some(pid));
    }
}

#[test]
fn changes_of_other_tables_are_not_reported() {
    let subject = ON_KERNEL[0];
    if !subject.can_run() {
        return;
    }
    let mut scene = Scene::new(subject);
    scene.netns.sh(
        "nft add table inet other; nft add table ip sample; nft add chain ip sample c
             nft delete table ip sample; nft delete table inet other",
    );
    assert_eq!(scene.reported(), Vec::<Vec<String>>::new());
}

#[test]
fn only_changes_of_others_at_the_same_time_as_ours_are_reported() {
    for &subject in ON_KERNEL {
        if !subject.can_run() {
            return;
        }
        let mut scene = Scene::new(subject);
        std::thread::scope(|scope| {
            let netns = &scene.netns;
            scope.spawn(|| {
                netns.sh("for n in $(seq 40); do nft add chain inet sample c$n; done");
            });
            for port in 1..=2000 {
                scene.apply(&transaction(|t| {
                    t.add_elements(&publish4().id, [published(port)])
                }));
            }
        });
        let heard = scene.reported();
        assert_eq!(heard.len(), 40, "{subject:?}: {heard:?}");
    }
}

/// More elements than a socket's buffer can hold messages of.
const FLOOD: &str = "{ echo 'add table inet other; add set inet other s { type ipv4_addr; }'
    echo 'add element inet other s {'
    for a in $(seq 0 9); do for b in $(seq 0 99); do for c in $(seq 0 199); do
        echo \"10.$a.$b.$c,\"
    done; done; done
    echo '}'; } > flood";

#[test]
fn lost_announcements_lead_to_a_comparison_unless_all_commits_were_ours() {
    let subject = ON_KERNEL[0];
    if !subject.can_run() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let mut scene = Scene::new(subject);
    scene.netns.sh(&format!(
        "cd {}; {FLOOD}; nft -f flood",
        folder.path().display()
    ));
    assert_eq!(scene.judged(), [TableChanges::Missed]);
    let each = |n: u32| {
        let key = vec![std::net::Ipv4Addr::from(0x0a00_0000 + n).into()];
        Element::new(key)
    };
    let set = Set::new(&TABLE, name!("many"), Datatype::Ipv4Addr);
    scene.apply(&transaction(|t| {
        t.add(set.elements((0..200_000).map(each)))
    }));
    let (stopped, _stop) = pipe_with(PipeFlags::CLOEXEC).expect("a pipe");
    let notice = scene.watch.wait(&stopped).expect("the socket is good");
    let finding = scene
        .watch
        .ledger()
        .judge(notice.expect("nobody says stop"));
    assert_eq!(finding, Ok(TableChanges::Nothing));
}

#[test]
fn a_wait_ends_when_stop_is_closed() {
    let subject = ON_KERNEL[0];
    if !subject.can_run() {
        return;
    }
    let mut scene = Scene::new(subject);
    scene.reported();
    let (stopped, stop) = pipe_with(PipeFlags::CLOEXEC).expect("a pipe");
    drop(stop);
    assert_eq!(scene.watch.wait(&stopped), Ok(None));
}
