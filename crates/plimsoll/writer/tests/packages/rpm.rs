//! RPM packages, read by rpm itself.

use std::path::PathBuf;

use plimsoll_spec::{FileKind, FileTrigger, FormatName, Relations, TriggerTime};
use test_support::{Need, require};

use crate::folder::{Folder, printed};

#[test]
fn an_rpm_does_not_conflict_with_the_owner_of_the_systems_folders() {
    require!(Need::Program("rpm"));
    require!(Need::Program("rpmbuild"));
    let folder = Folder::new();
    let mut spec = folder.spec(FormatName::RPM, "sample.rpm");
    for (name, dest) in [
        ("plugin", "/usr/lib64/sample/plugin"),
        ("helper", "/usr/libexec/sample-helper"),
        ("sudoers", "/etc/sudoers.d/sample"),
    ] {
        let file = folder.file(name, "x", dest, 0o644, FileKind::Plain);
        spec.files.push(file);
    }
    spec.relations = Relations::default();
    let report = folder.write(&spec);
    let is_there = |path: &str| report.files.iter().any(|file| file == path);
    assert!(is_there("/usr/lib64/sample"));
    for system in ["/usr/lib64", "/usr/libexec", "/etc/sudoers.d"] {
        assert!(!is_there(system), "{system}");
    }
    let filesystem = build_filesystem(&folder);
    let root = folder.path("root");
    let root = root.display().to_string();
    let options = ["--root", &root, "--nodeps", "--noscripts", "--test", "-i"];
    std::fs::create_dir_all(folder.path("root")).unwrap();
    let other = filesystem.display().to_string();
    printed("rpm", &[&options[..], &[&other]].concat(), &spec.out);
}

/// A package that owns folders as Fedora's `filesystem` and `sudo` do.
fn build_filesystem(folder: &Folder) -> PathBuf {
    let text = "Name: filesystem\nVersion: 3\nRelease: 1\nSummary: Folders\nLicense: MIT\n\
                BuildArch: noarch\n%description\nFolders.\n%files\n\
                %dir %attr(0555,root,root) /usr/lib64\n%dir %attr(0555,root,root) /usr/libexec\n\
                %dir %attr(0750,root,root) /etc/sudoers.d\n%install\n\
                mkdir -p %{buildroot}/usr/lib64 %{buildroot}/usr/libexec %{buildroot}/etc/sudoers.d\n";
    // rpm takes its macros from a path without spaces.
    let top = tempfile::tempdir().unwrap();
    let spec = top.path().join("filesystem.spec");
    std::fs::write(&spec, text).unwrap();
    let define = format!("_topdir {}", top.path().display());
    printed("rpmbuild", &["-bb", "--define", &define], &spec);
    let built = top.path().join("RPMS/noarch/filesystem-3-1.noarch.rpm");
    let kept = folder.path("filesystem.rpm");
    std::fs::copy(built, &kept).unwrap();
    kept
}

#[test]
fn rpm_reads_the_package() {
    require!(Need::Program("rpm"));
    let folder = Folder::new();
    let spec = folder.spec(FormatName::RPM, "sample.rpm");
    folder.write(&spec);
    let query = "%{NEVRA} %{GROUP} %{PACKAGER} %{BUILDHOST}\n";
    let tags = printed("rpm", &["-qp", "--queryformat", query], &spec.out);
    assert_eq!(
        tags,
        "sample-1.2.3-1.x86_64 net A Maintainer <a@example.org> localhost\n"
    );
    let conffiles = printed("rpm", &["-qp", "--configfiles"], &spec.out);
    assert_eq!(conffiles, "/etc/sample.toml\n");
    let changelog = printed("rpm", &["-qp", "--changelog"], &spec.out);
    assert!(changelog.contains("- 1.2.3-1\n- Newer."), "{changelog}");
    assert!(changelog.contains("Mon Dec 01 2025"), "{changelog}");
    printed("rpm", &["--checksig", "--nosignature"], &spec.out);
}

#[test]
fn owners_folders_and_ghosts_are_in_the_header() {
    require!(Need::Program("rpm"));
    let folder = Folder::new();
    let mut spec = folder.spec(FormatName::RPM, "sample.rpm");
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
        folder.unheld("/var/log/sample/log", 0o640, "root:adm", FileKind::Ghost),
    ]);
    let report = folder.write(&spec);
    for path in ["/var/lib/sample", "/var/log/sample", "/var/log/sample/log"] {
        let times = report.files.iter().filter(|file| *file == path).count();
        assert_eq!(times, 1, "{path}");
    }
    let query =
        "[%{FILEMODES:perms} %{FILEUSERNAME}:%{FILEGROUPNAME} %{FILEFLAGS:fflags} %{FILENAMES}\n]";
    let list = printed("rpm", &["-qp", "--queryformat", query], &spec.out);
    for line in [
        "drwxr-s--- sample:sample  /var/lib/sample\n",
        "drwxr-xr-x root:root  /var/log/sample\n",
        "-rw-r----- root:adm g /var/log/sample/log\n",
    ] {
        assert!(list.contains(line), "{line} in {list}");
    }
    let scripts = printed("rpm", &["-qp", "--scripts"], &spec.out);
    let pre = "--replace=/usr/lib/sysusers.d/sample.conf - <<'END_OF_SYSUSERS'";
    assert!(scripts.contains(pre), "{scripts}");
    let provides = printed("rpm", &["-qp", "--provides"], &spec.out);
    assert!(provides.contains("user(sample)"), "{provides}");
    folder.unpack(&spec.out, "unpacked");
    assert!(folder.path("unpacked/var/lib/sample").is_dir());
    assert!(!folder.path("unpacked/var/log/sample/log").exists());
}

#[test]
fn the_projects_scripts_and_file_triggers_are_in_the_header() {
    require!(Need::Program("rpm"));
    let folder = Folder::new();
    let mut spec = folder.spec(FormatName::RPM, "sample.rpm");
    spec.arch = "noarch".into();
    let scripts = folder.path("rpm");
    std::fs::create_dir_all(&scripts).unwrap();
    for name in ["pre", "post", "preun", "posttrans", "trigger"] {
        std::fs::write(scripts.join(name), format!("#!/bin/sh\necho own-{name}\n")).unwrap();
    }
    spec.actions.rpm_scripts = Some(scripts.clone());
    spec.actions.rpm_triggers = vec![FileTrigger {
        path: "/usr/share/sample".into(),
        when: TriggerTime::In,
        transaction: true,
        script: scripts.join("trigger"),
    }];
    folder.write(&spec);
    let scripts = printed("rpm", &["-qp", "--scripts"], &spec.out);
    for part in [
        "preinstall scriptlet (using /bin/sh):\necho own-pre\n",
        "postinstall scriptlet (using /bin/sh):\ntrue\necho own-post\n",
        "preuninstall scriptlet (using /bin/sh):\necho own-preun\ntrue\n",
        "posttrans scriptlet (using /bin/sh):\necho own-posttrans\n",
    ] {
        assert!(scripts.contains(part), "{part} in {scripts}");
    }
    let triggers = printed("rpm", &["-qp", "--filetriggers"], &spec.out);
    for part in [
        "transfiletriggerin",
        "/usr/share/sample",
        "echo own-trigger",
    ] {
        assert!(triggers.contains(part), "{part} in {triggers}");
    }
    let arch = printed("rpm", &["-qp", "--queryformat", "%{ARCH}"], &spec.out);
    assert_eq!(arch, "noarch");
}
