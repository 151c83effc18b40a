//! The tar file: everything below one folder, laid out as it is installed.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use plimsoll_spec::{FormatName, PackageContents, PackageReport, PackageSpec};
use tar::{Builder, EntryType, Header};

use crate::compression;
use crate::entry::{self, Content, Entry};
use crate::error::{PackageError, ResultExt};
use crate::files::{self, File};
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
    let tar = archive(&files, &top, u64::from(spec.source_date_epoch)).at(&spec.out)?;
    let packed = compression::gzip(&tar).at(&spec.out)?;
    std::fs::write(&spec.out, packed).at(&spec.out)?;
    Ok(read(&spec.out)?.0.report)
}

/// Reads a file: what it says, and what it installs once its one top folder is taken off.
fn read(path: &Path) -> Result<(PackageContents, Vec<Entry>), PackageError> {
    let packed = std::fs::read(path).at(path)?;
    let archive = compression::plain(packed).at(path)?;
    let mut entries = entry::tar::read(&archive).at(path)?;
    let top = take_top(&mut entries).ok_or_else(|| PackageError::NoTop {
        path: path.to_owned(),
    })?;
    let is_file = |entry: &&Entry| matches!(entry.content, Content::File(_));
    let files = entries.iter().filter(is_file);
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
        provides: Vec::new(),
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

fn archive(files: &[File], top: &str, mtime: u64) -> io::Result<Vec<u8>> {
    let mut builder = Builder::new(Vec::new());
    let mut folders = BTreeSet::new();
    for file in files {
        let path = Path::new(top).join(file.relative());
        let mut parents: Vec<&Path> = path.ancestors().skip(1).collect();
        parents.pop();
        for folder in parents.into_iter().rev() {
            if folders.insert(folder.to_owned()) {
                let mut header = header(EntryType::Directory, 0o755, 0, mtime);
                builder.append_data(&mut header, folder, io::empty())?;
            }
        }
        let size = file.content.len() as u64;
        let mut header = header(EntryType::Regular, file.mode, size, mtime);
        builder.append_data(&mut header, &path, file.content.as_slice())?;
    }
    builder.into_inner()
}

/// A header that says nothing about the machine: owner 0:0, the given time.
fn header(kind: EntryType, mode: u32, size: u64, mtime: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_mtime(mtime);
    header.set_uid(0);
    header.set_gid(0);
    header
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_spec::FileKind;

    fn file(dest: &str, mode: u32) -> File {
        File {
            dest: dest.into(),
            mode,
            kind: FileKind::Plain,
            content: b"x".to_vec(),
        }
    }

    #[test]
    fn folders_come_before_what_they_hold_and_owners_are_root() {
        let tar = archive(&[file("/usr/bin/a", 0o755), file("/usr/c", 0o644)], "t", 7).unwrap();
        let mut seen = Vec::new();
        for entry in tar::Archive::new(tar.as_slice()).entries().unwrap() {
            let entry = entry.unwrap();
            let header = entry.header();
            assert_eq!((header.uid().unwrap(), header.gid().unwrap()), (0, 0));
            assert_eq!(header.mtime().unwrap(), 7);
            let path = entry.path().unwrap().display().to_string();
            seen.push(format!("{path} {:o}", header.mode().unwrap()));
        }
        assert_eq!(
            seen,
            [
                "t 755",
                "t/usr 755",
                "t/usr/bin 755",
                "t/usr/bin/a 755",
                "t/usr/c 644"
            ]
        );
    }

    #[test]
    fn what_is_read_is_what_the_file_holds() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("renamed.tar.gz");
        let tar = archive(&[file("/usr/bin/a", 0o755)], "t", 0).unwrap();
        std::fs::write(&out, compression::gzip(&tar).unwrap()).unwrap();
        let (contents, entries) = read(&out).unwrap();
        assert_eq!(contents.name, "t");
        assert_eq!(contents.report.files, ["/usr/bin/a"]);
        let paths: Vec<&str> = entries.iter().map(|entry| entry.path.as_str()).collect();
        assert_eq!(paths, ["", "/usr", "/usr/bin", "/usr/bin/a"]);
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
