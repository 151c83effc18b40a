//! The .deb file: written and read by ourselves, with parts of the maintainer scripts from the cargo-deb library.

mod alternatives;
mod archive;
mod cargo_deb;
mod changelog;
mod control;
mod copyright;
mod fields;
mod libraries;
mod owners;
mod relations;
mod restart;
mod scripts;
mod snippets;
mod warnings;

use std::path::Path;

use plimsoll_spec::{FileKind, FormatName, Owner, PackageContents, PackageReport, PackageSpec};

use crate::compression;
use crate::entry::{self, Entry};
use crate::error::{PackageError, ResultExt};
use crate::files::{self, Content, File};
use crate::format::PackageFormat;
use crate::new_version::Stamp;
use archive::Archives;

/// Debian packages, which are ar archives (deb(5)).
pub(crate) const FORMAT: PackageFormat = PackageFormat {
    name: FormatName::DEB,
    suffix: ".deb",
    magic: b"!<arch>\n",
    write,
    read,
    restamp,
};

/// Writes the package and reports what the finished file says.
fn write(spec: &PackageSpec) -> Result<PackageReport, PackageError> {
    relations::check(&spec.relations)?;
    let files = all_files(spec)?;
    let scripts = scripts::of(spec, &files)?;
    let mtime = u64::from(spec.source_date_epoch);
    let archives = Archives {
        control: control::archive(spec, &files, &scripts).at("write", &spec.out)?,
        data: files::archive(&files, ".", mtime).at("write", &spec.out)?,
        mtime,
    };
    archive::write(&spec.out, &archives).at("write", &spec.out)?;
    report(&spec.out)
}

/// Reads a package: what it says, and what it installs.
fn read(path: &Path) -> Result<(PackageContents, Vec<Entry>), PackageError> {
    let archives = archive::read(path)?;
    let entries = entry::tar::read(&archives.data).at("read", path)?;
    Ok((fields::contents(path, &archives)?, entries))
}

/// Writes the package again under another version.
fn restamp(path: &Path, out: &Path, stamp: &Stamp) -> Result<PackageReport, PackageError> {
    let archives = archive::read(path)?;
    let text = fields::restamped(path, &archives, stamp)?;
    let control = archive::with_file(&archives.control, "control", &text).at("read", path)?;
    let restamped = Archives {
        control,
        ..archives
    };
    archive::write(out, &restamped).at("write", out)?;
    report(out)
}

fn report(path: &Path) -> Result<PackageReport, PackageError> {
    Ok(fields::contents(path, &archive::read(path)?)?.report)
}

/// The files of the specification, with those that every Debian package has (Debian Policy 12.5 and 12.7). A debug package has
/// those of its package, by a link.
fn all_files(spec: &PackageSpec) -> Result<Vec<File>, PackageError> {
    let mut files = files::load(spec)?;
    if !spec.build_ids.is_empty() {
        files.sort_by(|a, b| a.dest.cmp(&b.dest));
        return Ok(files);
    }
    let folder = format!("/usr/share/doc/{}", spec.name);
    let doc = |name: &str, content| File {
        dest: format!("{folder}/{name}"),
        mode: 0o644,
        owner: Owner::default(),
        kind: FileKind::Doc,
        content: Content::Data(content),
    };
    let changelog = changelog::render(spec)?;
    let changelog = compression::gzip(changelog.as_bytes()).at("write", &spec.out)?;
    files.push(doc("changelog.Debian.gz", changelog));
    let own = format!("{folder}/copyright");
    if !files.iter().any(|file| file.dest == own) {
        let texts = spec.licenses.iter();
        let texts = texts.map(|path| std::fs::read_to_string(path).at("read", path));
        let texts = texts.collect::<Result<Vec<_>, _>>()?;
        files.push(doc(
            "copyright",
            copyright::render(spec, &texts).into_bytes(),
        ));
    }
    files.sort_by(|a, b| a.dest.cmp(&b.dest));
    Ok(files)
}
