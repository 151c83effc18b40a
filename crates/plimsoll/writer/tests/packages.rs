//! Whole packages, written by the program and read by the package managers' own tools where
//! those are installed.

#![expect(clippy::unwrap_used, reason = "a test reports a failure by panicking")]

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use plimsoll_spec::changelog::Release;
use plimsoll_spec::{
    FileKind, FormatName, PackageContents, PackageFile, PackageReport, PackageSpec, Scriptlets,
};
use serde::de::DeserializeOwned;
use test_support::{Need, require};

const EPOCH: u32 = 1_767_225_600;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// One whose path holds spaces and characters of a pattern.
    fn with_odd_path() -> Self {
        let folder = tempfile::Builder::new().prefix("a [1] {b} *").tempdir();
        Self(folder.unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, text: &str, dest: &str, mode: u32, kind: FileKind) -> PackageFile {
        let source = self.path(name);
        std::fs::write(&source, text).unwrap();
        PackageFile {
            source,
            dest: dest.into(),
            mode,
            kind,
            gzip: dest.ends_with(".gz"),
            link: None,
        }
    }

    fn link(&self, dest: &str, text: &str) -> PackageFile {
        PackageFile {
            source: self.path("link"),
            dest: dest.into(),
            mode: 0o777,
            kind: FileKind::Plain,
            gzip: false,
            link: Some(text.into()),
        }
    }

    /// What a program prints about one script of a Debian package.
    fn script(&self, package: &Path, name: &str) -> Option<String> {
        let output = Command::new("dpkg-deb")
            .arg("--info")
            .arg(package)
            .arg(name)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        output.status.success().then_some(text)
    }

    fn spec(&self, format: FormatName, out: &str) -> PackageSpec {
        let scripts = self.path("scripts");
        std::fs::create_dir_all(&scripts).unwrap();
        std::fs::write(scripts.join("postrm"), "#!/bin/sh\nset -e\n#DEBHELPER#\n").unwrap();
        PackageSpec {
            format,
            out: self.path(out),
            work: self.path("work"),
            source_date_epoch: EPOCH,
            name: "sample".into(),
            version: "1.2.3".into(),
            revision: "1".into(),
            arch: if format == FormatName::DEB {
                "amd64"
            } else {
                "x86_64"
            }
            .into(),
            summary: "Sample of a package".into(),
            description: "First paragraph.\n\nSecond paragraph.".into(),
            license: "MIT".into(),
            maintainer: "A Maintainer <a@example.org>".into(),
            homepage: "https://example.org/".into(),
            section: "net".into(),
            depends: vec![
                if format == FormatName::DEB {
                    "libc6 (>= 2.34)"
                } else {
                    "nftables"
                }
                .into(),
            ],
            recommends: vec!["nftables".into()],
            provides: vec!["virtual-sample".into()],
            files: vec![
                self.file(
                    "bin",
                    "#!/bin/sh\n",
                    "/usr/bin/sample",
                    0o755,
                    FileKind::Plain,
                ),
                self.file(
                    "conf",
                    "a = 1\n",
                    "/etc/sample.toml",
                    0o644,
                    FileKind::Config,
                ),
                self.file(
                    "man",
                    ".TH x 1\n",
                    "/usr/share/man/man1/sample.1.gz",
                    0o644,
                    FileKind::Doc,
                ),
                self.file(
                    "unit",
                    "[Service]\nExecStart=/usr/bin/sample\n[Install]\nWantedBy=multi-user.target\n",
                    "/usr/lib/systemd/system/sample.service",
                    0o644,
                    FileKind::Plain,
                ),
            ],
            maintainer_scripts: (format == FormatName::DEB).then_some(scripts),
            scriptlets: (format == FormatName::RPM).then(|| Scriptlets {
                post: "true\n".into(),
                preun: "true\n".into(),
                postun: "true\n".into(),
            }),
            changelog: vec![
                Release {
                    version: "1.2.3".into(),
                    date: None,
                    changes: vec!["Newer.".into()],
                },
                Release {
                    version: "1.2.2".into(),
                    date: Some("2025-12-01".into()),
                    changes: vec!["Older.".into()],
                },
            ],
        }
    }

    fn write(&self, spec: &PackageSpec) -> PackageReport {
        let path = self.path("spec.json");
        std::fs::write(&path, serde_json::to_string(spec).unwrap()).unwrap();
        told(&["write".as_ref(), path.as_ref()])
    }

    fn unpack(&self, package: &Path, into: &str) -> PackageContents {
        told(&[
            "unpack".as_ref(),
            package.as_ref(),
            self.path(into).as_ref(),
        ])
    }

    fn restamp(&self, package: &Path, out: &str, stamp: &str) -> (PathBuf, PackageReport) {
        let out = self.path(out);
        let report = told(&[
            "restamp".as_ref(),
            package.as_ref(),
            out.as_ref(),
            stamp.as_ref(),
        ]);
        (out, report)
    }
}

/// What the program tells about its work.
fn told<T: DeserializeOwned>(arguments: &[&OsStr]) -> T {
    let output = Command::new(env!("CARGO_BIN_EXE_plimsoll-writer"))
        .args(arguments)
        .env("SOURCE_DATE_EPOCH", EPOCH.to_string())
        .env_remove("CARGO_TARGET_DIR")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What a program prints about a file.
fn printed(program: &str, arguments: &[&str], file: &Path) -> String {
    let output = Command::new(program)
        .args(arguments)
        .arg(file)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{program}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_same_specification_gives_the_same_bytes() {
    for format in [FormatName::DEB, FormatName::RPM, FormatName::TAR] {
        let folder = Folder::new();
        let first = folder.spec(format, "first/sample.tar.gz");
        let second = PackageSpec {
            out: folder.path("second/sample.tar.gz"),
            ..first.clone()
        };
        folder.write(&first);
        std::thread::sleep(std::time::Duration::from_millis(1100));
        folder.write(&second);
        let same = std::fs::read(&first.out).unwrap() == std::fs::read(&second.out).unwrap();
        assert!(same, "{format} differs from one second to the next");
    }
}

#[test]
fn the_report_is_what_the_finished_file_says() {
    let folder = Folder::new();
    let deb = folder.write(&folder.spec(FormatName::DEB, "sample.deb"));
    assert_eq!(deb.depends, ["libc6 (>= 2.34)"]);
    assert_eq!(deb.recommends, ["nftables"]);
    assert!(
        deb.files
            .contains(&"/usr/share/doc/sample/changelog.Debian.gz".to_owned())
    );

    let rpm = folder.write(&folder.spec(FormatName::RPM, "sample.rpm"));
    assert!(
        rpm.depends.contains(&"nftables".to_owned()),
        "{:?}",
        rpm.depends
    );
    assert!(
        rpm.depends.contains(&"/bin/sh".to_owned()),
        "{:?}",
        rpm.depends
    );
    assert!(
        rpm.files.contains(&"/etc/sample.toml".to_owned()),
        "{:?}",
        rpm.files
    );
}

#[test]
fn what_was_written_is_read_again() {
    for format in [FormatName::DEB, FormatName::RPM, FormatName::TAR] {
        let folder = Folder::new();
        let spec = folder.spec(format, "sample.tar.gz");
        let report = folder.write(&spec);
        let contents = folder.unpack(&spec.out, "root");
        assert_eq!(contents.format, format);
        assert_eq!(contents.name, "sample");
        assert_eq!(contents.report, report);
        if format != FormatName::TAR {
            assert_eq!(contents.version.as_deref(), Some("1.2.3"));
            assert_eq!(contents.revision.as_deref(), Some("1"));
            assert_eq!(contents.arch, Some(spec.arch));
            assert_eq!(contents.conffiles, ["/etc/sample.toml"]);
            let provided = contents.provides.contains(&"virtual-sample".to_owned());
            assert!(provided, "{:?}", contents.provides);
        }
        let program = folder.path("root/usr/bin/sample");
        assert_eq!(std::fs::read(&program).unwrap(), b"#!/bin/sh\n");
        let mode = program.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o755, "{format}");
    }
}

#[test]
fn packages_of_others_making_are_read() {
    require!(Need::Program("dpkg-deb"));
    for compression in ["xz", "zstd", "none"] {
        let folder = Folder::new();
        let spec = folder.spec(FormatName::DEB, "sample.deb");
        folder.write(&spec);
        let tree = folder.path("tree");
        printed(
            "dpkg-deb",
            &["--raw-extract", &spec.out.display().to_string()],
            &tree,
        );
        std::os::unix::fs::symlink("sample", tree.join("usr/bin/alias")).unwrap();
        let other = folder.path("other.deb");
        let option = format!("-Z{compression}");
        let tree = tree.display().to_string();
        printed(
            "dpkg-deb",
            &["--build", "--root-owner-group", &option, &tree],
            &other,
        );
        let contents = folder.unpack(&other, "root");
        assert_eq!(contents.name, "sample");
        assert_eq!(contents.report.depends, ["libc6 (>= 2.34)"]);
        let link = std::fs::read_link(folder.path("root/usr/bin/alias")).unwrap();
        assert_eq!(link, Path::new("sample"));
    }
}

#[test]
fn a_restamped_package_differs_in_nothing_but_its_version() {
    for format in [FormatName::DEB, FormatName::RPM] {
        let folder = Folder::new();
        let spec = folder.spec(format, "sample");
        let before = folder.write(&spec);
        let (older, report) = folder.restamp(&spec.out, "older", "1.2.2-0.9");
        let (again, _) = folder.restamp(&spec.out, "again", "1.2.2-0.9");
        assert_eq!(
            std::fs::read(&older).unwrap(),
            std::fs::read(again).unwrap()
        );
        let contents = folder.unpack(&older, "root");
        assert_eq!(contents.version.as_deref(), Some("1.2.2"));
        assert_eq!(contents.revision.as_deref(), Some("0.9"));
        assert_eq!(report.files, before.files);
        let (back, _) = folder.restamp(&older, "back", "1.2.3-1");
        let same = std::fs::read(back).unwrap() == std::fs::read(&spec.out).unwrap();
        assert!(
            same,
            "{format}: restamping back does not give the first file"
        );
    }
}

#[test]
fn package_managers_take_a_restamped_package() {
    require!(Need::Program("dpkg-deb"));
    require!(Need::Program("rpm"));
    let folder = Folder::new();
    let deb = folder.spec(FormatName::DEB, "sample.deb");
    folder.write(&deb);
    let (older, _) = folder.restamp(&deb.out, "older.deb", "1.2.2-1");
    assert!(printed("dpkg-deb", &["--info"], &older).contains(" Version: 1.2.2-1\n"));

    let rpm = folder.spec(FormatName::RPM, "sample.rpm");
    folder.write(&rpm);
    let (older, _) = folder.restamp(&rpm.out, "older.rpm", "1.2.2-1");
    let provides = printed("rpm", &["-qp", "--provides"], &older);
    for line in ["sample = 1.2.2-1", "config(sample) = 1.2.2-1"] {
        assert!(
            provides.lines().any(|it| it == line),
            "{line} in {provides}"
        );
    }
    assert!(!provides.contains("1.2.3"), "{provides}");
    printed("rpm", &["--checksig", "--nosignature"], &older);
}

#[test]
fn a_file_that_is_not_a_package_is_refused_by_name() {
    let folder = Folder::new();
    let file = folder.path("notes.txt");
    std::fs::write(&file, "notes").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_plimsoll-writer"))
        .args([
            OsStr::new("unpack"),
            file.as_ref(),
            folder.path("root").as_ref(),
        ])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("notes.txt is not a .deb"), "{stderr}");
}

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
fn paths_with_characters_of_a_pattern_are_paths() {
    for format in [FormatName::DEB, FormatName::RPM, FormatName::TAR] {
        let folder = Folder::with_odd_path();
        let mut spec = folder.spec(format, "sample.tar.gz");
        let dest = "/usr/share/sample/a [1] {b} *.txt";
        let file = folder.file("text [2]", "x", dest, 0o644, FileKind::Plain);
        spec.files.push(file);
        let report = folder.write(&spec);
        assert!(report.files.contains(&dest.to_owned()), "{format}");
        folder.unpack(&spec.out, "root");
        let text = std::fs::read_to_string(folder.path(&format!("root{dest}")));
        assert_eq!(text.unwrap(), "x", "{format}");
    }
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
fn links_stay_links_whether_their_target_is_in_the_package_or_not() {
    for format in [FormatName::DEB, FormatName::RPM, FormatName::TAR] {
        let folder = Folder::new();
        let mut spec = folder.spec(format, "sample.tar.gz");
        let long = format!("../share/{}", "x".repeat(120));
        let links = [
            ("/usr/bin/alias", "sample"),
            ("/usr/bin/other", "/usr/lib/nowhere"),
            ("/usr/bin/long", &long),
        ];
        let made = links.map(|(dest, text)| folder.link(dest, text));
        spec.files.extend(made);
        let report = folder.write(&spec);
        folder.unpack(&spec.out, "root");
        for (dest, text) in links {
            assert!(report.files.contains(&dest.to_owned()), "{format}: {dest}");
            let found = std::fs::read_link(folder.path(&format!("root{dest}"))).unwrap();
            assert_eq!(found, Path::new(text), "{format}");
        }
    }
}

#[test]
fn package_managers_read_links_and_long_paths() {
    require!(Need::Program("dpkg-deb"));
    require!(Need::Program("rpm"));
    let folder = Folder::new();
    let deep = format!("/usr/share/sample/{}/{}", "d".repeat(90), "f".repeat(90));
    let with_more = |format, out| {
        let mut spec = folder.spec(format, out);
        spec.files.push(folder.link("/usr/bin/alias", "sample"));
        let file = folder.file("deep", "x", &deep, 0o644, FileKind::Plain);
        spec.files.push(file);
        folder.write(&spec);
        spec.out
    };
    let deb = with_more(FormatName::DEB, "sample.deb");
    let list = printed("dpkg-deb", &["--contents"], &deb);
    assert!(list.contains("./usr/bin/alias -> sample\n"), "{list}");
    assert!(list.contains(&format!(".{deep}\n")), "{list}");
    let rpm = with_more(FormatName::RPM, "sample.rpm");
    let list = printed("rpm", &["-qplv"], &rpm);
    assert!(list.contains("/usr/bin/alias -> sample\n"), "{list}");
    assert!(list.contains(&deep), "{list}");
}

#[test]
fn descriptions_keep_lists_and_paragraphs() {
    require!(Need::Program("dpkg-deb"));
    require!(Need::Program("rpm"));
    let folder = Folder::new();
    let text = "It can\ndo:\n\n- one thing,\n- and another.\n\nNo more.\n";
    let with_text = |format, out| {
        let mut spec = folder.spec(format, out);
        spec.description = text.to_owned();
        folder.write(&spec);
        spec.out
    };
    let deb = with_text(FormatName::DEB, "sample.deb");
    let control = folder.script(&deb, "control").unwrap();
    let wanted = "Description: Sample of a package\n It can do:\n .\n  - one thing,\n  - and \
                  another.\n .\n No more.\n";
    assert!(control.ends_with(wanted), "{control}");
    let rpm = with_text(FormatName::RPM, "sample.rpm");
    let printed = printed("rpm", &["-qp", "--queryformat", "%{DESCRIPTION}"], &rpm);
    assert_eq!(
        printed,
        "It can do:\n\n- one thing,\n- and another.\n\nNo more."
    );
}

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
    spec.depends.clear();
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
fn a_missing_file_is_named() {
    let folder = Folder::new();
    let mut spec = folder.spec(FormatName::TAR, "sample.tar.gz");
    spec.files[0].source = folder.path("nowhere");
    let path = folder.path("spec.json");
    std::fs::write(&path, serde_json::to_string(&spec).unwrap()).unwrap();
    let program = env!("CARGO_BIN_EXE_plimsoll-writer");
    let output = Command::new(program)
        .arg("write")
        .arg(&path)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.contains("nowhere") && stderr.contains("No such file"),
        "{stderr}"
    );
    assert!(!spec.out.exists());
}
