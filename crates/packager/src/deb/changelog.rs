//! `changelog.Debian`, see deb-changelog(5).

use std::fmt::Write;

use tidegate_dist::changelog::Release;
use tidegate_dist::spec::PackageSpec;

use crate::date;
use crate::error::PackageError;

/// Where deb-changelog(5) readers expect the text to wrap.
const WIDTH: usize = 78;

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
    let mut text = format!(
        "{} ({}-{}) unstable; urgency=medium\n\n",
        spec.name, release.version, spec.revision
    );
    for change in &release.changes {
        text.push_str(&bullet(change));
    }
    // Writing to a String cannot fail.
    let _ = writeln!(text, "\n -- {}  {date}", spec.maintainer);
    Ok(text)
}

fn bullet(change: &str) -> String {
    let mut text = String::new();
    let mut line = String::from("  *");
    for word in change.split_whitespace() {
        if line.len() + 1 + word.len() > WIDTH {
            text.push_str(&line);
            text.push('\n');
            line = String::from("   ");
        }
        line.push(' ');
        line.push_str(word);
    }
    text + &line + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_wrapped_under_their_bullet() {
        let change = "The dynamically linked daemon now depends on libnftables, and the package \
                      says so in its dependencies.";
        assert_eq!(
            bullet(change),
            "  * The dynamically linked daemon now depends on libnftables, and the package\n    \
             says so in its dependencies.\n"
        );
    }
}
