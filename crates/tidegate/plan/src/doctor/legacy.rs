//! The rules of iptables-legacy (x_tables), which nft does not show.

use tidegate_api::doctor::{Finding, Severity};
use tidegate_model::State;

use super::{Check, Fact, Symptoms, finding};

pub(super) const CHECK: Check = Check {
    name: "iptables-legacy",
    facts: |_, symptoms| facts(symptoms),
    findings,
};

/// A family of iptables.
struct Family {
    /// Its program.
    program: &'static str,
    /// Lists the tables that are loaded, one a line.
    tables: &'static str,
    /// Prints the policies and rules of the table `filter`.
    rules: &'static [&'static str],
}

const FAMILIES: [Family; 2] = [
    Family {
        program: "iptables",
        tables: "/proc/net/ip_tables_names",
        rules: &["iptables-legacy", "-S"],
    },
    Family {
        program: "ip6tables",
        tables: "/proc/net/ip6_tables_names",
        rules: &["ip6tables-legacy", "-S"],
    },
];

/// The facts that [`Legacy::of`] reads. Only the program itself can read a table, and it would load a missing one.
pub(super) fn facts(symptoms: &Symptoms) -> Vec<Fact> {
    let tables = FAMILIES.iter().map(|family| Fact::File(family.tables));
    let rules = loaded(symptoms).map(|family| Fact::Output(family.rules));
    tables.chain(rules).collect()
}

/// The families whose table `filter` is loaded.
fn loaded(symptoms: &Symptoms) -> impl Iterator<Item = &'static Family> {
    let is_loaded = |family: &&Family| {
        let tables = symptoms.facts.get(&Fact::File(family.tables));
        let tables = tables.and_then(|tables| tables.as_deref().ok());
        tables.is_some_and(|tables| tables.lines().any(|name| name == "filter"))
    };
    FAMILIES.iter().filter(is_loaded)
}

/// The policies of the filter tables.
pub(super) enum Legacy {
    /// No filter table is loaded.
    NotInUse,
    /// Policies of the chains of the filter tables.
    Policies(Vec<Policy>),
    /// A filter table could not be read.
    CouldNotTell(String),
}

/// The policy of a chain.
pub(super) struct Policy {
    /// The program of its family: `iptables` or `ip6tables`.
    program: &'static str,
    /// The chain, as `FORWARD`.
    chain: String,
    /// Its policy, as `DROP`.
    policy: String,
}

impl Legacy {
    /// Reads them from the facts.
    pub(super) fn of(symptoms: &Symptoms) -> Self {
        let mut policies = Vec::new();
        for family in loaded(symptoms) {
            match policies_of(family, symptoms) {
                Ok(found) => policies.extend(found),
                Err(reason) => return Self::CouldNotTell(reason),
            }
        }
        match policies.is_empty() {
            true => Self::NotInUse,
            false => Self::Policies(policies),
        }
    }

    /// The programs for whose family a chain has the policy drop.
    pub(super) fn dropping<'a>(
        &'a self,
        chain: &'a str,
    ) -> impl Iterator<Item = &'static str> + 'a {
        let policies = match self {
            Self::Policies(policies) => policies.as_slice(),
            Self::NotInUse | Self::CouldNotTell(_) => &[],
        };
        let dropping = policies
            .iter()
            .filter(move |found| found.chain == chain && found.policy == "DROP");
        dropping.map(|found| found.program)
    }
}

/// The policies in the output of `iptables-legacy -S`.
fn policies_of(family: &Family, symptoms: &Symptoms) -> Result<Vec<Policy>, String> {
    let Some(output) = symptoms.facts.get(&Fact::Output(family.rules)) else {
        return Err(format!("{} did not run", family.rules[0]));
    };
    let output = output.as_deref().map_err(ToOwned::to_owned)?;
    let policies: Vec<Policy> = output
        .lines()
        .filter_map(|line| {
            let (chain, policy) = line.strip_prefix("-P ")?.split_once(' ')?;
            Some(Policy {
                program: family.program,
                chain: chain.to_owned(),
                policy: policy.to_owned(),
            })
        })
        .collect();
    match policies.is_empty() {
        true => Err(format!("{} printed no policy", family.rules[0])),
        false => Ok(policies),
    }
}

fn findings(state: &State, symptoms: &Symptoms) -> Vec<Finding> {
    let legacy = Legacy::of(symptoms);
    match &legacy {
        _ if state.networks.is_empty() => Vec::new(),
        Legacy::NotInUse => Vec::new(),
        Legacy::CouldNotTell(reason) => {
            let what = format!("cannot read the filter table of iptables-legacy: {reason}");
            let advice =
                "look for `-P FORWARD DROP` in the output of `iptables-legacy -S FORWARD`, as root";
            vec![finding(Severity::CouldNotTell, what, advice)]
        }
        Legacy::Policies(_) => {
            let dropping = legacy.dropping("FORWARD");
            dropping
                .map(|program| {
                    let what = format!("chain FORWARD of {program} (legacy) has the policy drop");
                    let advice = format!("`{program}-legacy -I FORWARD -i tg+ -j ACCEPT` and `{program}-legacy -I FORWARD -o tg+ -j ACCEPT`");
                    finding(Severity::Fault, what, advice)
                })
                .collect()
        }
    }
}
