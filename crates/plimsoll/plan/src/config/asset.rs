//! One file, or several, of the packages.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use plimsoll_spec::{FileKind, FormatName, Owner};

/// What is put where.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RawAsset")]
pub struct Asset {
    /// Where it comes from.
    pub source: AssetSource,
    /// An absolute path; one that ends in `/` is a folder that keeps the files' own names.
    pub dest: String,
    /// A suffix to remove from the files' names.
    pub strip_suffix: Option<String>,
    /// Permission bits.
    pub mode: u32,
    /// Whose it is.
    pub owner: Owner,
    /// How the package manager treats it.
    pub kind: FileKind,
    /// Whether to compress it and add `.gz` to its name.
    pub gzip: bool,
    /// The formats that hold it. None: every one.
    pub formats: Option<Vec<FormatName>>,
    /// The package that holds it. None: the main one.
    pub package: Option<Spanned<String>>,
    /// The line of its `dest` in the file, from 1.
    pub line: usize,
}

/// Where an asset comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssetSource {
    /// A program that is built, by name.
    Binary(Spanned<String>),
    /// A shared library (`cdylib`) that is built.
    Library {
        /// Its name in Cargo.
        name: Spanned<String>,
        /// The name of its file.
        file: String,
    },
    /// Files of the workspace: a path or a glob pattern relative to it, which must match.
    Files(String),
    /// Files that a build script wrote: a path or a glob pattern relative to its folder (`OUT_DIR`), which must match.
    OutDir {
        /// The Cargo package with the build script.
        package: String,
        /// The path or pattern.
        pattern: String,
    },
    /// What a program prints that is built.
    Printed(Printed),
    /// Nowhere: it is a folder, which may be empty.
    Folder,
    /// Nowhere: the program makes it while it runs.
    Ghost,
}

impl AssetSource {
    /// What Cargo builds for it: the name of a program, or that of a library's file.
    #[must_use]
    pub fn built(&self) -> Option<&str> {
        match self {
            Self::Binary(name) => Some(name.get_ref()),
            Self::Library { file, .. } => Some(file),
            Self::Files(_)
            | Self::OutDir { .. }
            | Self::Printed(_)
            | Self::Folder
            | Self::Ghost => None,
        }
    }

    fn library(name: Spanned<String>) -> Self {
        let file = library_file(name.get_ref());
        Self::Library { name, file }
    }
}

/// The name that Cargo gives to the file of a shared library: it has no hyphens.
pub(super) fn library_file(name: &str) -> String {
    format!("lib{}.so", name.replace('-', "_"))
}

/// A program that is run after the build for what it prints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printed {
    /// What it is.
    pub program: Printer,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// The file of the workspace that it reads as its standard input; none: it reads nothing.
    pub stdin: Option<String>,
}

/// A program that prints a file of the packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Printer {
    /// One that is built, by its name.
    Built(Spanned<String>),
    /// One of the building system, by its name.
    Installed(String),
}

impl Printed {
    /// Of the words in the configuration, of which the first one is `{bin:NAME}`, or with standard input the name of a program.
    fn of(mut words: Vec<Spanned<String>>, stdin: Option<String>) -> Option<Self> {
        if words.is_empty() {
            return None;
        }
        let first = words.remove(0);
        let word = first.get_ref();
        let built = word
            .strip_prefix("{bin:")
            .and_then(|it| it.strip_suffix('}'));
        let program = match built {
            Some(name) => Printer::Built(Spanned::new(first.span(), name.to_owned())),
            None if stdin.is_some() && !word.is_empty() => Printer::Installed(word.clone()),
            None => return None,
        };
        Some(Self {
            program,
            arguments: words.into_iter().map(Spanned::into_inner).collect(),
            stdin,
        })
    }

    /// The name of the program, if it is built.
    #[must_use]
    pub fn built(&self) -> Option<&Spanned<String>> {
        match &self.program {
            Printer::Built(name) => Some(name),
            Printer::Installed(_) => None,
        }
    }

    /// The command as words, which tell it from every other one.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let program = match &self.program {
            Printer::Built(name) => format!("{{bin:{}}}", name.get_ref()),
            Printer::Installed(name) => name.clone(),
        };
        let stdin = self
            .stdin
            .iter()
            .flat_map(|file| ["<".to_owned(), file.clone()]);
        std::iter::once(program)
            .chain(self.arguments.iter().cloned())
            .chain(stdin)
            .collect()
    }
}

/// What is wrong with an asset on its own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAsset {
    /// None or several of the four keys.
    #[error("asset {dest} needs exactly one of `binary`, `library`, `source` and `generate`")]
    Source {
        /// Where it goes.
        dest: String,
    },
    /// A build script's folder without the files in it.
    #[error("asset {dest} has `out-dir` but no `source`, which selects the files in it")]
    OutDir {
        /// Where it goes.
        dest: String,
    },
    /// A command that does not begin with a program that is built.
    #[error(
        "`generate` of asset {dest} must begin with {{bin:NAME}}, where NAME is the `binary` of an asset, or with any program if it has `stdin`"
    )]
    Generate {
        /// Where it goes.
        dest: String,
    },
    /// Standard input of no program.
    #[error("asset {dest} has `stdin`, and no `generate` that reads it")]
    Stdin {
        /// Where it goes.
        dest: String,
    },
    /// What a program prints has no name of its own.
    #[error("asset {dest} has `generate`: `dest` must name a file, not a folder")]
    Nameless {
        /// Where it goes.
        dest: String,
    },
    /// Both a file's and a folder's path, or neither.
    #[error(
        "an asset needs one of `dest`, where a file goes, and `dir`, a folder that may be empty"
    )]
    Dest,
    /// A folder with what only files have.
    #[error(
        "asset {dest} is a folder, which has no keys but `dir`, `mode`, `owner`, `formats` and `package`"
    )]
    Folder {
        /// The folder.
        dest: String,
    },
    /// A file that the package does not hold, with what only held files have.
    #[error(
        "asset {dest} is a ghost, which has no keys but `dest`, `kind`, `mode`, `owner`, `formats` and `package`"
    )]
    Ghost {
        /// Where it is.
        dest: String,
    },
    /// A destination that depends on where the package is unpacked.
    #[error("asset destination {dest:?} is not an absolute path")]
    Relative {
        /// Where it goes.
        dest: String,
    },
}

/// One file of the packages, or several.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RawAsset {
    /// Name of a built program: this, `library`, `source` or `generate`.
    #[schemars(with = "Option<String>")]
    binary: Option<Spanned<String>>,
    /// Name of a built shared library: a `[lib]` with the crate type `cdylib`, of one of `cargo.packages`. The file is called
    /// `libNAME.so`, or as `dest` says. No static flavour has it.
    #[schemars(with = "Option<String>")]
    library: Option<Spanned<String>>,
    /// A command that is run after the build, and whose standard output becomes the file: `["{bin:rg}", "--generate", "man"]`. The
    /// first word is `{bin:NAME}`, a built program. It has 20 s, an empty home folder, no network where unshare(1) can take it away,
    /// and none of the caller's variables but `PATH`: `LC_ALL` is `C.UTF-8`, `TZ` is `UTC`, `NO_COLOR` is 1, and `SOURCE_DATE_EPOCH`
    /// is the date of the source. It is run twice, and must print the same text, in UTF-8.
    #[schemars(with = "Option<Vec<String>>")]
    generate: Option<Vec<Spanned<String>>>,
    /// A file, relative to the workspace, that `generate` reads as its standard input. The first word may then be any program of the
    /// building system, as in `generate = ["scdoc"]`: for other distributions its package is in `build-packages` of
    /// packaging/distros.toml.
    stdin: Option<String>,
    /// A Cargo package: `source` is relative to the folder that its build script writes to (`OUT_DIR`).
    out_dir: Option<String>,
    /// Files of the workspace, relative to it: a path, or a glob pattern that must match; of `{a,b}` each alternative must. A symbolic link stays a link: its target
    /// must be in the package too, unless the link is absolute or leads to another directory, where another package may have it.
    source: Option<String>,
    /// Destination: an absolute path. A path that ends in `/` is a directory, in which the files keep their names, and those of a
    /// pattern with `**` their places below the directory before it.
    #[schemars(with = "Option<String>")]
    dest: Option<Spanned<String>>,
    /// A folder that the packages have even where it is empty: an absolute path. It stands in the place of `dest` and of a source.
    #[schemars(with = "Option<String>")]
    dir: Option<Spanned<String>>,
    /// A suffix to remove from the files' names.
    strip_suffix: Option<String>,
    /// Permission bits in octal, such as `"0640"`. Default: `"0755"` for a program and a folder, else `"0644"`.
    #[serde(default, deserialize_with = "octal")]
    #[schemars(with = "Option<String>")]
    mode: Option<u32>,
    /// The user and the group that own it, such as `"root:adm"`: of each system, or made by a file of sysusers.d(5) of the package. A
    /// Debian package holds the users and groups of base-passwd, and gives files to others when it is configured (`chown`, unless
    /// dpkg-statoverride(1) says otherwise; the bits of setuid and setgid are set then). An RPM holds the names, and makes its users
    /// before its files are unpacked. A tar file holds the names. Default: `"root:root"`.
    #[schemars(with = "Option<String>")]
    owner: Option<Owner>,
    /// How the package manager treats it.
    #[serde(default)]
    kind: FileKind,
    /// Whether to compress it and add `.gz` to its name.
    #[serde(default)]
    gzip: bool,
    /// The formats that contain it. Default: all.
    formats: Option<Vec<FormatName>>,
    /// The package that contains it: `name`, or one of `[package.NAME]`. Default: the main one.
    #[schemars(with = "Option<String>")]
    package: Option<Spanned<String>>,
}

impl TryFrom<RawAsset> for Asset {
    type Error = InvalidAsset;

    fn try_from(mut raw: RawAsset) -> Result<Self, InvalidAsset> {
        let (dest, is_folder) = match (raw.dest.clone(), raw.dir.clone()) {
            (Some(dest), None) => (dest, false),
            (None, Some(dir)) => (dir, true),
            _ => return Err(InvalidAsset::Dest),
        };
        // Where it is in the text, until the file is read and its line is known.
        let line = dest.span().start;
        let dest = dest.into_inner();
        if !dest.starts_with('/') {
            return Err(InvalidAsset::Relative { dest });
        }
        let (source, dest, default_mode) = if is_folder {
            (AssetSource::Folder, raw.folder(dest)?, 0o755)
        } else if raw.kind == FileKind::Ghost {
            (AssetSource::Ghost, raw.ghost(dest)?, 0o644)
        } else {
            raw.held(dest)?
        };
        Ok(Self {
            source,
            dest,
            strip_suffix: raw.strip_suffix,
            mode: raw.mode.unwrap_or(default_mode),
            owner: raw.owner.unwrap_or_default(),
            kind: raw.kind,
            gzip: raw.gzip,
            formats: raw.formats,
            package: raw.package,
            line,
        })
    }
}

impl RawAsset {
    /// Whether it has a key of what a package holds.
    fn is_held(&self) -> bool {
        let built = self.binary.is_some() || self.library.is_some();
        let sources = built || self.source.is_some() || self.generate.is_some();
        sources
            || self.stdin.is_some()
            || self.out_dir.is_some()
            || self.gzip
            || self.strip_suffix.is_some()
    }

    /// The path of a folder, without a slash at its end.
    fn folder(&self, dest: String) -> Result<String, InvalidAsset> {
        match self.is_held() || self.kind != FileKind::Plain {
            true => Err(InvalidAsset::Folder { dest }),
            false => Ok(dest.trim_end_matches('/').to_owned()),
        }
    }

    fn ghost(&self, dest: String) -> Result<String, InvalidAsset> {
        match self.is_held() || dest.ends_with('/') {
            true => Err(InvalidAsset::Ghost { dest }),
            false => Ok(dest),
        }
    }

    /// Where what a package holds comes from and goes, and its permission bits if nothing else is said.
    fn held(&mut self, dest: String) -> Result<(AssetSource, String, u32), InvalidAsset> {
        let stdin = self.stdin.take();
        if stdin.is_some() && self.generate.is_none() {
            return Err(InvalidAsset::Stdin { dest });
        }
        let sources = (
            self.binary.take(),
            self.library.take(),
            self.source.take(),
            self.generate.take(),
            self.out_dir.take(),
        );
        let (source, mode) = match sources {
            (Some(binary), None, None, None, None) => (AssetSource::Binary(binary), 0o755),
            (None, Some(library), None, None, None) => (AssetSource::library(library), 0o644),
            (None, None, Some(source), None, None) => (AssetSource::Files(source), 0o644),
            (None, None, Some(pattern), None, Some(package)) => {
                (AssetSource::OutDir { package, pattern }, 0o644)
            }
            (None, None, None, None, Some(_)) => return Err(InvalidAsset::OutDir { dest }),
            (None, None, None, Some(_), None) if dest.ends_with('/') => {
                return Err(InvalidAsset::Nameless { dest });
            }
            (None, None, None, Some(words), None) => match Printed::of(words, stdin) {
                Some(printed) => (AssetSource::Printed(printed), 0o644),
                None => return Err(InvalidAsset::Generate { dest }),
            },
            _ => return Err(InvalidAsset::Source { dest }),
        };
        Ok((source, dest, mode))
    }
}

fn octal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let text = String::deserialize(deserializer)?;
    match u32::from_str_radix(&text, 8) {
        Ok(mode) if mode <= 0o7777 => Ok(Some(mode)),
        _ => Err(serde::de::Error::custom(format!(
            "mode {text:?} is not an octal number such as \"0644\""
        ))),
    }
}

impl Asset {
    /// Whether packages of a format hold it.
    #[must_use]
    pub fn is_in(&self, format: FormatName) -> bool {
        let formats = self.formats.as_ref();
        formats.is_none_or(|formats| formats.contains(&format))
    }

    /// Whether a file of the asset may have this path. The names of the files of a pattern are not known.
    #[must_use]
    pub fn may_be(&self, path: &str) -> bool {
        match self.dest.ends_with('/') {
            true => path.starts_with(&self.dest),
            false => self.dest_of("") == path,
        }
    }

    /// Where a file of that name goes. The name may be a path below a folder.
    #[must_use]
    pub fn dest_of(&self, file_name: &str) -> String {
        match self.dest.ends_with('/') {
            true => format!("{}{}", self.dest, self.renamed(file_name)),
            false => format!("{}{}", self.dest, self.gz()),
        }
    }

    /// The text of a symbolic link to a file of that name: a file that this asset renames has its new name.
    #[must_use]
    pub fn link_to(&self, text: &str) -> String {
        match self.dest.ends_with('/') {
            true => self.renamed(text),
            false => format!("{text}{}", self.gz()),
        }
    }

    fn renamed(&self, name: &str) -> String {
        let suffix = self.strip_suffix.as_deref();
        let stripped = suffix.and_then(|suffix| name.strip_suffix(suffix));
        format!("{}{}", stripped.unwrap_or(name), self.gz())
    }

    fn gz(&self) -> &'static str {
        if self.gzip { ".gz" } else { "" }
    }
}

#[cfg(test)]
mod tests;
