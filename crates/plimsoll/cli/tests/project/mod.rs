//! A project in a folder of its own, packaged by the installed command into another.

use std::path::PathBuf;
use std::process::{Command, Output};

pub(crate) struct Project {
    folder: tempfile::TempDir,
    /// Where everything is written to.
    made: tempfile::TempDir,
}

impl Project {
    /// One with these files: names and texts.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let project = Self {
            folder: tempfile::tempdir().unwrap(),
            made: tempfile::tempdir().unwrap(),
        };
        for (name, text) in files {
            let path = project.path(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        project
    }

    /// A file of the project.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file that was made.
    pub(crate) fn made(&self, name: &str) -> PathBuf {
        self.made.path().join(name)
    }

    pub(crate) fn plimsoll(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-plimsoll"));
        command.arg("plimsoll").args(arguments);
        command
            .current_dir(self.folder.path())
            .env("CARGO_TARGET_DIR", self.made("target"))
            .env("SOURCE_DATE_EPOCH", "1767225600")
            .env_remove("SOURCE_COMMIT");
        command.output().unwrap()
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
