//! Interfaces of the host that ignore IPv6 routers because the host forwards.

use tidegate_api::doctor::{Finding, Severity};
use tidegate_model::State;
use tidegate_model::links::{GROUP, Link, LinkKind};

use super::{Check, Fact, Symptoms, finding};
use crate::steps::{FORWARDING6, forwards_ipv6};

pub(super) const CHECK: Check = Check {
    name: "routers",
    facts: |state, symptoms| {
        let uplinks = uplinks(state, symptoms).map(|link| accept_ra(link.ifname.as_str()));
        uplinks.map(Fact::Sysctl).collect()
    },
    findings,
};

fn accept_ra(interface: &str) -> String {
    format!("net/ipv6/conf/{interface}/accept_ra")
}

/// Interfaces that a router of the host may be behind, if networks have the host forward IPv6.
fn uplinks<'a>(state: &State, symptoms: &'a Symptoms) -> impl Iterator<Item = &'a Link> {
    let is_meant = forwards_ipv6(state);
    symptoms.links.iter().filter(move |link| {
        let is_port = link.master.is_some() || link.kind == LinkKind::Bridge;
        is_meant && link.up && link.group != GROUP && !is_port && link.ifname.as_str() != "lo"
    })
}

/// With a default route from elsewhere, nobody misses the advertisements.
fn findings(state: &State, symptoms: &Symptoms) -> Vec<Finding> {
    let is_default = |net: &ipnet::IpNet| net.addr().is_ipv6() && net.prefix_len() == 0;
    let mut routes = symptoms.routes.iter();
    let has_default = routes.any(|route| is_default(&route.destination) && !route.is_blocked);
    if has_default || symptoms.sysctl(FORWARDING6) != Some("1") {
        return Vec::new();
    }
    let deaf = uplinks(state, symptoms).filter(|link| {
        let value = symptoms.sysctl(&accept_ra(link.ifname.as_str()));
        value == Some("1")
    });
    deaf.map(|link| {
        let ifname = &link.ifname;
        let name = format!("net.ipv6.conf.{ifname}.accept_ra");
        let what = format!(
            "the host has no IPv6 default route, and interface {ifname} ignores router advertisements: {name} is 1, \
             which does not count while the host forwards IPv6"
        );
        let advice = format!("if a router is there, `sysctl -w {name}=2`, and in /etc/sysctl.d to keep it");
        finding(Severity::Warning, what, advice)
    })
    .collect()
}
