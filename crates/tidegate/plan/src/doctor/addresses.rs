//! Addresses that another program gave our interfaces.

use ipnet::IpNet;
use tidegate_api::doctor::{Finding, Severity};
use tidegate_model::links::{GROUP, Link};
use tidegate_model::{State, overlap};

use super::links::UNMANAGED;
use super::{Check, NO_FACTS, Symptoms, finding};
use crate::steps;

pub(super) const CHECK: Check = Check {
    name: "addresses",
    facts: NO_FACTS,
    findings,
};

/// The most addresses of which each has a finding.
const MOST: usize = 16;

/// With an address, an interface gets a route to its prefix, and the host looks for the machines of the prefix there.
/// Link-local addresses do not count.
fn findings(state: &State, symptoms: &Symptoms) -> Vec<Finding> {
    let ours = symptoms.links.iter().filter(|link| link.group == GROUP);
    let foreign: Vec<(&Link, IpNet)> = ours.flat_map(|link| foreign(state, link)).collect();
    let more = foreign.len().saturating_sub(MOST);
    let told = foreign.into_iter().take(MOST);
    let told = told.map(|(link, net)| of_address(symptoms, link, net));
    let cut = (more > 0).then(|| {
        let what = format!("{more} more addresses on Tidegate's interfaces are not Tidegate's");
        finding(Severity::Warning, what, "`ip addr` shows them")
    });
    told.chain(cut).collect()
}

/// The addresses of a link of ours that the state does not give it.
fn foreign<'a>(state: &State, link: &'a Link) -> impl Iterator<Item = (&'a Link, IpNet)> {
    let mut networks = state.networks.values();
    let network = networks.find(|network| network.bridge == link.ifname);
    let own = network.map(|network| steps::bridge(network).addresses);
    let own = own.unwrap_or_default();
    let foreign = link.addresses.iter().filter(move |net| !own.contains(net));
    foreign.map(move |net| (link, *net))
}

fn of_address(symptoms: &Symptoms, link: &Link, net: IpNet) -> Finding {
    let ifname = &link.ifname;
    let remove = format!("`ip addr del {net} dev {ifname}`");
    let others = symptoms.links.iter().filter(|other| other.group != GROUP);
    let is_of = |other: &&Link| other.addresses.iter().any(|its| overlap(*its, net));
    let prefix = net.trunc();
    let (severity, there, advice) = match others.filter(is_of).map(|it| &it.ifname).next() {
        Some(other) => (
            Severity::Fault,
            format!("the host may look on {ifname} for machines of {prefix} that are on {other}"),
            format!(
                "{remove}, and exclude Tidegate's interfaces from the program that added it: {UNMANAGED}"
            ),
        ),
        None => (
            Severity::Warning,
            format!("the host looks for {prefix} there"),
            format!(
                "nothing, if you put it there; otherwise {remove}, and exclude Tidegate's interfaces from the program \
                 that added it: {UNMANAGED}"
            ),
        ),
    };
    let what =
        format!("interface {ifname} has the address {net}, which is not Tidegate's: {there}");
    finding(severity, what, advice)
}
