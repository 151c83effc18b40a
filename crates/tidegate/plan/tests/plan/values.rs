//! Values that the planning tests share.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ipnet::IpNet;
use tidegate_api::{Attach, CreateNetwork, Policy};
use tidegate_model::links::NetnsFacts;
use tidegate_model::{Endpoint, GatewayPriority, Name, NetnsId, Network, State};
use tidegate_plan::{HostFacts, Plan, Pools, PortFacts, Refused};

pub(crate) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub(crate) fn nets(texts: &[&str]) -> Vec<IpNet> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

pub(crate) fn network(network: &str) -> CreateNetwork {
    CreateNetwork {
        name: name(network),
        subnets: Vec::new(),
        gateways: Vec::new(),
        ipv4: true,
        ipv6: true,
        require_ipv6: false,
        mtu: None,
        host_ips: Vec::new(),
        allow: Vec::new(),
        ranges: Vec::new(),
        reserved: BTreeMap::new(),
        bridge: None,
        policy: Policy::default(),
        labels: BTreeMap::new(),
        dns: Default::default(),
        remove_when_unused: false,
    }
}

pub(crate) fn attachment(network: &str, ports: &[&str]) -> Attach {
    Attach {
        network: name(network),
        netns: Some(PathBuf::from("/run/netns/c")),
        hand_over: None,
        name: None,
        aliases: Vec::new(),
        allow: Vec::new(),
        host_ports: Default::default(),
        ports: ports.iter().map(|port| port.parse().unwrap()).collect(),
        addresses: Vec::new(),
        mac: None,
        ifname: None,
        default_route: true,
        routes: Vec::new(),
        gateway_priority: GatewayPriority::default(),
        sysctls: Vec::new(),
        dns: Default::default(),
        owner: None,
        labels: Default::default(),
        replace: false,
        network_if_missing: None,
    }
}

pub(crate) fn namespace(ino: u64) -> NetnsFacts {
    NetnsFacts {
        id: NetnsId {
            dev: 4,
            ino,
            cookie: None,
        },
        ifnames: vec!["lo".parse().unwrap()],
        default_routes: Vec::new(),
        ipv6_off: None,
    }
}

pub(crate) fn create(state: &State, request: &CreateNetwork) -> Result<Plan<Network>, Refused> {
    tidegate_plan::create_network(state, request, &HostFacts::default(), &Pools::default())
}

/// A state with these networks, as the daemon would have it.
pub(crate) fn state_with(networks: &[&str]) -> State {
    let mut state = State::default();
    for name in networks {
        let plan = create(&state, &network(name)).unwrap();
        state.apply(&plan.change);
    }
    state
}

/// Plans an attachment on a host where every port is free.
pub(crate) fn plan_attach(
    state: &State,
    request: &Attach,
    netns: &NetnsFacts,
) -> Result<Plan<Endpoint>, Refused> {
    tidegate_plan::attach(state, request, netns, &PortFacts::default())
}

/// Attaches a namespace, and gives the endpoint's name.
pub(crate) fn attach(state: &mut State, network: &str, ino: u64, ports: &[&str]) -> Name {
    let plan = plan_attach(state, &attachment(network, ports), &namespace(ino)).unwrap();
    state.apply(&plan.change);
    plan.outcome.name
}
