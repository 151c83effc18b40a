//! The tar file: everything below one folder, laid out as it is installed.

use std::path::Path;

use plimsoll_spec::{FormatName, PackageContents, PackageReport, PackageSpec};

use crate::compression;
use crate::entry::{self, Content, Entry};
use crate::error::{PackageError, ResultExt};
use crate::files;
use crate::format::PackageFormat;
use crate::new_version::Stamp;

/// Tar files in gzip data (RFC 1952).
pub(crate) const FORMAT: PackageFormat = PackageFormat {
    name: FormatName::TAR,
    suffix: ".tar.gz",
    magic: &[0x1f, 0x8b],
    write,
    read,
    restamp,
};

/// Writes a gzip-compressed tar file whose one top folder is the file's name without its suffix.
fn write(spec: &PackageSpec) -> Result<PackageReport, PackageError> {
    let files = files::load(spec)?;
    let top = top_folder(&spec.out);
    let mtime = u64::from(spec.source_date_epoch);
    let tar = files::archive(&files, &top, mtime).at("write", &spec.out)?;
    let packed = compression::gzip(&tar).at("write", &spec.out)?;
    std::fs::write(&spec.out, packed).at("write", &spec.out)?;
    Ok(read(&spec.out)?.0.report)
}

/// Reads a file: what it says, and what it installs once its one top folder is taken off.
fn read(path: &Path) -> Result<(PackageContents, Vec<Entry>), PackageError> {
    let packed = std::fs::read(path).at("read", path)?;
    let archive = compression::plain(packed).at("read", path)?;
    let mut entries = entry::tar::read(&archive).at("read", path)?;
    let top = take_top(&mut entries).ok_or_else(|| PackageError::NoTop {
        path: path.to_owned(),
    })?;
    let is_folder = |entry: &&Entry| matches!(entry.content, Content::Folder);
    let files = entries.iter().filter(|entry| !is_folder(entry));
    let contents = PackageContents {
        format: FormatName::TAR,
        name: top,
        version: None,
        revision: None,
        arch: None,
        report: PackageReport {
            files: files.map(|entry| entry.path.clone()).collect(),
            ..PackageReport::default()
        },
        conffiles: Vec::new(),
    };
    Ok((contents, entries))
}

/// Refuses: a tar file has no version inside.
fn restamp(path: &Path, _: &Path, _: &Stamp) -> Result<PackageReport, PackageError> {
    Err(PackageError::NoVersion {
        path: path.to_owned(),
    })
}

/// Takes the folder that everything is in off the paths, which then begin with `/`.
fn take_top(entries: &mut [Entry]) -> Option<String> {
    let first = entries.first()?.path.split('/').next()?.to_owned();
    let installed = |path: &str| {
        let rest = path.strip_prefix(first.as_str())?;
        (rest.is_empty() || rest.starts_with('/')).then(|| rest.to_owned())
    };
    for entry in entries {
        entry.path = installed(&entry.path)?;
        if let Content::HardLink(target) = &mut entry.content {
            *target = installed(target)?;
        }
    }
    Some(first)
}

fn top_folder(out: &Path) -> String {
    let name = out.file_name().unwrap_or_default().to_string_lossy();
    name.trim_end_matches(".tar.gz").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::Archive;

    #[test]
    fn what_is_read_is_what_the_file_holds() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("renamed.tar.gz");
        let mut tar = Archive::new(0);
        tar.file("t/usr/bin/a", 0o755, b"x").unwrap();
        tar.link("t/usr/bin/b", "a").unwrap();
        let tar = tar.finish().unwrap();
        std::fs::write(&out, compression::gzip(&tar).unwrap()).unwrap();
        let (contents, entries) = read(&out).unwrap();
        assert_eq!(contents.name, "t");
        assert_eq!(contents.report.files, ["/usr/bin/a", "/usr/bin/b"]);
        let paths: Vec<&str> = entries.iter().map(|entry| entry.path.as_str()).collect();
        assert_eq!(paths, ["", "/usr", "/usr/bin", "/usr/bin/a", "/usr/bin/b"]);
    }

    #[test]
    fn a_file_without_one_top_folder_is_refused() {
        let entry = |path: &str| Entry {
            path: path.into(),
            mode: 0o644,
            content: Content::File(Vec::new()),
        };
        assert_eq!(take_top(&mut [entry("t/a"), entry("other/b")]), None);
        assert_eq!(take_top(&mut [entry("t/a"), entry("tt/b")]), None);
        assert_eq!(take_top(&mut []), None);
    }
}
