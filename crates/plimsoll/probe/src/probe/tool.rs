//! The program that does the library's work in a build without it.

use crate::{Answer, Command, Finding, Output, Tool, ToolCheck};

use super::{NamedFinding, Site, ToolFinding};

/// Looks for the tool, and asks for its version and its declared properties.
pub(super) fn tool(site: &Site<'_>, tool: &Tool) -> ToolFinding {
    let mend = site.distribution.install(&tool.packages);
    let Some(path) = site.system.find_program(&tool.program) else {
        let missing = Answer::no(format!("{} is not installed", tool.program));
        let unasked = Finding::from(Answer::could_not_tell(missing.text()));
        let unasked = unasked.mended_by(mend.clone());
        return ToolFinding {
            finding: Finding::from(missing).mended_by(mend),
            path: None,
            version: None,
            checks: named(tool, |_| unasked.clone()),
        };
    };
    let program = path.to_string_lossy();
    let said = said(site, &program, ["--version"]);
    let version = said.as_deref().and_then(parse_version);
    let finding = match (&said, &version) {
        (None, _) => Answer::could_not_tell(format!("{program} does not say its version")).into(),
        (_, Some(version)) => Finding::yes(format!("{version} at {program}")),
        (_, None) => Finding::yes(format!("of unknown version at {program}")),
    };
    ToolFinding {
        finding,
        version,
        checks: named(tool, |check| property(site, &program, check).into()),
        path: Some(path),
    }
}

fn named(tool: &Tool, finding: impl Fn(&ToolCheck) -> Finding) -> Vec<NamedFinding> {
    let checks = tool.check.iter().map(|check| NamedFinding {
        name: check.name.clone(),
        finding: finding(check),
    });
    checks.collect()
}

fn said<'a>(
    site: &Site<'_>,
    program: &str,
    arguments: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let ran = site.system.run(&Command::new(program, arguments)).ok();
    ran.filter(Output::success).map(|output| output.stdout)
}

/// `1.0.6` out of `nftables v1.0.6 (Lester Gooch #5)`: the first word of the first line that is a
/// number of several parts.
fn parse_version(said: &str) -> Option<String> {
    let words = said.lines().next()?.split_whitespace();
    let mut words = words.map(|word| word.strip_prefix('v').unwrap_or(word));
    let is_version =
        |word: &&str| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.');
    words.find(is_version).map(str::to_owned)
}

fn property(site: &Site<'_>, program: &str, check: &ToolCheck) -> Answer {
    let text = said(site, program, check.arguments.iter().map(String::as_str));
    let squeezed = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines: Vec<String> = text
        .iter()
        .flat_map(|text| text.lines())
        .map(squeezed)
        .collect();
    if lines.contains(&check.yes) {
        Answer::yes(format!("it says `{}`", check.yes))
    } else if lines.contains(&check.no) {
        Answer::no(format!("it says `{}`", check.no))
    } else {
        Answer::could_not_tell("this release does not say")
    }
}

#[cfg(test)]
mod tests {
    use super::parse_version;

    #[test]
    fn a_version_is_found_behind_the_programs_name() {
        for (said, version) in [
            ("nftables v1.0.6 (Lester Gooch #5)\n", Some("1.0.6")),
            ("gzip 1.12\nCopyright (C) 2018", Some("1.12")),
            ("libpcap version 1.10.3", Some("1.10.3")),
            ("usage: tool [-x]", None),
            ("", None),
        ] {
            assert_eq!(parse_version(said).as_deref(), version, "{said}");
        }
    }
}
