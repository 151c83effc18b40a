//! The way of the DNS server's answers to isolated networks. The host has no route to these networks, except for packets
//! from the DNS server's own addresses: rules (ip-rule(8)) lead these to a table of ours.

use std::collections::BTreeSet;

use rustix::io::Errno;
use rustix::net::netdevice::index_to_name;
use tidegate_model::RESOLVERS;
use tidegate_model::links::{AnswerRouting, Bridge, GROUP};
use tidegate_sys::netlink::{Request, Socket};

use crate::batch::What;
use crate::decode::{RouteRecord, answer_rule};
use crate::error::{Cause, LinkError};
use crate::message;

/// Adds routes to the subnets of a bridge to which the host has no other, and the rules that lead there. A bridge that
/// is down gets no route: this is done again when it is brought up.
pub(crate) fn add(socket: &mut Socket, bridge: &Bridge, index: u32) -> Result<(), LinkError> {
    for resolver in &RESOLVERS {
        let mut nets = bridge.answered.iter();
        if nets.any(|net| net.addr().is_ipv4() == resolver.is_ipv4()) {
            let request = message::new_rule_from(*resolver);
            ask(socket, What::AddRule(resolver), request, &[Errno::EXIST])?;
        }
    }
    for net in &bridge.answered {
        let request = message::new_route_of_answers(index, net);
        let what = What::AddRouteOfAnswers(net, &bridge.ifname);
        ask(socket, what, request, &[Errno::NETDOWN])?;
    }
    Ok(())
}

/// What there is of them.
pub(crate) fn found(socket: &mut Socket) -> Result<AnswerRouting, Cause> {
    let mut rules = BTreeSet::new();
    for is_ipv6 in [false, true] {
        // A kernel without policy rules, or without IPv6, has none.
        let of_family = socket.dump(&message::list_rules(is_ipv6), answer_rule);
        rules.extend(of_family.unwrap_or_default());
    }
    let routes = socket.dump(&message::list_routes_of_answers(), RouteRecord::decode)?;
    let routes = routes.into_iter().filter_map(|route| {
        // A kernel before 4.20 lists the routes of all tables.
        (route.other_table() == Some(GROUP)).then_some(())?;
        let ifname = index_to_name(&*socket, route.link?).ok()?;
        Some((route.destination, ifname.parse().ok()?))
    });
    Ok(AnswerRouting {
        rules,
        routes: routes.collect(),
    })
}

/// Removes the rules, if they are there. A kernel without policy rules, or without IPv6, has none.
pub(crate) fn end(socket: &mut Socket) -> Result<(), LinkError> {
    let none = [Errno::NOENT, Errno::AFNOSUPPORT, Errno::OPNOTSUPP];
    RESOLVERS.iter().try_for_each(|resolver| {
        let request = message::delete_rule_from(*resolver);
        ask(socket, What::DeleteRule(resolver), request, &none)
    })
}

/// Sends a request, which may be refused for some reasons.
fn ask(
    socket: &mut Socket,
    what: What<'_>,
    request: Request,
    harmless: &[Errno],
) -> Result<(), LinkError> {
    match socket.ask(request) {
        Err(error) if error.errno().is_some_and(|it| harmless.contains(&it)) => Ok(()),
        done => done.map(drop).map_err(|cause| LinkError::new(what, cause)),
    }
}
