//! Reading back what a finished package says about itself, and changing its version.

use std::io;
use std::path::Path;

use plimsoll_spec::{FormatName, PackageContents, PackageReport};

use super::archive::{self, Archives};
use super::relations;
use crate::error::{PackageError, ResultExt};
use crate::files;
use crate::new_version::Stamp;

/// What the package says.
pub(super) fn contents(path: &Path, archives: &Archives) -> Result<PackageContents, PackageError> {
    let control = control(path, archives)?;
    let conffiles = archive::control_file(archives, "conffiles").at("read", path)?;
    let (version, revision) = version(&control);
    Ok(PackageContents {
        format: FormatName::DEB,
        name: field(&control, "Package").unwrap_or_default(),
        version,
        revision,
        arch: field(&control, "Architecture"),
        report: PackageReport {
            relations: relations::read(|name| field(&control, name)),
            files: paths(archives).at("read", path)?,
        },
        conffiles: conffile_paths(&conffiles.unwrap_or_default()),
    })
}

/// The control file of a package under another version. What it relates to in exactly its own version is of the same build,
/// and follows.
pub(super) fn restamped(
    path: &Path,
    archives: &Archives,
    stamp: &Stamp,
) -> Result<String, PackageError> {
    Ok(with_version(&control(path, archives)?, &stamp.to_string()))
}

fn with_version(control: &str, version: &str) -> String {
    let old = field(control, "Version").unwrap_or_default();
    let (of_old, of_new) = (format!("(= {old})"), format!("(= {version})"));
    let mut name = "";
    let lines = control.lines().map(|line| {
        if !line.starts_with([' ', '\t']) {
            name = line.split(':').next().unwrap_or_default();
        }
        match name {
            "Version" => format!("Version: {version}\n"),
            name if relations::is_field(name) => line.replace(&of_old, &of_new) + "\n",
            _ => format!("{line}\n"),
        }
    });
    lines.collect()
}

fn control(path: &Path, archives: &Archives) -> Result<String, PackageError> {
    archive::control_file(archives, "control")
        .at("read", path)?
        .ok_or_else(|| PackageError::NotDeb {
            path: path.to_owned(),
            what: "it has no control file",
        })
}

fn paths(archives: &Archives) -> io::Result<Vec<String>> {
    let names = files::names_in_tar(&archives.data)?;
    Ok(names.iter().map(|name| format!("/{name}")).collect())
}

/// deb-conffiles(5): a path a line; one that begins with a flag is of a file that is gone.
fn conffile_paths(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim);
    lines
        .filter(|line| line.starts_with('/'))
        .map(str::to_owned)
        .collect()
}

/// deb-version(7): the revision is what follows the last `-`.
fn version(control: &str) -> (Option<String>, Option<String>) {
    let whole = field(control, "Version");
    match whole.as_deref().and_then(|text| text.rsplit_once('-')) {
        Some((version, revision)) => (Some(version.to_owned()), Some(revision.to_owned())),
        None => (whole, None),
    }
}

/// The value of a field (deb-control(5)), with the lines that it goes on in.
fn field(control: &str, name: &str) -> Option<String> {
    let mut lines = control.lines();
    let first = lines.find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then_some(value)
    })?;
    let rest = lines.take_while(|line| line.starts_with([' ', '\t']));
    let value: Vec<&str> = std::iter::once(first).chain(rest).map(str::trim).collect();
    Some(value.join(" ").trim().to_owned())
}

#[cfg(test)]
mod tests {
    use plimsoll_spec::Relation;

    use super::*;

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let control = "Package: x\nPre-Depends: a\nDepends: libc6 (>= 2.34), b | c\n";
        let relations = relations::read(|name| field(control, name));
        assert_eq!(relations.depends(), ["libc6 (>= 2.34)", "b | c"]);
        assert_eq!(relations.of(Relation::PreDepends), ["a"]);
        assert_eq!(relations.of(Relation::Recommends), [""; 0]);
    }

    #[test]
    fn a_folded_field_is_one_value() {
        let control = "Depends: a,\n b (>= 1),\n\tc\nSection: net\n";
        let relations = relations::read(|name| field(control, name));
        assert_eq!(relations.depends(), ["a", "b (>= 1)", "c"]);
    }

    #[test]
    fn a_native_version_has_no_revision() {
        let text = |text: &str| Some(text.to_owned());
        let with = version("Version: 1:2.0-rc1-3\n");
        assert_eq!(with, (text("1:2.0-rc1"), text("3")));
        assert_eq!(version("Version: 2.0\n"), (text("2.0"), None));
    }

    #[test]
    fn packages_of_the_same_version_get_the_other_version_too() {
        let control = "Package: x\nVersion: 1-2\nDepends: a (= 1-2), b (= 1-22),\n c (>= 1-2)\n\
                       Description: d (= 1-2)\n e (= 1-2)\n";
        let expected = "Package: x\nVersion: 0-1\nDepends: a (= 0-1), b (= 1-22),\n c (>= 1-2)\n\
                        Description: d (= 1-2)\n e (= 1-2)\n";
        assert_eq!(with_version(control, "0-1"), expected);
    }

    #[test]
    fn a_removed_conffile_is_none() {
        assert_eq!(
            conffile_paths("/etc/a\nremove-on-upgrade /etc/b\n"),
            ["/etc/a"]
        );
    }
}
