//! The scriptlets of an RPM.
//!
//! rpm macros such as `%systemd_post` exist only while a spec file is built, so their text is
//! written out here. systemd 250 and later have `systemd-update-helper`, which does what the
//! distribution wants; before it (EL8) the macros called `systemctl` as is done below.

use plimsoll_spec::{PackageFile, Scriptlets};

const UNITS: &str = "/usr/lib/systemd/system/";
const SYSUSERS: &str = "/usr/lib/sysusers.d/";
const TMPFILES: &str = "/usr/lib/tmpfiles.d/";
const HELPER: &str = "/usr/lib/systemd/systemd-update-helper";

/// The scripts for the units among the files; none where there are none.
pub(super) fn scriptlets(files: &[PackageFile]) -> Option<Scriptlets> {
    let units = names(files, UNITS).join(" ");
    if units.is_empty() {
        return None;
    }
    Some(Scriptlets {
        post: post(files, &units),
        preun: when(
            "-eq 0",
            "remove-system-units",
            "--no-reload disable --now",
            &units,
        ),
        postun: when("-ge 1", "mark-restart-system-units", "try-restart", &units),
    })
}

fn post(files: &[PackageFile], units: &str) -> String {
    let mut script = String::new();
    for (program, option, folder) in [
        ("systemd-sysusers", "", SYSUSERS),
        ("systemd-tmpfiles", " --create", TMPFILES),
    ] {
        let names = names(files, folder).join(" ");
        if !names.is_empty() {
            script.push_str(&format!(
                "if [ -x /usr/bin/{program} ]; then\n    \
                 /usr/bin/{program}{option} {names} >/dev/null 2>&1 || :\nfi\n"
            ));
        }
    }
    script + &when("-eq 1", "install-system-units", "--no-reload preset", units)
}

/// Runs one verb where the number of installed versions, `$1`, is what it is for.
fn when(versions: &str, verb: &str, systemctl: &str, units: &str) -> String {
    format!(
        "if [ $1 {versions} ]; then\n    \
         if [ -x {HELPER} ]; then\n        \
         {HELPER} {verb} {units} || :\n    \
         elif [ -x /usr/bin/systemctl ]; then\n        \
         /usr/bin/systemctl {systemctl} {units} >/dev/null 2>&1 || :\n    \
         fi\nfi\n"
    )
}

fn names<'a>(files: &'a [PackageFile], folder: &str) -> Vec<&'a str> {
    files
        .iter()
        .filter_map(|file| file.dest.strip_prefix(folder))
        .collect()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use plimsoll_spec::FileKind;

    fn file(dest: &str) -> PackageFile {
        PackageFile {
            source: dest.into(),
            dest: dest.to_owned(),
            mode: 0o644,
            kind: FileKind::Plain,
            gzip: false,
        }
    }

    #[test]
    fn a_package_without_units_runs_nothing() {
        assert_eq!(scriptlets(&[file("/usr/bin/sample")]), None);
    }

    #[test]
    fn units_are_preset_after_groups_and_folders_are_made() {
        let files = [
            file("/usr/lib/systemd/system/sampled.service"),
            file("/usr/lib/sysusers.d/sample.conf"),
            file("/usr/lib/tmpfiles.d/sample.conf"),
        ];
        let scriptlets = scriptlets(&files).expect("scriptlets");
        expect![[r#"
            if [ -x /usr/bin/systemd-sysusers ]; then
                /usr/bin/systemd-sysusers sample.conf >/dev/null 2>&1 || :
            fi
            if [ -x /usr/bin/systemd-tmpfiles ]; then
                /usr/bin/systemd-tmpfiles --create sample.conf >/dev/null 2>&1 || :
            fi
            if [ $1 -eq 1 ]; then
                if [ -x /usr/lib/systemd/systemd-update-helper ]; then
                    /usr/lib/systemd/systemd-update-helper install-system-units sampled.service || :
                elif [ -x /usr/bin/systemctl ]; then
                    /usr/bin/systemctl --no-reload preset sampled.service >/dev/null 2>&1 || :
                fi
            fi
        "#]]
        .assert_eq(&scriptlets.post);
        expect![[r#"
            if [ $1 -eq 0 ]; then
                if [ -x /usr/lib/systemd/systemd-update-helper ]; then
                    /usr/lib/systemd/systemd-update-helper remove-system-units sampled.service || :
                elif [ -x /usr/bin/systemctl ]; then
                    /usr/bin/systemctl --no-reload disable --now sampled.service >/dev/null 2>&1 || :
                fi
            fi
        "#]]
        .assert_eq(&scriptlets.preun);
    }
}
