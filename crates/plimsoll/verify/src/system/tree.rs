//! The folders that systems of the Debian family are.

use std::path::{Path, PathBuf};

use plimsoll_build::engine::root::{Bootstrap, RootSpec, mmdebstrap};
use plimsoll_build::engine::{Site, Stage};
use plimsoll_plan::config::VerifyConfig;
use plimsoll_plan::distro::Distro;
use plimsoll_plan::plan::Arch;
use plimsoll_probe::Command;

/// What a system needs to boot and to have networks, besides Debian's essential packages.
const PACKAGES: [&str; 5] = ["dbus", "iproute2", "procps", "systemd", "systemd-sysv"];

/// A clean system of one release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    /// The folder that it is.
    pub folder: PathBuf,
    /// What it is made of.
    pub spec: RootSpec,
}

impl Tree {
    /// The clean system of a distribution, below the folder of all roots.
    #[must_use]
    pub fn of(distro: &Distro, architecture: Arch, verify: &VerifyConfig, roots: &Path) -> Self {
        let own = verify.packages.get(&distro.family);
        let own = own.into_iter().flatten().map(String::as_str);
        let mut packages: Vec<String> =
            PACKAGES.into_iter().chain(own).map(str::to_owned).collect();
        packages.sort();
        packages.dedup();
        Self {
            folder: roots.join(format!("{}-clean", distro.id())),
            spec: RootSpec {
                suite: distro.suite.clone().unwrap_or_default(),
                architecture: architecture.as_str().to_owned(),
                packages,
                wished: Vec::new(),
            },
        }
    }

    /// Where it is written down what the folder is made of: beside it, and last.
    #[must_use]
    pub fn record(&self) -> PathBuf {
        self.folder.with_extension("json")
    }

    /// The lock that is held while it is made.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.folder.with_extension("lock")
    }

    /// Whether it is there, and made of what it should be.
    #[must_use]
    pub fn is_there(&self) -> bool {
        let record = std::fs::read(self.record()).ok();
        let spec = record.and_then(|text| serde_json::from_slice::<RootSpec>(&text).ok());
        spec.as_ref() == Some(&self.spec) && self.folder.is_dir()
    }

    /// The commands that make it. `mount_point` is an empty folder.
    #[must_use]
    pub fn stages(&self, distro: &Distro, site: &Site, mount_point: &Path) -> Vec<Stage> {
        let text = |path: &Path| path.display().to_string();
        let new = text(&self.folder.with_extension("new"));
        let folder = text(&self.folder);
        let make = mmdebstrap(&Bootstrap {
            site,
            distro,
            spec: &self.spec,
            // Lists stay, so that the resolver has something to resolve with.
            options: vec!["--skip=cleanup/apt/lists".to_owned()],
            mount_point,
            out: &new,
        });
        vec![
            Stage::new(
                "remove an unfinished or outdated system",
                Command::new("rm", ["-rf", &text(&self.record()), &new, &folder]),
            ),
            Stage::new("make a clean system", make),
            Stage::new("keep the system", Command::new("mv", [&new, &folder])),
        ]
    }

    /// The file of a library, wherever the release keeps it.
    #[must_use]
    pub fn library(&self, soname: &str) -> Option<PathBuf> {
        let folders = ["usr/lib", "lib", "usr/lib64", "lib64"];
        let folders = folders.iter().map(|folder| self.folder.join(folder));
        let architectures = folders.clone().flat_map(|folder| {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            let names = entries.filter(|entry| {
                let name = entry.file_name();
                name.to_string_lossy().contains("-linux-gnu")
            });
            names.map(|entry| entry.path())
        });
        let files = architectures
            .chain(folders)
            .map(|folder| folder.join(soname));
        files.into_iter().find(|file| file.is_file())
    }
}
