//! `changelog.Debian`, see deb-changelog(5).

use std::fmt::Write;

use plimsoll_spec::PackageSpec;
use plimsoll_spec::changelog::Release;

use crate::date;
use crate::error::PackageError;
use crate::text;

/// Renders the changelog, newest release first.
pub(super) fn render(spec: &PackageSpec) -> Result<String, PackageError> {
    let entries: Result<Vec<String>, _> = spec
        .changelog
        .iter()
        .map(|release| entry(spec, release))
        .collect();
    Ok(entries?.join("\n"))
}

fn entry(spec: &PackageSpec, release: &Release) -> Result<String, PackageError> {
    let moment = date::of(release, spec.source_date_epoch)?;
    let date = date::debian(&moment, spec.source_date_epoch)?;
    let version = spec.full_version_of(&release.version);
    let mut entry = format!("{} ({version}) unstable; urgency=medium\n\n", spec.name);
    for change in &release.changes {
        entry.push_str(&text::wrapped(change, "  *", "   "));
    }
    // Writing to a String cannot fail.
    let _ = writeln!(entry, "\n -- {}  {date}", spec.maintainer);
    Ok(entry)
}
