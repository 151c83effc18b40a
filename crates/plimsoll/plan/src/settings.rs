//! What Cargo's configuration and the environment change about a build. Pure.
//!
//! What is in the project itself (`.cargo/config.toml` of the workspace) is part of what is built: it holds for the probe and
//! the build, and the manifest lists it. What changes the programs from outside of the project is refused by name: another
//! machine would build others.
//!
//! Source: *The Cargo Book*, "Configuration" and "Environment Variables".

mod condition;
mod error;
mod file;
mod profile;
mod strip;
mod variables;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use error::SettingError;
pub use file::ConfigFile;
pub use profile::check_profile;
pub use strip::strip;

/// What the project and the environment set for a build.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Settings {
    /// The flags of `build.rustflags`.
    pub rustflags: Vec<String>,
    /// The flags of `target.TRIPLE.rustflags`, which take the place of the others.
    pub target_rustflags: BTreeMap<String, Vec<String>>,
    /// The flags of `target.'cfg(…)'.rustflags` where the condition holds on every Linux, which take the place of those of
    /// `build.rustflags` too.
    #[serde(default)]
    pub linux_rustflags: Vec<String>,
    /// The target that is built for where the toolkit names none.
    pub target: Option<String>,
    /// Variables that Cargo gives to the build, so the probe has them too.
    pub env: BTreeMap<String, String>,
    /// What the profile has stripped, where the project sets it ([`strip`]).
    #[serde(default)]
    pub strip: Option<String>,
    /// Everything that is honoured, by the name of the key or the variable, for the manifest.
    pub honoured: BTreeMap<String, String>,
}

impl Settings {
    /// Reads the configuration files, the nearest first, and the variables of the environment, for a build with a profile.
    ///
    /// # Errors
    /// Names the first key or variable that cannot be honoured.
    pub fn of(
        files: &[ConfigFile],
        variables: &BTreeMap<String, String>,
        profile: &str,
    ) -> Result<Self, SettingError> {
        let profile = Profile(profile);
        let mut settings = Self::default();
        // Where two files set a key, the nearer one counts, and lists are joined with it last.
        for file in files.iter().rev() {
            file.add_to(&mut settings, profile)?;
        }
        // A variable of the environment wins over one of [env].
        settings.env.retain(|name, _| !variables.contains_key(name));
        variables::add_to(&mut settings, variables, profile)?;
        Ok(settings)
    }

    /// The project's compiler flags for a target.
    #[must_use]
    pub fn rustflags_for(&self, target: &str) -> Vec<String> {
        let of_target = self.target_rustflags.get(target);
        if of_target.is_none() && self.linux_rustflags.is_empty() {
            return self.rustflags.clone();
        }
        let of_target = of_target.into_iter().flatten();
        of_target.chain(&self.linux_rustflags).cloned().collect()
    }
}

/// The profile of a build, by its name.
#[derive(Debug, Clone, Copy)]
struct Profile<'a>(&'a str);

impl Profile<'_> {
    /// Whether settings of a profile of that name change the programs: those of any name where the build's own may inherit
    /// from it. `release` inherits from none.
    fn heeds(self, name: &str) -> bool {
        self.0 != "release" || name == "release"
    }
}

#[cfg(test)]
mod tests;
