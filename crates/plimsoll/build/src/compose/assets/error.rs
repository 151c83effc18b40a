//! Why the files of a package are unknown.

use std::borrow::Cow;

use error_hint::Hint;
use plimsoll_plan::config::Asset;
use plimsoll_spec::FormatName;

/// Why the files of a package are unknown, and which asset it is about.
#[derive(Debug, thiserror::Error)]
#[error("packaging/dist.toml:{line}: {fault}")]
pub struct AssetError {
    /// The line of the asset's `dest`, from 1.
    pub line: usize,
    /// What is wrong. It is part of the message, and so no cause.
    pub fault: AssetFault,
}

/// What is wrong with an asset.
#[derive(Debug, thiserror::Error)]
pub enum AssetFault {
    /// The pattern is not one.
    #[error("asset source {pattern:?} is not a glob pattern: {reason}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// Where it goes wrong.
        reason: glob::PatternError,
    },
    /// A folder cannot be read.
    #[error("cannot search for asset {pattern:?}: {reason}")]
    Io {
        /// The pattern.
        pattern: String,
        /// What the system said.
        reason: std::io::Error,
    },
    /// Nothing matches: the package would silently lack it.
    #[error("asset source {pattern:?} matches no file")]
    NoMatch {
        /// The pattern.
        pattern: String,
    },
    /// A folder, of which no file is named.
    #[error("asset source {pattern:?} is a folder")]
    Folder {
        /// The pattern.
        pattern: String,
    },
    /// No build script wrote what the asset names.
    #[error("no build script of the Cargo package {package} was run")]
    NoScript {
        /// The package.
        package: String,
    },
    /// Two files with one path in the package.
    #[error("asset {dest} has the same destination as the asset in line {first}")]
    Twice {
        /// The path in the package.
        dest: String,
        /// The line of the first one.
        first: usize,
    },
    /// A file where another one is a folder.
    #[error("asset {dest} is below {file}, and the package has a file there, not a folder")]
    Inside {
        /// The path in the package.
        dest: String,
        /// The file.
        file: String,
    },
    /// A file of a user or group that may not be there when the package is installed.
    #[error(
        "asset {dest} is owned by {what} {name}, which is neither on every system with .{format} packages nor made by this package"
    )]
    NoOwner {
        /// The path in the package.
        dest: String,
        /// `user` or `group`.
        what: &'static str,
        /// The name.
        name: String,
        /// The format of the package.
        format: FormatName,
    },
    /// The standard input of a program is not there.
    #[error("no file is {file:?}, which `generate` reads")]
    NoInput {
        /// Its path.
        file: String,
    },
    /// An ELF file in a package for every architecture.
    #[error("asset {dest} is an ELF file, and `architecture` is \"all\"")]
    Elf {
        /// The path in the package.
        dest: String,
    },
    /// An alternative whose file is in no package.
    #[error("the alternative's {path} is no file of the package")]
    NotHeld {
        /// Its path.
        path: String,
    },
    /// An alternative whose link is a file.
    #[error("the alternative's link {path} is a file of the package")]
    LinkHeld {
        /// Its path.
        path: String,
    },
    /// A unit that no package installs.
    #[error("[unit.{name:?}] is no unit of the packages")]
    NoUnit {
        /// Its name.
        name: String,
    },
    /// A link that leads to a file that the package should hold, and does not.
    #[error("asset {dest} is a link to {text}, but the package has no file {target}")]
    Link {
        /// The path of the link in the package.
        dest: String,
        /// What the link says.
        text: String,
        /// Where it leads in the package.
        target: String,
    },
}

impl AssetFault {
    pub(super) fn at(self, asset: &Asset) -> AssetError {
        AssetError {
            line: asset.line,
            fault: self,
        }
    }
}

impl Hint for AssetError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match &self.fault {
            AssetFault::Pattern { .. } | AssetFault::NoMatch { .. } => {
                "correct `source`, or create the file"
            }
            AssetFault::NoScript { .. } => {
                "set `out-dir` to a Cargo package that the programs link and that has a build script"
            }
            AssetFault::Io { .. } => "make it readable, or correct `source`",
            AssetFault::Folder { pattern } => {
                return Some(
                    format!("write {:?} to take all files below it", below(pattern)).into(),
                );
            }
            AssetFault::Twice { .. } => {
                "give one of them another `dest`; files of a pattern with `**` keep their folders"
            }
            AssetFault::NoOwner { what, name, .. } => {
                let kind = if *what == "user" { "u" } else { "g" };
                return Some(
                    format!("make it with a line \"{kind} {name} -\" in a file of /usr/lib/sysusers.d among the assets").into(),
                );
            }
            AssetFault::NoInput { .. } => "correct `stdin`: it is a path relative to the workspace",
            AssetFault::Elf { .. } => {
                "leave out `architecture`, or the file: it is for one processor"
            }
            AssetFault::NotHeld { .. } => "correct `path`, or add the file to the assets",
            AssetFault::LinkHeld { .. } => {
                "install the file under another name, and name that in `path`: update-alternatives(1) makes the link"
            }
            AssetFault::NoUnit { .. } => {
                "name a unit that an asset puts into /usr/lib/systemd/system; a template (x@.service) is neither enabled nor started"
            }
            AssetFault::Inside { .. } => "give one of them another `dest`",
            AssetFault::Link { .. } => {
                "add its target to the assets, name the target itself as `source`, or make the link absolute if another package \
                 brings the target"
            }
        };
        Some(hint.into())
    }
}

fn below(folder: &str) -> String {
    format!("{}/**/*", folder.trim_end_matches('/'))
}
