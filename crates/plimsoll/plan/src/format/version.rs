//! Versions of Cargo as dpkg and rpm sort them.

/// The version of a package: a pre-release sorts before its release (`1.0.0-rc.1` is `1.0.0~rc.1`), and build metadata after it
/// (`1.0.0+2`), though Cargo has no order for them.
///
/// The first `-` begins the pre-release, unless the metadata begin before it (<https://semver.org>, 9 and 10). Any other `-` would
/// begin the revision, and is a dot here. deb-version(7), rpm-version(7).
pub(super) fn sortable(version: &str) -> String {
    let (version, metadata) = match version.split_once('+') {
        Some((version, metadata)) => (version, format!("+{metadata}")),
        None => (version, String::new()),
    };
    let version = version.replacen('-', "~", 1) + &metadata;
    version.replace('-', ".")
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_pre_release_is_marked_and_no_mark_of_a_revision_is_left() {
        for (version, wanted) in [
            ("1.0.0", "1.0.0"),
            ("1.0.0-rc.1", "1.0.0~rc.1"),
            ("1.0.0-rc-1+a-b", "1.0.0~rc.1+a.b"),
            ("1.0.0+2026-01", "1.0.0+2026.01"),
        ] {
            assert_eq!(sortable(version), wanted);
        }
    }

    /// Where dpkg and rpm are installed.
    #[test]
    fn dpkg_and_rpm_sort_them_so() {
        let ordered = [
            "1.0.0-alpha.1",
            "1.0.0-rc.1",
            "1.0.0-rc.2",
            "1.0.0",
            "1.0.0+1",
            "1.0.1",
        ];
        let ordered = ordered.map(sortable);
        for pair in ordered.windows(2) {
            let [older, newer] = pair else {
                continue;
            };
            let dpkg = Command::new("dpkg")
                .args(["--compare-versions", older, "lt", newer])
                .status();
            assert!(
                dpkg.is_err() || dpkg.is_ok_and(|status| status.success()),
                "{pair:?}"
            );
            let script = format!("%{{lua: print(rpm.vercmp(\"{older}\", \"{newer}\"))}}");
            if let Ok(rpm) = Command::new("rpm").args(["--eval", &script]).output() {
                assert_eq!(
                    String::from_utf8_lossy(&rpm.stdout).trim(),
                    "-1",
                    "{pair:?}"
                );
            }
        }
    }
}
