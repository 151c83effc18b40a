//! The host's own interfaces.

use tidegate_model::links::{GROUP, Link};

/// Uplinks: links with addresses of a family, except ours and loopback.
pub(super) fn uplinks(links: &[Link], is_ipv4: bool) -> impl Iterator<Item = &Link> {
    links.iter().filter(move |link| {
        let mut addresses = link.addresses.iter().map(|net| net.addr());
        let reaches = addresses.any(|ip| ip.is_ipv4() == is_ipv4 && !ip.is_loopback());
        link.group != GROUP && link.up && reaches
    })
}
