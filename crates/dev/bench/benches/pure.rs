//! What the pure parts cost by themselves: planning, rendering, encoding. `cargo bench` runs it.

#![expect(
    clippy::expect_used,
    reason = "a benchmark's own requests are ones that the planner takes"
)]

use divan::{Bencher, black_box};
use serde_json::{Value, json};
use tidegate_api::{Attach, CreateNetwork, Publish};
use tidegate_model::links::NetnsFacts;
use tidegate_model::{Change, Endpoint, Name, NetnsId, Network, PortRequest, State};
use tidegate_plan::{ChangedPorts, HostFacts, Plan, Pools, PortFacts};

/// Endpoints that a host has already, each with two published ports; ten to a network.
const ENDPOINTS: [u64; 4] = [0, 100, 1_000, 10_000];
/// How many of them a network has.
const OF_A_NETWORK: u64 = 10;

fn main() {
    divan::main();
}

fn parsed<T: serde::de::DeserializeOwned>(request: Value) -> T {
    serde_json::from_value(request).expect("a request is understood")
}

fn name(text: &str) -> Name {
    text.parse().expect("a name is valid")
}

fn create(state: &State, network: &str) -> Plan<Network> {
    let request: CreateNetwork = parsed(json!({ "name": network }));
    let (host, pools) = (HostFacts::default(), Pools::default());
    tidegate_plan::create_network(state, &request, &host, &pools).expect("it is planned")
}

fn attach(state: &State, network: &str, number: u64, ports: &[String]) -> Plan<Endpoint> {
    let request: Attach = parsed(json!({
        "network": network, "netns": "/run/netns/c", "name": format!("ep{number}"), "ports": ports,
    }));
    let netns = NetnsFacts {
        id: NetnsId {
            dev: 4,
            ino: number,
            cookie: None,
        },
        ifnames: Vec::new(),
        default_routes: Vec::new(),
        ipv6_off: None,
    };
    let facts = PortFacts::default();
    tidegate_plan::attach(state, &request, &netns, &facts).expect("it is planned")
}

fn publish(state: &State) -> Plan<ChangedPorts> {
    let ports: [PortRequest; 1] = ["9000:90/udp".parse().expect("a port is valid")];
    let facts = PortFacts::default();
    let wanted = Publish::from(ports.to_vec());
    tidegate_plan::publish(state, &name("probe"), &wanted, &facts).expect("it is planned")
}

/// A state with so many endpoints, and one more that is called `probe`'s network `measured`.
fn state(endpoints: u64) -> State {
    let mut state = State::default();
    for number in 0..endpoints {
        let network = format!("net{}", number / OF_A_NETWORK);
        if number % OF_A_NETWORK == 0 {
            let change = create(&state, &network).change;
            state.apply(&change);
        }
        let first = 10_000 + number * 2;
        let ports = [format!("{first}-{}:1-2", first + 1)];
        let change = attach(&state, &network, number, &ports).change;
        state.apply(&change);
    }
    let change = create(&state, "measured").change;
    state.apply(&change);
    state
}

/// The same with an endpoint that is called `probe`.
fn state_with_probe(endpoints: u64) -> State {
    let mut state = state(endpoints);
    let probe = Endpoint {
        name: name("probe"),
        ..attach(&state, "measured", endpoints, &[]).outcome
    };
    state.apply(&Change::AddEndpoint(probe));
    state
}

mod planning {
    use super::*;

    #[divan::bench(args = ENDPOINTS)]
    fn create_network(bencher: Bencher, endpoints: u64) {
        let state = state(endpoints);
        bencher.bench(|| create(black_box(&state), "another"));
    }

    #[divan::bench(args = ENDPOINTS)]
    fn attach_with_a_port(bencher: Bencher, endpoints: u64) {
        let state = state(endpoints);
        let ports = ["9000:90".to_owned()];
        bencher.bench(|| attach(black_box(&state), "measured", endpoints, &ports));
    }

    #[divan::bench(args = ENDPOINTS)]
    fn publish_a_port(bencher: Bencher, endpoints: u64) {
        let state = state_with_probe(endpoints);
        bencher.bench(|| publish(black_box(&state)));
    }

    #[divan::bench(args = [100, 1_000])]
    fn replace_the_table(bencher: Bencher, endpoints: u64) {
        let state = state(endpoints);
        bencher.bench(|| tidegate_plan::replace(black_box(&state)));
    }
}

mod rendering {
    use super::*;

    #[divan::bench]
    fn publish_as_text(bencher: Bencher) {
        let transaction = publish(&state_with_probe(0)).transaction;
        bencher.bench(|| black_box(&transaction).to_text());
    }

    #[divan::bench(args = [0, 1_000])]
    fn the_table_as_text(bencher: Bencher, endpoints: u64) {
        let transaction = tidegate_plan::replace(&state(endpoints));
        bencher.bench(|| black_box(&transaction).to_text());
    }

    #[divan::bench]
    fn validation_of_publish(bencher: Bencher) {
        let transaction = publish(&state_with_probe(0)).transaction;
        bencher.bench(|| black_box(&transaction).validate());
    }
}

mod encoding {
    use super::*;

    fn endpoint() -> tidegate_api::Endpoint {
        let ports = ["9000-9009:90-99".to_owned()];
        attach(&state(0), "measured", 1, &ports).outcome.into()
    }

    #[divan::bench]
    fn an_endpoint_as_json(bencher: Bencher) {
        let endpoint = endpoint();
        bencher.bench(|| serde_json::to_vec(black_box(&endpoint)));
    }

    #[divan::bench]
    fn an_endpoint_from_json(bencher: Bencher) {
        let json = serde_json::to_vec(&endpoint()).expect("it can be written");
        bencher.bench(|| serde_json::from_slice::<tidegate_api::Endpoint>(black_box(&json)));
    }
}
