//! Reading and checking the file.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use error_hint::Hint;
use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;

use super::{AssetSource, Config};
use crate::format_names::{self, FormatNames, UnknownFormat};
use plimsoll_spec::FormatName;

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not TOML, or a key or value of it is not known.
    #[error("cannot parse {}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Line, column and reason.
        source: Box<toml::de::Error>,
    },
    /// A program is named that is not built.
    #[error("{}:{line}: {name:?} is not one of `cargo-packages`", path.display())]
    UnknownProgram {
        /// The file.
        path: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// The program.
        name: String,
    },
    /// A package format is named that is not known.
    #[error("{}:{line}: {unknown}", path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// What is known. It is part of the message, and so no cause.
        unknown: UnknownFormat,
    },
    /// The flavour follows from one library.
    #[error("{}: expected one [native-dep.NAME], found {found}", path.display())]
    NativeDeps {
        /// The file.
        path: PathBuf,
        /// How many there are.
        found: usize,
    },
}

impl Hint for ConfigError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Io { .. } => Some("run the command inside of the workspace".into()),
            Self::Parse { .. } | Self::UnknownFormat { .. } => None,
            Self::UnknownProgram { name, .. } => {
                Some(format!("add {name:?} to `cargo-packages`, or correct the name").into())
            }
            Self::NativeDeps { .. } => {
                Some("declare the library that decides the flavour, and no other".into())
            }
        }
    }
}

/// Reads a configuration file. It may name these package formats ([`Formats::names`](crate::format::Formats::names)).
///
/// # Errors
/// When it cannot be read, or as [`parse`] says.
pub fn load(path: &Path, formats: &[FormatName]) -> Result<Config, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Io {
        path: path.to_owned(),
        source,
    })?;
    parse(&text, path, formats)
}

/// Parses a configuration; `path` is for messages alone.
///
/// # Errors
/// When a key is unknown or missing, or names something that is not declared.
pub fn parse(text: &str, path: &Path, formats: &[FormatName]) -> Result<Config, ConfigError> {
    let mut config: Config = toml::from_str(text).map_err(|source| ConfigError::Parse {
        path: path.to_owned(),
        source: Box::new(source),
    })?;
    for asset in &mut config.asset {
        asset.line = format_names::line_at(text, asset.line);
    }
    if let Some((unknown, line)) = format_names::unknown::<Names>(text, formats) {
        return Err(ConfigError::UnknownFormat {
            path: path.to_owned(),
            line,
            unknown,
        });
    }
    if config.native_dep.len() != 1 {
        let found = config.native_dep.len();
        return Err(ConfigError::NativeDeps {
            path: path.to_owned(),
            found,
        });
    }
    let unknown = programs(&config).find(|name| !config.cargo_packages.contains(name.get_ref()));
    match unknown {
        None => Ok(config),
        Some(name) => Err(ConfigError::UnknownProgram {
            path: path.to_owned(),
            line: format_names::line_of(text, name),
            name: name.get_ref().clone(),
        }),
    }
}

/// The names of formats in the file, with their places.
#[derive(Deserialize)]
struct Names {
    flavour: BTreeMap<String, NamesOf>,
    #[serde(default)]
    asset: Vec<NamesOf>,
    #[serde(default)]
    format: BTreeMap<Spanned<String>, IgnoredAny>,
}

#[derive(Deserialize)]
struct NamesOf {
    #[serde(default)]
    formats: Vec<Spanned<String>>,
}

impl FormatNames for Names {
    fn names(self) -> Vec<Spanned<String>> {
        let all = self.flavour.into_values().chain(self.asset);
        let named = all.flat_map(|names| names.formats);
        named.chain(self.format.into_keys()).collect()
    }
}

fn programs(config: &Config) -> impl Iterator<Item = &Spanned<String>> {
    let assets = config.asset.iter().filter_map(|asset| match &asset.source {
        AssetSource::Binary(name) => Some(name),
        AssetSource::Files(_) => None,
    });
    std::iter::once(&config.stamp.program).chain(assets)
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use plimsoll_probe::Flavour;

    use super::*;
    use crate::fixtures::{self, DIST};
    use plimsoll_spec::FormatName;

    fn refused(text: &str) -> String {
        let error =
            parse(text, Path::new("dist.toml"), &fixtures::formats().names()).expect_err("refused");
        match error.source() {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        }
    }

    #[test]
    fn a_configuration_is_read() {
        let config = fixtures::config();
        assert_eq!(config.library().soname, "libnftables.so.1");
        assert_eq!(config.formats(Flavour::Static), [FormatName::TAR]);
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line() {
        let line = DIST
            .lines()
            .position(|l| l.starts_with("revision"))
            .expect("there")
            + 1;
        let error = refused(&DIST.replace("revision = ", "revison = "));
        assert!(error.contains("unknown field `revison`"), "{error}");
        assert!(error.contains(&format!("line {line},")), "{error}");
    }

    #[test]
    fn a_program_that_is_not_built_is_named_with_its_line() {
        let text = DIST.replace("binary = \"sample\"", "binary = \"sampl\"");
        let line = text
            .lines()
            .position(|l| l == "binary = \"sampl\"")
            .expect("there")
            + 1;
        assert_eq!(
            refused(&text),
            format!("dist.toml:{line}: \"sampl\" is not one of `cargo-packages`")
        );
    }

    #[test]
    fn an_unknown_format_is_named_with_its_line() {
        let text = DIST.replace("formats = [\"tar\"]", "formats = [\"zip\"]");
        let line = text.lines().position(|l| l.contains("zip")).expect("there") + 1;
        assert_eq!(
            refused(&text),
            format!("dist.toml:{line}: unknown package format \"zip\": expected deb, rpm or tar")
        );
    }

    #[test]
    fn a_table_of_an_unknown_format_is_named_with_its_line() {
        let text = format!("{DIST}\n[format.zip]\nlevel = 9\n");
        let line = text.lines().count() - 1;
        assert_eq!(
            refused(&text),
            format!("dist.toml:{line}: unknown package format \"zip\": expected deb, rpm or tar")
        );
    }

    #[test]
    fn an_asset_comes_from_one_place() {
        let text = DIST.replace("binary = \"sample\"\n", "");
        assert!(
            refused(&text).contains("asset /usr/bin/sample needs either"),
            "{text}"
        );
    }

    #[test]
    fn a_mode_is_octal() {
        let text = DIST.replace("kind = \"config\"", "kind = \"config\"\nmode = \"rw\"");
        let error = refused(&text);
        assert!(
            error.contains("mode \"rw\" is not an octal number"),
            "{error}"
        );
    }

    #[test]
    fn names_in_a_folder_lose_their_suffix_and_gain_gz() {
        let config = fixtures::config();
        let dests: Vec<String> = config
            .asset
            .iter()
            .map(|asset| asset.dest_of("sample.bash"))
            .filter(|dest| dest.contains("completions/") || dest.ends_with("8/sample.bash.gz"))
            .collect();
        assert_eq!(
            dests,
            [
                "/usr/share/man/man8/sample.bash.gz",
                "/usr/share/bash-completion/completions/sample",
                "/usr/share/zsh/vendor-completions/sample.bash",
            ]
        );
    }
}
