//! The tar file: everything below one folder, laid out as it is installed.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use tar::{Builder, EntryType, Header};
use tidegate_dist::spec::{PackageReport, PackageSpec};

use crate::error::{PackageError, ResultExt};
use crate::files::{self, File};

/// Writes a gzip-compressed tar file whose one top folder is the file's name without its suffix.
pub(crate) fn write(spec: &PackageSpec) -> Result<PackageReport, PackageError> {
    let files = files::load(spec)?;
    let top = top_folder(&spec.out);
    let tar = archive(&files, &top, u64::from(spec.source_date_epoch)).at(&spec.out)?;
    std::fs::write(&spec.out, files::gzip(&tar).at(&spec.out)?).at(&spec.out)?;
    report(&spec.out, &top).at(&spec.out)
}

/// Reads the finished file; a path outside of the top folder stays as it is.
fn report(out: &Path, top: &str) -> io::Result<PackageReport> {
    let names = files::names_in_tar(&files::gunzip(&std::fs::read(out)?)?)?;
    let installed = |name: &String| name.strip_prefix(top).unwrap_or(name).to_owned();
    Ok(PackageReport {
        files: names.iter().map(installed).collect(),
        ..PackageReport::default()
    })
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
    use tidegate_dist::spec::FileKind;

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
    fn the_report_is_what_the_file_holds() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("t.tar.gz");
        let tar = archive(&[file("/usr/bin/a", 0o755)], "t", 0).unwrap();
        std::fs::write(&out, files::gzip(&tar).unwrap()).unwrap();
        assert_eq!(report(&out, "t").unwrap().files, ["/usr/bin/a"]);
        assert_eq!(report(&out, "other").unwrap().files, ["t/usr/bin/a"]);
    }
}
