//! The users and groups that systems have without any package's doing.

use crate::FormatName;

/// Users of every Debian system with their ids: what base-passwd's `passwd.master` lists.
const DEBIAN_USERS: [(&str, u32); 18] = [
    ("root", 0),
    ("daemon", 1),
    ("bin", 2),
    ("sys", 3),
    ("sync", 4),
    ("games", 5),
    ("man", 6),
    ("lp", 7),
    ("mail", 8),
    ("news", 9),
    ("uucp", 10),
    ("proxy", 13),
    ("www-data", 33),
    ("backup", 34),
    ("list", 38),
    ("irc", 39),
    ("_apt", 42),
    ("nobody", 65534),
];

/// Groups of every Debian system with their ids: what base-passwd's `group.master` lists.
const DEBIAN_GROUPS: [(&str, u32); 38] = [
    ("root", 0),
    ("daemon", 1),
    ("bin", 2),
    ("sys", 3),
    ("adm", 4),
    ("tty", 5),
    ("disk", 6),
    ("lp", 7),
    ("mail", 8),
    ("news", 9),
    ("uucp", 10),
    ("man", 12),
    ("proxy", 13),
    ("kmem", 15),
    ("dialout", 20),
    ("fax", 21),
    ("voice", 22),
    ("cdrom", 24),
    ("floppy", 25),
    ("tape", 26),
    ("sudo", 27),
    ("audio", 29),
    ("dip", 30),
    ("www-data", 33),
    ("backup", 34),
    ("operator", 37),
    ("list", 38),
    ("irc", 39),
    ("src", 40),
    ("shadow", 42),
    ("utmp", 43),
    ("video", 44),
    ("sasl", 45),
    ("plugdev", 46),
    ("staff", 50),
    ("games", 60),
    ("users", 100),
    ("nogroup", 65534),
];

/// Users of every distribution with RPM packages: those that Fedora's `setup` and openSUSE's `system-user-root`, `aaa_base` and
/// their like have alike.
const RPM_USERS: [&str; 4] = ["root", "bin", "daemon", "nobody"];

/// Groups of every distribution with RPM packages: those of its base, and those of systemd's `basic.conf` (sysusers.d(5)).
const RPM_GROUPS: [&str; 18] = [
    "root", "bin", "daemon", "sys", "mail", "adm", "wheel", "tty", "disk", "lp", "kmem", "dialout",
    "audio", "video", "cdrom", "tape", "users", "utmp",
];

/// The id of a user that every Debian system has.
#[must_use]
pub fn debian_user(name: &str) -> Option<u32> {
    id(&DEBIAN_USERS, name)
}

/// The id of a group that every Debian system has.
#[must_use]
pub fn debian_group(name: &str) -> Option<u32> {
    id(&DEBIAN_GROUPS, name)
}

fn id(ids: &[(&str, u32)], name: &str) -> Option<u32> {
    let mut ids = ids.iter();
    ids.find(|(known, _)| *known == name).map(|(_, id)| *id)
}

/// Whether every system on which a package of a format is installed has a user.
#[must_use]
pub fn has_user(format: FormatName, name: &str) -> bool {
    match format == FormatName::RPM {
        true => RPM_USERS.contains(&name),
        false => debian_user(name).is_some(),
    }
}

/// Whether every system on which a package of a format is installed has a group.
#[must_use]
pub fn has_group(format: FormatName, name: &str) -> bool {
    match format == FormatName::RPM {
        true => RPM_GROUPS.contains(&name),
        false => debian_group(name).is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_of_a_system_depend_on_its_packages() {
        assert_eq!(
            (debian_user("www-data"), debian_group("adm")),
            (Some(33), Some(4))
        );
        assert!(has_user(FormatName::DEB, "www-data"));
        assert!(!has_user(FormatName::RPM, "www-data"));
        assert!(has_group(FormatName::RPM, "mail") && !has_group(FormatName::RPM, "sudo"));
        assert_eq!(debian_user("sample"), None);
    }
}
