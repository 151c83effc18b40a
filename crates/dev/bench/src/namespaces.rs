//! Many network namespaces at once, as many containers have them.

use std::path::PathBuf;
use std::process::Command;

use crate::programs::{program, run};

/// So many network namespaces, made and removed by one `ip -batch` each.
pub(crate) struct Namespaces {
    names: Vec<String>,
}

impl Namespaces {
    /// # Errors
    /// When `ip` cannot make them.
    pub(crate) fn new(count: u32) -> anyhow::Result<Self> {
        // What a killed run leaves is swept away as that of a killed test, by its name.
        let pid = std::process::id();
        let names = (0..count).map(|number| format!("tgtest-{pid}-many{number}"));
        let made = Self {
            names: names.collect(),
        };
        made.each("add")?;
        Ok(made)
    }

    /// Where they are named.
    pub(crate) fn paths(&self) -> impl Iterator<Item = PathBuf> {
        let folder = PathBuf::from("/run/netns");
        self.names.iter().map(move |name| folder.join(name))
    }

    fn each(&self, verb: &str) -> anyhow::Result<()> {
        let lines = self
            .names
            .iter()
            .map(|name| format!("netns {verb} {name}\n"));
        let lines: String = lines.collect();
        run(
            Command::new(program("ip")?).args(["-force", "-batch", "-"]),
            &lines,
        )
    }
}

impl Drop for Namespaces {
    fn drop(&mut self) {
        // What is left is swept away by the next that makes namespaces.
        let _ = self.each("del");
    }
}
