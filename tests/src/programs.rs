//! The programs that are tested.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Where the two programs are.
#[derive(Clone, Debug)]
pub struct Programs {
    /// The daemon.
    pub tidegated: PathBuf,
    /// The client.
    pub tidegate: PathBuf,
}

impl Programs {
    /// The programs of this source tree, built as the tests are: with the library driver where
    /// the feature `libnftables` says so.
    ///
    /// # Panics
    /// When they do not build.
    pub fn of_this_tree() -> &'static Self {
        static PROGRAMS: OnceLock<Programs> = OnceLock::new();
        PROGRAMS.get_or_init(|| {
            build();
            Self::in_folder(&target_folder())
        })
    }

    /// The programs in a folder.
    ///
    /// # Panics
    /// When one is not there.
    pub fn in_folder(folder: &Path) -> Self {
        let program = |name: &str| {
            let path = folder.join(name);
            assert!(path.is_file(), "{} is not there", path.display());
            path
        };
        Self {
            tidegated: program("tidegated"),
            tidegate: program("tidegate"),
        }
    }

    /// The plugin for container engines. Releases before it have none.
    pub fn plugin(&self) -> PathBuf {
        self.tidegate.with_file_name("tidegate-plugin")
    }

    /// The nft drivers that the daemon has compiled in.
    ///
    /// # Panics
    /// When the daemon does not tell.
    pub fn drivers(&self) -> Vec<String> {
        let output = Command::new(&self.tidegated)
            .args(["--version", "--json"])
            .output();
        let output = output.expect("tidegated can be started");
        let version: serde_json::Value =
            serde_json::from_slice(&output.stdout).expect("tidegated --version --json is JSON");
        let drivers = version["drivers"].as_array().expect("drivers are listed");
        drivers
            .iter()
            .filter_map(|d| d.as_str().map(str::to_owned))
            .collect()
    }
}

fn build() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args([
        "build",
        "--quiet",
        "--package",
        "tidegated",
        "--package",
        "tidegate",
        "--package",
        "tidegate-plugin",
    ]);
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    if cfg!(feature = "libnftables") {
        command.args(["--features", "tidegated/libnftables"]);
    }
    let status = command.status().expect("cargo can be started");
    assert!(status.success(), "the programs do not build: {command:?}");
}

/// Where cargo puts programs: the folder above that of this test.
fn target_folder() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own file");
    let folder = test.parent().and_then(Path::parent);
    folder.expect("a test is in target/PROFILE/deps").to_owned()
}
