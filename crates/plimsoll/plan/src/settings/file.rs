//! Cargo's configuration files.

use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::condition::on_linux;
use super::{Profile, SettingError, Settings};

/// One of Cargo's configuration files.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigFile {
    path: PathBuf,
    is_ours: bool,
    pub(super) table: Table,
}

/// Keys below `[target.TRIPLE]` that Cargo knows. Any other is the name of a C library whose build script it replaces.
const OF_TARGET: [&str; 5] = ["linker", "runner", "rustdocflags", "rustflags", "ar"];

impl ConfigFile {
    /// Parses a file. `is_ours`: it is the workspace's own.
    ///
    /// # Errors
    /// When it is not TOML.
    pub fn parse(path: &Path, is_ours: bool, text: &str) -> Result<Self, SettingError> {
        let path = path.to_owned();
        match text.parse() {
            Ok(table) => Ok(Self {
                path,
                is_ours,
                table,
            }),
            Err(source) => Err(SettingError::Parse { path, source }),
        }
    }

    /// Adds what it sets, over what files farther away set.
    pub(super) fn add_to(
        &self,
        settings: &mut Settings,
        profile: Profile<'_>,
    ) -> Result<(), SettingError> {
        for (name, value) in &self.table {
            match (name.as_str(), value) {
                ("include", _) => {
                    let because = "the toolkit does not read the files that it names";
                    let hint = "move their keys to this file";
                    return Err(self.not_honoured("include", because, hint));
                }
                ("build", Value::Table(build)) => self.build(build, settings)?,
                ("target", Value::Table(targets)) => self.targets(targets, settings)?,
                ("env", Value::Table(env)) => self.env(env, settings)?,
                ("profile", Value::Table(profiles)) => {
                    self.profiles(profiles, settings, profile)?;
                }
                ("patch" | "paths" | "unstable", value) => self.take(name, value, settings)?,
                // Nothing that changes the programs: [alias], [net], [registries], [source], [term] and others. Where
                // sources come from somewhere else, the lock file holds their sums.
                _ => {}
            }
        }
        Ok(())
    }

    fn build(&self, build: &Table, settings: &mut Settings) -> Result<(), SettingError> {
        for (name, value) in build {
            let key = format!("build.{name}");
            match name.as_str() {
                "rustflags" => {
                    self.take(&key, value, settings)?;
                    settings.rustflags.extend(words(value));
                }
                "rustc" => {
                    self.take(&key, value, settings)?;
                    settings.env.insert("RUSTC".to_owned(), shown(value));
                }
                "target" => {
                    self.take(&key, value, settings)?;
                    settings.target = Some(words(value).join(" "));
                }
                "rustc-wrapper" | "rustc-workspace-wrapper" => self.take(&key, value, settings)?,
                // Where files are put, and how many jobs run: nothing that changes the programs.
                _ => {}
            }
        }
        Ok(())
    }

    fn targets(&self, targets: &Table, settings: &mut Settings) -> Result<(), SettingError> {
        for (triple, value) in targets {
            for (name, value) in value.as_table().into_iter().flatten() {
                self.target(triple, name, value, settings)?;
            }
        }
        Ok(())
    }

    fn target(
        &self,
        triple: &str,
        name: &str,
        value: &Value,
        settings: &mut Settings,
    ) -> Result<(), SettingError> {
        let key = format!("target.{triple}.{name}");
        let is_condition = triple.starts_with("cfg(");
        let holds = on_linux(triple);
        match name {
            _ if holds == Some(false) => Ok(()),
            "rustflags" if holds == Some(true) => {
                self.take(&key, value, settings)?;
                settings.linux_rustflags.extend(words(value));
                Ok(())
            }
            "rustflags" | "linker" if is_condition => {
                let because =
                    "the toolkit does not know whether the condition holds for what it builds";
                let hint = "name the target: [target.x86_64-unknown-linux-gnu]";
                Err(self.not_honoured(&key, because, hint))
            }
            "rustflags" => {
                self.take(&key, value, settings)?;
                let flags = settings.target_rustflags.entry(triple.to_owned());
                flags.or_default().extend(words(value));
                Ok(())
            }
            "linker" => {
                self.take(&key, value, settings)?;
                let upper = triple.to_uppercase().replace('-', "_");
                let name = format!("CARGO_TARGET_{upper}_LINKER");
                settings.env.insert(name, shown(value));
                Ok(())
            }
            name if OF_TARGET.contains(&name) => Ok(()),
            _ => {
                let because = "it replaces a build script, which the probe does not see";
                let hint = "remove it: the library is declared in packaging/dist.toml";
                Err(self.not_honoured(&key, because, hint))
            }
        }
    }

    fn env(&self, env: &Table, settings: &mut Settings) -> Result<(), SettingError> {
        for (name, value) in env {
            let key = format!("env.{name}");
            let of = |field: &str| value.get(field);
            let is = |field: &str| of(field).and_then(Value::as_bool).unwrap_or_default();
            if is("force") {
                let because = "the probe hears the environment, and it wins over that";
                let hint = "leave out `force`";
                return Err(self.not_honoured(&key, because, hint));
            }
            self.take(&key, value, settings)?;
            let text = shown(of("value").unwrap_or(value));
            let text = match (is("relative"), self.base()) {
                (true, Some(folder)) => folder.join(text).display().to_string(),
                _ => text,
            };
            settings.env.insert(name.clone(), text);
        }
        Ok(())
    }

    /// Only the profiles that change what packages are built with.
    fn profiles(
        &self,
        profiles: &Table,
        settings: &mut Settings,
        profile: Profile<'_>,
    ) -> Result<(), SettingError> {
        let mut heeded = profiles.iter().filter(|(name, _)| profile.heeds(name));
        heeded.try_for_each(|(name, value)| self.take(&format!("profile.{name}"), value, settings))
    }

    /// The folder that relative paths begin at: the one that holds `.cargo`.
    fn base(&self) -> Option<&Path> {
        self.path.parent()?.parent()
    }

    fn take(&self, key: &str, value: &Value, settings: &mut Settings) -> Result<(), SettingError> {
        if !self.is_ours {
            return Err(SettingError::Outside {
                key: key.to_owned(),
                path: self.path.clone(),
            });
        }
        settings.honoured.insert(key.to_owned(), shown(value));
        Ok(())
    }

    fn not_honoured(&self, key: &str, because: &'static str, hint: &'static str) -> SettingError {
        SettingError::NotHonoured {
            key: key.to_owned(),
            path: self.path.clone(),
            because,
            hint,
        }
    }
}

/// The words of a list, or of a text with blanks.
fn words(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().map(shown).collect(),
        value => shown(value).split_whitespace().map(str::to_owned).collect(),
    }
}

/// A text without quotes, and any other value as TOML.
fn shown(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
