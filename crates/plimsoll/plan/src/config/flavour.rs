//! The flavours of a project, and what each links.

use std::collections::BTreeMap;

use plimsoll_probe::{Flavour, FlavourName, Linking, Matrix};
use plimsoll_spec::FormatName;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::Config;

/// One flavour.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FlavourConfig {
    /// How its programs are linked. Default: `static` for the flavour of that name, else `dynamic`.
    pub linking: Option<Linking>,
    /// The optional libraries that it links, by the names of their `native-dep`. Default: all for the flavour `dynamic`,
    /// none for `dynamic-exec` and `static`; any other one needs the key.
    #[schemars(with = "Option<Vec<String>>")]
    pub libraries: Option<Vec<Spanned<String>>>,
    /// Its formats.
    pub formats: Vec<FormatName>,
}

/// The flavours of the file, in its order.
pub type Flavours = Vec<(Spanned<FlavourName>, FlavourConfig)>;

/// The order of the file is the order of preference.
pub(super) fn in_file_order<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Flavours, D::Error> {
    let table = BTreeMap::<Spanned<FlavourName>, FlavourConfig>::deserialize(deserializer)?;
    let mut flavours: Flavours = table.into_iter().collect();
    flavours.sort_by_key(|(name, _)| name.span().start);
    Ok(flavours)
}

impl Config {
    /// The libraries and flavours that are declared.
    #[must_use]
    pub fn matrix(&self) -> Matrix {
        let flavours = self.flavour.iter();
        let flavours = flavours.map(|(name, config)| Flavour {
            name: *name.get_ref(),
            linking: self.linking(*name.get_ref()),
            libraries: self.listed(*name.get_ref(), config),
        });
        Matrix {
            libraries: self.native_dep.clone(),
            flavours: flavours.collect(),
        }
    }

    /// How the programs of a flavour are linked. Default: as its name says.
    #[must_use]
    pub fn linking(&self, flavour: FlavourName) -> Linking {
        let by_name = match flavour == FlavourName::STATIC {
            true => Linking::Static,
            false => Linking::Dynamic,
        };
        let declared = self.flavour_config(flavour);
        declared
            .and_then(|flavour| flavour.linking)
            .unwrap_or(by_name)
    }

    /// The formats of a flavour; none for one that is not packaged.
    #[must_use]
    pub fn formats(&self, flavour: FlavourName) -> &[FormatName] {
        self.flavour_config(flavour)
            .map_or(&[], |flavour| flavour.formats.as_slice())
    }

    /// The libraries that a program links in a flavour, by the names of their declarations.
    #[must_use]
    pub fn linked_by(&self, flavour: FlavourName, program: &str) -> Vec<String> {
        let matrix = self.matrix();
        let flavour = matrix.flavour(flavour);
        let linked = flavour
            .into_iter()
            .flat_map(|flavour| matrix.linked(flavour));
        let by_it = linked.filter(|(_, dep)| self.linking_programs(dep).contains(&program));
        by_it.map(|(name, _)| name.to_owned()).collect()
    }

    fn flavour_config(&self, flavour: FlavourName) -> Option<&FlavourConfig> {
        let mut flavours = self.flavour.iter();
        flavours
            .find(|(name, _)| *name.get_ref() == flavour)
            .map(|(_, config)| config)
    }

    fn listed(&self, name: FlavourName, config: &FlavourConfig) -> Vec<String> {
        match &config.libraries {
            Some(libraries) => libraries
                .iter()
                .map(|name| name.get_ref().clone())
                .collect(),
            None if name == FlavourName::DYNAMIC => {
                let optional = self.native_dep.iter().filter(|(_, dep)| !dep.required);
                optional.map(|(name, _)| name.clone()).collect()
            }
            None => Vec::new(),
        }
    }
}
