//! Checks the policy of a requested network.

use std::collections::BTreeMap;
use std::net::IpAddr;

use tidegate_api::CreateNetwork;
use tidegate_model::{Access, HostAccess, Mode, Name, Policy};

use crate::Refused;

/// Longest value of a label, in bytes.
const LABEL: usize = 255;

/// What to do about most contradictions.
const ONE_OF_BOTH: &str = "leave one of the two out";

/// Refuses a policy that contradicts itself.
pub(crate) fn check(request: &CreateNetwork) -> Result<(), Refused> {
    let policy = Policy::from(request.policy.clone());
    let contradiction = |what: &'static str, hint: &'static str| {
        let network = request.name.clone();
        Err(Refused::Contradiction {
            network,
            what,
            hint,
        })
    };
    let is_translated = |ip: &IpAddr| policy.masquerade && policy.mode_of(*ip) != Mode::Routed;
    let modes = [policy.mode4, policy.mode6];
    if policy.access != Access::Open && modes.iter().any(|mode| *mode != Mode::Nat) {
        return contradiction(
            "a mode other than nat, and --internal or --isolated",
            ONE_OF_BOTH,
        );
    }
    if policy.access != Access::Open && !policy.snat.is_empty() {
        return contradiction("--snat, and --internal or --isolated", ONE_OF_BOTH);
    }
    if policy.access == Access::Isolated && !policy.trusted_interfaces.is_empty() {
        return contradiction("--trusted-interface, and --isolated", ONE_OF_BOTH);
    }
    if policy.access == Access::Isolated && !request.host_ips.is_empty() {
        return contradiction("--host-ip, and --isolated", ONE_OF_BOTH);
    }
    let is_open = |ip: &&IpAddr| policy.mode_of(**ip) == Mode::Routed;
    let loopback = request.host_ips.iter().filter(|ip| ip.is_loopback());
    // The daemon relays ::1, unless all families are routed.
    let is_relayed = |ip: &&IpAddr| ip.is_ipv6() && policy.mode4 != Mode::Routed;
    if loopback.filter(is_open).any(|ip| !is_relayed(&ip)) {
        return contradiction(
            "a loopback address as --host-ip, and a mode in which clients reach endpoints at their own addresses",
            "give another --host-ip or none, or use mode nat",
        );
    }
    let is_kept_out = policy
        .host_access
        .is_none_or(|access| matches!(access, HostAccess::None | HostAccess::Dns));
    if policy.access == Access::Isolated && !is_kept_out {
        return contradiction(
            "--host-access other than dns or none, and --isolated",
            "give --host-access dns or none, or --internal in place of --isolated",
        );
    }
    if policy.dns_forward && policy.access != Access::Internal {
        return contradiction(
            "--dns-forward is for networks with --internal",
            "leave out --dns-forward, or give --internal",
        );
    }
    if policy.dns_forward && policy.host_access == Some(HostAccess::None) {
        return contradiction(
            "--dns-forward, and --host-access none",
            "leave out --dns-forward, or give --host-access dns",
        );
    }
    if !policy.snat.iter().all(is_translated) {
        return contradiction(
            "--snat, and no translation (mode routed, or --no-masquerade)",
            "leave out --snat, or use mode nat with masquerading",
        );
    }
    one_for_each_family(request, "--snat", &policy.snat)
}

/// The requested policy, with defaults.
pub(crate) fn chosen(request: &CreateNetwork) -> Policy {
    let policy = Policy::from(request.policy.clone());
    let host_access = policy.host_access;
    Policy {
        host_access: Some(host_access.unwrap_or(HostAccess::by_default(policy.access))),
        ..policy
    }
}

/// The default host addresses. An unspecified one means all of its family.
pub(crate) fn host_ips(request: &CreateNetwork) -> Result<Vec<IpAddr>, Refused> {
    one_for_each_family(request, "--host-ip", &request.host_ips)?;
    Ok(request.host_ips.clone())
}

fn one_for_each_family(
    request: &CreateNetwork,
    flag: &'static str,
    addresses: &[IpAddr],
) -> Result<(), Refused> {
    for (index, ip) in addresses.iter().enumerate() {
        let others = &addresses[..index];
        if let Some(first) = others.iter().find(|other| other.is_ipv4() == ip.is_ipv4()) {
            return Err(Refused::TwoOfFamily {
                network: request.name.clone(),
                flag,
                first: *first,
                second: *ip,
            });
        }
        if let Some(kind) = tidegate_model::no_host_has(*ip) {
            return Err(Refused::NoHostIp {
                flag,
                ip: *ip,
                kind,
            });
        }
        if is_link_local(*ip) {
            return Err(Refused::LinkLocal {
                what: format!("{flag} {ip}"),
                ip: *ip,
            });
        }
    }
    Ok(())
}

/// Whether it is an IPv6 link-local address. IPv4 ones are forwarded like any other.
pub(crate) fn is_link_local(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local())
}

/// The labels of a request.
pub(crate) fn labels(labels: &BTreeMap<Name, String>) -> Result<BTreeMap<Name, String>, Refused> {
    let is_bad = |value: &String| value.len() > LABEL || value.chars().any(char::is_control);
    match labels.iter().find(|(_, value)| is_bad(value)) {
        Some((key, _)) => Err(Refused::Label(key.clone())),
        None => Ok(labels.clone()),
    }
}
