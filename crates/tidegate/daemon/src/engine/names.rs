//! State of the resolver, and resolv.conf of endpoints.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::PoisonError;

use tidegate_api::{EndpointBridge, EndpointView, NamesInfo, PortsView};
use tidegate_model::{Endpoint, Network, State};
use tidegate_plan::ChangedPorts;

use super::{Engine, EngineError};
use crate::metrics::count;
use crate::resolver::{AskList, Names, ResolverHandle, Status, host_conf};

impl Names for Engine {
    fn names(&self) -> &ResolverHandle {
        &self.names
    }

    fn open_names(&self, stream: UnixStream, process: u32, upstreams: AskList) -> io::Result<()> {
        let _backends = self.backends();
        let state = self.state();
        self.names.open(stream, process, upstreams, &state)
    }

    fn lose_names(&self, reason: String) {
        count(&self.counters.names_lost);
        self.names.close(reason);
    }
}

impl Engine {
    /// Whether DNS queries of endpoints are redirected to the resolver.
    pub(crate) fn resolves(&self) -> bool {
        self.state().resolver.is_some()
    }

    /// Stops redirecting DNS queries to the resolver before it ends, if its port is not privileged: otherwise any
    /// user could take the port and answer.
    ///
    /// # Errors
    /// If the kernel refuses the table.
    pub(crate) fn leave_names(&self) -> Result<(), EngineError> {
        let mut backends = self.backends();
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.resolver = None;
        backends.restore(&state)
    }

    /// Whether names are answered.
    pub(crate) fn names_info(&self) -> NamesInfo {
        let port = self.state().resolver;
        let (status, process) = match (port, self.names.status()) {
            (None, Status::Down(reason)) => (format!("off: {reason}"), None),
            (None, _) => ("off".to_owned(), None),
            (_, Status::Starting) => ("starting".to_owned(), None),
            (_, Status::Answered(process)) => ("answered".to_owned(), Some(process)),
            (_, Status::Down(reason)) => (format!("not answered: {reason}"), None),
        };
        NamesInfo {
            status,
            port,
            process,
        }
    }

    /// An endpoint with its resolv.conf.
    pub fn view_endpoint(&self, endpoint: Endpoint) -> EndpointView {
        // Reading the file can hang: not while holding a lock on the state.
        let host = host_conf();
        let warnings = self.warnings_of(&endpoint);
        let state = self.state();
        EndpointView {
            resolv_conf: host.for_endpoint(&state, &endpoint),
            warnings,
            ..view(&state, &endpoint)
        }
    }

    /// An endpoint whose ports were changed, without its resolv.conf.
    pub fn view_changed(&self, changed: ChangedPorts) -> PortsView {
        let ChangedPorts { endpoint, ports } = changed;
        let warnings = self.warnings_of(&endpoint);
        PortsView {
            endpoint: EndpointView {
                warnings,
                ..view(&self.state(), &endpoint)
            },
            changed: ports,
        }
    }
}

/// An endpoint as lists show it: without resolv.conf and warnings.
pub(super) fn view(state: &State, endpoint: &Endpoint) -> EndpointView {
    let network = state.networks.get(&endpoint.network);
    let bridge = |network: &Network| EndpointBridge {
        ifname: network.bridge.clone(),
        mac: network.mac,
    };
    let degraded = state.degraded.endpoints.get(&endpoint.name);
    EndpointView {
        bridge: network.map(bridge),
        network_gateways: network.map_or_else(Vec::new, |it| it.gateways().collect()),
        resolv_conf: String::new(),
        degraded: degraded.cloned().map(Into::into),
        warnings: Vec::new(),
        endpoint: endpoint.clone().into(),
    }
}

/// Why the DNS server must be off in a state: an endpoint is published on its port.
pub(super) fn in_the_way(state: &State) -> Option<String> {
    let mut networks = state.networks.values();
    networks.find_map(|network| {
        let (endpoint, binding) = state.in_the_way_of(network)?;
        Some(format!(
            "endpoint {} is published as {binding}, which is the DNS port of network {}",
            endpoint.name, network.name
        ))
    })
}
