//! Removes everything from the host.

use std::sync::atomic::Ordering;

use tidegate_api::{Removable, TornDown};
use tidegate_model::links::{GROUP, LinkStep, Sysctl};
use tidegate_model::{IfName, Name};

use super::{Backends, Engine, EngineError};

impl Engine {
    /// Removes all networks, with `force` also those with endpoints, then the table, leftover interfaces of ours, and
    /// the daemon's changes of sysctls. After it, the engine makes nothing any more: the daemon is to stop.
    ///
    /// # Errors
    /// If endpoints are attached and `force` is not set: then nothing was removed. Or if the host refuses: then some
    /// networks may be removed and waiting endpoints forgotten, and the daemon goes on.
    pub fn tear_down(&self, force: bool) -> Result<TornDown, EngineError> {
        let (networks, endpoints) = {
            let state = self.state();
            let networks: Vec<Name> = state.networks.keys().cloned().collect();
            let endpoints = state.endpoints.values().map(|it| it.name.clone());
            (networks, endpoints.collect::<Vec<Name>>())
        };
        if !endpoints.is_empty() && !force {
            return Err(EngineError::Attached(endpoints));
        }
        // A network for which an endpoint waits is in use, and others would be removed before it is refused.
        let waiting: Vec<Name> = self.state().waiting.keys().cloned().collect();
        for name in &waiting {
            self.stop_waiting(name)?;
        }
        for name in &networks {
            self.remove_network(name, force)?;
        }
        let mut backends = self.backends();
        backends.driver.apply(&tidegate_plan::remove_table())?;
        self.is_torn_down.store(true, Ordering::SeqCst);
        self.state_mut().resolver = None;
        backends.remove_leftovers()?;
        let sysctls = backends.restore_sysctls()?;
        tracing::info!(
            networks = networks.len(),
            endpoints = endpoints.len(),
            sysctls = sysctls.join(", "),
            "everything was removed from this host"
        );
        Ok(TornDown {
            networks,
            endpoints,
            sysctls,
        })
    }

    /// What [`Self::tear_down`] would remove.
    ///
    /// # Errors
    /// If links cannot be listed.
    pub fn removable(&self) -> Result<Removable, EngineError> {
        let mut backends = self.backends();
        let mut interfaces: Vec<IfName> = backends.ours()?;
        interfaces.sort();
        let sysctls = backends.changed_sysctls();
        let state = self.state();
        Ok(Removable {
            networks: state.networks.keys().cloned().collect(),
            endpoints: state.endpoints.values().map(|it| it.name.clone()).collect(),
            waiting: state.waiting.keys().cloned().collect(),
            interfaces,
            table: tidegate_plan::table().to_string(),
            sysctls: sysctls.iter().map(Sysctl::to_string).collect(),
        })
    }

    /// Whether everything was removed.
    pub(crate) fn is_torn_down(&self) -> bool {
        self.is_torn_down.load(Ordering::SeqCst)
    }
}

impl Backends {
    /// Carries out a step, and records the value that a sysctl of the host had before. Those of our own interfaces go
    /// with them, and another program's interface may get the name.
    pub(super) fn apply_step(&mut self, step: &LinkStep) -> Result<(), EngineError> {
        let before = match step {
            LinkStep::SetSysctl(wanted) => {
                let found = self.links.sysctl(&wanted.path);
                found.filter(|found| *found != wanted.value)
            }
            _ => None,
        };
        let done = self.links.apply(step);
        for Sysctl { path, value } in self.links.changed_for_routers() {
            self.store.note_sysctl(&path, &value)?;
        }
        done?;
        if let (LinkStep::SetSysctl(wanted), Some(before)) = (step, before) {
            let Sysctl { path, value } = wanted;
            tracing::info!(was = before, "set sysctl {path} to {value}");
            if !wanted.is_of_interface() {
                self.store.note_sysctl(path, &before)?;
            }
        }
        Ok(())
    }

    /// Removes interfaces of ours that no network has, and the rules by which the DNS server answers.
    fn remove_leftovers(&mut self) -> Result<(), EngineError> {
        for ifname in self.ours()? {
            self.links.apply(&LinkStep::DeleteLink(ifname))?;
        }
        Ok(self.links.apply(&LinkStep::EndAnswers)?)
    }

    /// All interfaces of ours.
    fn ours(&mut self) -> Result<Vec<IfName>, EngineError> {
        let links = self.links.links()?;
        let ours = links.into_iter().filter(|link| link.group == GROUP);
        Ok(ours.map(|link| link.ifname).collect())
    }

    /// The sysctls that the daemon changed, with the values of before. One that does not exist any more is left out, and
    /// one that has that value.
    fn changed_sysctls(&mut self) -> Vec<Sysctl> {
        let (links, noted) = (&mut self.links, self.store.sysctls());
        let sysctls = noted.iter().map(|(path, value)| Sysctl {
            path: path.clone(),
            value: value.clone(),
        });
        let is_other = |sysctl: &Sysctl| {
            let now = links.sysctl(&sysctl.path);
            now.is_some_and(|now| now != sysctl.value)
        };
        sysctls.filter(is_other).collect()
    }

    /// Gives sysctls the values that they had before the daemon changed them. Returns them as text.
    fn restore_sysctls(&mut self) -> Result<Vec<String>, EngineError> {
        let changed = self.changed_sysctls();
        for sysctl in &changed {
            self.links.apply(&LinkStep::SetSysctl(sysctl.clone()))?;
        }
        self.store.forget_sysctls()?;
        Ok(changed.iter().map(Sysctl::to_string).collect())
    }
}
