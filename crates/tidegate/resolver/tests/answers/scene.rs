//! A host with networks and endpoints, and what is asked there.

use std::net::IpAddr;

use hickory_proto::op::{Message, Query};
use hickory_proto::rr::{Name, RecordType};
use tidegate_model::{Access, Endpoint, NetnsId, NetnsRef, Network, Place, Policy, State, Subnet};
use tidegate_resolver::{Asked, Transport, Verdict, Zone, judge, of_state};

/// Networks `web` (open), `db` (open), `vault` (internal) and `dark` (isolated). Namespace 1 is on
/// `web` as front and on `dark` as shade, 2 on `web` as back, 3 on `db` as front-db, 4 on `vault`.
pub(crate) fn state() -> State {
    let mut state = State {
        resolver: Some(5300),
        ..State::default()
    };
    for (number, name, access) in [
        (1, "web", Access::Open),
        (2, "db", Access::Open),
        (3, "vault", Access::Internal),
        (4, "dark", Access::Isolated),
    ] {
        let subnets = [format!("10.0.{number}.0/24"), format!("fd00:{number}::/64")];
        let network = Network {
            name: name.parse().unwrap(),
            bridge: format!("tgb{number}").parse().unwrap(),
            mac: "02:62:00:00:00:01".parse().unwrap(),
            subnets: subnets
                .map(|net| Subnet::new(net.parse().unwrap(), None).unwrap())
                .into(),
            mtu: None,
            host_ips: Vec::new(),
            allow: Default::default(),
            policy: Policy {
                access,
                ..Policy::default()
            },
            reserved: Default::default(),
            peers: Default::default(),
            labels: Default::default(),
            dns: Default::default(),
            remove_when_unused: false,
        };
        state.networks.insert(network.name.clone(), network);
    }
    for (name, aliases, network, netns, addresses) in [
        (
            "front",
            &["www", "pool"][..],
            "web",
            1,
            &["10.0.1.2/24", "fd00:1::2/64"][..],
        ),
        ("Back", &["pool"], "web", 2, &["10.0.1.3/24"]),
        (
            "front-db",
            &["only-db"],
            "db",
            3,
            &["10.0.2.2/24", "fd00:2::2/64"],
        ),
        ("safe", &[], "vault", 4, &["10.0.3.2/24"]),
        ("shade", &[], "dark", 1, &["10.0.4.2/24"]),
        ("dotted.name", &[], "web", 5, &["10.0.1.4/24"]),
    ] {
        let endpoint = Endpoint {
            name: name.parse().unwrap(),
            network: network.parse().unwrap(),
            place: Place::Netns(NetnsRef {
                path: format!("/run/netns/{netns}").into(),
                id: NetnsId {
                    dev: 4,
                    ino: netns,
                    cookie: None,
                },
            }),
            host_ifname: "tgv1".parse().unwrap(),
            ifname: "eth0".parse().unwrap(),
            mac: "02:76:00:00:00:01".parse().unwrap(),
            addresses: addresses.iter().map(|net| net.parse().unwrap()).collect(),
            gateways: Vec::new(),
            default_route: true,
            routes: Vec::new(),
            gateway_priority: Default::default(),
            gateway_metric: None,
            resolvers: Vec::new(),
            aliases: aliases.iter().map(|alias| alias.parse().unwrap()).collect(),
            ports: Vec::new(),
            allow: Vec::new(),
            host_ports: Default::default(),
            sysctls: Vec::new(),
            dns: Default::default(),
            owner: None,
            labels: Default::default(),
        };
        state.endpoints.insert(endpoint);
    }
    state
}

pub(crate) fn zone() -> Zone {
    zone_of(&state())
}

pub(crate) fn zone_of(state: &State) -> Zone {
    let mut zone = Zone::default();
    of_state(state).for_each(|update| zone.apply(update));
    zone
}

/// The same, where Back's namespace is on `vault` too, as back-vault.
pub(crate) fn state_with_back_on_both() -> State {
    let mut state = state();
    let [back, safe] = ["Back", "safe"].map(|name| state.endpoints[&name.parse().unwrap()].clone());
    state.endpoints.insert(Endpoint {
        name: "back-vault".parse().unwrap(),
        network: safe.network,
        addresses: vec!["10.0.3.3/24".parse().unwrap()],
        ..back
    });
    state
}

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub(crate) fn question(name: &str, kind: RecordType) -> Message {
    let mut message = Message::query();
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
    message
}

/// Asks by UDP.
pub(crate) fn ask(zone: &Zone, from: &str, to: &str, message: &Message) -> Verdict {
    ask_by(zone, from, to, None, message)
}

/// Asks by UDP, and by an interface.
pub(crate) fn ask_by(
    zone: &Zone,
    from: &str,
    to: &str,
    by: Option<&str>,
    message: &Message,
) -> Verdict {
    let bytes = message.to_vec().unwrap();
    let asked = Asked {
        from: ip(from),
        to: ip(to),
        by,
        transport: Transport::Udp,
        bytes: &bytes,
    };
    judge(zone, asked)
}

/// What front is told: the code with the data of each record in order, or what else is done.
pub(crate) fn told(name: &str, kind: RecordType) -> String {
    told_to(&zone(), "10.0.1.2", "10.0.1.1", name, kind)
}

/// What somebody is told.
pub(crate) fn told_to(zone: &Zone, from: &str, to: &str, name: &str, kind: RecordType) -> String {
    shown(&ask(zone, from, to, &question(name, kind)))
}

pub(crate) fn shown(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Ignore => "silence".to_owned(),
        Verdict::Forward(_) => "forwarded".to_owned(),
        Verdict::Answer(bytes) | Verdict::Refuse(bytes) => {
            let message = Message::from_vec(bytes).unwrap();
            let code = format!("{:?}", message.metadata.response_code);
            let mut data: Vec<String> =
                message.answers.iter().map(|r| r.data.to_string()).collect();
            data.sort();
            [vec![code], data].concat().join(" ")
        }
    }
}
