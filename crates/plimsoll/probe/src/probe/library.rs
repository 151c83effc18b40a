//! pkg-config and the C library that it describes.

use std::path::Path;

use crate::{
    Answer, CProgram, Finding, LibraryCheck, Mend, NativeDep, PkgConfig, PkgConfigError,
    PkgConfigLibrary, RunError, Tried, triple,
};

use super::compiler::Compiler;
use super::{LibraryFinding, NamedFinding, Site, ToolFinding};

/// Whether pkg-config runs, or the program that `PKG_CONFIG` names instead.
pub(super) fn pkg_config(site: &Site<'_>) -> Finding {
    let answer = match PkgConfig::new(site.system, site.host, site.target).program() {
        Ok((program, version)) => Answer::yes(format!("{program} {version}")),
        Err(error @ RunError::NotFound { .. }) => Answer::no(error.to_string()),
        Err(error) => Answer::could_not_tell(error.reason()),
    };
    Finding::from(answer).mended_by(site.distribution.install_provider("pkg-config"))
}

/// Whether a build for the site's target can link `dep`, and what there is to know of it.
pub(super) fn library(
    site: &Site<'_>,
    dep: &NativeDep,
    compiler: &Compiler,
    tool: Option<&ToolFinding>,
) -> LibraryFinding {
    let pkg_config = PkgConfig::new(site.system, site.host, site.target);
    match pkg_config.library(&dep.pkg_config, &dep.min_version) {
        Ok(found) => described(site, dep, &found, compiler, tool),
        Err(error) => unknown(dep, refused(site, dep, &error)),
    }
}

fn named(dep: &NativeDep, finding: impl Fn(&LibraryCheck) -> Finding) -> Vec<NamedFinding> {
    let checks = dep.check.iter().map(|check| NamedFinding {
        name: check.name.clone(),
        finding: finding(check),
    });
    checks.collect()
}

fn unknown(dep: &NativeDep, finding: Finding) -> LibraryFinding {
    let unasked = || Finding::from(Answer::could_not_tell("there is no library to ask"));
    LibraryFinding {
        finding,
        version: None,
        libdir: None,
        described_in: None,
        static_archive: unasked(),
        checks: named(dep, |_| unasked()),
    }
}

fn described(
    site: &Site<'_>,
    dep: &NativeDep,
    found: &PkgConfigLibrary,
    compiler: &Compiler,
    tool: Option<&ToolFinding>,
) -> LibraryFinding {
    let libdir = found.link_paths.first();
    let shown = libdir.map_or_else(String::new, |libdir| format!(" in {}", libdir.display()));
    let finding = match links(site, found, compiler) {
        Answer::Yes { .. } => Finding::yes(format!("{}{shown}", found.version)),
        answer => Finding::from(answer).mended_by(install(site, dep)),
    };
    LibraryFinding {
        static_archive: static_archive(site, dep, libdir.map(|libdir| libdir.as_path())),
        checks: named(dep, |check| property(site, check, found, compiler, tool)),
        version: Some(found.version.clone()),
        libdir: libdir.cloned(),
        described_in: found.file.clone(),
        finding,
    }
}

/// Whether the linker finds the library. A `.pc` file alone proves nothing.
fn links(site: &Site<'_>, found: &PkgConfigLibrary, compiler: &Compiler) -> Answer {
    let source = "int main(void) { return 0; }\n";
    match try_c(site, source, found, compiler, false) {
        Ok(Tried::Refused(output)) => Answer::no(format!(
            "pkg-config names version {}, but it does not link: {}",
            found.version,
            output.complaint()
        )),
        Ok(Tried::Linked | Tried::Ran(_)) => Answer::yes(&found.version),
        Err(reason) => Answer::could_not_tell(format!("whether it links was not tried: {reason}")),
    }
}

fn static_archive(site: &Site<'_>, dep: &NativeDep, libdir: Option<&Path>) -> Finding {
    let Some(libdir) = libdir else {
        return Answer::could_not_tell("pkg-config names no folder").into();
    };
    let archive = libdir.join(dep.archive_name());
    match site.system.exists(&archive) {
        true => Finding::yes(archive.display().to_string()),
        false => Answer::no(format!("{} is not there", archive.display())).into(),
    }
}

/// Runs the library to find out. If that is impossible, uses the tool's answer if both have the same release.
fn property(
    site: &Site<'_>,
    check: &LibraryCheck,
    found: &PkgConfigLibrary,
    compiler: &Compiler,
    tool: Option<&ToolFinding>,
) -> Finding {
    let reason = if site.is_cross() {
        format!("a program for {} does not run here", site.target)
    } else {
        match try_c(site, &check.program, found, compiler, true) {
            Ok(Tried::Ran(output)) => match output.status {
                Some(0) => return Finding::yes("said so when it was run"),
                Some(1) => return Answer::no("not compiled in").into(),
                _ => format!("the library failed: {}", output.complaint()),
            },
            Ok(Tried::Refused(output)) => output.complaint(),
            Ok(Tried::Linked) => "it was not run".to_owned(),
            Err(reason) => reason,
        }
    };
    let is_same = |tool: &&ToolFinding| tool.version.as_ref() == Some(&found.version);
    let tool = tool.filter(|_| !site.is_cross()).filter(is_same);
    let by_tool = tool.into_iter().flat_map(|tool| &tool.checks);
    let mut by_tool = by_tool.filter(|said| said.name == check.name);
    match by_tool.next().map(|said| &said.finding.answer) {
        Some(Answer::Yes { .. }) => Finding::yes("by the tool of the same release"),
        Some(Answer::No { .. }) => Answer::no("by the tool of the same release").into(),
        _ => Answer::could_not_tell(reason).into(),
    }
}

fn try_c(
    site: &Site<'_>,
    source: &str,
    found: &PkgConfigLibrary,
    compiler: &Compiler,
    run: bool,
) -> Result<Tried, String> {
    let compiler = compiler
        .program()
        .ok_or("there is no C compiler")?
        .to_owned();
    let program = CProgram {
        compiler,
        source: source.to_owned(),
        flags: found.flags.clone(),
        run,
    };
    site.system.try_c(&program).map_err(|error| error.reason())
}

/// The meaning of a refusal, and its fix.
fn refused(site: &Site<'_>, dep: &NativeDep, error: &PkgConfigError) -> Finding {
    let (answer, mend) = match error {
        PkgConfigError::NotRun(run) => (
            Answer::could_not_tell(run.reason()),
            install_with_pkg_config(site, dep),
        ),
        PkgConfigError::Forbidden { variable }
        | PkgConfigError::CrossForbidden { variable, .. } => (
            Answer::no(error.to_string()),
            Some(Mend::run(format!("unset {variable}"))),
        ),
        PkgConfigError::CrossCompilation { .. } => {
            (Answer::no(error.to_string()), Some(allow_cross(site)))
        }
        PkgConfigError::NotFound { .. } => (Answer::no(error.to_string()), install(site, dep)),
        PkgConfigError::TooOld { .. } => (Answer::no(error.to_string()), None),
    };
    Finding::from(answer).mended_by(mend)
}

fn allow_cross(site: &Site<'_>) -> Mend {
    let prefix = triple::gnu_prefix(site.target);
    Mend::run(format!(
        "export PKG_CONFIG_ALLOW_CROSS=1 PKG_CONFIG_LIBDIR=/usr/lib/{prefix}/pkgconfig"
    ))
}

/// How to install the devel package, for the target's architecture.
fn install(site: &Site<'_>, dep: &NativeDep) -> Option<Mend> {
    if !site.is_cross() {
        return site.distribution.install(&dep.devel);
    }
    let family = site.distribution.family?;
    let package = dep.devel.on(site.distribution)?;
    let package = (family.cross?.library)(package, triple::architecture(site.target))?;
    site.distribution.install_named(&[&package])
}

fn install_with_pkg_config(site: &Site<'_>, dep: &NativeDep) -> Option<Mend> {
    let family = site.distribution.family?;
    let pkg_config = family.package("pkg-config")?;
    site.distribution
        .install_named(&[pkg_config, dep.devel.on(site.distribution)?])
}
