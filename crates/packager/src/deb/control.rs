//! Reading back what a finished package says about itself.

use std::path::Path;

use tidegate_dist::spec::PackageReport;

use super::repack;
use crate::error::{PackageError, ResultExt};
use crate::files;

/// Reads dependencies and paths out of the package.
pub(super) fn report(path: &Path) -> Result<PackageReport, PackageError> {
    let archives = repack::read(path)?;
    let control = repack::control_file(&archives, "control")
        .at(path)?
        .ok_or_else(|| PackageError::NotDeb {
            path: path.to_owned(),
            what: "it has no control file",
        })?;
    Ok(PackageReport {
        depends: clauses(&control, "Depends"),
        recommends: clauses(&control, "Recommends"),
        files: files::names_in_tar(&archives.data)
            .at(path)?
            .iter()
            .map(|name| format!("/{name}"))
            .collect(),
    })
}

/// The clauses of a relationship field (deb-control(5)), which is one unfolded line here.
fn clauses(control: &str, field: &str) -> Vec<String> {
    let value = control
        .lines()
        .find_map(|line| line.split_once(':').filter(|(name, _)| *name == field))
        .map_or("", |(_, value)| value);
    value
        .split(',')
        .map(str::trim)
        .filter(|clause| !clause.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let control = "Package: x\nPre-Depends: a\nDepends: libc6 (>= 2.34), b | c\n";
        assert_eq!(clauses(control, "Depends"), ["libc6 (>= 2.34)", "b | c"]);
        assert_eq!(clauses(control, "Recommends"), [""; 0]);
    }
}
