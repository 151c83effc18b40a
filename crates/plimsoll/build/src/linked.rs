//! The libraries that the linker took, against the packages that own them and against what pkg-config said of them.
//!
//! A dependency is derived from a soname. It is right only if the file that was linked is the file of a package: a private
//! copy may have the same soname, and other symbols. The audit is pure; [`trace`] asks the linker.

pub mod trace;

use std::borrow::Cow;
use std::path::PathBuf;

use error_hint::Hint;
use plimsoll_probe::FileOwner;

use crate::fault::Fault;

/// A file, and who owns it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedFile {
    /// Its path, without links.
    pub path: PathBuf,
    /// The package that it belongs to, or why nobody could tell; none where no package has it.
    pub owner: Result<Option<FileOwner>, String>,
}

/// A library, as the linker and pkg-config know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkedLibrary {
    /// Its soname.
    pub soname: String,
    /// The file that the linker takes for it, or why that is not known.
    pub taken: Result<OwnedFile, String>,
    /// What pkg-config says of it; none for a library that is not declared.
    pub description: Option<Description>,
}

/// What pkg-config says of a library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// The version that its `.pc` file names.
    pub version: String,
    /// The `.pc` file.
    pub file: OwnedFile,
}

/// What was found of the linked libraries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Findings {
    /// What makes the dependencies wrong.
    pub faults: Vec<Fault>,
    /// What could not be told.
    pub unknown: Vec<String>,
}

/// Linked files that are not what the packages will depend on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct LinkedError(#[from] pub crate::fault::AuditError);

impl Hint for LinkedError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        Some(
            "unset PKG_CONFIG_PATH and other variables that lead to private folders, and install the library's own package; if no \
             package has the library, add it to the assets"
                .into(),
        )
    }
}

/// Compares each library with its package.
#[must_use]
pub fn audit(libraries: &[LinkedLibrary]) -> Findings {
    let mut findings = Findings::default();
    for library in libraries {
        match judge(library) {
            Ok(None) => {}
            Ok(Some(what)) => findings.faults.push(Fault::new(&library.soname, what)),
            Err(reason) => findings
                .unknown
                .push(format!("{}: {reason}", library.soname)),
        }
    }
    findings
}

/// What is wrong with a library.
fn judge(library: &LinkedLibrary) -> Result<Option<String>, String> {
    let taken = library.taken.as_ref().map_err(Clone::clone)?;
    let path = taken.path.display();
    let Some(owner) = taken.owner.as_ref().map_err(Clone::clone)? else {
        return Ok(Some(format!(
            "the linker takes {path}, which no package has: the dependency would be on another file"
        )));
    };
    let package = format!("{} {}", owner.package, owner.version);
    if owner.is_changed {
        let what = format!("the linker takes {path}, which is not as {package} brought it");
        return Ok(Some(what));
    }
    match &library.description {
        Some(description) => contradicted(description, owner, &package),
        None => Ok(None),
    }
}

/// How a `.pc` file contradicts the package of the file that the linker takes. One that a package brought is believed if both
/// are of one build. Any other must name the package's version.
fn contradicted(
    description: &Description,
    owner: &FileOwner,
    package: &str,
) -> Result<Option<String>, String> {
    let Description { version, file } = description;
    let path = file.path.display();
    let described = file.owner.as_ref().map_err(Clone::clone)?;
    let what = match described.as_ref().filter(|described| !described.is_changed) {
        Some(described) if described.source == owner.source => return Ok(None),
        Some(described) => format!(
            "{path} is of {} {}, and the linker takes the file of {package}",
            described.package, described.version
        ),
        None if agree(version, &owner.version) => return Ok(None),
        None => {
            format!("{path} says version {version}, and the linker takes the file of {package}")
        }
    };
    Ok(Some(what))
}

/// Whether a version can be that of a package: one begins with the numbers of the other. A package's version has an epoch before
/// `:` and a revision after the last `-`.
fn agree(version: &str, of_package: &str) -> bool {
    let upstream = of_package
        .split_once(':')
        .map_or(of_package, |(_, rest)| rest);
    let upstream = upstream.rsplit_once('-').map_or(upstream, |(rest, _)| rest);
    let [said, packaged] = [version, upstream].map(numbers);
    let shorter = said.len().min(packaged.len());
    shorter > 0 && said[..shorter] == packaged[..shorter]
}

fn numbers(version: &str) -> Vec<&str> {
    let runs = version.split(|letter: char| !letter.is_ascii_digit());
    let runs = runs.filter(|run| !run.is_empty());
    runs.map(|run| run.trim_start_matches('0')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(package: &str, version: &str, source: &str) -> FileOwner {
        FileOwner {
            package: package.to_owned(),
            version: version.to_owned(),
            source: source.to_owned(),
            is_changed: false,
        }
    }

    fn zlib1g() -> FileOwner {
        owner("zlib1g", "1:1.2.13.dfsg-1", "zlib 1:1.2.13.dfsg-1")
    }

    fn at(path: &str, owner: Option<FileOwner>) -> OwnedFile {
        OwnedFile {
            path: path.into(),
            owner: Ok(owner),
        }
    }

    fn zlib(taken: OwnedFile, version: &str, pc: OwnedFile) -> LinkedLibrary {
        LinkedLibrary {
            soname: "libz.so.1".to_owned(),
            taken: Ok(taken),
            description: Some(Description {
                version: version.to_owned(),
                file: pc,
            }),
        }
    }

    fn of_package() -> OwnedFile {
        at("/usr/lib/libz.so.1.2.13", Some(zlib1g()))
    }

    fn own_pc() -> OwnedFile {
        let owner = owner("zlib1g-dev", "1:1.2.13.dfsg-1", "zlib 1:1.2.13.dfsg-1");
        at("/usr/lib/pkgconfig/zlib.pc", Some(owner))
    }

    fn fault(library: LinkedLibrary) -> String {
        let Findings { faults, unknown } = audit(&[library]);
        let faults = faults.iter().map(ToString::to_string);
        faults.chain(unknown).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn a_file_of_a_package_with_its_own_description_is_right() {
        assert_eq!(fault(zlib(of_package(), "1.2.13", own_pc())), "");
        // A library of a source with another version, such as libmariadb, is believed too.
        assert_eq!(fault(zlib(of_package(), "3.3.8", own_pc())), "");
        let toolchain = LinkedLibrary {
            description: None,
            ..zlib(of_package(), "", own_pc())
        };
        assert_eq!(fault(toolchain), "");
    }

    #[test]
    fn a_private_copy_with_the_same_soname_is_a_fault() {
        let private = at("/opt/z/lib/libz.so.1.3", None);
        assert_eq!(
            fault(zlib(private, "1.3", own_pc())),
            "libz.so.1: the linker takes /opt/z/lib/libz.so.1.3, which no package has: the dependency would be on another file"
        );
        let changed = FileOwner {
            is_changed: true,
            ..zlib1g()
        };
        assert_eq!(
            fault(zlib(
                at("/usr/lib/libz.so.1.2.13", Some(changed)),
                "1.2.13",
                own_pc()
            )),
            "libz.so.1: the linker takes /usr/lib/libz.so.1.2.13, which is not as zlib1g 1:1.2.13.dfsg-1 brought it"
        );
    }

    #[test]
    fn a_description_that_lies_about_the_version_is_a_fault() {
        let lies = "says version 9.9, and the linker takes the file of zlib1g 1:1.2.13.dfsg-1";
        let private = at("/opt/z/zlib.pc", None);
        let mut edited = own_pc();
        if let Ok(Some(owner)) = &mut edited.owner {
            owner.is_changed = true;
        }
        for (pc, path) in [
            (private.clone(), "/opt/z/zlib.pc"),
            (edited, "/usr/lib/pkgconfig/zlib.pc"),
        ] {
            let expected = format!("libz.so.1: {path} {lies}");
            assert_eq!(fault(zlib(of_package(), "9.9", pc)), expected);
        }
        assert_eq!(fault(zlib(of_package(), "1.2.13", private)), "");
    }

    #[test]
    fn a_description_of_another_build_is_a_fault() {
        let newer = owner("zlib1g-dev", "1:1.3.1-1", "zlib 1:1.3.1-1");
        assert_eq!(
            fault(zlib(
                of_package(),
                "1.3.1",
                at("/usr/lib/pkgconfig/zlib.pc", Some(newer))
            )),
            "libz.so.1: /usr/lib/pkgconfig/zlib.pc is of zlib1g-dev 1:1.3.1-1, and the linker takes the file of zlib1g \
             1:1.2.13.dfsg-1"
        );
    }

    #[test]
    fn what_is_unknown_is_not_a_fault_and_is_reported() {
        let silent = LinkedLibrary {
            taken: Err("cc is not installed".to_owned()),
            ..zlib(of_package(), "1.2.13", own_pc())
        };
        let findings = audit(&[silent]);
        assert_eq!(findings.faults, []);
        assert_eq!(findings.unknown, ["libz.so.1: cc is not installed"]);
    }

    #[test]
    fn versions_agree_where_one_begins_with_the_numbers_of_the_other() {
        for (version, package) in [
            ("1.0.6", "1.0.6-2+deb12u2"),
            ("1.2.13", "1:1.2.13.dfsg-1"),
            ("252", "252.39-1~deb12u1"),
            ("6.4.20221231", "6.4-4"),
            ("2.01", "2.1-3.fc42"),
        ] {
            assert!(agree(version, package), "{version} {package}");
        }
        for (version, package) in [("9.9", "1.0.6-2"), ("1.2.11", "1:1.2.13-1"), ("", "1.0-1")] {
            assert!(!agree(version, package), "{version} {package}");
        }
    }
}
