//! Settings of the host and limits of the daemon.

use tidegate_api::doctor::{Finding, Severity};
use tidegate_model::State;
use tidegate_model::links::{GROUP, Link};

use super::{Symptoms, finding, names};

/// The oldest nftables that accepts the ruleset: `dnat` to an address and a port from one map.
const OLDEST: (u32, u32, u32) = (0, 9, 4);
/// With fewer free descriptors than this, the daemon cannot serve a hundred clients.
const FEW_DESCRIPTORS: u64 = 512;

const NF_CALL: [&str; 2] = [
    "net/bridge/bridge-nf-call-iptables",
    "net/bridge/bridge-nf-call-ip6tables",
];

/// Paths of the sysctls that these checks read.
pub(super) fn sysctls(state: &State, links: &[Link]) -> Vec<String> {
    let forwarding = state.networks.values();
    let forwarding =
        forwarding.map(|network| format!("net/ipv4/conf/{}/forwarding", network.bridge));
    let filters = uplinks(links).map(|link| rp_filter(link.ifname.as_str()));
    forwarding
        .chain(filters)
        .chain([rp_filter("all")])
        .chain(NF_CALL.map(str::to_owned))
        .chain([names::UNPRIVILEGED.to_owned()])
        .collect()
}

fn rp_filter(interface: &str) -> String {
    format!("net/ipv4/conf/{interface}/rp_filter")
}

/// Uplinks: links with IPv4 addresses, except ours and loopback.
fn uplinks(links: &[Link]) -> impl Iterator<Item = &Link> {
    links.iter().filter(|link| {
        let mut addresses = link.addresses.iter();
        let reaches = addresses.any(|net| net.addr().is_ipv4() && !net.addr().is_loopback());
        link.group != GROUP && link.up && reaches
    })
}

pub(super) fn bridge_netfilter(symptoms: &Symptoms) -> Vec<Finding> {
    let is_on = |path: &&str| symptoms.sysctls.get(*path) == Some(&Some("1".to_owned()));
    let on = NF_CALL.into_iter().filter(is_on);
    on.map(|path| {
        let name = path.replace('/', ".");
        let what = format!(
            "br_netfilter is on ({name}=1): frames between endpoints of one network pass every FORWARD chain of the host"
        );
        let advice = format!(
            "if nothing needs it (Docker and Kubernetes may), `sysctl -w {name}=0`; otherwise make every other table \
             accept our bridges"
        );
        finding(Severity::Warning, what, advice)
    })
    .collect()
}

/// A strict filter drops packets whose answers would leave by another interface. With a single uplink that cannot
/// happen.
pub(super) fn reverse_path(symptoms: &Symptoms) -> Vec<Finding> {
    let value = |interface: &str| {
        let value = symptoms.sysctls.get(&rp_filter(interface));
        value.and_then(|value| value.as_deref()?.parse::<u32>().ok())
    };
    let uplinks: Vec<&Link> = uplinks(&symptoms.links).collect();
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

pub(super) fn nftables(symptoms: &Symptoms) -> Vec<Finding> {
    const ADVICE: &str = "install nftables 1.1.2 or newer, if the distribution has it";
    let Some(version) = &symptoms.nft_version else {
        let what = "the release of nftables is unknown".to_owned();
        return vec![finding(Severity::CouldNotTell, what, "see `nft --version`")];
    };
    let mut parts = version
        .split('.')
        .map(|part| part.parse::<u32>().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    let is_old = (next(), next(), next()) < OLDEST;
    let old = is_old.then(|| {
        let (major, minor, patch) = OLDEST;
        let what = format!("nftables {version} is too old: {major}.{minor}.{patch} is needed");
        finding(Severity::Fault, what, ADVICE)
    });
    let fault = symptoms.nft_fault.as_ref();
    let fault = fault.map(|fault| finding(Severity::Warning, format!("nftables {fault}"), ADVICE));
    old.into_iter().chain(fault).collect()
}

pub(super) fn descriptors(symptoms: &Symptoms) -> Vec<Finding> {
    let (open, limit, kept) = symptoms.descriptors;
    let left = limit.saturating_sub(open);
    let is_short = left < FEW_DESCRIPTORS || left < limit / 10;
    let none_left = match left <= kept {
        true => format!(", and reserves the last {kept}: it holds no more published ports"),
        false => String::new(),
    };
    let what = format!("tidegated has {open} of at most {limit} file descriptors open{none_left}");
    let advice = "raise LimitNOFILE= of tidegated.service (systemd.exec(5)), or `ulimit -n`";
    is_short
        .then(|| finding(Severity::Warning, what, advice))
        .into_iter()
        .collect()
}
