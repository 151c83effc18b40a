//! Networks of container engines that become Tidegate's.

use serde::{Deserialize, Serialize};
use tidegate_api::{CreateNetwork, Export};
use tidegate_engines::moved::{Moved, Translated};
use tidegate_model::Name;

use super::table::{fields, joined, lines, table};

/// What became of an engine's networks.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct MovedView {
    /// Those that were made.
    pub(crate) networks: Vec<Name>,
    /// Those that Tidegate had before.
    pub(crate) already_there: Vec<Name>,
    /// Those that stay the engine's.
    pub(crate) left: Vec<LeftView>,
}

/// A network that stays the engine's.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LeftView {
    /// Its name with the engine.
    pub(crate) name: String,
    /// Why.
    pub(crate) why: String,
}

/// What became of them.
pub(crate) fn moved(moved: &MovedView) -> String {
    fields(&[
        ("networks", joined(&moved.networks)),
        ("already there", joined(&moved.already_there)),
        ("left", joined(moved.left.iter().map(|left| &left.name))),
    ])
}

/// The commands of a move, in order.
#[derive(Debug)]
pub(crate) struct Commands<'a> {
    /// The import of the engine's networks.
    pub(crate) keep: String,
    /// The networks.
    pub(crate) moved: &'a Moved,
}

/// What would be made, and by which commands.
pub(crate) fn plan(document: &Export, there: &[Name], commands: &Commands<'_>) -> String {
    let mut shown = match document.networks.is_empty() {
        true => String::new(),
        false => table(
            &["NETWORK", "ACCESS", "SUBNETS", "GATEWAYS", "RANGES"],
            document.networks.iter().map(row),
        ),
    };
    if !there.is_empty() {
        shown.push_str(&fields(&[("already there", joined(there))]));
    }
    let networks = &commands.moved.networks;
    if networks.is_empty() {
        return shown;
    }
    let of_all = |of: fn(&Translated) -> &Vec<String>| networks.iter().flat_map(of).cloned();
    let keep = format!("{} --dry-run --json > networks.json", commands.keep);
    let steps = std::iter::once(keep)
        .chain(of_all(|network| &network.remove))
        .chain(["tidegate import networks.json".to_owned()])
        .chain(of_all(|network| &network.again));
    shown.push_str("\nTo move them, stop their containers, and in this order:\n");
    shown + &lines(steps.map(|step| format!("  {step}")))
}

fn row(network: &CreateNetwork) -> Vec<String> {
    vec![
        network.name.to_string(),
        network.policy.access.to_string(),
        joined(&network.subnets),
        joined(&network.gateways),
        joined(&network.ranges),
    ]
}
