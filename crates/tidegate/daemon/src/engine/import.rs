//! Exports and imports networks and endpoints.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use tidegate_api::{
    Attach, Connection, Dns, Export, ExportedEndpoint, Imported, Publish, WaitingEndpoint, Warning,
};
use tidegate_link::{ErrorKind, NetnsFault, OpenNamespaces};
use tidegate_model::links::NetnsFacts;
use tidegate_model::{Change, Endpoint, GatewayPriority, Name, Network, State, Waiting};
use tidegate_plan::{Awaited, HostFacts, Obstacle, Plan, PortFacts, Refused, Subject};

use super::start::OPENED;
use super::{Engine, EngineError, warnings};
use crate::timing::{Stage, timed};

impl Engine {
    /// The document of all networks and endpoints, also of those that wait.
    pub fn export(&self) -> Export {
        let state = self.state();
        let mut export = tidegate_plan::export(&state, env!("CARGO_PKG_VERSION"));
        let waiting = state.waiting.values().filter_map(request_of);
        export.endpoints.extend(waiting);
        export
    }

    /// Makes the networks and endpoints of a document. An endpoint whose namespace is not there waits for it.
    ///
    /// # Errors
    /// If anything in the document cannot be made. Then nothing was changed; what was made before a failure of the host
    /// is removed again.
    pub fn import(&self, export: &Export) -> Result<Imported, EngineError> {
        let planned = self.check_import(export)?;
        let mut made = Imported {
            networks: Vec::new(),
            attached: Vec::new(),
            waiting: Vec::new(),
            warnings: Vec::new(),
            notes: Vec::new(),
        };
        self.make_all(export, &mut made).map_err(|error| {
            let failures = self.take_back_import(&made);
            error.with_undo(failures)
        })?;
        let objects = {
            let state = self.state();
            objects_of_import(&made, &state, &planned)
        };
        made.warnings = warnings_of_import(objects);
        let (networks, attached) = (made.networks.len(), made.attached.len());
        let (waiting, notes) = (made.waiting.len(), made.notes.join(", "));
        tracing::info!(networks, attached, waiting, notes, "imported a document");
        Ok(made)
    }

    /// What an import of a document would make. Nothing is made.
    ///
    /// # Errors
    /// Those of an import, as far as they can be foreseen.
    pub fn would_import(&self, export: &Export) -> Result<Imported, EngineError> {
        let planned = self.check_import(export)?;
        let paths = export.endpoints.iter();
        let there = self.look_at(paths.filter_map(|it| it.attach.netns.as_ref()).collect());
        let is_there = |endpoint: &&ExportedEndpoint| {
            let netns = endpoint.attach.netns.as_ref();
            netns.is_none_or(|path| there.contains_key(path))
        };
        let (attached, waiting): (Vec<_>, Vec<_>) = export.endpoints.iter().partition(is_there);
        let names = |of: Vec<&ExportedEndpoint>| {
            of.iter().filter_map(|it| it.attach.name.clone()).collect()
        };
        let mut made = Imported {
            networks: export.networks.iter().map(|it| it.name.clone()).collect(),
            attached: names(attached),
            waiting: names(waiting),
            warnings: Vec::new(),
            notes: Vec::new(),
        };
        made.warnings = warnings_of_import(objects_of_import(&made, &planned, &planned));
        Ok(made)
    }

    /// The state after the import of a document, if nothing keeps the host from it.
    fn check_import(&self, export: &Export) -> Result<State, EngineError> {
        let paths = export.endpoints.iter();
        let paths = paths.filter_map(|it| it.attach.netns.as_ref());
        let (absolute, relative): (Vec<&PathBuf>, Vec<&PathBuf>) =
            paths.partition(|path| path.is_absolute());
        let namespaces = self.look_at(absolute);
        let mut backends = self.backends();
        let host = HostFacts {
            routes: timed(Stage::Netlink, || backends.links.occupied_subnets())?,
            ..HostFacts::default()
        };
        let defaults = self.defaults().clone();
        let facts = PortFacts {
            free: defaults.free_ports,
            ..PortFacts::default()
        };
        let (state, pools) = (self.state(), &defaults.pools);
        let planned = tidegate_plan::check_import(&state, export, &host, pools, &facts, namespaces);
        let relative = relative.into_iter().cloned();
        let relative = relative.map(|path| EngineError::RelativePath(path).to_string().into());
        let relative: Vec<Obstacle> = relative.collect();
        match planned {
            Ok(planned) if relative.is_empty() => Ok(planned),
            planned => {
                let mut obstacles = planned.err().unwrap_or_default();
                obstacles.extend(relative);
                Err(EngineError::Import(obstacles))
            }
        }
    }

    /// What is in the namespaces of a document that are there. Their endpoints are not attached where this fails either.
    fn look_at(&self, paths: Vec<&PathBuf>) -> BTreeMap<PathBuf, NetnsFacts> {
        let paths: Vec<&PathBuf> = BTreeSet::from_iter(paths).into_iter().collect();
        let mut found = BTreeMap::new();
        for paths in paths.chunks(OPENED) {
            let open = timed(Stage::Netlink, || {
                OpenNamespaces::open(paths.iter().map(|path| path.to_path_buf()))
            });
            let mut backends = self.backends();
            backends.links.keep_open(open);
            for path in paths {
                let facts = backends.links.netns(path).ok();
                found.extend(facts.map(|facts| (path.to_path_buf(), facts)));
            }
            backends.links.keep_open(OpenNamespaces::default());
        }
        found
    }

    fn make_all(&self, export: &Export, made: &mut Imported) -> Result<(), EngineError> {
        for network in &export.networks {
            let name = &network.name;
            let view = self.create_network(network);
            let view = view.map_err(|error| error.importing(Subject::Network(name)))?;
            let notes = view.notes.iter();
            made.notes
                .extend(notes.map(|note| format!("network {name}: {note}")));
            made.networks.push(name.clone());
        }
        for Connection { from, to, one_way } in &export.connected {
            let connected = self.connect(from, to, *one_way);
            connected.map_err(|error| error.importing(Subject::Connection(from, to)))?;
        }
        for endpoint in &export.endpoints {
            let Some(name) = endpoint.attach.name.clone() else {
                continue;
            };
            match self.attach_exported(endpoint) {
                Ok(_) => made.attached.push(name),
                Err(error) if is_netns_missing(&error) => {
                    self.wait(&name, endpoint)?;
                    made.waiting.push(name);
                }
                Err(error) => return Err(error.importing(Subject::Endpoint(&name))),
            }
        }
        Ok(())
    }

    /// Removes what an import made, and returns the failures.
    fn take_back_import(&self, made: &Imported) -> Vec<EngineError> {
        let waiting = made.waiting.iter();
        let waiting = waiting.filter_map(|name| self.forget_waiting(name).err());
        let attached = made.attached.iter();
        let attached = attached.filter_map(|name| self.detach(name).err());
        let networks = made.networks.iter();
        let networks = networks.filter_map(|name| self.remove_network(name, true).err());
        // A network may have gone with its last endpoint.
        let is_left =
            |error: &EngineError| !matches!(error, EngineError::Refused(Refused::NoNetwork(_)));
        let networks = networks.filter(is_left);
        waiting.chain(attached).chain(networks).collect()
    }

    /// Attaches an endpoint of a document with all of its ports, or not at all.
    pub(super) fn attach_exported(
        &self,
        endpoint: &ExportedEndpoint,
    ) -> Result<Endpoint, EngineError> {
        let (first, others) = match endpoint.publish.split_first() {
            Some((first, others)) => (Some(first), others),
            None => (None, &[][..]),
        };
        let request = Attach {
            ports: first.map(|it| it.ports.clone()).unwrap_or_default(),
            allow: first.map(|it| it.allow.clone()).unwrap_or_default(),
            ..endpoint.attach.clone()
        };
        let mut made = self.attach_as_is(&request)?;
        for wanted in others {
            let changed = self.publish(&made.name, wanted).map_err(|error| {
                let failures = self.detach(&made.name).err();
                error.with_undo(failures.into_iter().collect())
            })?;
            made = changed.endpoint;
        }
        self.stop_waiting(&made.name)?;
        Ok(made)
    }

    fn wait(&self, name: &Name, endpoint: &ExportedEndpoint) -> Result<(), EngineError> {
        let request = serde_json::to_string(endpoint);
        let request =
            request.map_err(|error| EngineError::Import(vec![error.to_string().into()]))?;
        let waiting = Waiting {
            network: endpoint.attach.network.clone(),
            netns: endpoint.attach.netns.clone().unwrap_or_default(),
            request,
        };
        self.change(|_| Some(Change::Wait(name.clone(), waiting)))
    }

    /// Forgets a waiting endpoint, and returns what it was.
    ///
    /// # Errors
    /// If there is none of that name, or the disk refuses.
    pub fn forget_waiting(&self, name: &Name) -> Result<WaitingEndpoint, EngineError> {
        let alike = |it: &WaitingEndpoint| it.name.as_str().eq_ignore_ascii_case(name.as_str());
        let was = self.waiting().into_iter().find(alike);
        let was = was.ok_or_else(|| EngineError::NotWaiting(name.clone()))?;
        self.stop_waiting(&was.name)?;
        Ok(was)
    }

    /// The endpoints that wait, by name.
    pub fn waiting(&self) -> Vec<WaitingEndpoint> {
        let state = self.state();
        let reasons = self.reasons();
        let shown = |(name, waiting): (&Name, &Waiting)| WaitingEndpoint {
            name: name.clone(),
            network: waiting.network.clone(),
            netns: waiting.netns.clone(),
            reason: reasons.get(name).cloned(),
        };
        state.waiting.iter().map(shown).collect()
    }

    /// Attaches waiting endpoints whose namespaces are there by now. What keeps one from it is told once.
    pub(crate) fn attach_waiting(&self) {
        let waiting = self.state().waiting.clone();
        for (name, waiting) in waiting {
            if self.state().endpoints.contains_key(&name) {
                // The daemon was killed between its attachment and the end of its wait.
                if let Err(error) = self.stop_waiting(&name) {
                    self.note_reason(&name, &error);
                }
                continue;
            }
            let is_there = tidegate_link::with_time_limit(&waiting.netns, std::path::Path::exists);
            if !is_there.unwrap_or(false) {
                continue;
            }
            let Some(request) = request_of(&waiting) else {
                continue;
            };
            match self.attach_exported(&request) {
                Ok(endpoint) => {
                    tracing::info!(endpoint = %name, "its namespace appeared");
                    for Warning { what, .. } in self.warnings_of(&endpoint) {
                        tracing::warn!(endpoint = %name, "{what}");
                    }
                }
                Err(error) if is_netns_missing(&error) => {}
                Err(error) => self.note_reason(&name, &error),
            }
        }
    }

    fn note_reason(&self, name: &Name, error: &EngineError) {
        let reason = error_hint::in_one_line(error);
        let before = self.reasons().insert(name.clone(), reason.clone());
        if before.as_ref() != Some(&reason) {
            tracing::warn!(endpoint = %name, "its namespace appeared, and it cannot be attached: {reason}");
        }
    }

    /// What a waiting endpoint of that name has and the request does not say; none if no endpoint waits under that name.
    ///
    /// # Errors
    /// If it waits on another network, or cannot be read: a new one of that name would take its place.
    pub(super) fn with_waiting(
        &self,
        request: &Attach,
    ) -> Result<Option<ExportedEndpoint>, EngineError> {
        let state = self.state();
        let Some(name) = &request.name else {
            return Ok(None);
        };
        let Some((name, waiting)) = state.waiting(name) else {
            return Ok(None);
        };
        let [asked, own] =
            [&request.network, &waiting.network].map(|name| state.network(name).map(|it| &it.name));
        let kept = request_of(waiting).filter(|_| asked.is_some() && asked == own);
        let Some(ExportedEndpoint { attach, publish }) = kept else {
            return Err(Refused::NameWaits(Awaited::of(name, waiting)).into());
        };
        let given = request.clone();
        Ok(Some(ExportedEndpoint {
            publish: match given.ports.is_empty() {
                true => publish,
                false => vec![Publish {
                    ports: given.ports,
                    allow: given.allow,
                }],
            },
            attach: Attach {
                netns: given.netns,
                hand_over: given.hand_over,
                aliases: or(given.aliases, attach.aliases),
                addresses: or(given.addresses, attach.addresses),
                mac: given.mac.or(attach.mac),
                ifname: given.ifname.or(attach.ifname),
                default_route: given.default_route && attach.default_route,
                routes: or(given.routes, attach.routes),
                gateway_priority: match given.gateway_priority == GatewayPriority::default() {
                    true => attach.gateway_priority,
                    false => given.gateway_priority,
                },
                sysctls: or(given.sysctls, attach.sysctls),
                dns: Dns {
                    servers: or(given.dns.servers, attach.dns.servers),
                    search: or(given.dns.search, attach.dns.search),
                    options: or(given.dns.options, attach.dns.options),
                },
                owner: given.owner.or(attach.owner),
                labels: match given.labels.is_empty() {
                    true => attach.labels,
                    false => given.labels,
                },
                replace: given.replace,
                network_if_missing: given.network_if_missing,
                host_ports: match given.host_ports.is_default() {
                    true => attach.host_ports,
                    false => given.host_ports,
                },
                network: attach.network,
                name: attach.name,
                ports: Vec::new(),
                allow: Vec::new(),
            },
        }))
    }

    pub(super) fn stop_waiting(&self, name: &Name) -> Result<(), EngineError> {
        self.reasons().remove(name);
        let is_waiting = |state: &State| state.waiting.contains_key(name);
        self.change(|state| is_waiting(state).then(|| Change::StopWaiting(name.clone())))
    }

    /// Changes only the state; nothing where there is no change.
    fn change(&self, change: impl FnOnce(&State) -> Option<Change>) -> Result<(), EngineError> {
        self.run(Default::default(), |_, state| {
            let change = change(state).unwrap_or_else(|| Change::All(Vec::new()));
            Ok(Plan {
                change,
                ..Plan::nothing()
            })
        })
    }
}

/// Networks, and endpoints with theirs.
type Objects = (Vec<Network>, Vec<(Network, Endpoint)>);

/// What an import made, as `state` has it. `planned` has the waiting endpoints as they are to become.
fn objects_of_import(made: &Imported, state: &State, planned: &State) -> Objects {
    let networks = made.networks.iter().filter_map(|it| state.network(it));
    let attached = made.attached.iter();
    let attached = attached.filter_map(|it| state.endpoints.find(it));
    let waiting = made.waiting.iter();
    let waiting = waiting.filter_map(|it| planned.endpoints.find(it));
    let endpoints = attached.chain(waiting).filter_map(|endpoint| {
        let network = state.network(&endpoint.network)?;
        Some((network.clone(), endpoint.clone()))
    });
    (networks.cloned().collect(), endpoints.collect())
}

/// What `network create` and `attach` would warn of. The kernel is asked, so the state must not be locked.
fn warnings_of_import((networks, endpoints): Objects) -> Vec<Warning> {
    let of_networks = networks.iter().flat_map(warnings::of_network);
    let of_endpoints = endpoints.iter();
    let of_endpoints = of_endpoints.flat_map(|(network, it)| warnings::of_endpoint(network, it));
    of_networks.chain(of_endpoints).collect()
}

/// What is given, else what was kept.
fn or<T>(given: Vec<T>, kept: Vec<T>) -> Vec<T> {
    match given.is_empty() {
        true => kept,
        false => given,
    }
}

fn request_of(waiting: &Waiting) -> Option<ExportedEndpoint> {
    serde_json::from_str(&waiting.request).ok()
}

/// Whether there is no namespace at the path, or not yet: its name is made before it is mounted there.
fn is_netns_missing(error: &EngineError) -> bool {
    let missing = [NetnsFault::Gone, NetnsFault::NotANetns].map(ErrorKind::Netns);
    matches!(error, EngineError::Link(error) if missing.contains(&error.kind()))
}
