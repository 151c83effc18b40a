//! Completing the archive that cargo-deb wrote: `md5sums`, what an upgrade restarts, and a good compression.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::path::Path;

use md5::{Digest, Md5};

use plimsoll_spec::PackageSpec;

use super::archive::{self, Archives};
use super::restart;
use crate::error::{PackageError, ResultExt};

/// Copies the package that cargo-deb wrote, completed, to where the specification wants it.
pub(super) fn complete(
    from: &Path,
    spec: &PackageSpec,
    has_sockets: bool,
) -> Result<(), PackageError> {
    let (to, mtime) = (&spec.out, u64::from(spec.source_date_epoch));
    let archives = archive::read(from)?;
    let conffiles = archive::control_file(&archives, "conffiles")
        .at(from)?
        .unwrap_or_default();
    let conffiles: BTreeSet<&str> = conffiles.lines().collect();
    let md5sums = md5sums(&archives.data, &conffiles).at(from)?;
    let control = archive::with_file(&archives.control, "md5sums", &md5sums, mtime).at(from)?;
    let control = with_restart(&control, &archives, has_sockets, mtime).at(from)?;
    let completed = Archives {
        control,
        mtime,
        ..archives
    };
    archive::write(to, &completed).at(to)
}

fn with_restart(
    control: &[u8],
    archives: &Archives,
    has_sockets: bool,
    mtime: u64,
) -> io::Result<Vec<u8>> {
    const SCRIPT: &str = "postinst";
    let Some(script) = archive::control_file(archives, SCRIPT)? else {
        return Ok(control.to_owned());
    };
    let script = restart::of_services(&script, has_sockets).map_err(io::Error::other)?;
    archive::with_file(control, SCRIPT, &script, mtime)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conffiles_and_folders_have_no_sum() {
        let empty = tar::Builder::new(Vec::new()).into_inner().unwrap();
        let data = archive::with_file(&empty, "etc/a.toml", "a", 0).unwrap();
        let data = archive::with_file(&data, "usr/bin/b", "b", 0).unwrap();
        let sums = md5sums(&data, &BTreeSet::from(["/etc/a.toml"])).unwrap();
        assert_eq!(sums, "92eb5ffee6ae2fec3ad71c777531578f  usr/bin/b\n");
    }
}
