//! The .rpm file, through the rpm crate.

mod dependency;
mod folders;
mod read;
mod relations;
mod restamp;
mod scripts;
mod users;

use plimsoll_spec::{FileKind, FormatName, Owner, PackageReport, PackageSpec};
use rpm::{BuildConfig, CompressionType, FileOptions, FileOptionsBuilder, PackageBuilder};

use crate::date;
use crate::error::PackageError;
use crate::files::{self, Content, File};
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
    relations::add(&mut builder, spec)?;
    add_changelog(&mut builder, spec)?;
    add_files(&mut builder, &files).map_err(failed)?;
    add_folders(&mut builder, spec, &files).map_err(failed)?;
    scripts::add(&mut builder, spec, &files)?;
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
        .description(text::for_rpm(&spec.description))
        .url(&spec.homepage)
        .packager(&spec.maintainer)
        .vendor(&spec.maintainer)
        .group(&spec.section)
        // The name of the machine would make two builds differ.
        .build_host("localhost");
    if spec.epoch > 0 {
        builder.epoch(spec.epoch);
    }
    builder
}

fn add_changelog(builder: &mut PackageBuilder, spec: &PackageSpec) -> Result<(), PackageError> {
    for release in &spec.changelog {
        let moment = date::of(release, spec.source_date_epoch)?
            .timestamp()
            .as_second();
        // Days before 1970 and after 2106 have no place in an RPM header.
        let moment = u32::try_from(moment).unwrap_or(spec.source_date_epoch);
        let version = spec.full_version_of(&release.version);
        let name = format!("{} - {version}", spec.maintainer);
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
        let owned = |options: FileOptionsBuilder| {
            let Owner { user, group } = &file.owner;
            options.user(user).group(group)
        };
        let data = match &file.content {
            Content::Data(data) => data.clone(),
            Content::Link(text) => {
                builder.with_symlink(owned(FileOptions::symlink(&file.dest, text)))?;
                continue;
            }
            Content::Folder => {
                let folder = FileOptions::dir(&file.dest).permissions(mode);
                builder.with_dir_entry(owned(folder))?;
                continue;
            }
            Content::Ghost => {
                let ghost = FileOptions::ghost(&file.dest).permissions(mode);
                builder.with_ghost(owned(ghost))?;
                continue;
            }
        };
        let options = owned(FileOptions::new(&file.dest).permissions(mode));
        let options = match file.kind {
            FileKind::Plain | FileKind::Ghost => options,
            FileKind::Config => options.config().noreplace(),
            FileKind::Doc => options.doc(),
            FileKind::License => options.license(),
        };
        builder.with_file_contents(data, options)?;
    }
    Ok(())
}

fn add_folders(
    builder: &mut PackageBuilder,
    spec: &PackageSpec,
    files: &[File],
) -> Result<(), rpm::Error> {
    let is_listed = |folder: &str| {
        let mut files = files.iter();
        files.any(|file| file.dest == folder)
    };
    let paths = files.iter().map(|file| file.dest.as_str());
    for folder in folders::owned(&spec.name, paths) {
        if is_listed(folder) {
            continue;
        }
        let options = FileOptions::dir(folder)
            .permissions(0o755)
            .user("root")
            .group("root");
        builder.with_dir_entry(options)?;
    }
    Ok(())
}
