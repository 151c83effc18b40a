//! Finds what stops packets or changes, from the state and symptoms of the host.

mod chains;
mod forwarding;
mod host;
mod names;
mod ports;
mod published;

use std::collections::{BTreeMap, BTreeSet};

use tidegate_api::Fight;
use tidegate_api::doctor::{Checked, Diagnosis, Finding, Severity};
use tidegate_model::links::{Link, LinkStep, Sysctl};
use tidegate_model::{Fault, Forwarding, IfName, Network, State};
use tidegate_nft::{BaseChain, Kind};

use crate::{start, steps};

/// What the host looks like.
#[derive(Clone, Debug, PartialEq)]
pub struct Symptoms {
    /// Values of the sysctls that [`sysctls_of_interest`] names; none for a missing one.
    pub sysctls: BTreeMap<String, Option<String>>,
    /// The host's links.
    pub links: Vec<Link>,
    /// Our bridge ports without a loopback filter and our bridges that are not sealed, or why they are unknown.
    pub unguarded: Result<BTreeSet<IfName>, String>,
    /// The differences between the planned table and the kernel's, or why they are unknown.
    pub table: Result<Vec<String>, String>,
    /// Why the kernel or nft refuses the table in a dry run.
    pub refusal: Option<(Kind, String)>,
    /// The base chains of every table, or why they are unknown.
    pub chains: Result<Vec<BaseChain>, String>,
    /// The policies of iptables-legacy, if it is in use.
    pub legacy: Legacy,
    /// The release of nft or libnftables, as in `1.0.6`.
    pub nft_version: Option<String>,
    /// A known fault of that release.
    pub nft_fault: Option<String>,
    /// Open file descriptors of the daemon, their limit (`RLIMIT_NOFILE`), and how many are reserved.
    pub descriptors: (u64, u64, u64),
    /// The program that changes the table again and again.
    pub fight: Option<Fight>,
    /// The path of the state file, if it was changed and a start would not find the confirmed state.
    pub unstored: Option<String>,
    /// Why the DNS server does not answer, if it should.
    pub unanswered: Option<String>,
}

/// The rules of iptables-legacy (x_tables), which nft does not show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Legacy {
    /// No filter table is loaded.
    NotInUse,
    /// Policies of these chains of the filter table.
    Policies(Vec<LegacyPolicy>),
    /// The filter table could not be read.
    CouldNotTell(String),
}

/// The policy of a chain of iptables-legacy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegacyPolicy {
    /// The program of its family: `iptables` or `ip6tables`.
    pub program: String,
    /// The chain, as `FORWARD`.
    pub chain: String,
    /// Its policy, as `DROP`.
    pub policy: String,
}

impl Legacy {
    /// The programs for whose family a chain has the policy drop.
    fn dropping<'a>(&'a self, chain: &'a str) -> impl Iterator<Item = &'a str> {
        let policies = match self {
            Self::Policies(policies) => policies.as_slice(),
            Self::NotInUse | Self::CouldNotTell(_) => &[],
        };
        let dropping = policies
            .iter()
            .filter(move |found| found.chain == chain && found.policy == "DROP");
        dropping.map(|found| found.program.as_str())
    }
}

/// Paths below /proc/sys of the sysctls that [`diagnose`] needs.
pub fn sysctls_of_interest(state: &State, links: &[Link]) -> BTreeSet<String> {
    let wanted = wanted(state).into_iter().map(|sysctl| sysctl.path);
    let forwarding = [steps::FORWARDING4, steps::FORWARDING6].map(str::to_owned);
    wanted
        .chain(forwarding)
        .chain(host::sysctls(state, links))
        .collect()
}

/// Runs all checks.
pub fn diagnose(state: &State, symptoms: &Symptoms) -> Diagnosis {
    let checks = [
        ("sysctls", sysctls(state, symptoms)),
        ("forwarding", forwarding::forwarding(state, symptoms)),
        ("links", links(state, symptoms)),
        ("ports", ports::guards(state, symptoms)),
        ("degraded", degraded(state)),
        ("state", unstored(symptoms)),
        ("table", table(symptoms)),
        ("other-tables", chains::nft(state, &symptoms.chains)),
        ("published-ports", published::published(state, symptoms)),
        ("iptables-legacy", chains::legacy(state, &symptoms.legacy)),
        ("names", names::names_found(state, symptoms)),
        ("bridge-netfilter", host::bridge_netfilter(symptoms)),
        ("reverse-path", host::reverse_path(symptoms)),
        ("nftables", host::nftables(symptoms)),
        ("descriptors", host::descriptors(symptoms)),
    ];
    let checks = checks.into_iter().map(|(check, findings)| Checked {
        check: check.to_owned(),
        findings,
    });
    Diagnosis {
        checks: checks.collect(),
    }
}

fn finding(severity: Severity, what: String, advice: impl Into<String>) -> Finding {
    Finding {
        severity,
        what,
        advice: advice.into(),
    }
}

/// The sysctls that the networks need.
fn wanted(state: &State) -> Vec<Sysctl> {
    let mut wanted = Vec::new();
    for network in state.networks.values() {
        let forwarding = steps::forwarding(network).into_iter();
        let is_ours = state.forwarding == Forwarding::Set;
        for step in forwarding.filter(|_| is_ours) {
            if let LinkStep::SetSysctl(sysctl) = step
                && !wanted.contains(&sysctl)
            {
                wanted.push(sysctl);
            }
        }
        // If a bridge could not be created, an interface of that name is not ours.
        if has_bridge(state, network) {
            wanted.extend(steps::bridge(network).sysctls);
        }
    }
    wanted
}

/// Whether a network's bridge could be created.
fn has_bridge(state: &State, network: &Network) -> bool {
    let fault = state.degraded.networks.get(&network.name);
    fault.is_none_or(|fault| !fault.down)
}

fn sysctls(state: &State, symptoms: &Symptoms) -> Vec<Finding> {
    let value = |path: &str| symptoms.sysctls.get(path)?.as_deref();
    let mut findings = Vec::new();
    for Sysctl {
        path,
        value: wanted,
    } in wanted(state)
    {
        if value(&path).is_some_and(|found| found != wanted) && !ports::is_closed(&path, symptoms) {
            let name = path.replace('/', ".");
            let what = format!(
                "sysctl {name} is {}, and must be {wanted}",
                value(&path).unwrap_or_default()
            );
            let advice =
                format!("`sysctl -w {name}={wanted}`, and look in /etc/sysctl.d for who sets it");
            findings.push(finding(Severity::Fault, what, advice));
        }
    }
    // Setting the sysctl `all` sets each of them; each can be set separately afterwards.
    let made = |network: &&Network| has_bridge(state, network);
    for network in state.networks.values().filter(made) {
        let path = format!("net/ipv4/conf/{}/forwarding", network.bridge);
        let is_on = value("net/ipv4/ip_forward") == Some("1");
        if is_on && value(&path) == Some("0") {
            let name = path.replace('/', ".");
            let what = format!(
                "sysctl {name} is 0: nothing from network {} is forwarded",
                network.name
            );
            findings.push(finding(
                Severity::Fault,
                what,
                format!("`sysctl -w {name}=1`"),
            ));
        }
    }
    findings
}

fn links(state: &State, symptoms: &Symptoms) -> Vec<Finding> {
    let missing = start(state, &symptoms.links).networks;
    let steps = missing
        .iter()
        .flat_map(|(network, steps)| steps.iter().map(move |step| (network, step)));
    // Degraded objects have findings of their own.
    let degraded = &state.degraded;
    let is_known = |ifname: &IfName| {
        let mut endpoints = degraded.endpoints.keys();
        endpoints.any(|name| {
            let endpoint = state.endpoints.get(name);
            endpoint.is_some_and(|endpoint| endpoint.host_ifname == *ifname)
        })
    };
    let broken = steps.filter_map(|(network, step)| match step {
        LinkStep::AddBridge(bridge) | LinkStep::MendBridge(bridge)
            if !degraded.networks.contains_key(network) =>
        {
            Some(format!("bridge {}", bridge.ifname))
        }
        LinkStep::AddVeth(veth) if !is_known(&veth.ifname) => {
            Some(format!("interface {}", veth.ifname))
        }
        _ => None,
    });
    broken
        .map(|link| {
            let what = format!("{link} is missing, down, or was changed");
            finding(
                Severity::Fault,
                what,
                "restart tidegated: it creates again what does not match",
            )
        })
        .collect()
}

/// Degraded networks and endpoints: those that are down do not work, the others work in part.
fn degraded(state: &State) -> Vec<Finding> {
    let networks = state.degraded.networks.iter();
    let networks = networks.map(|(name, fault)| (format!("network {name}"), fault));
    let endpoints = state.degraded.endpoints.iter();
    let endpoints = endpoints.map(|(name, fault)| (format!("endpoint {name}"), fault));
    let of_fault = |(what, fault): (String, &Fault)| {
        let (severity, is) = match fault.down {
            true => (Severity::Fault, "is not on the host"),
            false => (Severity::Warning, "works in part"),
        };
        let hint = fault.hint.as_deref().unwrap_or("mend that");
        let advice = format!("{hint}: the daemon then tries again");
        finding(severity, format!("{what} {is}: {}", fault.reason), advice)
    };
    networks.chain(endpoints).map(of_fault).collect()
}

fn unstored(symptoms: &Symptoms) -> Vec<Finding> {
    let path = symptoms.unstored.iter();
    let of_path = |path: &String| {
        let what = format!(
            "the state file {path} was removed, replaced or emptied, and cannot be written again: the next start \
             would not find the networks"
        );
        let advice = "make its directory writable, or free space on its disk: the daemon then writes the file again";
        finding(Severity::Fault, what, advice)
    };
    path.map(of_path).collect()
}

fn table(symptoms: &Symptoms) -> Vec<Finding> {
    let mut findings = Vec::new();
    match &symptoms.table {
        Ok(differences) if differences.is_empty() => {}
        Ok(differences) => {
            let what = format!(
                "the table differs from what it should be: {}",
                differences.join("; ")
            );
            let advice = "the daemon's log names the program that changes it; a restart of tidegated restores the table";
            findings.push(finding(Severity::Fault, what, advice));
        }
        Err(reason) => {
            let what = format!("cannot compare the table with what it should be: {reason}");
            findings.push(finding(
                Severity::CouldNotTell,
                what,
                "see `tidegate ruleset --live`",
            ));
        }
    }
    if let Some(fight) = &symptoms.fight {
        let what = format!(
            "another program changed the table again and again within the last minute; each time, networks could \
             reach each other until it was restored: {fight}"
        );
        let advice =
            "configure that program to delete its own table instead of flushing the whole ruleset";
        findings.push(finding(Severity::Fault, what, advice));
    }
    if let Some((kind, reason)) = &symptoms.refusal {
        let what = format!("a dry run of the table failed: {reason}");
        let advice = match kind {
            Kind::Unsupported | Kind::NotFound => {
                "the kernel lacks a feature: load or build nf_tables with NAT, fib and conntrack \
                 (nft_chain_nat, nft_masq, nft_fib_inet, nft_ct), or use a newer kernel"
            }
            Kind::DriverGone => {
                "nft crashes: delete the tables that a newer nft created in this network namespace, with that nft, or install nftables 1.1.2 or newer"
            }
            Kind::Permission => "give tidegated CAP_NET_ADMIN",
            _ => "see the message",
        };
        findings.push(finding(Severity::Fault, what, advice));
    }
    findings
}
