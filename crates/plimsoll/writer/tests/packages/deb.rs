//! Debian packages, read by dpkg's own tools.

use std::process::Command;

use plimsoll_spec::{FileKind, FormatName, UnitActions};
use test_support::{Need, require};

use crate::folder::{Folder, printed};

#[test]
fn dpkg_reads_the_package() {
    require!(Need::Program("dpkg-deb"));
    let folder = Folder::new();
    let spec = folder.spec(FormatName::DEB, "sample.deb");
    folder.write(&spec);
    let info = printed("dpkg-deb", &["--info"], &spec.out);
    for line in [
        "Version: 1.2.3-1",
        "Depends: libc6 (>= 2.34)",
        "Recommends: nftables",
        "Description: Sample of a package",
        "conffiles",
        "md5sums",
        "postinst",
    ] {
        assert!(info.contains(line), "{line} in {info}");
    }
    let list = printed("dpkg-deb", &["--contents"], &spec.out);
    assert!(
        list.contains("-rwxr-xr-x root/root") || list.contains("-rwxr-xr-x 0/0"),
        "{list}"
    );
}

#[test]
fn an_upgrade_restarts_a_service_and_not_its_socket() {
    require!(Need::Program("dpkg-deb"));
    let folder = Folder::new();
    let mut spec = folder.spec(FormatName::DEB, "sample.deb");
    spec.files.push(folder.file(
        "socket",
        "[Socket]\nListenStream=/run/sample.sock\n[Install]\nWantedBy=sockets.target\n",
        "/usr/lib/systemd/system/sample.socket",
        0o644,
        FileKind::Plain,
    ));
    folder.write(&spec);
    let script = folder.script(&spec.out, "postinst").unwrap();
    let calls = script.lines().map(str::trim);
    let calls = calls.filter(|line| line.starts_with("deb-systemd-invoke"));
    let [start, restart]: [&str; 2] = calls.collect::<Vec<_>>().try_into().unwrap();
    assert!(
        start.contains("sample.service") && start.contains("sample.socket"),
        "{script}"
    );
    assert!(
        restart.contains("sample.service") && !restart.contains("socket"),
        "{script}"
    );
}

const UNIT: &str = "[Service]\nExecStart=/usr/bin/sample\n[Install]\nAlso=gone.socket\n\
                    WantedBy=multi-user.target\n";

#[test]
fn units_and_users_get_their_scripts_without_a_folder_of_scripts() {
    require!(Need::Program("dpkg-deb"));
    let folder = Folder::new();
    let mut spec = folder.spec(FormatName::DEB, "sample.deb");
    spec.maintainer_scripts = None;
    for (name, text, dest) in [
        ("also", UNIT, "/usr/lib/systemd/system/other.service"),
        ("users", "g sample\n", "/usr/lib/sysusers.d/sample.conf"),
        (
            "files",
            "d /run/sample\n",
            "/usr/lib/tmpfiles.d/sample.conf",
        ),
        (
            "drop-in",
            "[Service]\n",
            "/usr/lib/systemd/system/ssh.service.d/10.conf",
        ),
    ] {
        let file = folder.file(name, text, dest, 0o644, FileKind::Plain);
        spec.files.push(file);
    }
    folder.write(&spec);
    let postinst = folder.script(&spec.out, "postinst").unwrap();
    for part in [
        "systemd-sysusers ${DPKG_ROOT:+--root=\"$DPKG_ROOT\"} sample.conf",
        "systemd-tmpfiles --create sample.conf",
        "deb-systemd-helper enable sample.service",
        "deb-systemd-helper enable other.service",
        "deb-systemd-invoke $_dh_action other.service sample.service ",
    ] {
        assert!(postinst.contains(part), "{part} in {postinst}");
    }
    for other in ["10.conf", "ssh", "gone"] {
        assert!(!postinst.contains(other), "{other} in {postinst}");
    }
    for name in ["prerm", "postrm"] {
        let script = folder.script(&spec.out, name).unwrap();
        assert!(script.contains("sample.service"), "{name}: {script}");
    }
}

#[test]
fn a_unit_is_enabled_and_started_as_the_project_says() {
    require!(Need::Program("dpkg-deb"));
    let folder = Folder::new();
    let mut spec = folder.spec(FormatName::DEB, "sample.deb");
    spec.maintainer_scripts = None;
    let socket = "[Socket]\nListenStream=/run/s\n[Install]\nWantedBy=sockets.target\n";
    for (name, text) in [("other.service", UNIT), ("sample.socket", socket)] {
        let dest = format!("/usr/lib/systemd/system/{name}");
        let file = folder.file(name, text, &dest, 0o644, FileKind::Plain);
        spec.files.push(file);
    }
    // The same stem as sample.service, and other actions.
    for (name, enable, start) in [
        ("sample.socket", true, false),
        ("other.service", false, false),
    ] {
        let actions = UnitActions { enable, start };
        spec.actions.units.insert(name.into(), actions);
    }
    folder.write(&spec);
    let postinst = folder.script(&spec.out, "postinst").unwrap();
    for part in [
        "deb-systemd-helper enable sample.service",
        "deb-systemd-helper enable sample.socket",
        "deb-systemd-invoke $_dh_action sample.service ",
        "was-enabled other.service",
        "deb-systemd-invoke try-restart other.service ",
    ] {
        assert!(postinst.contains(part), "{part} in {postinst}");
    }
    let starts = postinst.lines().filter(|line| line.contains("_dh_action "));
    for line in starts {
        assert!(
            !line.contains("socket") && !line.contains("other"),
            "{line}"
        );
    }
    assert_eq!(postinst.matches("try-restart").count(), 1, "{postinst}");
    for (name, units) in [
        (
            "prerm",
            [
                "stop sample.service",
                "stop sample.socket",
                "stop other.service",
            ],
        ),
        (
            "postrm",
            [
                "purge sample.service",
                "purge sample.socket",
                "purge other.service",
            ],
        ),
    ] {
        let script = folder.script(&spec.out, name).unwrap();
        for unit in units {
            assert!(script.contains(unit), "{unit} in {name}: {script}");
        }
        let checked = std::process::Command::new("sh")
            .args(["-n", "-c", &script])
            .status();
        assert!(checked.unwrap().success(), "{script}");
    }
}

#[test]
fn a_script_without_its_line_is_refused() {
    let folder = Folder::new();
    let spec = folder.spec(FormatName::DEB, "sample.deb");
    std::fs::write(folder.path("scripts/postinst"), "#!/bin/sh\nset -e\n").unwrap();
    let error = folder.refused(&spec);
    assert!(
        error.contains("postinst has no line #DEBHELPER#"),
        "{error}"
    );
}

#[test]
fn a_package_without_units_and_users_has_no_scripts() {
    require!(Need::Program("dpkg-deb"));
    let folder = Folder::new();
    let mut spec = folder.spec(FormatName::DEB, "sample.deb");
    spec.maintainer_scripts = None;
    spec.files.retain(|file| !file.dest.contains("systemd"));
    folder.write(&spec);
    assert_eq!(folder.script(&spec.out, "postinst"), None);
}

#[test]
fn owners_folders_and_ghosts_are_as_the_project_says() {
    require!(Need::Program("dpkg-deb"));
    let folder = Folder::new();
    let mut spec = folder.spec(FormatName::DEB, "sample.deb");
    spec.maintainer_scripts = None;
    let users = folder.file(
        "users",
        "u sample -\n",
        "/usr/lib/sysusers.d/sample.conf",
        0o644,
        FileKind::Plain,
    );
    spec.files.extend([
        users,
        folder.unheld("/var/lib/sample", 0o2750, "sample:sample", FileKind::Plain),
        folder.unheld("/var/log/sample", 0o2750, "root:adm", FileKind::Plain),
        folder.unheld("/var/log/sample/log", 0o640, "root:adm", FileKind::Ghost),
    ]);
    let report = folder.write(&spec);
    let paths = report.files.iter().filter(|path| path.starts_with("/var"));
    assert_eq!(
        paths.collect::<Vec<_>>(),
        ["/var/lib/sample", "/var/log/sample"]
    );
    let list = printed("dpkg-deb", &["--contents"], &spec.out);
    let line = |end: &str| list.lines().find(|line| line.ends_with(end)).unwrap();
    assert!(
        line("./var/log/sample/").starts_with("drwxr-s--- root/adm"),
        "{list}"
    );
    assert!(
        line("./var/lib/sample/").starts_with("drwxr-x--- 0/0"),
        "{list}"
    );
    let postinst = folder.script(&spec.out, "postinst").unwrap();
    let places = [
        "systemd-sysusers",
        "chown --no-dereference sample:sample",
        "chmod 2750",
        "$_dh_action",
    ];
    let places = places.map(|part| postinst.find(part).unwrap());
    assert!(places.is_sorted(), "{postinst}");
    assert!(!postinst.contains("adm"), "{postinst}");
    let postrm = folder.script(&spec.out, "postrm").unwrap();
    assert!(postrm.contains("rm -f '/var/log/sample/log'"), "{postrm}");
    let contents = folder.unpack(&spec.out, "unpacked");
    assert_eq!(contents.report.files, report.files);
    assert!(folder.path("unpacked/var/lib/sample").is_dir());
}

#[test]
fn choices_and_triggers_are_in_the_control_archive() {
    require!(Need::Program("dpkg-deb"));
    let folder = Folder::new();
    let mut spec = folder.spec(FormatName::DEB, "sample.deb");
    spec.actions.alternatives = vec![folder.alternative()];
    spec.actions.deb_triggers = vec!["interest-noawait /usr/share/sample".into()];
    folder.write(&spec);
    let postinst = folder.script(&spec.out, "postinst").unwrap();
    let install = "update-alternatives --install /usr/bin/s s /usr/bin/sample 5 \
                   --slave /usr/share/man/man1/s.1.gz s.1.gz /usr/share/man/man1/sample.1.gz";
    assert!(postinst.contains(install), "{postinst}");
    let prerm = folder.script(&spec.out, "prerm").unwrap();
    assert!(
        prerm.contains("update-alternatives --remove s /usr/bin/sample"),
        "{prerm}"
    );
    let triggers = folder.script(&spec.out, "triggers");
    assert_eq!(
        triggers.as_deref(),
        Some("interest-noawait /usr/share/sample\n")
    );
    assert_eq!(folder.script(&spec.out, "shlibs"), None);
}

/// Debian Policy 8.1.1 and 8.6.
#[test]
fn a_package_of_a_shared_library_renews_the_linkers_cache_and_says_how_to_depend_on_it() {
    require!(Need::Program("dpkg-deb"));
    let folder = Folder::new();
    let mut spec = folder.spec(FormatName::DEB, "sample.deb");
    spec.epoch = 2;
    spec.actions.ldconfig = true;
    spec.actions.libraries = vec!["libsample.so.3".into(), "libplain.so".into()];
    let cache = "activate-noawait ldconfig";
    for (own, triggers) in [
        (vec![], vec![cache]),
        (vec!["interest /x"], vec!["interest /x", cache]),
        (vec!["activate ldconfig"], vec!["activate ldconfig"]),
    ] {
        spec.actions.deb_triggers = own.iter().map(ToString::to_string).collect();
        folder.write(&spec);
        let written = folder.script(&spec.out, "triggers").unwrap();
        assert_eq!(written.lines().collect::<Vec<_>>(), triggers);
        let shlibs = folder.script(&spec.out, "shlibs").unwrap();
        let wanted = format!("libsample 3 {} (>= 2:{})\n", spec.name, spec.version);
        assert_eq!(shlibs, wanted);
    }
}

/// Debian Policy 12.5, and "Machine-readable debian/copyright file", which writes an empty line as a dot.
#[test]
fn licence_texts_are_in_copyright_and_those_that_debian_has_are_named_there() {
    require!(Need::Program("dpkg-deb"));
    let folder = Folder::new();
    let mut spec = folder.spec(FormatName::DEB, "sample.deb");
    let text = |name: &str, text: &str| {
        let path = folder.path(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    spec.licenses = vec![
        text("MIT", "MIT License\n\nCopyright (c) 2015 A. Person\n"),
        text("APACHE", "  Apache License\n  Version 2.0, January 2004\n"),
    ];
    folder.write(&spec);
    let out = folder.path("extracted");
    let mut extract = Command::new("dpkg-deb");
    let extracted = extract.arg("--extract").arg(&spec.out).arg(&out).status();
    assert!(extracted.unwrap().success());
    let copyright = std::fs::read_to_string(out.join("usr/share/doc/sample/copyright")).unwrap();
    let rest = copyright.split_once("Files: *\n").unwrap().1;
    assert_eq!(
        rest,
        "Copyright: (c) 2015 A. Person\nLicense: MIT\n MIT License\n .\n Copyright (c) 2015 A. Person\n .\n \
         The text of Apache-2.0 is in /usr/share/common-licenses/Apache-2.0.\n"
    );
}
