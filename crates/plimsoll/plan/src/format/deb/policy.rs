//! What the Debian Policy Manual lets a package say.

use crate::complaint::Complaint;
use crate::config::Config;

/// The sections of the archive (Debian Policy 2.4).
const SECTIONS: [&str; 58] = [
    "admin",
    "cli-mono",
    "comm",
    "database",
    "debug",
    "devel",
    "doc",
    "editors",
    "education",
    "electronics",
    "embedded",
    "fonts",
    "games",
    "gnome",
    "gnu-r",
    "gnustep",
    "graphics",
    "hamradio",
    "haskell",
    "httpd",
    "interpreters",
    "introspection",
    "java",
    "javascript",
    "kde",
    "kernel",
    "libdevel",
    "libs",
    "lisp",
    "localization",
    "mail",
    "math",
    "metapackages",
    "misc",
    "net",
    "news",
    "ocaml",
    "oldlibs",
    "otherosfs",
    "perl",
    "php",
    "python",
    "raku",
    "ruby",
    "rust",
    "science",
    "shells",
    "sound",
    "tasks",
    "tex",
    "text",
    "utils",
    "vcs",
    "video",
    "web",
    "x11",
    "xfce",
    "zope",
];

/// The areas of the archive that a section may begin with.
const AREAS: [&str; 3] = ["contrib/", "non-free/", "non-free-firmware/"];

pub(super) fn complaints(config: &Config) -> Vec<Complaint> {
    let mut complaints: Vec<Complaint> = [name(config), revision(config), section(config)]
        .into_iter()
        .flatten()
        .collect();
    let refused = config
        .deb
        .depends
        .iter()
        .filter(|clause| !is_clause(clause));
    complaints.extend(refused.map(|clause| {
        let what = format!("Debian refuses the dependency {clause:?}");
        let hint = "write it as `NAME` or `NAME (>= VERSION)`, with `|` between alternatives";
        Complaint::about(&["deb", "depends"], what, hint)
    }));
    complaints
}

/// Debian Policy 5.6.1.
fn name(config: &Config) -> Option<Complaint> {
    let what = format!("Debian refuses the name {:?}", config.name);
    let hint = "use two or more lower-case letters, digits, `+`, `-` and `.`, and begin with a letter or digit";
    (!is_name(&config.name)).then(|| Complaint::about(&["name"], what, hint))
}

fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    name.len() > 1 && name.starts_with(plain) && name.chars().all(|c| plain(c) || "+-.".contains(c))
}

/// Debian Policy 5.6.12.
fn revision(config: &Config) -> Option<Complaint> {
    let revision = &config.revision;
    let fits = |c: char| c.is_ascii_alphanumeric() || "+.~".contains(c);
    let is_sound = !revision.is_empty() && revision.chars().all(fits);
    let what = format!("Debian refuses the revision {revision:?}");
    let hint = "use letters, digits, `+`, `.` and `~`, as in \"1\"";
    (!is_sound).then(|| Complaint::about(&["revision"], what, hint))
}

fn section(config: &Config) -> Option<Complaint> {
    let hint = "take one of Debian Policy 2.4, such as \"admin\", \"net\" or \"utils\"";
    let Some(section) = config.deb.section.as_deref() else {
        return Some(Complaint::about(
            &["deb", "section"],
            "[deb] has no `section`",
            hint,
        ));
    };
    let plain = AREAS.iter().find_map(|area| section.strip_prefix(area));
    let is_known = SECTIONS.contains(&plain.unwrap_or(section));
    let what = format!("Debian has no section {section:?}");
    (!is_known).then(|| Complaint::about(&["deb", "section"], what, hint))
}

/// Debian Policy 7.1.
fn is_clause(clause: &str) -> bool {
    clause.split('|').map(str::trim).all(|alternative| {
        let (package, version) = match alternative.split_once(' ') {
            Some((package, version)) => (package, version.trim()),
            None => (alternative, ""),
        };
        let package = package.split(':').next().unwrap_or_default();
        is_name(package) && (version.is_empty() || is_version(version))
    })
}

fn is_version(text: &str) -> bool {
    let inner = text
        .strip_prefix('(')
        .and_then(|text| text.strip_suffix(')'));
    inner.is_some_and(|inner| {
        let version = inner.trim_start_matches(['<', '=', '>']);
        let operator = &inner[..inner.len() - version.len()];
        let version = version.trim();
        ["<<", "<=", "=", ">=", ">>"].contains(&operator)
            && version.starts_with(|c: char| c.is_ascii_digit())
            && !version.contains(' ')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_policy() {
        for name in ["sample", "0ad", "g++", "lib-a1.2"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["a", "", "my_sample", "Sample", "-a", "a b"] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn clauses_are_those_of_the_policy() {
        for clause in ["nftables", "aa | bb (>= 1:2.0~rc1)", "perl:any (<< 5.38)"] {
            assert!(is_clause(clause), "{clause}");
        }
        for clause in ["nftables >= 1.0", "a, b", "a (> 1)", "a (>=)", ""] {
            assert!(!is_clause(clause), "{clause}");
        }
    }
}
