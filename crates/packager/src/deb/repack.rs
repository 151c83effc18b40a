//! Completing the archive that cargo-deb wrote: `md5sums` and a good compression.
//!
//! deb(5): an ar archive of `debian-binary`, the control archive and the data archive.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::path::Path;

use ar::{Builder, Header};
use md5::{Digest, Md5};

use crate::error::{PackageError, ResultExt};
use crate::files;

/// The two archives of a package, not compressed.
pub(super) struct Archives {
    pub(super) control: Vec<u8>,
    pub(super) data: Vec<u8>,
}

/// Copies the package with `md5sums` added to its control archive.
pub(super) fn with_md5sums(from: &Path, to: &Path, mtime: u64) -> Result<(), PackageError> {
    let archives = read(from)?;
    let conffiles = control_file(&archives, "conffiles")
        .at(from)?
        .unwrap_or_default();
    let conffiles: BTreeSet<&str> = conffiles.lines().collect();
    let md5sums = md5sums(&archives.data, &conffiles).at(from)?;
    let control = with_file(&archives.control, "md5sums", &md5sums, mtime).at(from)?;
    write(
        to,
        &Archives {
            control,
            ..archives
        },
        mtime,
    )
    .at(to)
}

/// Reads the two archives of a package.
pub(super) fn read(path: &Path) -> Result<Archives, PackageError> {
    let file = std::fs::File::open(path).at(path)?;
    let mut archive = ar::Archive::new(file);
    let (mut control, mut data) = (None, None);
    while let Some(entry) = archive.next_entry() {
        let mut entry = entry.at(path)?;
        let slot = match entry.header().identifier() {
            b"control.tar.gz" => &mut control,
            b"data.tar.gz" => &mut data,
            _ => continue,
        };
        let mut packed = Vec::new();
        entry.read_to_end(&mut packed).at(path)?;
        *slot = Some(files::gunzip(&packed).at(path)?);
    }
    let missing = |what| PackageError::NotDeb {
        path: path.to_owned(),
        what,
    };
    Ok(Archives {
        control: control.ok_or_else(|| missing("it has no control.tar.gz"))?,
        data: data.ok_or_else(|| missing("it has no data.tar.gz"))?,
    })
}

/// The text of one file of the control archive.
pub(super) fn control_file(archives: &Archives, name: &str) -> io::Result<Option<String>> {
    for entry in tar::Archive::new(archives.control.as_slice()).entries()? {
        let mut entry = entry?;
        if entry.path()?.ends_with(name) {
            let mut text = String::new();
            entry.read_to_string(&mut text)?;
            return Ok(Some(text));
        }
    }
    Ok(None)
}

/// As dh_md5sums(1) writes it: every regular file but the conffiles, relative to the root.
fn md5sums(data: &[u8], conffiles: &BTreeSet<&str>) -> io::Result<String> {
    let mut lines = BTreeSet::new();
    for entry in tar::Archive::new(data).entries()? {
        let mut entry = entry?;
        let path = entry.path()?.display().to_string();
        let path = path.trim_start_matches("./").to_owned();
        if !entry.header().entry_type().is_file() || conffiles.contains(format!("/{path}").as_str())
        {
            continue;
        }
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        lines.insert((path, hex(&Md5::digest(&content))));
    }
    Ok(lines
        .into_iter()
        .map(|(path, sum)| format!("{sum}  {path}\n"))
        .collect())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn with_file(archive: &[u8], name: &str, text: &str, mtime: u64) -> io::Result<Vec<u8>> {
    let mut builder = tar::Builder::new(Vec::new());
    for entry in tar::Archive::new(archive).entries()? {
        let entry = entry?;
        let header = entry.header().clone();
        builder.append(&header, entry)?;
    }
    let mut header = tar::Header::new_gnu();
    header.set_mode(0o644);
    header.set_mtime(mtime);
    header.set_size(text.len() as u64);
    header.set_uid(0);
    header.set_gid(0);
    builder.append_data(&mut header, format!("./{name}"), text.as_bytes())?;
    builder.into_inner()
}

fn write(path: &Path, archives: &Archives, mtime: u64) -> io::Result<()> {
    let mut builder = Builder::new(std::fs::File::create(path)?);
    let members = [
        ("debian-binary", b"2.0\n".to_vec()),
        ("control.tar.gz", files::gzip(&archives.control)?),
        ("data.tar.gz", files::gzip(&archives.data)?),
    ];
    for (name, content) in members {
        let mut header = Header::new(name.into(), content.len() as u64);
        header.set_mode(0o100_644);
        header.set_mtime(mtime);
        builder.append(&header, content.as_slice())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conffiles_and_folders_have_no_sum() {
        let empty = tar::Builder::new(Vec::new()).into_inner().unwrap();
        let data = with_file(&empty, "etc/a.toml", "a", 0).unwrap();
        let data = with_file(&data, "usr/bin/b", "b", 0).unwrap();
        let sums = md5sums(&data, &BTreeSet::from(["/etc/a.toml"])).unwrap();
        assert_eq!(sums, "92eb5ffee6ae2fec3ad71c777531578f  usr/bin/b\n");
    }
}
