//! From the configuration of the packages to that for one distribution.

use std::borrow::Cow;

use error_hint::Hint;
use plimsoll_probe::Distribution;

use super::{Distro, DistroList};
use crate::config::Config;

/// The system is not the distribution that it is built for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this system is {system}, not {distro}")]
pub struct NotThis {
    /// The entry.
    pub distro: String,
    /// What the system says of itself.
    pub system: String,
}

impl Hint for NotThis {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = format!(
            "`cargo xtask dist --distro {}` builds in a system of it",
            self.distro
        );
        Some(hint.into())
    }
}

impl Distro {
    /// The configuration with this distribution's package names, revision and format.
    #[must_use]
    pub fn adapt(&self, list: &DistroList, config: &Config) -> Config {
        let mut config = config.clone();
        config.revision.push_str(&self.revision_suffix);
        let format = list.family_of(self).format;
        for (_, flavour) in &mut config.flavour {
            flavour.formats.retain(|wanted| *wanted == format);
        }
        let distribution = self.distribution();
        for (name, library) in &mut config.native_dep {
            let own = self.packages.get(name).cloned().unwrap_or_default();
            library.devel = library.devel.settled(&distribution, own.devel.as_deref());
            library.runtime = library
                .runtime
                .settled(&distribution, own.runtime.as_deref());
            if let Some(tool) = &mut library.tool {
                tool.packages = tool.packages.settled(&distribution, own.tool.as_deref());
            }
        }
        config
    }

    /// Refuses a system that is another distribution: its packages would carry the wrong name.
    ///
    /// # Errors
    /// When os-release(5) says something else.
    pub fn must_be(&self, system: &Distribution) -> Result<(), NotThis> {
        match self.is(system) {
            true => Ok(()),
            false => Err(NotThis {
                distro: self.id().to_owned(),
                system: system.pretty_name.clone(),
            }),
        }
    }
}
