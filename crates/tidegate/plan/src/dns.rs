//! DNS settings of a request.

use std::net::IpAddr;

use tidegate_model::{Dns, Name, Policy};

use crate::Refused;

/// The settings of a network with that policy, or of an endpoint on it.
pub(crate) fn chosen(
    settings: &tidegate_api::Dns,
    network: &Name,
    policy: &Policy,
) -> Result<Dns, Refused> {
    let dns = Dns::from(settings.clone());
    if let Some((ip, kind)) = dns
        .servers
        .iter()
        .find_map(|ip| Some((*ip, no_server(*ip)?)))
    {
        return Err(Refused::NoDnsServer { ip, kind });
    }
    if !dns.servers.is_empty() && !policy.forwards_names() {
        return Err(Refused::NamesNotForwarded(network.clone()));
    }
    match dns.search.len() > 1 && dns.search.iter().any(|domain| domain.is_root()) {
        true => Err(Refused::SearchOfNone),
        false => Ok(dns),
    }
}

/// What an address is that no DNS server can have.
fn no_server(ip: IpAddr) -> Option<&'static str> {
    match ip {
        ip if ip.is_unspecified() => Some("the unspecified address"),
        IpAddr::V6(ip) if ip.is_unicast_link_local() => Some("an address of one link"),
        ip => tidegate_model::no_host_has(ip),
    }
}
