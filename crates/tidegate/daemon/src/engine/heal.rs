//! Undoes what other programs change on links of ours: as for the table, the state wins.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use error_hint::causes;
use tidegate_link::{Gone, LinkChange, LinkError};
use tidegate_model::links::{GROUP, Link, LinkKind, LinkStep};
use tidegate_model::{IfName, Name, Network};
use tidegate_plan::{AnswersMending, LinkOwner, Mending, Plan};

use super::degraded::{loosened, partly};
use super::links_fight::InterfaceRepair;
use super::{Backends, Engine, EngineError};

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
        let mut done = Vec::new();
        for mending in found.changed {
            done.extend(self.put_right(backends, mending));
        }
        for ifname in found.strays {
            tracing::warn!(interface = %ifname, "removing an interface of Tidegate's that another program renamed");
            match backends.links.apply(&LinkStep::DeleteLink(ifname.clone())) {
                Ok(()) => done.push((
                    ifname,
                    vec!["removed: another program renamed it".to_owned()],
                )),
                Err(error) => tracing::warn!(causes = ?causes(&error), "{error}"),
            }
        }
        self.note_interfaces(done);
        self.heal_routing(backends);
        found.missing
    }

    /// Looks whether the way of answers to isolated networks is whole. The kernel tells of removed rules; that a route was
    /// removed, only a look shows.
    pub(crate) fn look_at_routing(&self) {
        if tidegate_plan::needs_answers(&self.state()) {
            let mut backends = self.backends();
            let before = self.degraded();
            self.heal_routing(&mut backends);
            self.tell_of_degraded(&before);
        }
    }

    /// Adds rules and routes for answers to isolated networks again.
    fn heal_routing(&self, backends: &mut Backends) {
        if !tidegate_plan::needs_answers(&self.state()) {
            return;
        }
        let found = match backends.links.answer_routing() {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(causes = ?causes(&error), "{error}");
                return;
            }
        };
        let mendings = tidegate_plan::mend_answers(&self.state(), &found);
        let mut done = Vec::new();
        for AnswersMending {
            network,
            missing,
            step,
        } in mendings
        {
            match backends.links.apply(&step) {
                Ok(()) => done.extend(missing.into_iter().map(|it| format!("{it} added"))),
                Err(error) => self.set_network(&network, Some(partly(&error.into()))),
            }
        }
        self.note_routing(done);
    }

    /// Makes reverse path filters loose again: `sysctl --system`, or systemd-sysctl when a link appears, may make them
    /// strict.
    pub(super) fn loosen(&self, backends: &mut Backends, heard: &LinkChange) {
        let steps = loosened(&self.state(), heard);
        let mut done = Vec::new();
        for (bridge, step) in steps {
            // When the bridge was created, the kernel told of the value before ours too.
            if let LinkStep::SetSysctl(wanted) = &step
                && backends.links.sysctl(&wanted.path).as_ref() == Some(&wanted.value)
            {
                continue;
            }
            match backends.links.apply(&step) {
                Ok(()) => {
                    tracing::warn!(
                        "another program set net.ipv4.conf.{bridge}.rp_filter: it is 2 (loose) again"
                    );
                    done.push((bridge, vec!["rp_filter set to 2 (loose)".to_owned()]));
                }
                Err(error) => tracing::warn!(causes = ?causes(&error), "{error}"),
            }
        }
        self.note_interfaces(done);
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

    /// Returns the repair, if it succeeded at least in part.
    fn put_right(&self, backends: &mut Backends, mending: Mending) -> Option<InterfaceRepair> {
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
        let (repair, fault) = match done {
            Ok(lacks) => {
                let done: Vec<String> = differences.iter().map(ToString::to_string).collect();
                tracing::warn!(
                    "interface {ifname} was changed by another program: {}",
                    done.join(", ")
                );
                (Some((ifname, done)), lacks.map(|error| partly(&error)))
            }
            Err(error) => (None, Some(partly(&error))),
        };
        match (owner, fault) {
            (_, None) => {}
            (LinkOwner::Network(name), fault) => self.set_network(&name, fault),
            (LinkOwner::Endpoint(name), fault) => self.set_endpoint(&name, fault),
        }
        repair
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
}
