//! The static routes that an endpoint gives its namespace.

use ipnet::IpNet;
use tidegate_api::Attach;
use tidegate_model::{Network, StaticRoute};

use crate::Refused;
use crate::ip_family::IpFamily;

/// The requested routes, each of which its addresses must be able to use.
pub(crate) fn of_request(
    network: &Network,
    request: &Attach,
    addresses: &[IpNet],
) -> Result<Vec<StaticRoute>, Refused> {
    let mut routes: Vec<StaticRoute> = Vec::new();
    for wanted in &request.routes {
        let route = StaticRoute::new(wanted.to, wanted.via)?;
        let is_twice = routes.iter().any(|other| other.to() == route.to());
        let reason = match is_twice {
            true => Some("another one has the same destination".to_owned()),
            false => reason_against(network, request, addresses, &route),
        };
        if let Some(reason) = reason {
            return Err(Refused::RouteUnusable { route, reason });
        }
        routes.push(route);
    }
    Ok(routes)
}

fn reason_against(
    network: &Network,
    request: &Attach,
    addresses: &[IpNet],
    route: &StaticRoute,
) -> Option<String> {
    let family = IpFamily::of(route.to());
    let mut own = addresses.iter().filter(|net| IpFamily::of(**net) == family);
    if own.clone().next().is_none() {
        return Some(format!("the endpoint has no {family} address"));
    }
    if route.is_default() && request.default_route {
        return Some("the endpoint has a default route already".to_owned());
    }
    let next = route.via()?;
    if own.clone().any(|net| net.addr() == next) {
        return Some("its next hop is the endpoint itself".to_owned());
    }
    let is_on_link = own.any(|net| net.contains(&next));
    (!is_on_link).then(|| {
        let name = &network.name;
        format!("its next hop is in none of the endpoint's subnets of network {name}")
    })
}
