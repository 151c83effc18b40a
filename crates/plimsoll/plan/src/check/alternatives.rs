//! The names that the packages share with others.

use crate::complaint::Complaint;
use crate::config::{AlternativeConfig, Config};

/// What update-alternatives(1) would refuse.
pub(super) fn complaints(config: &Config) -> Vec<Complaint> {
    let faults = config.alternative.iter().filter_map(|alternative| {
        let (what, hint) = fault(alternative)?;
        let name = alternative.name.get_ref();
        let what = format!("alternative {name:?}: {what}");
        Some(Complaint::in_line(alternative.line, what, hint))
    });
    faults.collect()
}

fn fault(alternative: &AlternativeConfig) -> Option<(String, &'static str)> {
    if !is_plain(alternative.name.get_ref()) {
        let what = "its name is none of update-alternatives(1)".to_owned();
        return Some((what, "use letters, digits, `+`, `-`, `.` and `_`"));
    }
    let AlternativeConfig {
        link, path, man, ..
    } = alternative;
    let of_man = man.iter().flat_map(|man| [&man.link, &man.path]);
    let mut paths = [link, path].into_iter().chain(of_man);
    if let Some(odd) = paths.find(|path| !is_path(path)) {
        let what = format!("{odd:?} is not a plain path");
        return Some((what, "write an absolute path without spaces"));
    }
    let is_itself = link == path || man.iter().any(|man| man.link == man.path);
    is_itself.then(|| {
        let what = "its link is the file itself".to_owned();
        (
            what,
            "install the file under another name than the one that is shared",
        )
    })
}

fn is_path(path: &str) -> bool {
    let parts = path.strip_prefix('/').map(|rest| rest.split('/'));
    parts.is_some_and(|mut parts| parts.all(|part| is_plain(part) && ![".", ".."].contains(&part)))
}

/// Whether a name has no character that a shell or update-alternatives(1) reads.
fn is_plain(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "+-._".contains(c);
    !name.is_empty() && name.chars().all(fits)
}
