//! Where the time of a command went, as a small tree.

use std::fmt::Write;
use std::time::Duration;

/// The daemon's name for the whole of a call.
const TOTAL: &str = "total";

/// A call that was answered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    name: String,
    /// From its beginning to the end of the answer, in milliseconds.
    whole: f64,
    /// What the daemon says about it, in milliseconds.
    stages: Vec<(String, f64)>,
}

impl Call {
    pub(crate) fn new(name: String, whole: Duration, stages: Vec<(String, f64)>) -> Self {
        Self {
            name,
            whole: whole.as_secs_f64() * 1000.0,
            stages,
        }
    }

    /// The tree: what the daemon did, stage by stage, what it did besides, and what is left for
    /// the way there and back.
    pub(crate) fn tree(&self) -> String {
        let total = self.stages.iter().find(|(name, _)| name == TOTAL);
        let daemon = total.map_or(0.0, |(_, time)| *time);
        let stages: Vec<_> = self
            .stages
            .iter()
            .filter(|(name, _)| name != TOTAL)
            .collect();
        let staged: f64 = stages.iter().map(|(_, time)| time).sum();
        let mut tree = String::new();
        let mut line = |branch: &str, name: &str, time: f64| {
            let width = 34_usize.saturating_sub(branch.chars().count());
            // Writing to a string does not fail.
            let _ = writeln!(tree, "{branch}{name:width$} {time:9.3} ms");
        };
        line("", &self.name, self.whole);
        line("├─ ", "daemon", daemon);
        for (name, time) in stages {
            line("│  ├─ ", name, *time);
        }
        line("│  └─ ", "other", (daemon - staged).max(0.0));
        line("└─ ", "socket", (self.whole - daemon).max(0.0));
        tree
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn a_tree_adds_up() {
        let stages = [("total", 3.5), ("plan", 0.25), ("nft", 1.0)];
        let stages = stages.map(|(name, time)| (name.to_owned(), time)).to_vec();
        let name = "POST /v1/networks".to_owned();
        let call = Call::new(name, Duration::from_millis(4), stages);
        expect![[r#"
            POST /v1/networks                      4.000 ms
            ├─ daemon                              3.500 ms
            │  ├─ plan                             0.250 ms
            │  ├─ nft                              1.000 ms
            │  └─ other                            2.250 ms
            └─ socket                              0.500 ms
        "#]]
        .assert_eq(&call.tree());
    }
}
