//! The releases that the packages' changelogs list.

use plimsoll_plan::config::Config;
use plimsoll_plan::plan::Plan;
use plimsoll_spec::changelog::{self, Release};

use super::{Observer, RunError, files};

/// Reads the project's changelog. A warning says what is left out of the packages' changelogs.
pub(super) fn read(
    config: &Config,
    plan: &Plan,
    observer: &mut dyn Observer,
) -> Result<Vec<Release>, RunError> {
    let Some(path) = &config.changelog else {
        observer.line("note: `changelog` is not set, so the packages list only this release");
        return Ok(vec![only(&plan.source.version)]);
    };
    let text = files::read(&plan.places.workspace.join(path))?;
    let changelog =
        changelog::parse(&text, &plan.source.version).map_err(|error| RunError::Changelog {
            path: path.clone(),
            error,
        })?;
    if let Some(warning) = warning(&changelog.left_out) {
        observer.line(&format!("warning: {}: {warning}", path.display()));
    }
    Ok(changelog.releases)
}

/// The release of a project without a changelog.
fn only(version: &str) -> Release {
    Release {
        version: version.to_owned(),
        date: None,
        changes: vec![format!("Release {version}.")],
    }
}

/// Says which releases are left out, by the lines of their headings.
fn warning(left_out: &[usize]) -> Option<String> {
    let (line, count) = (left_out.first()?, left_out.len());
    Some(format!(
        "the packages' changelogs leave out {count} releases without a day or a change, the first in line {line}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_that_are_left_out_are_counted() {
        assert_eq!(warning(&[]), None);
        let warning = warning(&[4, 9]).expect("a warning");
        assert!(warning.contains("2 releases") && warning.ends_with("in line 4"));
    }
}
