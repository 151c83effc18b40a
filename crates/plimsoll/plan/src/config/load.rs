//! Reading and checking the file.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use error_hint::Hint;
use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;

use super::{AssetSource, Config, Stamp, StampForm, library, package};
use crate::format_names::{self, FormatNames, UnknownFormat};
use crate::toolkit;
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
    /// A value is still the question that `init` wrote.
    #[error("{}:{line}: {question}", path.display())]
    Question {
        /// The file.
        path: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// The question.
        question: String,
    },
    /// A program is named that no asset is.
    #[error("{}:{line}: {name:?} is not the `binary` of an asset", path.display())]
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
    /// A library, a flavour or a package contradicts another declaration, or says too little.
    #[error("{}:{line}: {what}", path.display())]
    Declaration {
        /// The file.
        path: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// What is wrong.
        what: String,
        /// What mends it.
        hint: String,
    },
}

impl Hint for ConfigError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Io { .. } => {
                let init = toolkit::command("init");
                Some(
                    format!("run the command inside of the workspace; `{init}` writes the file")
                        .into(),
                )
            }
            Self::Question { .. } => {
                Some("put the answer in the place of \"?\", and take the comment away".into())
            }
            Self::Parse { .. } | Self::UnknownFormat { .. } => None,
            Self::UnknownProgram { name, .. } => {
                Some(format!("add an [[asset]] with binary = {name:?}, or correct the name").into())
            }
            Self::Declaration { hint, .. } => Some(hint.into()),
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
    if let Some((line, question)) = question(text) {
        return Err(ConfigError::Question {
            path: path.to_owned(),
            line,
            question,
        });
    }
    let mut config: Config = toml::from_str(text).map_err(|source| ConfigError::Parse {
        path: path.to_owned(),
        source: Box::new(source),
    })?;
    for asset in &mut config.asset {
        asset.line = format_names::line_at(text, asset.line);
    }
    for alternative in &mut config.alternative {
        alternative.line = format_names::line_of(text, &alternative.name);
    }
    for (name, unit) in &mut config.unit {
        unit.line = format_names::line_of(text, name);
    }
    if let Some((unknown, line)) = format_names::unknown::<Names>(text, formats) {
        return Err(ConfigError::UnknownFormat {
            path: path.to_owned(),
            line,
            unknown,
        });
    }
    let fault = library::check(&config, text).or_else(|| package::check(&config, text));
    if let Some(fault) = fault {
        return Err(ConfigError::Declaration {
            path: path.to_owned(),
            line: format_names::line_at(text, fault.at),
            what: fault.what,
            hint: fault.hint,
        });
    }
    // Packages without a program are complained of elsewhere.
    let programs = config.programs();
    let is_unknown = |name: &str| !programs.is_empty() && !programs.contains(&name);
    let unknown = run(&config).find(|name| is_unknown(name.get_ref()));
    if let Some(name) = unknown {
        return Err(ConfigError::UnknownProgram {
            path: path.to_owned(),
            line: format_names::line_of(text, name),
            name: name.get_ref().clone(),
        });
    }
    let told = |stamp: &&Stamp| stamp.form == StampForm::Json && stamp.env_prefix.is_none();
    if let Some(stamp) = config.stamp.as_ref().filter(told) {
        let what = "[stamp] has no `env-prefix`, and a JSON object needs what the build is told";
        return Err(ConfigError::Declaration {
            path: path.to_owned(),
            line: format_names::line_of(text, &stamp.program),
            what: what.to_owned(),
            hint: "set `env-prefix`, or `form = \"version\"`".to_owned(),
        });
    }
    Ok(config)
}

/// What marks a question of `init` at the end of a line. Where the line has the value `"?"`, it must be answered.
pub const QUESTION: &str = "# QUESTION: ";

/// The first value that is still a question, with its line.
fn question(text: &str) -> Option<(usize, String)> {
    let mut lines = text.lines().enumerate();
    lines.find_map(|(index, line)| {
        let (value, question) = line.split_once(QUESTION)?;
        let is_open = value.contains("\"?\"");
        is_open.then(|| (index + 1, question.to_owned()))
    })
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

/// The programs that are named where they are run.
fn run(config: &Config) -> impl Iterator<Item = &Spanned<String>> {
    let printed = config.asset.iter().filter_map(|asset| match &asset.source {
        AssetSource::Printed(printed) => printed.built(),
        _ => None,
    });
    config
        .stamp
        .iter()
        .map(|stamp| &stamp.program)
        .chain(printed)
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use plimsoll_probe::FlavourName;

    use super::*;
    use crate::fixtures::{self, CAPTURE, DIST};
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
        assert_eq!(
            &*config.native_dep["libnftables"].soname,
            "libnftables.so.1"
        );
        assert_eq!(config.formats(FlavourName::STATIC), [FormatName::TAR]);
    }

    #[test]
    fn a_key_that_a_library_lacks_is_named_with_the_line_of_the_library() {
        let line = CAPTURE
            .lines()
            .position(|line| line == "[native-dep.lzma]")
            .expect("there");
        let text = CAPTURE.replacen("soname = \"liblzma.so.5\"\n", "", 1);
        let refused = refused(&text);
        let place = format!("line {}, column", line + 1);
        assert!(refused.contains(&place), "{refused}");
        assert!(refused.contains("missing field `soname`"), "{refused}");
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
        let text = DIST.replace("program = \"sampled\"", "program = \"sampl\"");
        let line = text
            .lines()
            .position(|l| l == "program = \"sampl\"")
            .expect("there")
            + 1;
        assert_eq!(
            refused(&text),
            format!("dist.toml:{line}: \"sampl\" is not the `binary` of an asset")
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
            refused(&text).contains("asset /usr/bin/sample needs exactly one of"),
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

    /// The reason and the hint of a refused configuration of the project with three libraries, after an edit.
    fn faulty(from: &str, to: &str) -> String {
        assert!(CAPTURE.contains(from), "{from}");
        let text = CAPTURE.replacen(from, to, 1);
        let names = fixtures::formats().names();
        let error = parse(&text, Path::new("dist.toml"), &names).expect_err("refused");
        let cause = error.source().map(|cause| format!(": {cause}"));
        let hint = error.hint().map(|hint| format!("\nhint: {hint}"));
        format!(
            "{error}{}{}",
            cause.unwrap_or_default(),
            hint.unwrap_or_default()
        )
    }

    #[test]
    fn libraries_and_flavours_are_read_in_the_order_of_the_file() {
        let matrix = fixtures::capture().matrix();
        let flavours = matrix.flavours.iter().map(|flavour| {
            let linked: Vec<&str> = matrix.linked(flavour).map(|(name, _)| name).collect();
            format!("{} {}: {}", flavour.name, flavour.linking, linked.join(" "))
        });
        assert_eq!(
            flavours.collect::<Vec<_>>(),
            [
                "full dynamic: lzma pcap zlib",
                "capture-only dynamic: pcap zlib",
                "plain dynamic: zlib",
                "everywhere static: lzma zlib",
            ]
        );
    }

    #[test]
    fn three_flavours_need_no_keys_but_their_formats() {
        let matrix = fixtures::config().matrix();
        let flavours = matrix.flavours.iter();
        let flavours =
            flavours.map(|f| format!("{} {}: {}", f.name, f.linking, f.libraries.join(" ")));
        assert_eq!(
            flavours.collect::<Vec<_>>(),
            [
                "dynamic dynamic: libnftables",
                "dynamic-exec dynamic: ",
                "static static: "
            ]
        );
    }

    #[test]
    fn a_unit_is_enabled_and_started_where_the_file_says_nothing_else() {
        let text = format!("{DIST}\n[unit.\"sampled.service\"]\nstart = false\n");
        let names = fixtures::formats().names();
        let config = parse(&text, Path::new("dist.toml"), &names).expect("sound");
        let (name, unit) = config.unit.iter().next().expect("a unit");
        assert_eq!(name.get_ref(), "sampled.service");
        assert_eq!((unit.enable, unit.start), (true, false));
        assert_eq!(unit.line, text.lines().count() - 1);
    }

    #[test]
    fn a_project_without_a_library_needs_no_native_dep() {
        let start = DIST.find("[native-dep.libnftables]").expect("there");
        let end = DIST.find("[flavour.dynamic]").expect("there");
        let text = format!("{}{}", &DIST[..start], &DIST[end..]);
        let names = fixtures::formats().names();
        let config = parse(&text, Path::new("dist.toml"), &names).expect("sound");
        assert!(config.native_dep.is_empty());
    }

    #[test]
    fn what_libraries_and_flavours_must_fulfil_is_checked() {
        for (from, to, what) in [
            (
                "soname = \"liblzma.so.5\"",
                "soname = \"libz.so.1\"",
                "[native-dep.lzma] has the soname or the pkg-config name of [native-dep.zlib]",
            ),
            (
                "pkg-config = \"libpcap\"",
                "pkg-config = \"zlib\"",
                "has the soname or the pkg-config name of",
            ),
            (
                "linked-by = [\"capture-reader\"]",
                "linked-by = [\"reader\"]",
                "\"reader\" is not the `binary` of an asset",
            ),
            (
                "linked-by = [\"capture-reader\"]\n",
                "",
                "[native-dep.lzma] does not say which program links it",
            ),
            (
                "cargo-feature = { package = \"capture\", feature = \"live\" }\n",
                "",
                "[native-dep.pcap] is optional, and no feature turns it off",
            ),
            (
                "[native-dep.lzma]\n",
                "[native-dep.pcap.kernel]\nmodule = \"x\"\ntried-by = [\"y\"]\n\n[native-dep.lzma]\n",
                "[native-dep.pcap] has `kernel.tried-by`, and no tool to try it with",
            ),
            (
                "libraries = [\"pcap\"]",
                "libraries = [\"pcab\"]",
                "flavour capture-only links pcab, which no native-dep declares",
            ),
            (
                "libraries = [\"pcap\"]",
                "libraries = [\"pcap\", \"pcap\"]",
                "flavour capture-only links pcap twice",
            ),
            (
                "libraries = [\"pcap\"]\n",
                "",
                "[flavour.capture-only] does not say which libraries it links",
            ),
        ] {
            let error = faulty(from, to);
            assert!(error.contains(what), "{from} -> {to}: {error}");
            assert!(error.contains("\nhint: "), "{from} -> {to}: {error}");
            assert!(error.starts_with("dist.toml:"), "{from} -> {to}: {error}");
        }
    }

    #[test]
    fn a_fault_of_a_flavour_names_its_line() {
        let error = faulty("libraries = [\"pcap\"]", "libraries = [\"pcab\"]");
        let line = CAPTURE
            .lines()
            .position(|line| line == "libraries = [\"pcap\"]");
        let line = line.expect("there") + 1;
        assert_eq!(
            error,
            format!(
                "dist.toml:{line}: flavour capture-only links pcab, which no native-dep declares\n\
                 hint: declared are lzma, pcap, zlib"
            )
        );
    }

    #[test]
    fn a_library_that_is_declared_twice_or_has_no_name_is_refused() {
        let twice = faulty("[native-dep.lzma]\n", "[native-dep.pcap]\n");
        assert!(twice.contains("duplicate key"), "{twice}");
        let unnamed = faulty("[native-dep.zlib]\n", "[[native-dep]]\n");
        assert!(unnamed.contains("[native-dep.zlib]"), "{unnamed}");
    }

    #[test]
    fn an_invalid_flavour_name_and_an_unknown_linking_are_refused() {
        let name = faulty("[flavour.plain]", "[flavour.auto]");
        assert!(name.contains("is not a valid flavour name"), "{name}");
        let linking = faulty("linking = \"static\"", "linking = \"frozen\"");
        assert!(linking.contains("unknown variant `frozen`"), "{linking}");
    }
}
