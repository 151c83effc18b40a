//! Gathers the symptoms for `tidegate doctor`.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;

use error_hint::causes;
use tidegate_api::ForwardingInfo;
use tidegate_api::doctor::Diagnosis;
use tidegate_link::{Descriptors, OpenNamespaces};
use tidegate_model::Name;
use tidegate_plan::{Symptoms, diagnose, needs, replace, table, unknown_facts};

use super::facts::read_all;
use super::{Engine, EngineError, path_of};
use crate::resolver::Status;

impl Engine {
    /// Finds what stops packets or changes. It changes nothing, and no command waits for the programs that it runs.
    ///
    /// # Errors
    /// If the host's links or routes cannot be listed.
    pub fn doctor(&self) -> Result<Diagnosis, EngineError> {
        let (links, routes, policy, answers, unguarded, unstored) = {
            let mut backends = self.backends();
            let store = &backends.store;
            let unstored = (!store.is_in_place()).then(|| store.path().display().to_string());
            (
                backends.links.links()?,
                backends.links.routes()?,
                backends.links.policy_routing()?,
                backends.links.answer_routing(),
                backends.links.unguarded(),
                unstored,
            )
        };
        let (state, _) = self.snapshot();
        let unguarded = unguarded.map_err(|error| one_line(&error));
        let driver = &self.driver;
        let description = driver.describe();
        let refusal = driver.check(&replace(&state)).err();
        let mut symptoms = Symptoms {
            facts: BTreeMap::new(),
            links,
            routes,
            policy,
            answers: answers.map_err(|error| one_line(&error)),
            unguarded,
            lacking: tidegate_link::lacking(&needs(&state)).map_err(|error| one_line(&error)),
            table: self.ruleset_differences().map_err(|error| one_line(&error)),
            refusal: refusal.map(|error| (error.kind, error.to_string())),
            chains: driver
                .base_chains(&table())
                .map_err(|error| error.to_string()),
            nft_version: description.version.clone(),
            nft_fault: description.warning.clone(),
            descriptors: descriptors(),
            fight: self.fight(),
            strict_endpoints: self.strict_endpoints(),
            links_fought: self.links_fight().map(|fight| fight.to_string()),
            unstored,
            unanswered: match self.names.status() {
                Status::Down(reason) => Some(reason),
                Status::Starting | Status::Answered(_) => None,
            },
        };
        loop {
            let unknown = unknown_facts(&state, &symptoms);
            if unknown.is_empty() {
                break;
            }
            symptoms.facts.extend(read_all(unknown));
        }
        Ok(diagnose(&state, &symptoms))
    }
}

/// The most namespaces whose settings are read.
pub(super) const LOOKED_INTO: usize = 64;

impl Engine {
    /// Endpoints of namespaces on several networks whose reverse path filter is strict.
    fn strict_endpoints(&self) -> Vec<Name> {
        let (state, _) = self.snapshot();
        let endpoints = state.endpoints.values();
        let on_several = endpoints.filter(|endpoint| {
            let of_netns = state.endpoints.of_netns(&endpoint.netns_id());
            of_netns.take(2).count() > 1
        });
        let looked_at: Vec<_> = on_several.take(LOOKED_INTO).collect();
        let paths = looked_at.iter().copied().filter_map(path_of);
        let namespaces = OpenNamespaces::open(paths.collect::<Vec<_>>());
        let mut backends = self.backends();
        backends.links.keep_open(namespaces);
        let strict = looked_at.into_iter().filter(|endpoint| {
            let found = endpoint.place.path().map(|path| {
                let ifname = &endpoint.ifname;
                backends.links.reverse_path(path, ifname)
            });
            matches!(found, Some(Ok(Some(1))))
        });
        let strict = strict.map(|endpoint| endpoint.name.clone()).collect();
        backends.links.keep_open(OpenNamespaces::default());
        strict
    }

    /// The interfaces that accept router advertisements while the host forwards. Ports of endpoints never do.
    fn accept_ra(&self) -> Vec<String> {
        let ports: BTreeSet<String> = {
            let state = self.state();
            let ports = state.endpoints.values();
            ports
                .map(|endpoint| endpoint.host_ifname.to_string())
                .collect()
        };
        let interfaces = fs::read_dir("/proc/sys/net/ipv6/conf")
            .into_iter()
            .flatten();
        let names = interfaces.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let accepts = |name: &String| {
            let path = format!("net/ipv6/conf/{name}/accept_ra");
            !ports.contains(name) && tidegate_link::sysctl(&path).as_deref() == Some("2")
        };
        let mut accepting: Vec<String> = names.filter(accepts).collect();
        accepting.sort_unstable();
        accepting
    }

    /// Whether the host forwards IP packets, and whether the daemon turns that on.
    pub(crate) fn forwarding_info(&self) -> ForwardingInfo {
        let is_on = |path| tidegate_link::sysctl(path).map(|value| value.trim() != "0");
        ForwardingInfo {
            setting: self.state().forwarding,
            ipv4: is_on("net/ipv4/ip_forward"),
            ipv6: is_on("net/ipv6/conf/all/forwarding"),
            accept_ra: self.accept_ra(),
        }
    }
}

fn one_line(error: &(impl Error + 'static)) -> String {
    [vec![error.to_string()], causes(error)].concat().join(": ")
}

/// Open file descriptors of the daemon, their limit, and the number of reserved ones.
fn descriptors() -> (u64, u64, u64) {
    let open = fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    let Descriptors { limit, kept } = Descriptors::now();
    (open as u64, limit, kept)
}
