//! What the Debian Policy Manual lets a package say.

use plimsoll_spec::Relation;

use super::clause::{Clause, is_name};
use crate::complaint::Complaint;
use crate::config::{self, Config, DebConfig};
use crate::format::relations;

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

/// The largest epoch that dpkg takes.
const LARGEST_EPOCH: u32 = i32::MAX as u32;

pub(super) fn complaints(config: &Config) -> Vec<Complaint> {
    let own = [
        name(config),
        revision(config),
        section(config),
        epoch(config),
    ];
    let mut complaints: Vec<Complaint> = own.into_iter().flatten().collect();
    let DebConfig { on, .. } = &config.deb;
    complaints.extend(relations::misplaced("deb", on));
    let all = config::relations::all(&config.deb, on).into_iter();
    complaints.extend(relations::refused("Debian", all, |relation, text| {
        let clause = Clause::parse(text)?;
        clause.check(relation)?;
        match clause.names(&config.name) && relation != Relation::Conflicts {
            true => Err(relations::ITSELF),
            false => Ok(()),
        }
    }));
    complaints
}

/// Debian Policy 5.6.1.
fn name(config: &Config) -> Option<Complaint> {
    let what = format!("Debian refuses the name {:?}", config.name);
    let hint = "use two or more lower-case letters, digits, `+`, `-` and `.`, and begin with a letter or digit";
    (!is_name(&config.name)).then(|| Complaint::about(&["name"], what, hint))
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

fn epoch(config: &Config) -> Option<Complaint> {
    let epoch = config.deb.epoch;
    let what = format!("Debian refuses the epoch {epoch}");
    let hint = format!("the largest is {LARGEST_EPOCH}; the first one is 1");
    (epoch > LARGEST_EPOCH).then(|| Complaint::about(&["deb", "epoch"], what, hint))
}
