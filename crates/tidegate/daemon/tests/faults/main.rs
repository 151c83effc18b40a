//! The engine is ended at every step of every command, and of the start after that, on the real
//! kernel: after a start nothing is half done, nothing is lost that was answered, and nothing leaks.

#![expect(
    clippy::unwrap_used,
    reason = "what is not as it should be fails the test"
)]

mod fuse;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tempfile::TempDir;
use test_support::{Netns, require_root_kernel};
use tidegate_daemon::engine::{Engine, EngineError, OnUnknown};
use tidegate_daemon::store::Store;
use tidegate_link::Rtnetlink;
use tidegate_model::links::GROUP;
use tidegate_nft::Driver;
use tidegate_nft_drivers::{ExecDriver, ExecOptions, Location};
use tidegate_plan::Defaults;

use fuse::{Fuse, FusedDriver, Killed, fused_links};

/// One test at a time: a process that another one is just starting would have this one's held ports until it executes
/// its program, and a killed engine gives them back only then.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How transactions reach the kernel.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Exec,
    #[cfg(feature = "libnftables")]
    Library,
}

const KINDS: &[Kind] = &[
    Kind::Exec,
    #[cfg(feature = "libnftables")]
    Kind::Library,
];

fn driver(kind: Kind, location: Location) -> Box<dyn Driver> {
    match kind {
        Kind::Exec => Box::new(ExecDriver::open(location, ExecOptions::default()).unwrap()),
        #[cfg(feature = "libnftables")]
        Kind::Library => {
            let options = tidegate_nft_drivers::LibraryOptions {
                program: env!("CARGO_BIN_EXE_tidegated").into(),
                deadline: std::time::Duration::from_secs(30),
            };
            Box::new(tidegate_nft_drivers::LibraryDriver::open(location, options).unwrap())
        }
    }
}

/// A host, a namespace to attach, and the state folder.
struct World {
    kind: Kind,
    host: Netns,
    inside: Netns,
    folder: TempDir,
    fuse: Fuse,
}

impl World {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            host: Netns::new(),
            inside: Netns::new(),
            folder: tempfile::tempdir().unwrap(),
            fuse: Fuse::endless(),
        }
    }

    /// Starts an engine as the daemon does.
    fn start(&self) -> Result<Engine, EngineError> {
        let fuse = || self.fuse.clone();
        let driver = driver(self.kind, Location::Path(self.host.path()));
        let links = Rtnetlink::open(&tidegate_link::Location::Path(self.host.path()));
        Engine::start(
            Box::new(FusedDriver(driver, fuse())),
            fused_links(Box::new(links.unwrap()), fuse()),
            Store::open(self.folder.path()).unwrap(),
            Defaults::default(),
            OnUnknown::Refuse,
        )
    }

    /// Starts an engine that nothing ends.
    fn start_unharmed(&self) -> Engine {
        self.fuse.blow_after(u32::MAX);
        self.start().unwrap()
    }

    /// Does something that ends once this many points were passed; nothing if it was ended.
    fn until_killed<T>(&self, points: u32, work: impl FnOnce() -> T) -> Option<T> {
        self.fuse.blow_after(points);
        let done = catch_unwind(AssertUnwindSafe(work));
        self.fuse.blow_after(u32::MAX);
        match done {
            Ok(done) => Some(done),
            Err(reason) if reason.is::<Killed>() => None,
            Err(panic) => resume_unwind(panic),
        }
    }

    /// What the engine believes, once it is seen that the kernel agrees.
    fn believed(&self, engine: &Engine) -> Value {
        assert_eq!(engine.ruleset_differences().unwrap(), [""; 0]);
        let (networks, endpoints) = (engine.networks(), engine.endpoints());
        let bridges = networks.iter().map(|n| n.network.bridge.to_string());
        let veths = endpoints.iter().map(|e| e.endpoint.host_ifname.to_string());
        let wanted: BTreeSet<String> = bridges.chain(veths).collect();
        assert_eq!(self.links(), wanted);
        let inside = self
            .inside
            .sh(&format!("ip -o link show group {GROUP} type veth | wc -l"));
        assert_eq!(
            inside.trim(),
            endpoints.len().to_string(),
            "in the namespace"
        );
        json!({ "networks": networks, "endpoints": endpoints })
    }

    /// The links of ours that the kernel has.
    fn links(&self) -> BTreeSet<String> {
        let listed = self.host.sh(&format!("ip -j link show group {GROUP}"));
        let listed: Value = serde_json::from_str(&listed).unwrap();
        // Links of other groups are listed as empty objects.
        let links = listed.as_array().unwrap().iter();
        links
            .filter_map(|link| link["ifname"].as_str().map(str::to_owned))
            .collect()
    }
}

/// A command on an engine.
type Command = fn(&Engine, &World) -> Result<(), EngineError>;

/// Every command, each of which needs those before it.
const COMMANDS: &[(&str, Command)] = &[
    ("network create", |engine, _| {
        let wanted = json!({ "name": "web" });
        engine
            .create_network(&serde_json::from_value(wanted).unwrap())
            .map(drop)
    }),
    ("attach", |engine, world| {
        let wanted = json!({
            "network": "web", "name": "front", "netns": world.inside.path(),
            "ports": ["8080:80", "8053:53/udp", "127.0.0.1:8081:81"],
        });
        engine
            .attach(&serde_json::from_value(wanted).unwrap())
            .map(drop)
    }),
    ("publish", |engine, _| {
        let ports: Vec<_> = serde_json::from_value(json!(["9090:90"])).unwrap();
        let wanted = tidegate_api::Publish {
            ports,
            allow: Vec::new(),
        };
        engine.publish(&"front".parse().unwrap(), &wanted).map(drop)
    }),
    ("unpublish", |engine, _| {
        let ports: Vec<_> = serde_json::from_value(json!(["8053:53/udp"])).unwrap();
        engine
            .unpublish(&"front".parse().unwrap(), &ports)
            .map(drop)
    }),
    ("detach", |engine, _| {
        engine.detach(&"front".parse().unwrap()).map(drop)
    }),
    ("network rm", |engine, _| {
        engine
            .remove_network(&"web".parse().unwrap(), false)
            .map(drop)
    }),
    ("attach with its network", |engine, world| {
        let wanted = json!({
            "network": "lan", "netns": world.inside.path(), "ports": ["8080:80"],
            "owner": { "engine": "cni", "id": "1/eth0" },
            "network-if-missing": { "name": "lan", "remove-when-unused": true },
        });
        engine
            .attach(&serde_json::from_value(wanted).unwrap())
            .map(drop)
    }),
    ("attach in place of another", |engine, world| {
        let wanted = json!({
            "network": "lan", "name": "next", "netns": world.inside.path(), "ports": ["8080:80", "8081:81"],
            "owner": { "engine": "cni", "id": "1/eth0" }, "replace": true,
        });
        engine
            .attach(&serde_json::from_value(wanted).unwrap())
            .map(drop)
    }),
    ("detach with its network", |engine, _| {
        let wanted = json!({ "owner": { "engine": "cni", "id": "1/eth0" } });
        engine
            .detach_owned(&serde_json::from_value(wanted).unwrap())
            .map(drop)
    }),
];

#[test]
fn a_kill_at_any_step_of_any_command_leaves_it_done_or_not_done() {
    require_root_kernel!();
    let _alone = alone();
    for &kind in KINDS {
        for (nth, (name, command)) in COMMANDS.iter().enumerate() {
            for points in 0.. {
                let world = World::new(kind);
                let engine = world.start_unharmed();
                for (_, before) in &COMMANDS[..nth] {
                    before(&engine, &world).unwrap();
                }
                let before = world.believed(&engine);
                let done = world.until_killed(points, || command(&engine, &world));
                let is_over = done.is_some();
                if let Some(done) = done {
                    assert!(points > 2, "{name} has next to no steps");
                    done.unwrap();
                }
                drop(engine);
                let engine = world.start_unharmed();
                let after = world.believed(&engine);
                assert_eq!(
                    after == before,
                    !is_over,
                    "{name}, killed at {points}: {after}"
                );
                if is_over {
                    break;
                }
                // What was not done can be done now, on what is there.
                command(&engine, &world).unwrap();
                assert_ne!(
                    world.believed(&engine),
                    before,
                    "{name} after a kill at {points}"
                );
            }
        }
    }
}

#[test]
fn a_kill_at_any_step_of_a_start_costs_nothing() {
    require_root_kernel!();
    let _alone = alone();
    for &kind in KINDS {
        for points in 0.. {
            let world = World::new(kind);
            let engine = world.start_unharmed();
            for (_, command) in &COMMANDS[..3] {
                command(&engine, &world).unwrap();
            }
            let before = world.believed(&engine);
            drop(engine);
            // All that a start can find: no table, no links, and some that nobody needs.
            world.host.sh(&format!(
                "nft delete table inet tidegate; ip link del tgb0
                 ip link add tgb99 group {GROUP} type bridge"
            ));
            let started = world.until_killed(points, || world.start().map(drop));
            if let Some(started) = &started {
                assert!(points > 2, "a start has next to no steps");
                assert!(started.is_ok(), "{started:?}");
            }
            let engine = world.start_unharmed();
            assert_eq!(world.believed(&engine), before, "killed at {points}");
            if started.is_some() {
                break;
            }
        }
    }
}

#[test]
fn a_kill_while_what_is_degraded_is_tried_again_costs_nothing() {
    require_root_kernel!();
    let _alone = alone();
    for &kind in KINDS {
        for points in 0.. {
            let world = World::new(kind);
            let engine = world.start_unharmed();
            for (_, command) in &COMMANDS[..2] {
                command(&engine, &world).unwrap();
            }
            let before = world.believed(&engine);
            drop(engine);
            world
                .host
                .sh("ip link del tgb0; ip link add tgb0 type bridge");
            let engine = world.start_unharmed();
            assert!(engine.networks()[0].degraded.is_some());
            assert!(engine.endpoints()[0].degraded.is_some());
            world.host.sh("ip link del tgb0");
            // A command that is about it has it tried again first.
            let (_, publish) = COMMANDS[2];
            let done = world.until_killed(points, || publish(&engine, &world));
            let is_over = done.is_some();
            if let Some(done) = done {
                assert!(points > 4, "there was next to nothing to bring back");
                done.unwrap();
            }
            drop(engine);
            let engine = world.start_unharmed();
            let after = world.believed(&engine);
            assert_eq!(after == before, !is_over, "killed at {points}: {after}");
            if is_over {
                break;
            }
            publish(&engine, &world).unwrap();
        }
    }
}
