//! Starting: from whatever an earlier run left to what the store says.

use std::collections::BTreeSet;
use std::sync::{Mutex, RwLock};

use tidegate_cli::causes;
use tidegate_link::{Guests, Links};
use tidegate_model::links::LinkStep;
use tidegate_model::{Endpoint, Name, State};
use tidegate_nft::Driver;
use tidegate_plan::{Stale, Supplies};

use super::events::Events;
use super::fight::Fights;
use super::names::in_the_way;
use super::sweep::Sweeps;
use super::{Engine, EngineError, Kernel};
use crate::metrics::Counters;
use crate::resolver::Line;
use crate::store::Store;

/// How many namespaces are open at once.
const OPENED: usize = 256;

impl Engine {
    /// Brings the host to the stored state: the table replaced in one transaction, links that
    /// still fit left alone, stale ones removed, missing ones made. An endpoint that cannot be
    /// brought back, as a rule since its namespace is gone, is dropped with a warning.
    ///
    /// # Errors
    /// When the store cannot be read, or the host refuses the table or a bridge.
    pub fn start(
        driver: Box<dyn Driver>,
        links: Box<dyn Links>,
        store: Store,
        supplies: Supplies,
    ) -> Result<Self, EngineError> {
        let mut kernel = Kernel {
            driver,
            links,
            store,
        };
        let mut state = kernel.store.load()?;
        let names = Line::default();
        state.resolver = supplies.resolver;
        if supplies.resolver.is_some()
            && let Some(reason) = in_the_way(&state)
        {
            tracing::warn!("names are not answered: {reason}");
            state.resolver = None;
            names.close(reason);
        }
        kernel.reconcile(&mut state)?;
        let (networks, endpoints) = (state.networks.len(), state.endpoints.len());
        tracing::info!(networks, endpoints, "the host is as stored");
        let sweeps = Sweeps::new(kernel.links.connections());
        sweeps.note(Stale::at_start(&state));
        let engine = Self {
            kernel: Mutex::new(kernel),
            state: RwLock::new(state),
            supplies,
            events: Events::default(),
            counters: Counters::default(),
            names,
            sweeps,
            fights: Fights::default(),
        };
        // Before anybody is attached: connections of endpoints that are gone lead to their addresses.
        if let Err(error) = engine.sweep() {
            tracing::error!(causes = ?causes(&error), "cannot forget tracked connections: {error}");
        }
        Ok(engine)
    }
}

impl Kernel {
    fn reconcile(&mut self, state: &mut State) -> Result<(), EngineError> {
        // One thing after the other: with many endpoints, each takes much memory while it lasts.
        let gone = self.gone(state)?;
        let ended = tidegate_plan::end(state, &gone);
        if let Some(ended) = &ended {
            self.store.commit(state, ended)?;
            state.apply(ended);
        }
        self.restore(state)?;
        tracing::info!("the ruleset is in place");
        let plan = tidegate_plan::start(state, &self.links.links()?);
        for step in &plan.clean_up {
            self.links.apply(step)?;
        }
        for step in plan.networks.values().flatten() {
            self.make(state, step)?;
        }
        drop(plan);
        for step in tidegate_plan::all_holds(state) {
            self.hold(&step);
        }
        Ok(())
    }

    /// Makes a link that is missing. An endpoint whose pair cannot be made costs that endpoint:
    /// the others have nothing to do with what is wrong in its namespace.
    fn make(&mut self, state: &mut State, step: &LinkStep) -> Result<(), EngineError> {
        let Err(error) = self.links.apply(step) else {
            return Ok(());
        };
        let LinkStep::AddVeth(veth) = step else {
            return Err(error.into());
        };
        let endpoint = state
            .endpoints
            .values()
            .find(|e| e.host_ifname == veth.ifname);
        let Some(name) = endpoint.map(|e| e.name.clone()) else {
            return Err(error.into());
        };
        let reason = [vec![error.to_string()], causes(&error)]
            .concat()
            .join(": ");
        tracing::warn!(endpoint = %name, "dropped: {reason}");
        self.drop_endpoint(state, &name)
    }

    /// Holds ports of the host. Where somebody took one while no daemon ran, it stays published all
    /// the same: packets to it go to the endpoint.
    fn hold(&mut self, step: &LinkStep) {
        if let Err(error) = self.links.apply(step) {
            let reason = [vec![error.to_string()], causes(&error)].concat();
            tracing::warn!("a published port is not held: {}", reason.join(": "));
        }
    }

    /// The endpoints whose namespace is no longer there. The namespaces are opened some at a time: each takes a
    /// descriptor while it is.
    fn gone(&mut self, state: &State) -> Result<BTreeSet<Name>, EngineError> {
        let mut gone = BTreeSet::new();
        let endpoints: Vec<&Endpoint> = state.endpoints.values().collect();
        for endpoints in endpoints.chunks(OPENED) {
            let paths = endpoints.iter().map(|endpoint| endpoint.netns.path.clone());
            self.links.admit(Guests::open(paths));
            for endpoint in endpoints {
                if !self.is_there(endpoint)? {
                    let netns = endpoint.netns.path.display();
                    tracing::warn!(endpoint = %endpoint.name, %netns, "dropped: its namespace is gone");
                    gone.insert(endpoint.name.clone());
                }
            }
        }
        self.links.admit(Guests::default());
        Ok(gone)
    }

    pub(super) fn is_there(&mut self, endpoint: &Endpoint) -> Result<bool, EngineError> {
        match self.links.netns_id(&endpoint.netns.path) {
            Ok(found) => Ok(found == endpoint.netns.id),
            Err(error) if error.is_netns_gone() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes an endpoint from the table and the store.
    fn drop_endpoint(&mut self, state: &mut State, name: &Name) -> Result<(), EngineError> {
        let plan = tidegate_plan::detach(state, name)?;
        self.carry_out(state, &plan)?;
        state.apply(&plan.change);
        Ok(())
    }
}
