//! What rpm lets a package say.

use crate::complaint::Complaint;
use crate::config::Config;

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
        let hint = "use letters, digits, `+`, `.`, `_` and `~`, as in \"1\"";
        complaints.push(Complaint::about(&["revision"], what, hint));
    }
    let refused = config.rpm.requires.iter().filter(|it| !is_dependency(it));
    complaints.extend(refused.map(|dependency| {
        let what = format!("rpm refuses the dependency {dependency:?}");
        let hint = "write it as `NAME` or `NAME >= VERSION`, each in its own text";
        Complaint::about(&["rpm", "requires"], what, hint)
    }));
    complaints
}

fn is_dependency(text: &str) -> bool {
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphanumeric() || "_/".contains(c))
            && !name.contains([',', '|', '<', '>', '='])
    };
    match text.split_whitespace().collect::<Vec<_>>().as_slice() {
        [name] => is_name(name),
        [name, operator, _] => is_name(name) && ["<", "<=", "=", ">=", ">"].contains(operator),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_are_names_or_comparisons() {
        for text in ["systemd", "/usr/bin/perl", "perl(IO)", "a >= 1:2.0-1"] {
            assert!(is_dependency(text), "{text}");
        }
        for text in ["a, b", "a | b", "a >=", "(a or b)", "a>=1", ""] {
            assert!(!is_dependency(text), "{text}");
        }
    }
}
