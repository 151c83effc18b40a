//! The Rust toolchain's targets.

use std::path::{Path, PathBuf};

use crate::{Answer, Command, Finding, Mend, RunError, System, triple};

use super::RustTargets;

/// What the toolchain can build for, and whether `target` (none: its own host) is among it.
pub(super) fn targets(system: &dyn System, target: Option<&str>) -> RustTargets {
    let rustc = system.env("RUSTC").unwrap_or_else(|| "rustc".to_owned());
    let host = match host(system, &rustc) {
        Ok(host) => host,
        Err(answer) => return unknown(answer),
    };
    let installed = match installed(system, &rustc) {
        Ok(installed) => installed,
        Err(answer) => {
            return RustTargets {
                host,
                ..unknown(answer)
            };
        }
    };
    let finding = is_installed(target.unwrap_or(&host), &installed);
    RustTargets {
        finding,
        host,
        installed,
    }
}

fn unknown(answer: Answer) -> RustTargets {
    let mend = answer.is_no().then(|| Mend::run("see https://rustup.rs"));
    let finding = Finding::from(answer).mended_by(mend);
    RustTargets {
        finding,
        host: triple::built_for(),
        installed: Vec::new(),
    }
}

fn is_installed(target: &str, installed: &[String]) -> Finding {
    if installed.iter().any(|known| known == target) {
        return Finding::yes(target);
    }
    let mend = Mend::run(format!("rustup target add {target}"));
    Finding::from(Answer::no(format!("no standard library for {target}"))).mended_by(Some(mend))
}

/// The `host:` line of `rustc -vV`.
fn host(system: &dyn System, rustc: &str) -> Result<String, Answer> {
    let text = ask(system, rustc, "-vV")?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned)
        .ok_or_else(|| Answer::could_not_tell(format!("{rustc} -vV names no host")))
}

/// The folders of `lib/rustlib` that hold a standard library.
fn installed(system: &dyn System, rustc: &str) -> Result<Vec<String>, Answer> {
    let sysroot = PathBuf::from(ask(system, rustc, "--print=sysroot")?.trim());
    let rustlib = sysroot.join("lib/rustlib");
    let folders = system.list(&rustlib).map_err(|error| {
        Answer::could_not_tell(format!("{} cannot be listed: {error}", rustlib.display()))
    })?;
    Ok(folders
        .into_iter()
        .filter(|triple| has_std(system, &rustlib.join(triple)))
        .collect())
}

fn has_std(system: &dyn System, folder: &Path) -> bool {
    let files = system.list(&folder.join("lib")).unwrap_or_default();
    files.iter().any(|file| file.starts_with("libstd-"))
}

fn ask(system: &dyn System, rustc: &str, question: &str) -> Result<String, Answer> {
    match system.run(&Command::new(rustc, [question])) {
        Ok(output) if output.success() => Ok(output.stdout),
        Ok(output) => Err(Answer::could_not_tell(format!(
            "{rustc}: {}",
            output.complaint()
        ))),
        Err(error @ RunError::NotFound { .. }) => Err(Answer::no(error.to_string())),
        Err(error) => Err(Answer::could_not_tell(error.reason())),
    }
}
