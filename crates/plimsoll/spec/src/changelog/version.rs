//! Versions of releases.

/// Whether two texts name one version: `1.2` is `1.2.0`, and build metadata does not count.
pub(super) fn same(one: &str, other: &str) -> bool {
    full(one) == full(other)
}

fn full(version: &str) -> String {
    let version = version.split('+').next().unwrap_or(version);
    let is_short = version.matches('.').count() == 1 && !version.contains('-');
    let rest = if is_short { ".0" } else { "" };
    format!("{version}{rest}")
}

/// Whether a word is a version: at least two numbers, as in `1.2` and `1.2.3-rc.1`.
pub(super) fn is_one(word: &str) -> bool {
    let mut parts = word.split('.');
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let starts = |part: &str| part.starts_with(|c: char| c.is_ascii_digit());
    parts.next().is_some_and(is_number)
        && parts.next().is_some_and(starts)
        && parts.next().is_none_or(starts)
}

/// The version of the program in the version of a package: without epoch and revision, with `-rc.1` for `~rc.1`. None where it
/// is none, as for a macro of RPM.
pub(super) fn of_package(version: &str) -> Option<String> {
    let version = version.split_once(':').map_or(version, |(_, rest)| rest);
    let version = version.rsplit_once('-').map_or(version, |(start, _)| start);
    let version = version.split(['+']).next().unwrap_or(version);
    let version = version.replacen('~', "-", 1);
    is_one(&version).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_version_and_build_metadata_are_the_same_version() {
        assert!(same("1.2", "1.2.0") && same("1.2.3+x", "1.2.3"));
        assert!(!same("1.2", "1.2.1") && !same("1.2.3-rc.1", "1.2.3"));
    }

    #[test]
    fn the_version_of_a_package_has_the_programs_in_it() {
        for (package, version) in [
            ("1.2.3-1", Some("1.2.3")),
            ("2:1.2.3-1.fc44", Some("1.2.3")),
            ("1.2.3~rc.1-0ubuntu1", Some("1.2.3-rc.1")),
            ("1.2.3+dfsg-2", Some("1.2.3")),
            ("1.2.3", Some("1.2.3")),
            ("%{version}-1", None),
            ("name@example.org", None),
        ] {
            assert_eq!(of_package(package).as_deref(), version, "{package}");
        }
    }
}
