//! Where a benchmark ran, without naming the machine.

use std::process::Command;

use serde::{Deserialize, Serialize};
use tidegate_tests::find_program;

/// A machine, as far as its speed goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Machine {
    /// The processor's model.
    pub(crate) processor: String,
    /// How many cores there are.
    pub(crate) cores: usize,
    /// Memory in MiB.
    pub(crate) memory: u64,
    /// The kernel's release.
    pub(crate) kernel: String,
    /// The distribution.
    pub(crate) distribution: String,
    /// Versions of the programs that take part.
    pub(crate) programs: Vec<String>,
}

impl Machine {
    pub(crate) fn this() -> Self {
        let read = |path| std::fs::read_to_string(path).unwrap_or_default();
        let (cpuinfo, meminfo) = (read("/proc/cpuinfo"), read("/proc/meminfo"));
        let memory = value(&meminfo, "MemTotal", ':');
        let memory = memory.split_whitespace().next().unwrap_or_default();
        Self {
            processor: value(&cpuinfo, "model name", ':'),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory: memory.parse().unwrap_or(0_u64) / 1024,
            kernel: rustix::system::uname()
                .release()
                .to_string_lossy()
                .into_owned(),
            distribution: value(&read("/etc/os-release"), "PRETTY_NAME", '='),
            programs: PROGRAMS.iter().filter_map(version).collect(),
        }
    }
}

/// The value of the first line that begins with a key.
fn value(text: &str, key: &str, separator: char) -> String {
    let line = text.lines().find_map(|line| {
        let (found, value) = line.split_once(separator)?;
        (found.trim() == key).then_some(value)
    });
    let value = line.unwrap_or("unknown").trim();
    value.trim_matches('"').to_owned()
}

const PROGRAMS: [&[&str]; 3] = [
    &["nft", "--version"],
    &["iptables-nft", "--version"],
    &["iptables-legacy", "--version"],
];

fn version(command: &&[&str]) -> Option<String> {
    let (name, arguments) = command.split_first()?;
    let output = Command::new(find_program(name)?).args(arguments).output();
    let text = String::from_utf8_lossy(&output.ok()?.stdout).into_owned();
    Some(text.lines().next()?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_without_its_quotes() {
        let text = "ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 12\"\n";
        assert_eq!(value(text, "PRETTY_NAME", '='), "Debian GNU/Linux 12");
        assert_eq!(value(text, "VERSION", '='), "unknown");
    }
}
