//! A sample package: its files, its specification, and the programs that write and read it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use plimsoll_spec::changelog::Release;
use plimsoll_spec::{
    Actions, Alternative, FileKind, Follower, FormatName, Owner, PackageContents, PackageFile,
    PackageReport, PackageSpec, Relation, Relations, Scriptlets,
};
use serde::de::DeserializeOwned;

const EPOCH: u32 = 1_767_225_600;

/// A folder for a package's files, and for what is made of them.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// One whose path holds spaces and characters of a pattern.
    pub(crate) fn with_odd_path() -> Self {
        let folder = tempfile::Builder::new().prefix("a [1] {b} *").tempdir();
        Self(folder.unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn file(
        &self,
        name: &str,
        text: &str,
        dest: &str,
        mode: u32,
        kind: FileKind,
    ) -> PackageFile {
        let source = self.path(name);
        std::fs::write(&source, text).unwrap();
        PackageFile {
            source,
            dest: dest.into(),
            mode,
            kind,
            gzip: dest.ends_with(".gz"),
            link: None,
            owner: Owner::default(),
            folder: false,
        }
    }

    pub(crate) fn link(&self, dest: &str, text: &str) -> PackageFile {
        PackageFile {
            source: self.path("link"),
            dest: dest.into(),
            mode: 0o777,
            kind: FileKind::Plain,
            gzip: false,
            link: Some(text.into()),
            owner: Owner::default(),
            folder: false,
        }
    }

    /// A folder or a ghost, and whose it is.
    pub(crate) fn unheld(&self, dest: &str, mode: u32, owner: &str, kind: FileKind) -> PackageFile {
        PackageFile {
            kind,
            mode,
            owner: owner.parse().unwrap(),
            folder: kind != FileKind::Ghost,
            ..self.file("unheld", "", dest, mode, kind)
        }
    }

    /// A choice that the sample takes part in.
    pub(crate) fn alternative(&self) -> Alternative {
        Alternative {
            name: "s".into(),
            link: "/usr/bin/s".into(),
            path: "/usr/bin/sample".into(),
            priority: 5,
            followers: vec![Follower {
                name: "s.1.gz".into(),
                link: "/usr/share/man/man1/s.1.gz".into(),
                path: "/usr/share/man/man1/sample.1.gz".into(),
            }],
        }
    }

    /// What a program prints about one script of a Debian package.
    pub(crate) fn script(&self, package: &Path, name: &str) -> Option<String> {
        let output = Command::new("dpkg-deb")
            .arg("--info")
            .arg(package)
            .arg(name)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        output.status.success().then_some(text)
    }

    pub(crate) fn spec(&self, format: FormatName, out: &str) -> PackageSpec {
        let scripts = self.path("scripts");
        std::fs::create_dir_all(&scripts).unwrap();
        std::fs::write(scripts.join("postrm"), "#!/bin/sh\nset -e\n#DEBHELPER#\n").unwrap();
        PackageSpec {
            format,
            out: self.path(out),
            work: self.path("work"),
            source_date_epoch: EPOCH,
            name: "sample".into(),
            epoch: 0,
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
            relations: Relations::from_iter([
                (
                    Relation::Depends,
                    [if format == FormatName::DEB {
                        "libc6 (>= 2.34)"
                    } else {
                        "nftables"
                    }],
                ),
                (Relation::Recommends, ["nftables"]),
                (Relation::Provides, ["virtual-sample"]),
            ]),
            build_ids: Vec::new(),
            licenses: Vec::new(),
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
            actions: Actions::default(),
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

    pub(crate) fn write(&self, spec: &PackageSpec) -> PackageReport {
        let path = self.path("spec.json");
        std::fs::write(&path, serde_json::to_string(spec).unwrap()).unwrap();
        told(&["write".as_ref(), path.as_ref()])
    }

    /// Why the program does not write a package.
    pub(crate) fn refused(&self, spec: &PackageSpec) -> String {
        let path = self.path("spec.json");
        std::fs::write(&path, serde_json::to_string(spec).unwrap()).unwrap();
        let output = run(&["write".as_ref(), path.as_ref()]);
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    }

    pub(crate) fn unpack(&self, package: &Path, into: &str) -> PackageContents {
        told(&[
            "unpack".as_ref(),
            package.as_ref(),
            self.path(into).as_ref(),
        ])
    }

    pub(crate) fn restamp(
        &self,
        package: &Path,
        out: &str,
        stamp: &str,
    ) -> (PathBuf, PackageReport) {
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
    let output = run(arguments);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

fn run(arguments: &[&OsStr]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_plimsoll-writer"))
        .args(arguments)
        .env("SOURCE_DATE_EPOCH", EPOCH.to_string())
        .env_remove("CARGO_TARGET_DIR")
        .output()
        .unwrap()
}

/// What a program prints about a file.
pub(crate) fn printed(program: &str, arguments: &[&str], file: &Path) -> String {
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
