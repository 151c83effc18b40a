//! Whether a host can make what is in a document.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use error_hint::in_one_line;
use tidegate_api::{Connection, Export, ExportedEndpoint};
use tidegate_model::links::NetnsFacts;
use tidegate_model::{Change, IfName, Name, NetnsId, State};

use crate::hand_over::unknown_namespace;
use crate::{
    Awaited, HostFacts, Pools, PortFacts, Refused, attach, connect, create_network, publish,
};

/// What keeps a host from making an object of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// What it is, with the name of the object.
    pub what: String,
    /// What can be changed in the document, with the name of the object.
    pub remedy: Option<String>,
}

impl From<String> for Obstacle {
    fn from(what: String) -> Self {
        Self { what, remedy: None }
    }
}

/// An object of a document.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// A network.
    Network(&'a Name),
    /// Two networks that are to be connected.
    Connection(&'a Name, &'a Name),
    /// An endpoint.
    Endpoint(&'a Name),
}

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(name) => write!(f, "network {name}"),
            Self::Connection(from, to) => write!(f, "the connection of {from} and {to}"),
            Self::Endpoint(name) => write!(f, "endpoint {name}"),
        }
    }
}

impl Subject<'_> {
    /// Why it was refused.
    pub fn refused(self, refused: &Refused) -> Obstacle {
        let what = in_one_line(refused);
        let remedy = refused.in_document();
        Obstacle {
            what: match self.is_named_in(&what) {
                true => what,
                false => format!("{self}: {what}"),
            },
            remedy: remedy.map(|remedy| format!("{self}: {remedy}")),
        }
    }

    fn is_named_in(self, text: &str) -> bool {
        let name = self.to_string();
        // A name goes on with these.
        let ends =
            |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || "_.-".contains(c));
        let mut found = text.match_indices(&name);
        found.any(|(at, _)| ends(&text[at + name.len()..]))
    }
}

/// Makes everything of a document on a copy of the state, and returns the copy. `namespaces` has what is known of those
/// that are there; endpoints of the others may wait.
///
/// # Errors
/// Everything that keeps the host from it.
pub fn check_import(
    state: &State,
    export: &Export,
    host: &HostFacts,
    pools: &Pools,
    ports: &PortFacts,
    namespaces: BTreeMap<PathBuf, NetnsFacts>,
) -> Result<State, Vec<Obstacle>> {
    if export.version != Export::VERSION {
        let known = Export::VERSION;
        let what = format!(
            "the document has version {}, and this release reads version {known}",
            export.version
        );
        return Err(vec![what.into()]);
    }
    let mut trial = Trial {
        state: state.clone(),
        lost: BTreeSet::new(),
        namespaces: Namespaces::new(namespaces),
        obstacles: Vec::new(),
    };
    for network in &export.networks {
        let planned = create_network(&trial.state, network, host, pools);
        let planned = planned.map(|plan| plan.change);
        if !trial.make(Subject::Network(&network.name), planned) {
            trial.lost.insert(&network.name);
        }
    }
    for Connection { from, to, one_way } in &export.connected {
        if !trial.lost.contains(from) && !trial.lost.contains(to) {
            let planned = connect(&trial.state, from, to, *one_way);
            let planned = planned.map(|plan| plan.change);
            trial.make(Subject::Connection(from, to), planned);
        }
    }
    for endpoint in &export.endpoints {
        trial.endpoint(endpoint, ports);
    }
    match trial.obstacles.is_empty() {
        true => Ok(trial.state),
        false => Err(trial.obstacles),
    }
}

/// Carries out requests on a copy of the state.
struct Trial<'a> {
    state: State,
    /// Networks of the document that cannot be made.
    lost: BTreeSet<&'a Name>,
    namespaces: Namespaces,
    obstacles: Vec<Obstacle>,
}

impl<'a> Trial<'a> {
    fn make(&mut self, subject: Subject<'_>, planned: Result<Change, Refused>) -> bool {
        match planned {
            Ok(change) => {
                self.state.apply(&change);
                true
            }
            Err(refused) => {
                self.obstacles.push(subject.refused(&refused));
                false
            }
        }
    }

    fn endpoint(&mut self, endpoint: &'a ExportedEndpoint, ports: &PortFacts) {
        let request = &endpoint.attach;
        if self.lost.contains(&request.network) {
            return;
        }
        let Some(name) = &request.name else {
            let what = format!("an endpoint of network {} has no name", request.network);
            self.obstacles.push(what.into());
            return;
        };
        let subject = Subject::Endpoint(name);
        if let Some((name, waiting)) = self.state.waiting(name) {
            let refused = Refused::NameWaits(Awaited::of(name, waiting));
            self.obstacles.push(subject.refused(&refused));
            return;
        }
        let mut unknown = unknown_namespace();
        let facts = match &request.netns {
            Some(path) => self.namespaces.at(path),
            None => &mut unknown,
        };
        let planned = attach(&self.state, request, facts, ports);
        let made = planned.as_ref().ok();
        facts
            .ifnames
            .extend(made.map(|it| it.outcome.ifname.clone()));
        if !self.make(subject, planned.map(|plan| plan.change)) {
            return;
        }
        for wanted in &endpoint.publish {
            let planned = publish(&self.state, name, wanted, ports);
            self.make(subject, planned.map(|plan| plan.change));
        }
    }
}

/// The namespaces of a document, as they become.
#[derive(Default)]
struct Namespaces {
    facts: Vec<NetnsFacts>,
    /// Positions in `facts`: several paths may lead to one namespace.
    paths: BTreeMap<PathBuf, usize>,
}

impl Namespaces {
    fn new(known: BTreeMap<PathBuf, NetnsFacts>) -> Self {
        let mut namespaces = Self::default();
        let mut positions = BTreeMap::new();
        for (path, facts) in known {
            let next = namespaces.facts.len();
            let position = *positions
                .entry((facts.id.dev, facts.id.ino))
                .or_insert(next);
            if position == next {
                namespaces.facts.push(facts);
            }
            namespaces.paths.insert(path, position);
        }
        namespaces
    }

    /// That at a path.
    fn at(&mut self, path: &Path) -> &mut NetnsFacts {
        let next = self.facts.len();
        let position = *self.paths.entry(path.to_owned()).or_insert(next);
        if position == next {
            self.facts.push(unseen(next as u64));
        }
        &mut self.facts[position]
    }
}

/// A namespace that nobody has looked at. No real one has this device.
fn unseen(number: u64) -> NetnsFacts {
    NetnsFacts {
        id: NetnsId {
            dev: u64::MAX,
            ino: number,
            cookie: None,
        },
        ifnames: "lo".parse::<IfName>().into_iter().collect(),
        default_routes: Vec::new(),
        ipv6_off: None,
    }
}
