//! Requests that are sent together, each with its purpose.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use tidegate_model::{IfName, StaticRoute};
use tidegate_sys::netlink::{Request, Socket};

use crate::error::LinkError;

/// The purpose of a request, for its error message. Rendered only after a failure.
#[derive(Clone, Copy, Debug)]
pub(crate) enum What<'a> {
    MakeBridge(&'a IfName),
    MakeVeth(&'a IfName),
    Find(&'a IfName),
    AddAddress(&'a IpNet, &'a IfName),
    SetUp(&'a IfName),
    AddDefaultRoute(&'a IpAddr, &'a IfName),
    AddRoute(&'a IpAddr, &'a IfName),
    AddStaticRoute(&'a StaticRoute, &'a IfName),
    AddRouteOfAnswers(&'a IpNet, &'a IfName),
    AddRule(&'a IpAddr),
    DeleteRule(&'a IpAddr),
    SetLoopbackUp,
    Announce(&'a IfName),
    Keep(&'a IfName),
    AddStation(&'a IfName),
    MakePort(&'a IfName),
    SetMtu(&'a IfName),
    Loosen(&'a IfName),
    Reclaim(&'a IfName),
    Delete(&'a IfName),
}

impl fmt::Display for What<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MakeBridge(ifname) => write!(out, "make bridge {ifname}"),
            Self::MakeVeth(ifname) => write!(out, "make interface {ifname}"),
            Self::Find(ifname) => write!(out, "find interface {ifname}"),
            Self::AddAddress(net, ifname) => write!(out, "add address {net} to {ifname}"),
            Self::SetUp(ifname) => write!(out, "bring up {ifname}"),
            Self::AddDefaultRoute(gateway, ifname) => {
                write!(out, "add a default route via {gateway} through {ifname}")
            }
            Self::AddRoute(to, ifname) => write!(out, "add a route to {to} through {ifname}"),
            Self::AddStaticRoute(route, ifname) => {
                write!(out, "add the route {route} through {ifname}")
            }
            Self::AddRouteOfAnswers(net, ifname) => {
                write!(out, "add a route of DNS answers to {net} through {ifname}")
            }
            Self::AddRule(from) => write!(out, "add a routing rule for packets from {from}"),
            Self::DeleteRule(from) => {
                write!(out, "remove the routing rule for packets from {from}")
            }
            Self::SetLoopbackUp => write!(out, "bring up lo"),
            Self::Announce(ifname) => write!(out, "announce the addresses of {ifname}"),
            Self::Keep(ifname) => write!(out, "set up bridge {ifname} again"),
            Self::AddStation(ifname) => write!(out, "set the forwarding entry of port {ifname}"),
            Self::MakePort(ifname) => write!(out, "make {ifname} a port of its bridge again"),
            Self::Loosen(ifname) => write!(out, "make the reverse path filter of {ifname} loose"),
            Self::SetMtu(ifname) => write!(out, "set the MTU of {ifname}"),
            Self::Reclaim(ifname) => write!(out, "give {ifname} its name and group again"),
            Self::Delete(ifname) => write!(out, "remove interface {ifname}"),
        }
    }
}

/// Requests that are sent together. The kernel carries out each of them even after one
/// that failed, so the caller undoes the whole batch.
#[derive(Default)]
pub(crate) struct Batch<'a> {
    what: Vec<What<'a>>,
    requests: Vec<Request>,
}

impl<'a> Batch<'a> {
    pub(crate) fn push(&mut self, what: What<'a>, request: Request) {
        self.what.push(what);
        self.requests.push(request);
    }

    /// The answers in order, or the first failure.
    pub(crate) fn send(self, socket: &mut Socket) -> Result<Vec<Vec<u8>>, LinkError> {
        let Some(first) = self.what.first() else {
            return Ok(Vec::new());
        };
        let answers = socket.exchange(&self.requests);
        let answers = answers.map_err(|cause| LinkError::new(first, cause))?;
        std::iter::zip(&self.what, answers)
            .map(|(what, answer)| answer.map_err(|refusal| LinkError::new(what, refusal)))
            .collect()
    }
}

/// Sends one request.
pub(crate) fn send_one(
    socket: &mut Socket,
    what: What<'_>,
    request: Request,
) -> Result<Vec<u8>, LinkError> {
    socket
        .ask(request)
        .map_err(|cause| LinkError::new(what, cause))
}
