//! Undoes what other programs change on links of ours: as for the table, the state wins.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use error_hint::causes;
use tidegate_link::{Gone, LinkChange, LinkError};
use tidegate_model::links::{GROUP, Link, LinkKind, LinkStep};
use tidegate_model::{IfName, Name, Network};
use tidegate_plan::{LinkOwner, Mending, Plan};

use super::degraded::{loosened, partly};
use super::{Backends, Engine, EngineError};
use crate::metrics::count;
use crate::pace::{CALM, Pace};

/// Counts repairs of links in a row, as for the table.
#[derive(Debug, Default)]
pub(super) struct LinkFights(Mutex<(Pace, Option<(LinksFight, Instant)>)>);

/// Another program changes links of ours again and again. The kernel does not tell which program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LinksFight {
    times: u32,
    /// The last repair.
    last: String,
}

impl fmt::Display for LinksFight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { times, last } = self;
        write!(f, "put right {times} times in a row, the last time {last}")
    }
}

/// The interfaces of the host of which the kernel told.
#[derive(Debug, Default)]
pub(super) struct Uplinks(Mutex<BTreeSet<IfName>>);

/// So many names are remembered.
const REMEMBERED: usize = 4096;

impl Uplinks {
    /// Whether some of these links may be uplinks and were not told of before.
    fn are_new(&self, links: &[Link]) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() > REMEMBERED {
            known.clear();
        }
        let may_be = |link: &&Link| {
            link.group != GROUP && link.kind == LinkKind::Other && link.master.is_none()
        };
        let names = links.iter().filter(may_be).map(|link| link.ifname.clone());
        let before = known.len();
        known.extend(names);
        known.len() > before
    }
}

impl Engine {
    /// Compares every link with the state, and puts right what differs, so that nothing changed while no daemon ran.
    pub(crate) fn heal_all(&self) {
        let missing = {
            let mut backends = self.backends();
            let before = self.degraded();
            let links = backends.links.links();
            let missing = links.map(|links| self.heal(&mut backends, &links));
            self.tell_of_degraded(&before);
            missing
        };
        self.make_missing(missing);
    }

    /// Puts a network's bridge right before a command builds on it: the kernel's message about a change may not have
    /// been read yet.
    pub(super) fn heal_for(&self, network: &Name) {
        let network = {
            let state = self.state();
            let is_healthy = |it: &&Network| !state.degraded.networks.contains_key(&it.name);
            state.network(network).filter(is_healthy).cloned()
        };
        let Some(network) = network else {
            return;
        };
        let found = self.backends().links.link(&network.bridge);
        let is_whole = |link: &Link| tidegate_plan::is_whole(&network, link);
        if !matches!(found, Ok(Some(link)) if is_whole(&link)) {
            self.revive(&LinkChange::Nothing);
        }
    }

    /// Puts right what differs on links of healthy objects, and removes links of ours under names that nothing has.
    /// Returns which links are missing.
    pub(super) fn heal(&self, backends: &mut Backends, links: &[Link]) -> BTreeSet<IfName> {
        let found = tidegate_plan::mend(&self.state(), links);
        for mending in found.changed {
            self.put_right(backends, mending);
        }
        for ifname in found.strays {
            tracing::warn!(interface = %ifname, "removing an interface of Tidegate's that another program renamed");
            if let Err(error) = backends.links.apply(&LinkStep::DeleteLink(ifname)) {
                tracing::warn!(causes = ?causes(&error), "{error}");
            }
        }
        found.missing
    }

    /// Makes reverse path filters loose again: `sysctl --system`, or systemd-sysctl when a link appears, may make them
    /// strict.
    pub(super) fn loosen(&self, backends: &mut Backends, heard: &LinkChange) {
        let steps = loosened(&self.state(), heard);
        for (bridge, step) in steps {
            match backends.links.apply(&step) {
                Ok(()) => tracing::warn!(
                    "another program set net.ipv4.conf.{bridge}.rp_filter: it is 2 (loose) again"
                ),
                Err(error) => tracing::warn!(causes = ?causes(&error), "{error}"),
            }
        }
    }

    /// An interface that appears later accepts router advertisements too, if the daemon had the host forward.
    pub(crate) fn keep_routers(&self, heard: &LinkChange) {
        let is_new = match heard {
            LinkChange::Nothing => false,
            LinkChange::Lost => true,
            LinkChange::Changed(told) => self.uplinks.are_new(&told.links),
        };
        if !is_new || !tidegate_plan::forwards_ipv6(&self.state()) {
            return;
        }
        if let Err(error) = self.backends().apply_step(&LinkStep::KeepRouters) {
            tracing::warn!(causes = ?causes(&error), "{error}");
        }
    }

    fn put_right(&self, backends: &mut Backends, mending: Mending) {
        let Mending {
            owner,
            ifname,
            differences,
            steps,
        } = mending;
        let plan = Plan {
            links: steps,
            ..Plan::nothing()
        };
        let done = {
            let state = self.state();
            backends.carry_out_or_ipv4(&state, plan)
        };
        let fault = match done {
            Ok(lacks) => {
                let done: Vec<String> = differences.iter().map(ToString::to_string).collect();
                let done = done.join(", ");
                tracing::warn!("interface {ifname} was changed by another program: {done}");
                self.note_repair(format!("{ifname}: {done}"));
                lacks.map(|error| partly(&error))
            }
            Err(error) => Some(partly(&error)),
        };
        let Some(fault) = fault else {
            return;
        };
        match owner {
            LinkOwner::Network(name) => self.set_network(&name, Some(fault)),
            LinkOwner::Endpoint(name) => self.set_endpoint(&name, Some(fault)),
        }
    }

    /// Creates missing links again.
    pub(super) fn make_missing(&self, missing: Result<BTreeSet<IfName>, LinkError>) {
        let made = match missing {
            Ok(missing) if missing.is_empty() => return,
            Ok(missing) => self.make_again(&Gone::Links(missing)).map(drop),
            Err(error) => Err(EngineError::from(error)),
        };
        if let Err(error) = made {
            tracing::error!(causes = ?causes(&error), "cannot put interfaces right: {error}");
        }
    }

    /// Counts a repair. From the third in a row, it is a fight.
    pub(super) fn note_repair(&self, last: String) {
        count(&self.counters.links_mended);
        let fights = self.link_fights.0.lock();
        let mut fights = fights.unwrap_or_else(PoisonError::into_inner);
        let (pace, current) = &mut *fights;
        let now = Instant::now();
        pace.mended(now, Duration::ZERO);
        let fight = pace.fight().map(|times| LinksFight { times, last });
        if let Some(fight) = &fight {
            tracing::warn!("interfaces are changed again and again: {fight}");
        }
        *current = fight.map(|fight| (fight, now));
    }

    /// The current fight about links; none after a calm minute.
    pub(crate) fn links_fight(&self) -> Option<LinksFight> {
        let fights = self.link_fights.0.lock();
        let fights = fights.unwrap_or_else(PoisonError::into_inner);
        let (fight, when) = fights.1.as_ref()?;
        (when.elapsed() <= CALM).then(|| fight.clone())
    }
}
