//! From the configuration of the packages to that for one distribution.

use std::borrow::Cow;

use error_hint::Hint;
use plimsoll_probe::Distribution;

use super::{Distro, DistroList};
use crate::config::Config;
use crate::toolkit;

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
        let command = toolkit::command(&format!("dist --distro {}", self.distro));
        Some(format!("`{command}` builds in a system of that distribution").into())
    }
}

impl Config {
    /// The same configuration, with each library's soname on a distribution.
    #[must_use]
    pub fn settled(mut self, distribution: &Distribution) -> Self {
        for library in self.native_dep.values_mut() {
            library.soname = library.soname.settled(distribution);
        }
        self
    }
}

impl Distro {
    /// The configuration with this distribution's package names, revision and format.
    #[must_use]
    pub fn adapt(&self, list: &DistroList, config: &Config) -> Config {
        let distribution = self.distribution();
        let mut config = config.clone().settled(&distribution);
        config.revision.push_str(&self.revision_suffix);
        let format = list.family_of(self).format;
        for (_, flavour) in &mut config.flavour {
            flavour.formats.retain(|wanted| *wanted == format);
        }
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

#[cfg(test)]
mod tests {
    use error_hint::Hint;
    use plimsoll_probe::Distribution;

    use crate::fixtures;

    #[test]
    fn another_system_is_refused_with_the_command_that_builds_in_the_right_one() {
        let list = fixtures::distros();
        let distro = list.get("debian-12").expect("an entry");
        let system = Distribution::parse("ID=fedora\nPRETTY_NAME=\"Fedora 43\"\n");
        let error = distro.must_be(&system).expect_err("another");
        assert_eq!(error.to_string(), "this system is Fedora 43, not debian-12");
        let hint = error.hint().unwrap_or_default().into_owned();
        assert!(hint.contains("dist --distro debian-12`"), "{hint}");
    }
}
