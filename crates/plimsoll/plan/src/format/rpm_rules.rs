//! What rpm lets a package say.

pub(super) mod dependency;
mod rich;
mod simple;

use plimsoll_spec::Relation;

use super::file_names::has_revision_its_own_name;
use super::relations;
use crate::complaint::Complaint;
use crate::config::{self, Config, RpmConfig};

/// What a revision may be.
const REVISION: &str = "use letters, digits, `+`, `.` and `~`, as in \"1\"";

/// What is wrong for an RPM package. Names, releases and dependencies are as rpm's own parser of spec files takes them
/// (build/parsePreamble.c and build/parseReqs.c).
pub(super) fn complaints(config: &Config) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let is_name = |c: char| c.is_ascii_alphanumeric() || "+-._".contains(c);
    let (name, revision) = (&config.name, &config.revision);
    if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) || !name.chars().all(is_name) {
        let what = format!("rpm refuses the name {name:?}");
        let hint = "use letters, digits, `+`, `-`, `.` and `_`, and begin with a letter or digit";
        complaints.push(Complaint::about(&["name"], what, hint));
    }
    if config.rpm.group.is_none() {
        let hint = "take one such as \"Applications/System\"; \"Unspecified\" says none";
        complaints.push(Complaint::about(
            &["rpm", "group"],
            "[rpm] has no `group`",
            hint,
        ));
    }
    let is_revision = |c: char| c.is_ascii_alphanumeric() || "+._~^".contains(c);
    if revision.is_empty() || !revision.chars().all(is_revision) {
        let what = format!("rpm refuses the release {revision:?}");
        complaints.push(Complaint::about(&["revision"], what, REVISION));
    } else if !has_revision_its_own_name(revision) {
        let what = format!("the file names of revision {revision:?} could be another revision's");
        complaints.push(Complaint::about(&["revision"], what, REVISION));
    }
    let RpmConfig { on, .. } = &config.rpm;
    complaints.extend(relations::misplaced("rpm", on));
    let all = config::relations::all(&config.rpm, on).into_iter();
    complaints.extend(relations::refused("rpm", all, |relation, text| {
        dependency::check(relation, text)?;
        match dependency::names(text, &config.name) && relation != Relation::Conflicts {
            true => Err(relations::ITSELF),
            false => Ok(()),
        }
    }));
    complaints
}
