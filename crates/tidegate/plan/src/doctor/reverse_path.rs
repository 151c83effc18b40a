//! Strict reverse path filters.

use tidegate_api::doctor::{Finding, Severity};
use tidegate_model::State;
use tidegate_model::links::Link;

use super::uplinks::uplinks;
use super::{Check, Fact, Symptoms, finding};

pub(super) const CHECK: Check = Check {
    name: "reverse-path",
    facts,
    findings: |state, symptoms| {
        let mut found = findings(symptoms);
        found.extend(of_endpoints(state, symptoms));
        found
    },
};

fn facts(_: &State, symptoms: &Symptoms) -> Vec<Fact> {
    let of_uplinks = uplinks(&symptoms.links, true).map(|link| rp_filter(link.ifname.as_str()));
    let all = of_uplinks.chain([rp_filter("all")]);
    all.map(Fact::Sysctl).collect()
}

fn rp_filter(interface: &str) -> String {
    format!("net/ipv4/conf/{interface}/rp_filter")
}

/// A strict filter drops packets whose answers would leave by another interface. With a single uplink that cannot
/// happen.
fn findings(symptoms: &Symptoms) -> Vec<Finding> {
    let value = |interface: &str| {
        let value = symptoms.sysctl(&rp_filter(interface));
        value.and_then(|value| value.parse::<u32>().ok())
    };
    let uplinks: Vec<&Link> = uplinks(&symptoms.links, true).collect();
    if uplinks.len() < 2 {
        return Vec::new();
    }
    // The greater value applies (ip-sysctl, kernel documentation).
    let is_strict = |link: &&&Link| {
        let own = value(link.ifname.as_str()).unwrap_or(0);
        own.max(value("all").unwrap_or(0)) == 1
    };
    let strict = uplinks.iter().filter(is_strict);
    strict
        .map(|link| {
            let name = format!("net.ipv4.conf.{}.rp_filter", link.ifname);
            let what = format!(
                "reverse path filtering is strict on {} ({name} or that of all is 1): packets that come in there are \
                 dropped if the answer would leave by another of the {} interfaces",
                link.ifname,
                uplinks.len()
            );
            finding(Severity::Warning, what, format!("`sysctl -w {name}=2` makes it loose"))
        })
        .collect()
}

/// A namespace on two networks gets packets by one and answers by the other.
fn of_endpoints(state: &State, symptoms: &Symptoms) -> Vec<Finding> {
    let strict = symptoms.strict_endpoints.iter();
    let found = strict.filter_map(|name| state.endpoints.get(name));
    let found = found.filter_map(|endpoint| {
        let netns = endpoint.place.path()?.display();
        let name = format!("net.ipv4.conf.{}.rp_filter", endpoint.ifname);
        let what = format!(
            "reverse path filtering is strict in the namespace of endpoint {} ({name} or that of all is 1), which is on \
             several networks: connections to ports that this endpoint publishes may get no answer",
            endpoint.name
        );
        let advice = format!("`nsenter --net={netns} sysctl -w {name}=2` makes it loose");
        Some(finding(Severity::Warning, what, advice))
    });
    found.collect()
}
