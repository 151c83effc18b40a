//! Names of package files that are safe to upload.
//!
//! A version keeps what dpkg and rpm sort by: `~`, `+` and `^`. The name of a file cannot: GitHub replaces all but letters, digits,
//! `.`, `-` and `_` in the names of a release's files by dots, and then `SHA256SUMS` names other files. Package managers read the
//! version in the package and never its file name.
//!
//! The mapping can be undone, so two versions never have one name. A version of Cargo has three numbers, so the dot after them can
//! only be the `~` of a pre-release; it has no `_`, so that is the `+` of the build metadata. `-` ends it, and any other `-` is a
//! `~` of the revision.

/// A package's name, in the name of its file.
#[must_use]
pub fn name_in_file(name: &str) -> String {
    name.replace('+', "_")
}

/// A version of a format, without epoch and revision, in the name of a file.
pub(crate) fn version_in_file(version: &str) -> String {
    version.replace('~', ".").replace('+', "_")
}

/// A revision in the name of a file.
pub(crate) fn revision_in_file(revision: &str) -> String {
    revision.replace('~', "-").replace('+', "_")
}

/// Whether a revision can be told from any other one by the names of files.
pub(crate) fn has_revision_its_own_name(revision: &str) -> bool {
    !revision.contains(['_', '^', '-'])
}

/// Whether every host of files keeps the name.
pub(crate) fn is_safe(file: &str) -> bool {
    let is_kept = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    // GitHub also takes dots off both ends.
    !file.is_empty() && file.chars().all(is_kept) && !file.starts_with('.') && !file.ends_with('.')
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::version::sortable;
    use super::*;

    /// A version and a revision of which every part may have every mark.
    fn versions() -> Vec<(String, String)> {
        let parts = ["", "-rc.1", "-1", "-rc-1", "-deb.12"];
        let metadata = ["", "+rc.1", "+1", "+git-1", "+deb.12"];
        let revisions = [
            "1",
            "1~1",
            "1+1",
            "1.1",
            "1~~1",
            "1~deb.12",
            "1+deb.12",
            "1.deb.12",
            "deb.12",
            "rc.1",
            "rc.1~1",
            "1~deb.12~1",
        ];
        let versions = parts.iter().flat_map(|part| {
            let of = move |more: &&str| sortable(&format!("1.0.0{part}{more}"));
            metadata.iter().map(of)
        });
        let all = versions.flat_map(|version| {
            let of = move |revision: &str| (version.clone(), revision.to_owned());
            revisions.map(of)
        });
        all.collect()
    }

    #[test]
    fn two_versions_never_have_one_name_and_every_name_is_safe() {
        let mut named = BTreeMap::new();
        for (version, revision) in versions() {
            let name = format!(
                "{}-{}",
                version_in_file(&version),
                revision_in_file(&revision)
            );
            assert!(is_safe(&name), "{name}");
            let full = format!("{version}-{revision}");
            let other = named.insert(name.clone(), full.clone());
            // Cargo's `-rc-1` and `-rc.1` are one version in Debian's words.
            assert!(
                other.as_ref().is_none_or(|it| *it == full),
                "{name} is {full} and {other:?}"
            );
        }
    }

    #[test]
    fn a_name_that_a_host_would_change_is_not_safe() {
        assert!(is_safe("a_1.0.0.rc.1-1-debian.12_amd64.deb"));
        for name in [
            "", "a~b", "a+b", "a b", "a^b", "ä", "a:b", ".a", "a.", "a/b",
        ] {
            assert!(!is_safe(name), "{name:?}");
        }
        assert_eq!(name_in_file("g++-12"), "g__-12");
    }
}
