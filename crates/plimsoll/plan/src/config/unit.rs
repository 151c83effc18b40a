//! What is done with the units that the packages install.

use std::collections::BTreeMap;

use plimsoll_spec::UnitActions;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::yes;

/// What is done with a unit when the package is installed. A unit without such a table is enabled and started.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct UnitConfig {
    /// Whether the first installation enables the unit. A Debian package enables it, and an RPM has the system's presets decide
    /// (`systemctl preset`). With `false` it stays as systemd finds it: disabled. An upgrade keeps what the administrator set.
    #[serde(default = "yes")]
    pub enable: bool,
    /// Whether the first installation of a Debian package starts the unit; Debian starts none that is disabled. An RPM starts no
    /// unit. An upgrade restarts it: a Debian package with `true` if it runs or is enabled, else only if it runs.
    #[serde(default = "yes")]
    pub start: bool,
    /// The line of its name in the file, from 1.
    #[serde(skip)]
    pub line: usize,
}

/// The units of the file, by their names.
pub type Units = BTreeMap<Spanned<String>, UnitConfig>;

/// What the writer of packages is told about them.
#[must_use]
pub fn actions(units: &Units) -> BTreeMap<String, UnitActions> {
    let actions = units.iter().map(|(name, unit)| {
        let UnitConfig { enable, start, .. } = *unit;
        (name.get_ref().clone(), UnitActions { enable, start })
    });
    actions.collect()
}
