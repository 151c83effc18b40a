//! What one package file holds: the messages to and from the program that writes and reads packages.
//!
//! ```
//! use plimsoll_spec::{FormatName, PackageReport, Relation, Relations};
//!
//! assert_eq!("rpm".parse(), Ok(FormatName::RPM));
//! let report = PackageReport {
//!     relations: Relations::from_iter([(Relation::Depends, ["libc6 (>= 2.34)"])]),
//!     files: vec!["/usr/bin/sample".to_owned()],
//! };
//! let json = serde_json::to_string(&report)?;
//! assert_eq!(
//!     json,
//!     r#"{"relations":{"depends":["libc6 (>= 2.34)"]},"files":["/usr/bin/sample"]}"#
//! );
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! A [`PackageSpec`] is complete: every dependency is resolved, every file named, every date
//! fixed. The writer makes no decisions, so the same specification always gives the same bytes.

pub mod changelog;
mod format;
mod owner;
mod relations;
pub mod system_files;
pub mod system_users;

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::changelog::Release;

pub use format::{FORMAT_NAME, FormatName, InvalidFormatName};
pub use owner::{InvalidOwner, Owner};
pub use relations::{Relation, Relations};

/// What a file is to the package manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FileKind {
    /// An ordinary file: replaced on upgrade, removed with the package.
    #[default]
    Plain,
    /// A configuration file: kept on upgrade if the administrator changed it.
    Config,
    /// Documentation, which an installation may leave out.
    Doc,
    /// A licence text. A Debian package has it in its `copyright` (Debian Policy 12.5).
    License,
    /// A file that the package does not hold and that belongs to it, such as a log: an RPM owns it, so that a removal takes it away,
    /// and a Debian package removes it when it is purged. Such an asset has `dest`, and no source.
    Ghost,
}

/// One file of the package, or an empty folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PackageFile {
    /// Where its content is now; of a link, the link itself.
    pub source: PathBuf,
    /// Where the package puts it: an absolute path.
    pub dest: String,
    /// Its permission bits.
    pub mode: u32,
    /// Whose it is.
    #[serde(default)]
    pub owner: Owner,
    /// How the package manager treats it.
    #[serde(default)]
    pub kind: FileKind,
    /// Whether the writer compresses it; `dest` then ends in `.gz` already.
    #[serde(default)]
    pub gzip: bool,
    /// The text of a symbolic link (symlink(7)). The package then holds a link, and `source` is not read.
    #[serde(default)]
    pub link: Option<String>,
    /// Whether it is a folder, which is there even where it is empty. `source` is not read.
    #[serde(default)]
    pub folder: bool,
}

impl PackageFile {
    /// Whether the package holds a file with content: no link, no folder and no ghost.
    #[must_use]
    pub fn has_content(&self) -> bool {
        self.link.is_none() && !self.folder && self.kind != FileKind::Ghost
    }
}

/// What is done with a unit of a package, see systemd.unit(5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct UnitActions {
    /// Whether the first installation enables it.
    pub enable: bool,
    /// Whether the first installation starts it.
    pub start: bool,
}

impl Default for UnitActions {
    fn default() -> Self {
        Self {
            enable: true,
            start: true,
        }
    }
}

/// A name that several packages have a program for, see update-alternatives(1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Alternative {
    /// The name of the choice.
    pub name: String,
    /// The path that people use.
    pub link: String,
    /// The package's program for it.
    pub path: String,
    /// Which program is taken where nobody chose: the one with the highest number.
    pub priority: i32,
    /// Files that go along.
    #[serde(default)]
    pub followers: Vec<Follower>,
}

impl Alternative {
    /// The words after `--install` of update-alternatives(1). No path of a package has a character that a shell reads.
    #[must_use]
    pub fn words(&self) -> String {
        let Self {
            name,
            link,
            path,
            priority,
            followers,
        } = self;
        let followers = followers.iter();
        let followers =
            followers.map(|Follower { name, link, path }| format!(" --slave {link} {name} {path}"));
        format!(
            "{link} {name} {path} {priority}{}",
            followers.collect::<String>()
        )
    }
}

/// A file that goes along with a choice, such as a man page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Follower {
    /// The name of its choice.
    pub name: String,
    /// The path that people use.
    pub link: String,
    /// The package's file for it.
    pub path: String,
}

/// When a file trigger of an RPM runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TriggerTime {
    /// After files were installed, and when the package itself is.
    In,
    /// Before files are removed, and before the package itself is.
    Un,
    /// After files were removed.
    Postun,
}

/// A script that an RPM runs when any package brings or takes files below a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FileTrigger {
    /// What the paths of the files begin with.
    pub path: String,
    /// When it runs.
    pub when: TriggerTime,
    /// Whether it runs once for the whole transaction.
    pub transaction: bool,
    /// Where the script is, for `/bin/sh`.
    pub script: PathBuf,
}

/// What is done on a system besides putting the files there.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Actions {
    /// What is done with units, by their names; one that is not named is enabled and started.
    #[serde(default)]
    pub units: BTreeMap<String, UnitActions>,
    /// The choices that the package takes part in.
    #[serde(default)]
    pub alternatives: Vec<Alternative>,
    /// The sonames of the libraries that the package has for programs of others.
    #[serde(default)]
    pub libraries: Vec<String>,
    /// Whether the files change what the dynamic linker finds, so that its cache is renewed (ldconfig(8)).
    #[serde(default)]
    pub ldconfig: bool,
    /// The lines of a Debian package's `triggers`, see deb-triggers(5).
    #[serde(default)]
    pub deb_triggers: Vec<String>,
    /// A folder with scripts of an RPM, which are joined with `scriptlets`: `pre`, `post`, `preun`, `postun`, `pretrans` and
    /// `posttrans`.
    #[serde(default)]
    pub rpm_scripts: Option<PathBuf>,
    /// The file triggers of an RPM.
    #[serde(default)]
    pub rpm_triggers: Vec<FileTrigger>,
}

impl Actions {
    /// What is done with a unit.
    #[must_use]
    pub fn unit(&self, name: &str) -> UnitActions {
        self.units.get(name).copied().unwrap_or_default()
    }
}

/// Scripts that an RPM runs, for `/bin/sh`. Each gets the number of installed versions as `$1`; an empty one is not there.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Scriptlets {
    /// `%post`: after installation and upgrade.
    pub post: String,
    /// `%preun`: before removal.
    pub preun: String,
    /// `%postun`: after removal and upgrade.
    pub postun: String,
}

/// One package file to be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PackageSpec {
    /// The kind of file.
    pub format: FormatName,
    /// The file to be written.
    pub out: PathBuf,
    /// A folder for intermediate files, emptied first.
    pub work: PathBuf,
    /// The time that every date in the package takes, in seconds since 1970 (UTC).
    pub source_date_epoch: u32,
    /// The package's name.
    pub name: String,
    /// What begins the version, and counts more than the rest of it; 0: none.
    #[serde(default)]
    pub epoch: u32,
    /// The version of the program, as the format sorts it.
    pub version: String,
    /// The revision of the package (`1` in `0.1.0-1`).
    pub revision: String,
    /// The architecture in the format's own words: `amd64` for deb, `x86_64` for rpm.
    pub arch: String,
    /// One line about it.
    pub summary: String,
    /// A longer description; empty lines separate paragraphs, lines that begin with `- ` or `* ` are items of a list, and
    /// other indented lines stay as they are.
    pub description: String,
    /// An SPDX licence expression.
    pub license: String,
    /// `Name <address>`.
    pub maintainer: String,
    /// Where the project lives.
    pub homepage: String,
    /// Debian's section or RPM's group.
    pub section: String,
    /// How it relates to other packages.
    #[serde(default)]
    pub relations: Relations,
    /// Its files.
    pub files: Vec<PackageFile>,
    /// Where its licence texts are now, if the format has them in a file of its own, as Debian packages do in `copyright`.
    #[serde(default)]
    pub licenses: Vec<PathBuf>,
    /// What is done besides.
    #[serde(default)]
    pub actions: Actions,
    /// The build ids of the programs whose symbols it holds, in hexadecimal. Only a debug package has any.
    #[serde(default)]
    pub build_ids: Vec<String>,
    /// A folder with Debian maintainer scripts (`postinst`, …) that hold a `#DEBHELPER#` line. Without one, a Debian package
    /// has the scripts that its units, users and temporary files need.
    pub maintainer_scripts: Option<PathBuf>,
    /// What an RPM runs.
    pub scriptlets: Option<Scriptlets>,
    /// The releases so far, newest first.
    pub changelog: Vec<Release>,
}

impl PackageSpec {
    /// The version with epoch and revision.
    #[must_use]
    pub fn full_version(&self) -> String {
        self.full_version_of(&self.version)
    }

    /// The same of an earlier release of the program.
    #[must_use]
    pub fn full_version_of(&self, version: &str) -> String {
        full_version(self.epoch, version, &self.revision)
    }
}

/// A version as package managers write it, `[EPOCH:]VERSION-REVISION` (deb-version(7), rpm-version(7)). The epoch 0 is not written:
/// both take a version without one for that.
///
/// ```
/// assert_eq!(plimsoll_spec::full_version(0, "1.0", "1"), "1.0-1");
/// assert_eq!(plimsoll_spec::full_version(2, "1.0", "1"), "2:1.0-1");
/// ```
#[must_use]
pub fn full_version(epoch: u32, version: &str, revision: &str) -> String {
    match epoch {
        0 => format!("{version}-{revision}"),
        epoch => format!("{epoch}:{version}-{revision}"),
    }
}

/// What the finished file says about itself: read back from it, not from the specification.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PackageReport {
    /// How it relates to other packages; an RPM also has what rpm itself put there, such as its own name.
    pub relations: Relations,
    /// The paths that it installs.
    pub files: Vec<String>,
}

/// What a package says about itself, by this toolkit or any other. A tar file has neither version,
/// architecture nor relations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PackageContents {
    /// The kind of file.
    pub format: FormatName,
    /// The package's name; of a tar file the one folder that everything is in.
    pub name: String,
    /// The version of the program, with the epoch where there is one.
    pub version: Option<String>,
    /// The revision of the package; none for a Debian package that has none.
    pub revision: Option<String>,
    /// The architecture in the format's own words.
    pub arch: Option<String>,
    /// Its relations and paths.
    pub report: PackageReport,
    /// The paths that are kept on upgrade where the administrator changed them.
    pub conffiles: Vec<String>,
}
