//! The `nft` program and the kernel's side of it.

use std::path::Path;

use crate::{Answer, Command, Finding, Mend, Output, Tool};

use super::{Site, ToolFinding};

/// What `unshare nft` says where the kernel has no nf_tables, or none for the inet family. Any
/// other refusal (a missing permission, above all) says nothing about the kernel.
const EXACT_REFUSALS: [&str; 3] = [
    "Protocol not supported",
    "Operation not supported",
    "Address family not supported by protocol",
];

/// Looks for the tool, and asks for its version and whether it has JSON.
pub(super) fn tool(site: &Site<'_>, tool: &Tool) -> ToolFinding {
    let mend = site.distribution.install(&tool.packages);
    let Some(path) = site.system.find_program(&tool.program) else {
        let missing = Answer::no(format!("{} is not installed", tool.program));
        let json = Answer::could_not_tell(missing.text());
        return ToolFinding {
            finding: Finding::from(missing).mended_by(mend.clone()),
            path: None,
            version: None,
            json: Finding::from(json).mended_by(mend),
        };
    };
    let program = path.to_string_lossy();
    // -V names the build options; releases before 0.9.4 know only -v.
    let said = ["-V", "-v"].iter().find_map(|option| {
        site.system
            .run(&Command::new(&*program, [*option]))
            .ok()
            .filter(Output::success)
    });
    match said {
        Some(output) => described(&path, &output.stdout),
        None => ToolFinding {
            finding: Answer::could_not_tell(format!("{program} does not say its version")).into(),
            json: Answer::could_not_tell("it does not say").into(),
            version: None,
            path: Some(path),
        },
    }
}

fn described(path: &Path, said: &str) -> ToolFinding {
    let version = parse_version(said);
    let shown = version.as_deref().unwrap_or("of unknown version");
    ToolFinding {
        finding: Finding::yes(format!("{shown} at {}", path.display())),
        json: parse_json(said).into(),
        path: Some(path.to_owned()),
        version,
    }
}

/// `1.0.6` out of `nftables v1.0.6 (Lester Gooch #5)`.
fn parse_version(said: &str) -> Option<String> {
    let word = said.lines().next()?.split_whitespace().nth(1)?;
    word.strip_prefix('v').map(str::to_owned)
}

fn parse_json(said: &str) -> Answer {
    let line = said
        .lines()
        .find_map(|line| line.trim().strip_prefix("json:"));
    match line.map(str::trim) {
        Some("yes") => Answer::yes("compiled in"),
        Some("no") => Answer::no("not compiled in"),
        _ => Answer::could_not_tell("this release does not say what was compiled in"),
    }
}

/// Whether the running kernel takes a table of the inet family, tried in a network namespace of
/// its own, and in a user namespace where that is what gives the permission.
pub(super) fn kernel(site: &Site<'_>, tool: &ToolFinding) -> Finding {
    let Some(path) = &tool.path else {
        return kernel_without_tool(site, tool);
    };
    let add = [&*path.to_string_lossy(), "add", "table", "inet", "probe"].map(str::to_owned);
    let mut reason = String::new();
    for options in [&["--net"][..], &["--net", "--map-root-user"]] {
        let mut command = Command::new("unshare", options.iter().copied());
        command.args.extend(add.clone());
        match site.system.run(&command) {
            Ok(output) if output.success() => return Finding::yes("took a table of family inet"),
            Ok(output) => match refusal(&output) {
                Some(answer) => return answer.into(),
                None => reason = output.complaint(),
            },
            Err(error) => reason = error.reason(),
        }
    }
    Finding::from(Answer::could_not_tell(reason)).mended_by(Some(Mend::run("run it as root")))
}

/// A no, where the kernel itself said it.
fn refusal(output: &Output) -> Option<Answer> {
    let said = |refusal: &&&str| output.stderr.contains(**refusal);
    // unshare's own refusals are about namespaces, not about nf_tables.
    let from_unshare = output.stderr.starts_with("unshare:");
    let exact = EXACT_REFUSALS.iter().find(said).filter(|_| !from_unshare)?;
    Some(Answer::no(format!(
        "the kernel refused a table of family inet: {exact}"
    )))
}

fn kernel_without_tool(site: &Site<'_>, tool: &ToolFinding) -> Finding {
    if site.system.exists(Path::new("/sys/module/nf_tables")) {
        return Finding::yes("the module nf_tables is loaded");
    }
    let reason = format!("{}, so nothing was tried", tool.finding.answer.text());
    Finding::from(Answer::could_not_tell(reason)).mended_by(tool.finding.mend.clone())
}
