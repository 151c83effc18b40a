//! Keeps the host's IPv6 default routes that come from router advertisements.
//!
//! When the host begins to forward, the kernel forgets these routes, and from then on an interface accepts
//! advertisements only if its `accept_ra` is 2 (ip-sysctl of the kernel documentation). Where a program in user space
//! handles advertisements (systemd-networkd, NetworkManager), it sets `accept_ra` to 0, and its routes stay.

use std::collections::HashSet;

use tidegate_model::IfName;
use tidegate_model::links::{GROUP, LinkKind, Sysctl};

use crate::decode::{LinkRecord, RouteRecord};
use crate::error::{Cause, LinkError};
use crate::message;
use crate::remover::is_retired;
use crate::rtnetlink::Rtnetlink;
use crate::survey::LOOPBACK;
use crate::sysctl::Sysctls;

/// Sets `accept_ra` to 2 where it is 1, if the host does not forward yet, or if we had it do so. If somebody else had
/// the host forward, advertisements are ignored already, perhaps on purpose.
pub(crate) fn keep(host: &mut Rtnetlink) -> Result<(), LinkError> {
    let Rtnetlink { home, sysctls, .. } = host;
    let forwards = home.run_here(move || sysctls.read("net/ipv6/conf/all/forwarding"));
    let forwards = forwards.map_err(|cause| LinkError::new("read sysctls", cause))?;
    match forwards.as_deref() {
        Some("0") => host.is_router_by_us = true,
        Some(_) if host.is_router_by_us => {}
        // Or the kernel has no IPv6.
        _ => return Ok(()),
    }
    let uplinks = uplinks(host)
        .map_err(|cause| LinkError::new("list the interfaces that may hear routers", cause))?;
    let Rtnetlink { home, sysctls, .. } = host;
    let mut changed = Vec::new();
    let kept = home.run_here(|| keep_each(sysctls, &uplinks, &mut changed));
    host.changed_for_routers.extend(changed);
    kept.map_err(|cause| LinkError::new("set accept_ra of the host's interfaces", cause))?
}

fn keep_each(
    sysctls: &mut Sysctls,
    uplinks: &[IfName],
    changed: &mut Vec<Sysctl>,
) -> Result<(), LinkError> {
    for ifname in uplinks {
        let path = format!("net/ipv6/conf/{ifname}/accept_ra");
        if sysctls.read(&path).as_deref() != Some("1") {
            continue;
        }
        let sysctl = |value: &str| Sysctl {
            path: path.clone(),
            value: value.to_owned(),
        };
        sysctls.set_if_there(&sysctl("2"))?;
        changed.push(sysctl("1"));
        tracing::warn!(
            "net.ipv6.conf.{ifname}.accept_ra is set to 2, so that {ifname} accepts router advertisements while the host \
             forwards IPv6 for its networks; it stays so"
        );
    }
    Ok(())
}

/// The interfaces that a router of the host may be behind. A bridge or a veth usually leads to guests, which must not
/// become the host's router: it counts only if a default route from an advertisement leads there.
fn uplinks(host: &mut Rtnetlink) -> Result<Vec<IfName>, Cause> {
    let links = host
        .socket
        .dump(&message::list_links(), LinkRecord::decode)?;
    let routes = host
        .socket
        .dump(&message::list_routes(), RouteRecord::decode)?;
    let heard = routes.iter().filter(|route| route.is_from_router());
    let heard: HashSet<u32> = heard.filter_map(|route| route.link).collect();
    let is_uplink = |link: &LinkRecord| {
        let is_guests = matches!(link.kind, LinkKind::Bridge | LinkKind::Veth);
        let is_ours = link.group == GROUP || is_retired(link) || link.index == LOOPBACK;
        !is_ours && link.master.is_none() && (!is_guests || heard.contains(&link.index))
    };
    let uplinks = links.into_iter().filter(is_uplink);
    Ok(uplinks.filter_map(|link| link.ifname).collect())
}
