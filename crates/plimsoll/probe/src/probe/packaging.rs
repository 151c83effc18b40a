//! What packages are made and checked with.

use std::path::Path;

use crate::{Answer, Command, Finding};

use super::{NamedFinding, Site};

struct PackagingTool {
    name: &'static str,
    /// Where it is, for one that is in no folder of PATH; such a one has no `--version` either.
    path: Option<&'static str>,
}

const TOOLS: [PackagingTool; 4] = [
    PackagingTool {
        name: "dpkg-shlibdeps",
        path: None,
    },
    PackagingTool {
        name: "find-requires",
        path: Some("/usr/lib/rpm/find-requires"),
    },
    PackagingTool {
        name: "lintian",
        path: None,
    },
    PackagingTool {
        name: "rpmlint",
        path: None,
    },
];

/// Looks for each of them.
pub(super) fn tools(site: &Site<'_>) -> Vec<NamedFinding> {
    let named = |tool: &PackagingTool| NamedFinding {
        name: tool.name.to_owned(),
        finding: find(site, tool),
    };
    TOOLS.iter().map(named).collect()
}

fn find(site: &Site<'_>, tool: &PackagingTool) -> Finding {
    let answer = match tool.path {
        Some(path) if site.system.exists(Path::new(path)) => Answer::yes(path),
        Some(path) => Answer::no(format!("{path} is not there")),
        None => version(site, tool.name),
    };
    Finding::from(answer).mended_by(site.distribution.install_provider(tool.name))
}

/// The first line of `--version`, from a program that is there and runs.
fn version(site: &Site<'_>, name: &str) -> Answer {
    if site.system.find_program(name).is_none() {
        return Answer::no(format!("{name} is not installed"));
    }
    match site.system.run(&Command::new(name, ["--version"])) {
        Ok(output) if output.success() => {
            let line = output.stdout.lines().find(|line| !line.trim().is_empty());
            Answer::yes(line.unwrap_or(name).trim().trim_end_matches('.'))
        }
        Ok(output) => Answer::could_not_tell(output.complaint()),
        Err(error) => Answer::could_not_tell(error.reason()),
    }
}
