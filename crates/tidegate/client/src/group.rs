//! The group whose members may use the daemon's socket.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The group that the units and the documents of the packages use.
const USUAL: &str = "tidegate";

/// The group whose members may use a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketGroup {
    /// A group of group(5).
    Named(String),
    /// A group that group(5) does not have.
    Numbered(u32),
    /// Root's: nobody else may use the socket.
    Root {
        /// Whether the host has the group that the packages make.
        has_usual: bool,
    },
    /// The socket cannot be looked at.
    Unknown,
}

impl SocketGroup {
    pub(crate) fn of(socket: &Path) -> Self {
        let groups = fs::read_to_string("/etc/group").unwrap_or_default();
        let socket = fs::metadata(socket).ok();
        socket.map_or(Self::Unknown, |socket| {
            Self::of_number(&groups, socket.gid())
        })
    }

    /// The group of that number, with the text of group(5).
    fn of_number(groups: &str, gid: u32) -> Self {
        let named = lines(groups).find(|(_, number)| *number == gid);
        match (gid, named) {
            (0, _) => Self::Root {
                has_usual: lines(groups).any(|(name, _)| name == USUAL),
            },
            (_, Some((name, _))) => Self::Named(name.to_owned()),
            (_, None) => Self::Numbered(gid),
        }
    }

    /// How somebody who is not root can use the socket.
    pub(crate) fn hint(&self, socket: &Path) -> String {
        const LIKE_ROOT: &str = "its members have root's power over the network";
        let socket = socket.display();
        match self {
            Self::Named(group) => format!(
                "run as root, or join the group {group} with `usermod -aG {group} USER` and log in again; {LIKE_ROOT}"
            ),
            Self::Numbered(gid) => format!(
                "run as root, or join the socket's group {gid}: `groupadd --gid {gid} {USUAL}` gives it a name, then \
                 `usermod -aG {USUAL} USER` and log in again; {LIKE_ROOT}"
            ),
            Self::Root { has_usual } => {
                let make = match has_usual {
                    true => "",
                    false => {
                        "make it with `systemd-sysusers` (if the package is installed) or `groupadd --system tidegate`, "
                    }
                };
                format!(
                    "run as root, or open the socket to the group {USUAL}: {make}`chgrp {USUAL} {socket}` (tidegated.socket \
                     does that at each start), `usermod -aG {USUAL} USER`, and log in again; {LIKE_ROOT}"
                )
            }
            Self::Unknown => format!(
                "run as root; `namei -l {socket}` shows which folder keeps others from the socket"
            ),
        }
    }
}

/// Names and numbers in the text of group(5): `NAME:PASSWORD:GID:MEMBERS`.
fn lines(groups: &str) -> impl Iterator<Item = (&str, u32)> {
    groups.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        Some((name, fields.nth(1)?.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUPS: &str = "root:x:0:\nbroken\ntidegate:x:998:anna,ben\nusers:x:100:\n";

    #[test]
    fn a_group_has_the_name_of_its_line() {
        let of = |groups: &str, gid| SocketGroup::of_number(groups, gid);
        assert_eq!(of(GROUPS, 998), SocketGroup::Named("tidegate".into()));
        assert_eq!(of(GROUPS, 99), SocketGroup::Numbered(99));
        assert_eq!(of(GROUPS, 0), SocketGroup::Root { has_usual: true });
        assert_eq!(of("", 0), SocketGroup::Root { has_usual: false });
    }

    /// Also where there is no group yet.
    #[test]
    fn every_hint_says_how_a_user_gets_in() {
        let hint = |groups: &str, gid| {
            let group = SocketGroup::of_number(groups, gid);
            group.hint(Path::new("/run/t.sock"))
        };
        for (hint, steps) in [
            (hint(GROUPS, 998), &["usermod -aG tidegate USER"][..]),
            (
                hint(GROUPS, 99),
                &["groupadd --gid 99 tidegate", "usermod -aG tidegate USER"],
            ),
            (
                hint(GROUPS, 0),
                &["chgrp tidegate /run/t.sock", "usermod -aG tidegate USER"],
            ),
            (
                hint("", 0),
                &[
                    "systemd-sysusers",
                    "groupadd --system tidegate",
                    "chgrp tidegate /run/t.sock",
                    "usermod -aG tidegate USER",
                ],
            ),
        ] {
            assert!(hint.starts_with("run as root, or "), "{hint}");
            for step in steps {
                assert!(hint.contains(&format!("`{step}`")), "{step}: {hint}");
            }
        }
        assert!(!hint(GROUPS, 0).contains("groupadd"));
    }
}
