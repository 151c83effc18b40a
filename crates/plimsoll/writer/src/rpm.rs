//! The .rpm file, through the rpm crate.

mod dependency;
mod read;
mod restamp;

use std::collections::BTreeSet;
use std::path::Path;

use plimsoll_spec::{FileKind, FormatName, PackageReport, PackageSpec, Scriptlets};
use rpm::{BuildConfig, CompressionType, FileOptions, PackageBuilder, Scriptlet};

use crate::date;
use crate::error::PackageError;
use crate::files::{self, File};
use crate::format::PackageFormat;
use crate::text;

use read::read;
use restamp::restamp;

/// RPM packages, which begin with a lead.
pub(crate) const FORMAT: PackageFormat = PackageFormat {
    name: FormatName::RPM,
    suffix: ".rpm",
    magic: &[0xed, 0xab, 0xee, 0xdb],
    write,
    read,
    restamp,
};

/// Writes the package and reports what the finished file says.
fn write(spec: &PackageSpec) -> Result<PackageReport, PackageError> {
    let files = files::load(spec)?;
    let failed = |source| PackageError::Rpm {
        path: spec.out.clone(),
        source,
    };
    let mut builder = describe(spec);
    add_dependencies(&mut builder, spec)?;
    add_changelog(&mut builder, spec)?;
    add_files(&mut builder, &files).map_err(failed)?;
    add_folders(&mut builder, &files).map_err(failed)?;
    if let Some(scriptlets) = &spec.scriptlets {
        add_scriptlets(&mut builder, scriptlets);
    }
    builder
        .build()
        .and_then(|package| package.write_file(&spec.out))
        .map_err(failed)?;
    Ok(read(&spec.out)?.0.report)
}

fn describe(spec: &PackageSpec) -> PackageBuilder {
    // Gzip and format 4: every rpm in use reads them, zstd only those since 4.14.
    let config = BuildConfig::v4()
        .compression(CompressionType::Gzip)
        .source_date(spec.source_date_epoch);
    let mut builder = PackageBuilder::new(
        &spec.name,
        &spec.version,
        &spec.license,
        &spec.arch,
        &spec.summary,
    );
    builder
        .using_config(config)
        .release(&spec.revision)
        .description(text::paragraphs(&spec.description))
        .url(&spec.homepage)
        .packager(&spec.maintainer)
        .vendor(&spec.maintainer)
        .group(&spec.section)
        // The name of the machine would make two builds differ.
        .build_host("localhost");
    builder
}

fn add_dependencies(builder: &mut PackageBuilder, spec: &PackageSpec) -> Result<(), PackageError> {
    for text in &spec.depends {
        builder.requires(dependency::parse(text)?);
    }
    for text in &spec.recommends {
        builder.recommends(dependency::parse(text)?);
    }
    for text in &spec.provides {
        builder.provides(dependency::parse(text)?);
    }
    Ok(())
}

fn add_changelog(builder: &mut PackageBuilder, spec: &PackageSpec) -> Result<(), PackageError> {
    for release in &spec.changelog {
        let moment = date::of(release, spec.source_date_epoch)?
            .timestamp()
            .as_second();
        // Days before 1970 and after 2106 have no place in an RPM header.
        let moment = u32::try_from(moment).unwrap_or(spec.source_date_epoch);
        let name = format!(
            "{} - {}-{}",
            spec.maintainer, release.version, spec.revision
        );
        let text: Vec<String> = release
            .changes
            .iter()
            .map(|change| format!("- {change}"))
            .collect();
        builder.add_changelog_entry(name, text.join("\n"), moment);
    }
    Ok(())
}

fn add_files(builder: &mut PackageBuilder, files: &[File]) -> Result<(), rpm::Error> {
    for file in files {
        let mode = u16::try_from(file.mode).unwrap_or(0o644);
        let options = FileOptions::new(&file.dest)
            .permissions(mode)
            .user("root")
            .group("root");
        let options = match file.kind {
            FileKind::Plain => options,
            FileKind::Config => options.config().noreplace(),
            FileKind::Doc => options.doc(),
            FileKind::License => options.license(),
        };
        builder.with_file_contents(file.content.clone(), options)?;
    }
    Ok(())
}

/// Folders that every distribution's base packages (filesystem, systemd) own.
const SHARED: [&str; 15] = [
    "/",
    "/etc",
    "/usr",
    "/usr/bin",
    "/usr/lib",
    "/usr/lib/systemd",
    "/usr/lib/systemd/system",
    "/usr/lib/sysusers.d",
    "/usr/lib/tmpfiles.d",
    "/usr/sbin",
    "/usr/share",
    "/usr/share/doc",
    "/usr/share/licenses",
    "/usr/share/man",
    "/var",
];

/// Whether a folder is there before any package that puts files into it.
fn is_shared(folder: &Path) -> bool {
    SHARED.iter().any(|shared| folder == Path::new(shared))
        || folder.parent() == Some(Path::new("/usr/share/man"))
}

/// The folders that are not there without this package, or another one that it does not depend
/// on: rpm removes only folders that a package owns, and several may own one.
fn add_folders(builder: &mut PackageBuilder, files: &[File]) -> Result<(), rpm::Error> {
    let own: BTreeSet<&Path> = files
        .iter()
        .flat_map(|file| Path::new(&file.dest).ancestors().skip(1))
        .filter(|folder| !is_shared(folder))
        .collect();
    for folder in own {
        let folder = folder.display().to_string();
        let options = FileOptions::dir(folder)
            .permissions(0o755)
            .user("root")
            .group("root");
        builder.with_dir_entry(options)?;
    }
    Ok(())
}

fn add_scriptlets(builder: &mut PackageBuilder, scriptlets: &Scriptlets) {
    let shell = |script: &str| Scriptlet::new(script).prog(vec!["/bin/sh"]);
    builder
        .post_install_script(shell(&scriptlets.post))
        .pre_uninstall_script(shell(&scriptlets.preun))
        .post_uninstall_script(shell(&scriptlets.postun));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_programs_that_may_be_missing_are_owned() {
        for shared in ["/usr/bin", "/usr/share/man/man8", "/usr/lib/systemd/system"] {
            assert!(is_shared(Path::new(shared)), "{shared}");
        }
        for own in [
            "/etc/sample",
            "/usr/share/doc/sample",
            "/usr/share/zsh/site-functions",
            "/usr/share/fish",
        ] {
            assert!(!is_shared(Path::new(own)), "{own}");
        }
    }
}
