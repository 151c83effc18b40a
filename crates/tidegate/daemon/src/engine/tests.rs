mod at_once;
mod handed_over;
mod lost;
mod restart;
mod shut;
mod sweep;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};

use tempfile::TempDir;
use tidegate_api::{Publish, RefusalKind};
use tidegate_link::fakes::{FakeLinks, HookedLinks};
use tidegate_link::{ErrorKind, Gone, LinkChange};
use tidegate_model::links::{Link, LinkStep, NetnsFacts, PortHold, Sysctl};
use tidegate_model::{IfName, NetnsCookie, Place};
use tidegate_nft::{FakeDriver, Transaction};

use super::*;

/// An engine on a host in memory, with a store on disk.
pub(crate) struct Bench {
    pub(crate) engine: Engine,
    links: FakeLinks,
    folder: TempDir,
}

/// Everything that a refused command must leave as it was.
#[derive(Debug, PartialEq)]
struct Everything {
    ruleset: String,
    links: Vec<Link>,
    held: BTreeSet<PortHold>,
    believed: State,
    stored: State,
}

const BOX: &str = "/run/netns/box";

impl Bench {
    pub(crate) fn new() -> Self {
        let (links, folder) = (FakeLinks::new(), tempfile::tempdir().unwrap());
        links.add_netns(BOX);
        let engine = start(&links, folder.path()).unwrap();
        Self {
            engine,
            links,
            folder,
        }
    }

    /// Keeps everybody from the state while it lives.
    pub(crate) fn hold_state(engine: &Engine) -> impl Drop {
        engine.state_mut()
    }

    /// As after a crash: the kernel keeps its links and loses nothing; the engine starts anew.
    fn restart(self) -> Self {
        let Self {
            engine,
            links,
            folder,
        } = self;
        drop(engine);
        let engine = start(&links, folder.path()).unwrap();
        Self {
            engine,
            links,
            folder,
        }
    }

    fn everything(&self) -> Everything {
        assert_eq!(self.engine.ruleset_differences().unwrap(), [""; 0]);
        let mut links = self.links.clone().links().unwrap();
        links.sort_by_key(|link| link.ifname.to_string());
        Everything {
            ruleset: self.engine.live_ruleset().unwrap(),
            links,
            held: self.links.held(),
            believed: self.engine.state().clone(),
            stored: self.engine.backends().store.load().unwrap(),
        }
    }

    fn with_network(self) -> Self {
        self.engine.create_network(&wanted("web")).unwrap();
        self
    }

    fn with_endpoint(self) -> Self {
        let bench = self.with_network();
        bench.engine.attach(&wanted_endpoint("front", BOX)).unwrap();
        bench
    }
}

fn start(links: &FakeLinks, folder: &Path) -> Result<Engine, EngineError> {
    let store = Store::open(folder).unwrap();
    let (driver, links) = (Box::new(FakeDriver::new()), Box::new(links.clone()));
    let refuse = OnUnknown::Refuse;
    Engine::start(driver, links, store, Defaults::default(), refuse)
}

pub(crate) fn wanted(name: &str) -> CreateNetwork {
    serde_json::from_value(serde_json::json!({ "name": name })).unwrap()
}

fn wanted_endpoint(name: &str, netns: &str) -> Attach {
    serde_json::from_value(serde_json::json!({
        "network": "web", "name": name, "netns": netns, "ports": ["8080:80", "53:53/udp"],
    }))
    .unwrap()
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

#[test]
fn kernel_state_and_store_have_the_same_objects() {
    let bench = Bench::new();
    let empty = bench.everything();
    let bench = bench.with_endpoint();
    let full = bench.everything();
    assert_eq!(full.believed, full.stored);
    assert_eq!(full.links.len(), empty.links.len() + 2);
    assert!(full.ruleset.contains("8080"), "{}", full.ruleset);
    assert_eq!(
        bench.engine.detach(&name("front")).unwrap().name,
        name("front")
    );
    bench.engine.remove_network(&name("web"), false).unwrap();
    let emptied = bench.everything();
    assert_eq!(emptied.ruleset, empty.ruleset);
    assert_eq!(emptied.links, empty.links);
    assert_eq!(emptied.stored, emptied.believed);
    assert_eq!(bench.engine.counts(), (0, 0));
}

#[test]
fn a_namespace_without_ipv6_for_new_interfaces_alone_is_attached_without_it() {
    let bench = Bench::new().with_network();
    // The first step holds its port.
    bench.links.fail_step(1, ErrorKind::Ipv6Off);
    let endpoint = bench.engine.attach(&wanted_endpoint("front", BOX)).unwrap();
    let families: Vec<_> = endpoint
        .addresses
        .iter()
        .map(|net| net.addr().is_ipv6())
        .collect();
    assert_eq!(families, [false]);
    let all = bench.everything();
    assert_eq!(all.believed, all.stored);
    let counted = bench.engine.metrics();
    assert!(counted.contains("failed\"} 0"), "{counted}");
}

/// Lets each step of a command fail in turn, until it has no more, and looks after each failure
/// whether all is as before.
fn check_undo(bench: &Bench, command: impl Fn(&Engine) -> Result<(), EngineError>) {
    let before = bench.everything();
    for step in 0.. {
        bench.links.fail_step(step, ErrorKind::Other);
        let Err(error) = command(&bench.engine) else {
            assert!(step > 0, "the command takes no step that could fail");
            return;
        };
        assert!(matches!(error, EngineError::Link(_)), "{error:?}");
        assert_eq!(error.kind(), RefusalKind::Failed);
        assert_eq!(bench.everything(), before, "after step {step} failed");
    }
}

#[test]
fn a_failure_at_any_step_undoes_the_whole_command() {
    let bench = Bench::new();
    check_undo(&bench, |engine| {
        engine.create_network(&wanted("web")).map(drop)
    });
    check_undo(&bench, |engine| {
        engine.attach(&wanted_endpoint("front", BOX)).map(drop)
    });
    let ports = ["81:81", "82:82/udp"].map(|port| port.parse().unwrap());
    check_undo(&bench, |engine| {
        let wanted = Publish::from(ports.to_vec());
        engine.publish(&name("front"), &wanted).map(drop)
    });
    check_undo(&bench, |engine| {
        engine.unpublish(&name("front"), &ports).map(drop)
    });
    check_undo(&bench, |engine| engine.detach(&name("front")).map(drop));
    check_undo(&bench, |engine| {
        engine.remove_network(&name("web"), false).map(drop)
    });
}

#[test]
fn a_forced_removal_that_fails_gives_the_network_back_with_endpoints_and_peers() {
    let bench = Bench::new().with_endpoint();
    bench.engine.create_network(&wanted("db")).unwrap();
    bench
        .engine
        .connect(&name("web"), &name("db"), false)
        .unwrap();
    bench.links.fail_step(1, ErrorKind::Other);
    let before = bench.everything();
    let refused = bench.engine.remove_network(&name("web"), true);
    assert!(matches!(refused, Err(EngineError::Link(_))), "{refused:?}");
    assert_eq!(
        bench.everything(),
        before,
        "its endpoint is back, and so are its peers"
    );
}

#[test]
fn a_failed_undo_is_reported_with_the_failure() {
    let bench = Bench::new().with_endpoint();
    // The ports cannot be let go, and then the veth pair cannot be made again.
    bench.links.fail_step(1, ErrorKind::Other);
    bench.links.fail_step(2, ErrorKind::Permission);
    let refusal = bench.engine.detach(&name("front")).unwrap_err().refusal();
    assert_eq!(refusal.kind, RefusalKind::Failed);
    assert!(
        refusal.message.contains("could not be undone: "),
        "{refusal:?}"
    );
    assert!(refusal.message.contains("Permission"), "{refusal:?}");
    assert!(
        refusal.causes.iter().any(|cause| cause.contains("Other")),
        "{refusal:?}"
    );
    assert!(refusal.hint.unwrap().contains("restart"));
    assert!(
        bench.engine.endpoint(&name("front")).is_ok(),
        "it still counts as attached"
    );
    assert_eq!(bench.engine.ruleset_differences().unwrap(), [""; 0]);
    // As the hint says.
    let bench = bench.restart();
    assert_eq!(bench.everything().links.len(), 3);
}

#[test]
fn differences_to_the_plan_are_listed_line_by_line() {
    let bench = Bench::new().with_endpoint();
    let plan = tidegate_plan::detach(&bench.engine.state(), &name("front")).unwrap();
    bench
        .engine
        .backends()
        .driver
        .apply(&plan.transaction)
        .unwrap();
    let differences = bench.engine.ruleset_differences().unwrap();
    let of_port = differences.iter().find(|line| line.contains("8080"));
    assert!(
        of_port.is_some_and(|line| line.starts_with("- ")),
        "{differences:#?}"
    );
    bench.engine.backends().driver.apply(&plan.undo).unwrap();
    assert_eq!(bench.engine.ruleset_differences().unwrap(), [""; 0]);
}

#[test]
fn endpoints_whose_namespaces_and_links_are_gone_are_collected_and_no_others() {
    let bench = Bench::new().with_endpoint();
    let before = bench.everything();
    assert_eq!(bench.engine.collect(&Gone::Any).unwrap(), []);
    assert_eq!(bench.everything(), before);
    let front = bench.engine.endpoint(&name("front")).unwrap();
    bench.links.remove_netns(Path::new(BOX));
    let other = Gone::Links(["tgv99".parse().unwrap()].into());
    assert_eq!(bench.engine.collect(&other).unwrap(), []);
    let its_own = Gone::Links([front.host_ifname.clone()].into());
    assert_eq!(bench.engine.collect(&its_own).unwrap(), [front]);
    let after = bench.everything();
    assert_eq!(after.stored, after.believed);
    assert!(!after.ruleset.contains("8080"), "{}", after.ruleset);
    assert_eq!(bench.engine.counts(), (1, 0));
}

#[test]
fn an_endpoint_that_lost_its_link_or_its_path_alone_is_not_collected() {
    let bench = Bench::new().with_endpoint();
    let front = bench.engine.endpoint(&name("front")).unwrap();
    let links = bench.links.clone().links().unwrap();
    bench.links.remove_link(&front.host_ifname);
    assert_eq!(bench.engine.collect(&Gone::Any).unwrap(), []);
    bench.links.remove_netns(Path::new(BOX));
    let link = links.iter().find(|link| link.ifname == front.host_ifname);
    bench.links.add_link(link.unwrap().clone());
    assert_eq!(bench.engine.collect(&Gone::Any).unwrap(), []);
    assert_eq!(bench.engine.counts(), (1, 1));
}

#[test]
fn a_relative_path_of_a_namespace_is_refused() {
    let bench = Bench::new().with_network();
    let refused = bench
        .engine
        .attach(&wanted_endpoint("front", "netns/box"))
        .unwrap_err();
    assert_eq!(refused.kind(), RefusalKind::Invalid);
}

#[test]
fn a_teardown_sets_back_sysctls_of_the_host_alone() {
    let bench = Bench::new();
    let set = |path: &str, value: &str| {
        let sysctl = Sysctl {
            path: path.into(),
            value: value.into(),
        };
        LinkStep::SetSysctl(sysctl)
    };
    for path in ["net/ipv4/ip_forward", "net/ipv6/conf/tgb0/disable_ipv6"] {
        bench.links.clone().apply(&set(path, "0")).unwrap();
        let mut backends = bench.engine.backends();
        backends.apply_step(&set(path, "1")).unwrap();
    }
    let removable = bench.engine.removable().unwrap();
    assert_eq!(removable.sysctls, ["net.ipv4.ip_forward=0"]);
}
