//! Gathers the symptoms for `tidegate doctor`.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use std::time::Duration;

use error_hint::causes;
use tidegate_api::ForwardingInfo;
use tidegate_api::doctor::Diagnosis;
use tidegate_link::Descriptors;
use tidegate_plan::{Legacy, LegacyPolicy, Symptoms, diagnose, replace, sysctls_of_interest};

use super::{Engine, EngineError};
use crate::program::run;
use crate::resolver::Status;

/// Time limit for another program.
const TIME_LIMIT: Duration = Duration::from_secs(5);

impl Engine {
    /// Finds what stops packets or changes. It changes nothing, and no command waits for the programs that it runs.
    ///
    /// # Errors
    /// If the host's links cannot be listed.
    pub fn doctor(&self) -> Result<Diagnosis, EngineError> {
        let (links, unguarded, unstored) = {
            let mut backends = self.backends();
            let store = &backends.store;
            let unstored = (!store.is_in_place()).then(|| store.path().display().to_string());
            (
                backends.links.links()?,
                backends.links.unguarded(),
                unstored,
            )
        };
        let (state, _) = self.snapshot();
        let paths: BTreeSet<String> = sysctls_of_interest(&state, &links);
        let values = paths.into_iter().map(|path| {
            let value = tidegate_link::sysctl(&path);
            (path, value)
        });
        let unguarded = unguarded.map_err(|error| {
            let causes = causes(&error);
            [vec![error.to_string()], causes].concat().join(": ")
        });
        let driver = &self.driver;
        let description = driver.describe();
        let refusal = driver.check(&replace(&state)).err();
        let symptoms = Symptoms {
            sysctls: values.collect(),
            links,
            unguarded,
            table: self.ruleset_differences().map_err(|error| one_line(&error)),
            refusal: refusal.map(|error| (error.kind, error.to_string())),
            chains: driver.base_chains().map_err(|error| error.to_string()),
            legacy: legacy(),
            nft_version: description.version.clone(),
            nft_fault: description.warning.clone(),
            descriptors: descriptors(),
            fight: self.fight(),
            unstored,
            unanswered: match self.names.status() {
                Status::Down(reason) => Some(reason),
                Status::Starting | Status::Answered(_) => None,
            },
        };
        Ok(diagnose(&state, &symptoms))
    }
}

impl Engine {
    /// Whether the host forwards IP packets, and whether the daemon turns that on.
    pub(crate) fn forwarding_info(&self) -> ForwardingInfo {
        let is_on = |path| tidegate_link::sysctl(path).map(|value| value.trim() != "0");
        ForwardingInfo {
            setting: self.state().forwarding,
            ipv4: is_on("net/ipv4/ip_forward"),
            ipv6: is_on("net/ipv6/conf/all/forwarding"),
        }
    }
}

fn one_line(error: &EngineError) -> String {
    [vec![error.to_string()], causes(error)].concat().join(": ")
}

/// Open file descriptors of the daemon, their limit, and the number of reserved ones.
fn descriptors() -> (u64, u64, u64) {
    let open = fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    let Descriptors { limit, kept } = Descriptors::now();
    (open as u64, limit, kept)
}

/// The policies of iptables-legacy. The kernel lists the loaded tables (`/proc/net/ip_tables_names`); only the
/// program itself can read them.
fn legacy() -> Legacy {
    let families = [
        ("ip_tables_names", "iptables"),
        ("ip6_tables_names", "ip6tables"),
    ];
    let mut policies = Vec::new();
    for (names, program) in families {
        let loaded = fs::read_to_string(format!("/proc/net/{names}")).unwrap_or_default();
        if !loaded.lines().any(|name| name == "filter") {
            continue;
        }
        match policies_of(program) {
            Ok(found) => policies.extend(found),
            Err(reason) => return Legacy::CouldNotTell(reason),
        }
    }
    match policies.is_empty() {
        true => Legacy::NotInUse,
        false => Legacy::Policies(policies),
    }
}

/// The policies in the output of `iptables-legacy -S`.
fn policies_of(program: &str) -> Result<Vec<LegacyPolicy>, String> {
    let mut command = Command::new(format!("{program}-legacy"));
    let said = run(command.arg("-S"), TIME_LIMIT);
    let said = said.map_err(|error| format!("{program}-legacy: {error}"))?;
    let policies: Vec<LegacyPolicy> = said
        .stdout
        .lines()
        .filter_map(|line| {
            let (chain, policy) = line.strip_prefix("-P ")?.split_once(' ')?;
            Some(LegacyPolicy {
                program: program.to_owned(),
                chain: chain.to_owned(),
                policy: policy.to_owned(),
            })
        })
        .collect();
    if policies.is_empty() {
        let said = said.stderr.lines().next().unwrap_or("it said nothing");
        return Err(format!("{program}-legacy: {said}"));
    }
    Ok(policies)
}
