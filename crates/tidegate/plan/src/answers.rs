//! Finds what another program removed of the way of the DNS server's answers to isolated networks.

use tidegate_model::links::{AnswerRouting, Bridge, GROUP, LinkStep};
use tidegate_model::{Name, RESOLVERS, State};

use crate::steps;

/// What a network lacks, and what adds it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswersMending {
    /// The network.
    pub network: Name,
    /// The missing rules and routes, as ip(8) writes them.
    pub missing: Vec<String>,
    /// What adds them.
    pub step: LinkStep,
}

/// Whether some network needs such a way.
pub fn needs_answers(state: &State) -> bool {
    let mut networks = state.networks.values();
    networks.any(|network| !steps::answered(network).is_empty())
}

/// Compares what the host has with what the networks need that are healthy. Degraded ones are tried again as a whole.
pub fn mend_answers(state: &State, found: &AnswerRouting) -> Vec<AnswersMending> {
    let networks = state.networks.values();
    let healthy = networks.filter(|it| !state.degraded.networks.contains_key(&it.name));
    let mendings = healthy.filter_map(|network| {
        let bridge = steps::bridge(network);
        let has_family = |is_ipv4| {
            let mut nets = bridge.answered.iter();
            nets.any(|net| net.addr().is_ipv4() == is_ipv4)
        };
        let rules = RESOLVERS
            .iter()
            .filter(|from| has_family(from.is_ipv4()) && !found.rules.contains(from));
        let rules = rules.map(|from| format!("rule `from {from} lookup {GROUP}`"));
        let routes = bridge.answered.iter();
        let routes = routes.filter(|net| {
            let route = (net.trunc(), bridge.ifname.clone());
            !found.routes.contains(&route)
        });
        let ifname = &bridge.ifname;
        let routes = routes.map(|net| format!("route `{net} dev {ifname} table {GROUP}`"));
        let missing: Vec<String> = rules.chain(routes).collect();
        (!missing.is_empty()).then(|| AnswersMending {
            network: network.name.clone(),
            missing,
            // It has its addresses, and one that is added again is refused.
            step: LinkStep::MendBridge(Bridge {
                addresses: Vec::new(),
                ..bridge
            }),
        })
    });
    mendings.collect()
}
