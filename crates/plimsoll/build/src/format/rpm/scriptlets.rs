//! The scriptlets of an RPM.
//!
//! rpm macros such as `%systemd_post` exist only while a spec file is built, so their text is
//! written out here. systemd 250 and later have `systemd-update-helper`, which does what the
//! distribution wants; before it (EL8) the macros called `systemctl` as is done below.

use plimsoll_spec::{Actions, Alternative, PackageFile, Scriptlets, system_files};

const HELPER: &str = "/usr/lib/systemd/systemd-update-helper";

/// The scripts for units, users and temporary files among the files; none where there are none.
pub(super) fn scriptlets(files: &[PackageFile], actions: &Actions) -> Option<Scriptlets> {
    let units = names(files, system_files::unit);
    let enabled: Vec<&str> = units
        .iter()
        .copied()
        .filter(|unit| actions.unit(unit).enable)
        .collect();
    let scriptlets = Scriptlets {
        post: post(files, &enabled),
        preun: when(
            "-eq 0",
            "remove-system-units",
            "--no-reload disable --now",
            &units,
        ),
        postun: when("-ge 1", "mark-restart-system-units", "try-restart", &units),
    };
    let scriptlets = with_alternatives(scriptlets, &actions.alternatives);
    let scriptlets = with_ldconfig(scriptlets, actions.ldconfig);
    (scriptlets != Scriptlets::default()).then_some(scriptlets)
}

/// Adds the package's programs to the choices, and takes them away with the package.
fn with_alternatives(mut scriptlets: Scriptlets, alternatives: &[Alternative]) -> Scriptlets {
    const PROGRAM: &str = "/usr/sbin/update-alternatives";
    for alternative in alternatives {
        let words = alternative.words();
        scriptlets.post += &format!("{PROGRAM} --install {words} >/dev/null || :\n");
        let Alternative { name, path, .. } = alternative;
        scriptlets.preun += &format!(
            "if [ $1 -eq 0 ]; then\n    {PROGRAM} --remove {name} {path} >/dev/null || :\nfi\n"
        );
    }
    scriptlets
}

/// Renews the cache of the dynamic linker. Where the system does that by itself, it is done twice: one package is for all of them.
fn with_ldconfig(mut scriptlets: Scriptlets, wanted: bool) -> Scriptlets {
    const LDCONFIG: &str = "if [ -x /sbin/ldconfig ]; then\n    /sbin/ldconfig || :\nfi\n";
    if wanted {
        scriptlets.post.insert_str(0, LDCONFIG);
        scriptlets.postun.push_str(LDCONFIG);
    }
    scriptlets
}

fn post(files: &[PackageFile], enabled: &[&str]) -> String {
    let mut script = String::new();
    let (users, folders) = (
        names(files, system_files::sysusers),
        names(files, system_files::tmpfiles),
    );
    for (program, option, names) in [
        ("systemd-sysusers", "", users),
        ("systemd-tmpfiles", " --create", folders),
    ] {
        if !names.is_empty() {
            let names = names.join(" ");
            script.push_str(&format!(
                "if [ -x /usr/bin/{program} ]; then\n    \
                 /usr/bin/{program}{option} {names} >/dev/null 2>&1 || :\nfi\n"
            ));
        }
    }
    script
        + &when(
            "-eq 1",
            "install-system-units",
            "--no-reload preset",
            enabled,
        )
}

/// Runs one verb where the number of installed versions, `$1`, is what it is for; nothing without a unit.
fn when(versions: &str, verb: &str, systemctl: &str, units: &[&str]) -> String {
    if units.is_empty() {
        return String::new();
    }
    let units = units.join(" ");
    format!(
        "if [ $1 {versions} ]; then\n    \
         if [ -x {HELPER} ]; then\n        \
         {HELPER} {verb} {units} || :\n    \
         elif [ -x /usr/bin/systemctl ]; then\n        \
         /usr/bin/systemctl {systemctl} {units} >/dev/null 2>&1 || :\n    \
         fi\nfi\n"
    )
}

/// The names of the files of one kind. A link is another name of a file, and not one of its own.
fn names(files: &[PackageFile], of: fn(&str) -> Option<&str>) -> Vec<&str> {
    let files = files.iter().filter(|file| file.has_content());
    files.filter_map(|file| of(&file.dest)).collect()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use plimsoll_spec::{FileKind, Owner, UnitActions};

    fn file(dest: &str) -> PackageFile {
        PackageFile {
            source: dest.into(),
            dest: dest.to_owned(),
            mode: 0o644,
            kind: FileKind::Plain,
            gzip: false,
            link: None,
            owner: Owner::default(),
            folder: false,
        }
    }

    /// Of files with which nothing special is done.
    fn told(files: &[PackageFile]) -> Option<Scriptlets> {
        scriptlets(files, &Actions::default())
    }

    #[test]
    fn the_cache_of_the_dynamic_linker_is_renewed_at_installation_and_removal() {
        let of = |ldconfig| {
            let actions = Actions {
                ldconfig,
                ..Actions::default()
            };
            scriptlets(&[file("/usr/lib/libtide.so.1")], &actions)
        };
        assert_eq!(of(false), None);
        let Scriptlets {
            post,
            preun,
            postun,
        } = of(true).expect("scriptlets");
        for script in [post, postun] {
            assert!(script.contains("/sbin/ldconfig || :"), "{script}");
        }
        assert_eq!(preun, "");
    }

    #[test]
    fn a_unit_that_is_not_enabled_is_not_preset() {
        let files =
            ["a.service", "b.socket"].map(|name| file(&format!("/usr/lib/systemd/system/{name}")));
        let of = |names: &[&str]| {
            let off = UnitActions {
                enable: false,
                start: true,
            };
            let units = names.iter().map(|name| ((*name).to_owned(), off));
            let actions = Actions {
                units: units.collect(),
                ..Actions::default()
            };
            scriptlets(&files, &actions).expect("scriptlets")
        };
        let one = of(&["a.service"]);
        assert!(
            one.post.contains("install-system-units b.socket ||"),
            "{}",
            one.post
        );
        let none = of(&["a.service", "b.socket"]);
        assert_eq!(none.post, "");
        for script in [none.preun, none.postun] {
            assert!(
                script.contains("system-units a.service b.socket"),
                "{script}"
            );
        }
    }

    #[test]
    fn a_choice_is_added_and_taken_away() {
        let actions = Actions {
            alternatives: vec![Alternative {
                name: "s".into(),
                link: "/usr/bin/s".into(),
                path: "/usr/bin/sample".into(),
                priority: 5,
                followers: Vec::new(),
            }],
            ..Actions::default()
        };
        let scriptlets = scriptlets(&[], &actions).expect("scriptlets");
        let install = "update-alternatives --install /usr/bin/s s /usr/bin/sample 5 >";
        assert!(scriptlets.post.contains(install), "{}", scriptlets.post);
        let remove =
            "if [ $1 -eq 0 ]; then\n    /usr/sbin/update-alternatives --remove s /usr/bin/sample >";
        assert!(scriptlets.preun.starts_with(remove), "{}", scriptlets.preun);
    }

    #[test]
    fn a_package_without_units_runs_nothing() {
        assert_eq!(told(&[file("/usr/bin/sample")]), None);
    }

    #[test]
    fn a_drop_in_is_not_an_unit() {
        let drop_in = file("/usr/lib/systemd/system/other.service.d/10.conf");
        assert_eq!(told(std::slice::from_ref(&drop_in)), None);
        let service = file("/usr/lib/systemd/system/sampled.service");
        let with = told(&[service.clone(), drop_in]);
        assert_eq!(with, told(&[service]));
    }

    #[test]
    fn users_and_temporary_files_are_made_without_a_unit() {
        let files = [
            file("/usr/lib/sysusers.d/sample.conf"),
            file("/usr/lib/tmpfiles.d/sample.conf"),
        ];
        let scriptlets = told(&files).expect("scriptlets");
        assert!(scriptlets.post.contains("systemd-sysusers sample.conf"));
        assert!(scriptlets.post.contains("--create sample.conf"));
        assert!(!scriptlets.post.contains("preset"), "{}", scriptlets.post);
        assert_eq!((scriptlets.preun, scriptlets.postun), Default::default());
    }

    #[test]
    fn units_are_preset_after_groups_and_folders_are_made() {
        let files = [
            file("/usr/lib/systemd/system/sampled.service"),
            file("/usr/lib/sysusers.d/sample.conf"),
            file("/usr/lib/tmpfiles.d/sample.conf"),
        ];
        let scriptlets = told(&files).expect("scriptlets");
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
