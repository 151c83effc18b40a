//! The kernel's side of the dependency.

use std::path::Path;

use crate::{Answer, Command, Finding, KernelCheck, Mend, Output};

use super::{Site, ToolFinding};

/// What a program says where the kernel lacks a protocol, a family or an operation: strerror(3)
/// of EPROTONOSUPPORT, EOPNOTSUPP and EAFNOSUPPORT. Any other refusal (a missing permission, above
/// all) says nothing about the kernel.
const EXACT_REFUSALS: [&str; 3] = [
    "Protocol not supported",
    "Operation not supported",
    "Address family not supported by protocol",
];

/// Whether the running kernel has what `check` asks for, tried in a network namespace of its own,
/// and in a user namespace where that is what gives the permission.
pub(super) fn kernel(site: &Site<'_>, check: &KernelCheck, tool: Option<&ToolFinding>) -> Finding {
    let path = match tool.and_then(|tool| tool.path.as_ref()) {
        Some(path) if !check.tried_by.is_empty() => path,
        _ => return untried(site, check, tool),
    };
    let mut reason = String::new();
    for options in [&["--net"][..], &["--net", "--map-root-user"]] {
        let mut command = Command::new("unshare", options.iter().copied());
        command.args.push(path.to_string_lossy().into_owned());
        command.args.extend(check.tried_by.iter().cloned());
        match site.system.run(&command) {
            Ok(output) if output.success() => {
                return Finding::yes(format!("took {}", shown(path, check)));
            }
            Ok(output) => match refusal(&output, path, check) {
                Some(answer) => return answer.into(),
                None => reason = output.complaint(),
            },
            Err(error) => reason = error.reason(),
        }
    }
    Finding::from(Answer::could_not_tell(reason)).mended_by(Some(Mend::run("run it as root")))
}

/// The command that was tried, as a person would say it.
fn shown(path: &Path, check: &KernelCheck) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!("`{name} {}`", check.tried_by.join(" "))
}

/// A no, where the kernel itself said it.
fn refusal(output: &Output, path: &Path, check: &KernelCheck) -> Option<Answer> {
    let said = |refusal: &&&str| output.stderr.contains(**refusal);
    // unshare's own refusals are about namespaces, not about the module.
    let from_unshare = output.stderr.starts_with("unshare:");
    let exact = EXACT_REFUSALS.iter().find(said).filter(|_| !from_unshare)?;
    let tried = shown(path, check);
    Some(Answer::no(format!("the kernel refused {tried}: {exact}")))
}

/// Whether the module is loaded; its absence tells nothing, for it may be built in, or wait for
/// its first use.
fn untried(site: &Site<'_>, check: &KernelCheck, tool: Option<&ToolFinding>) -> Finding {
    let module = &check.module;
    if site.system.exists(&Path::new("/sys/module").join(module)) {
        return Finding::yes(format!("the module {module} is loaded"));
    }
    let tool = tool.filter(|_| !check.tried_by.is_empty());
    let Some(tool) = tool else {
        return Answer::could_not_tell(format!("the module {module} is not loaded")).into();
    };
    let reason = format!("{}, so nothing was tried", tool.finding.answer.text());
    Finding::from(Answer::could_not_tell(reason)).mended_by(tool.finding.mend.clone())
}
