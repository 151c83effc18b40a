//! A host with networks and endpoints, and requests that it would carry out.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tidegate_api::explain::Question;
use tidegate_api::{Attach, CreateNetwork};
use tidegate_model::links::NetnsFacts;
use tidegate_model::{Endpoint, NetnsId, Network, State};
use tidegate_plan::{
    HostFacts, HostRouting, Others, Plan, Pools, PortFacts, Refused, attach, create_network,
};

/// A body that the API takes, with everything in it that can be said.
pub(crate) fn bodies() -> [Value; 7] {
    [
        json!({
            "name": "lan",
            "subnets": ["10.9.0.0/24", "10.9.1.0/24", "fd09::/64"],
            "gateways": ["10.9.0.1", "fd09::1"],
            "ranges": ["10.9.0.128/25"],
            "reserved": { "printer": "10.9.0.9" },
            "mtu": 1400,
            "host-ips": ["192.0.2.1"],
            "bridge": "lan0",
            "policy": {
                "access": "open", "icc": false, "anti-spoofing": true, "mode4": "nat", "mode6": "routed", "masquerade": true,
                "snat": ["192.0.2.1"], "trusted-interfaces": ["wg0"],
            },
            "labels": { "owner": "somebody" },
        }),
        json!({ "name": "cellar", "ipv6": false, "policy": { "access": "internal" } }),
        json!({
            "network": "web", "netns": "/run/netns/box", "name": "side", "aliases": ["www"],
            "ports": ["8443:443", "127.0.0.1:5300-5301:53-54/udp", "9/sctp"],
            "addresses": ["10.208.0.20", "fd74:6964:6567::20"],
            "mac": "02:00:00:00:00:20", "ifname": "web0", "gateway-priority": 7,
            "sysctls": ["net.ipv4.conf.IFNAME.rp_filter=2"],
        }),
        json!({ "ports": ["8443:443", "8080:80", "[2001:db8::1]:53:53/udp"] }),
        json!({ "network": "db" }),
        json!({ "network": "db", "one-way": true }),
        json!({ "source": "front", "source-address": "10.208.0.9", "destination": "192.0.2.1:8080/tcp" }),
    ]
}

/// A state with the networks `web` and `db`, and the endpoints `front` and `back` on them.
pub(crate) fn state() -> State {
    let mut state = State {
        resolver: Some(5300),
        ..State::default()
    };
    for network in ["web", "db"] {
        let request = read(json!({ "name": network }));
        carry_out(&mut state, plan_network(&State::default(), &request));
    }
    for (network, name, ports) in [("web", "front", &["8080:80"][..]), ("db", "back", &[])] {
        let netns = format!("/run/netns/{name}");
        let request = json!({ "network": network, "netns": netns, "name": name, "ports": ports });
        let plan = plan_attachment(&state, &read(request));
        carry_out(&mut state, plan);
    }
    state
}

fn carry_out<T>(state: &mut State, plan: Result<Plan<T>, Refused>) {
    state.apply(&plan.expect("a sample can be planned").change);
}

fn read<T: DeserializeOwned>(body: Value) -> T {
    serde_json::from_value(body).expect("a sample is valid")
}

pub(crate) fn plan_network(
    state: &State,
    request: &CreateNetwork,
) -> Result<Plan<Network>, Refused> {
    create_network(state, request, &HostFacts::default(), &Pools::default())
}

/// Each namespace is one of its own, by its path.
pub(crate) fn plan_attachment(state: &State, request: &Attach) -> Result<Plan<Endpoint>, Refused> {
    let path = request.netns.as_ref();
    let inode = path.map_or(0, |path| path.as_os_str().len()) as u64;
    let facts = NetnsFacts {
        id: NetnsId {
            dev: 4,
            ino: inode,
            cookie: None,
        },
        ifnames: Vec::new(),
        default_routes: Vec::new(),
        ipv6_off: None,
    };
    attach(state, request, &facts, &PortFacts::default())
}

/// What a question is answered with on a host without links of its own.
pub(crate) fn explain(
    state: &State,
    question: &Question,
) -> Result<tidegate_api::explain::Explanation, Refused> {
    let routing = HostRouting {
        links: Vec::new(),
        routes: Vec::new(),
        sysctls: Default::default(),
        others: Others {
            chains: Ok(Vec::new()),
            facts: Default::default(),
        },
        namespaces: Default::default(),
    };
    tidegate_plan::explain(state, question, &routing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_api::{Peer, Ports};

    /// Otherwise no change of one would be worth trying.
    #[test]
    fn every_body_is_taken_as_it_is() {
        let [lan, cellar, side, ports, peer, one_way, question] = bodies();
        for network in [lan, cellar] {
            plan_network(&state(), &read(network)).unwrap();
        }
        plan_attachment(&state(), &read(side)).unwrap();
        read::<Ports>(ports);
        for peer in [peer, one_way] {
            read::<Peer>(peer);
        }
        explain(&state(), &read::<Question>(question)).unwrap();
    }
}
