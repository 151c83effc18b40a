//! The calls of the API in one table: method, path, parameters, answer, and a summary.

use std::fmt;

use tidegate_model::Name;

use crate::doctor::Diagnosis;
use crate::event::Event;
use crate::explain::{Explanation, Question};
#[cfg(feature = "schema")]
use crate::given::Schemas;
use crate::given::{Body, Given, Query};
use crate::traffic::Traffic;
use crate::{
    Attach, CreateNetwork, Endpoint, EndpointCheck, EndpointView, Export, Imported, Info,
    NetworkView, OwnedEndpoints, Peer, Ports, PortsView, ProposeSubnets, ProposedSubnets, Publish,
    Removable, RemoveEndpoint, RemoveNetwork, RulesetDiff, RulesetText, TearDown, TornDown,
    Travels, UnusedEndpoints, WaitingEndpoint,
};

/// An HTTP method (RFC 9110 section 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// Reads, and changes nothing.
    Get,
    /// Has something done.
    Post,
    /// Has something removed.
    Delete,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Get, Self::Post, Self::Delete];

    /// `GET`, `POST` or `DELETE`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One JSON value.
    Json,
    /// A stream of JSON values, one a line (<https://github.com/ndjson/ndjson-spec>).
    Lines,
}

/// Path and purpose of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// The call's name, unique.
    pub name: &'static str,
    /// Its method.
    pub method: Method,
    /// Its path, in which [`NAME`] stands for the name of a network or an endpoint.
    pub path: &'static str,
    /// How its answer is written.
    pub form: Form,
    /// What it does, in a line.
    pub summary: &'static str,
}

/// The placeholder for a name in a path.
pub const NAME: &str = "{name}";

impl Route {
    /// The path of a call, with `name` in place of the placeholder, if it has one.
    pub fn path_of(&self, name: Option<&Name>) -> String {
        name.map_or_else(
            || self.path.to_owned(),
            |name| self.path.replace(NAME, &name.to_string()),
        )
    }
}

impl fmt::Display for Route {
    /// `POST /v1/networks`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// A call of the API.
pub trait Call {
    /// Where it is found.
    const ROUTE: Route;
    /// What is given with it.
    type Given: Given;
    /// The answer: the value, or each value of the stream.
    type Answer: Travels;
}

/// A call with its schemas.
#[cfg(feature = "schema")]
pub(crate) struct Operation {
    pub(crate) route: Route,
    pub(crate) given: Schemas,
    pub(crate) answer: schemars::Schema,
}

macro_rules! calls {
    ($($method:ident $path:literal $call:ident($given:ty) -> $form:ident<$answer:ty>: $summary:literal;)*) => {
        $(
            #[doc = concat!($summary, ".")]
            #[derive(Clone, Copy, Debug)]
            pub struct $call;

            impl Call for $call {
                const ROUTE: Route = Route {
                    name: stringify!($call),
                    method: Method::$method,
                    path: $path,
                    form: Form::$form,
                    summary: $summary,
                };
                type Given = $given;
                type Answer = $answer;
            }
        )*

        /// Every call.
        pub const ROUTES: &[Route] = &[$($call::ROUTE),*];

        /// Every call with the schemas of its parameters and its answer.
        #[cfg(feature = "schema")]
        pub(crate) fn operations(generator: &mut schemars::SchemaGenerator) -> Vec<Operation> {
            vec![$(Operation {
                route: $call::ROUTE,
                given: <$given>::schemas(generator),
                answer: generator.subschema_for::<$answer>(),
            }),*]
        }
    };
}

calls! {
    Get "/v1/info" GetInfo(()) -> Json<Info>:
        "Describe the daemon and what it works with";
    Get "/v1/networks" ListNetworks(()) -> Json<Vec<NetworkView>>:
        "List the networks";
    Post "/v1/networks" AddNetwork(Body<CreateNetwork>) -> Json<NetworkView>:
        "Create a network";
    Get "/v1/networks/{name}" GetNetwork(Name) -> Json<NetworkView>:
        "Describe a network";
    Delete "/v1/networks/{name}" DeleteNetwork((Name, Query<RemoveNetwork>)) -> Json<NetworkView>:
        "Remove a network; the answer is what it was";
    Post "/v1/networks/{name}/connect" ConnectNetwork((Name, Body<Peer>)) -> Json<NetworkView>:
        "Let the endpoints of two networks reach each other, or those of the first only reach those of the second";
    Post "/v1/networks/{name}/disconnect" DisconnectNetwork((Name, Body<Peer>)) -> Json<NetworkView>:
        "Separate two networks that were connected";
    Get "/v1/endpoints" ListEndpoints(()) -> Json<Vec<EndpointView>>:
        "List the endpoints, without their resolv.conf";
    Post "/v1/endpoints" AddEndpoint(Body<Attach>) -> Json<EndpointView>:
        "Attach a network namespace to a network";
    Get "/v1/endpoints/{name}" GetEndpoint(Name) -> Json<EndpointView>:
        "Describe an endpoint";
    Get "/v1/endpoints/{name}/check" CheckEndpoint(Name) -> Json<EndpointCheck>:
        "Look at an endpoint in its namespace and on the host; the answer has what is missing or has changed";
    Delete "/v1/endpoints/{name}" DeleteEndpoint((Name, Query<RemoveEndpoint>)) -> Json<Option<Endpoint>>:
        "Detach an endpoint; the answer is what it was";
    Post "/v1/endpoints/{name}/publish" PublishPorts((Name, Body<Publish>)) -> Json<PortsView>:
        "Publish further ports of an endpoint; the answer names the new ones";
    Post "/v1/endpoints/{name}/unpublish" UnpublishPorts((Name, Body<Ports>)) -> Json<PortsView>:
        "Stop publishing ports of an endpoint; the answer names those that are withdrawn";
    Post "/v1/gc" CollectEndpoints(()) -> Json<Vec<Endpoint>>:
        "Remove the endpoints whose namespaces are gone; the answer is what they were";
    Post "/v1/owned/detach" DetachOwned(Body<OwnedEndpoints>) -> Json<Vec<Endpoint>>:
        "Detach the endpoints of an owner, all or none; the answer is what they were";
    Post "/v1/owned/collect" CollectOwned(Body<UnusedEndpoints>) -> Json<Vec<Endpoint>>:
        "Detach the endpoints of an engine that it does not use, all or none; the answer is what they were";
    Post "/v1/subnets/propose" ProposeFreeSubnets(Body<ProposeSubnets>) -> Json<ProposedSubnets>:
        "Propose subnets for a network, and make none";
    Get "/v1/export" GetExport(()) -> Json<Export>:
        "Write networks and endpoints as a document for an import";
    Post "/v1/import" ImportAll(Body<Export>) -> Json<Imported>:
        "Make the networks and endpoints of a document; all of them, or none";
    Post "/v1/import/check" CheckImport(Body<Export>) -> Json<Imported>:
        "Tell what an import of a document would make, or why it would be refused; nothing is made";
    Get "/v1/waiting" ListWaiting(()) -> Json<Vec<WaitingEndpoint>>:
        "List the imported endpoints that wait for their namespaces";
    Delete "/v1/waiting/{name}" ForgetWaiting(Name) -> Json<WaitingEndpoint>:
        "Forget an imported endpoint that waits for its namespace";
    Get "/v1/teardown" GetRemovable(()) -> Json<Removable>:
        "Tell what a teardown would remove";
    Post "/v1/teardown" TearDownAll(Body<TearDown>) -> Json<TornDown>:
        "Remove everything from the host, and stop the daemon";
    Get "/v1/events" WatchEvents(()) -> Lines<Event>:
        "Tell events as they happen, until the client or the daemon ends the connection";
    Get "/v1/doctor" GetDiagnosis(()) -> Json<Diagnosis>:
        "Look for what stops packets on this host";
    Post "/v1/explain" ExplainPacket(Body<Question>) -> Json<Explanation>:
        "Explain what becomes of the first packet of a connection";
    Get "/v1/traffic" GetTraffic(()) -> Json<Traffic>:
        "Count what passes through published ports";
    Get "/v1/ruleset/planned" GetPlannedRuleset(()) -> Json<RulesetText>:
        "Write the ruleset as it is planned";
    Get "/v1/ruleset/live" GetLiveRuleset(()) -> Json<RulesetText>:
        "Write the ruleset as the kernel has it";
    Get "/v1/ruleset/diff" GetRulesetDiff(()) -> Json<RulesetDiff>:
        "Compare the planned ruleset with the kernel's";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_calls_have_a_name_or_a_place_in_common() {
        let names: BTreeSet<_> = ROUTES.iter().map(|route| route.name).collect();
        let places: BTreeSet<_> = ROUTES.iter().map(ToString::to_string).collect();
        assert_eq!((names.len(), places.len()), (ROUTES.len(), ROUTES.len()));
    }

    #[test]
    fn a_path_takes_the_name_of_what_the_call_is_about() {
        let name = "web".parse().unwrap();
        assert_eq!(
            ConnectNetwork::ROUTE.path_of(Some(&name)),
            "/v1/networks/web/connect"
        );
        assert_eq!(GetInfo::ROUTE.path_of(None), "/v1/info");
    }
}
