//! Whose the files of a package are: users and groups that a system has, or that the package makes.

use std::collections::BTreeSet;

use plimsoll_plan::config::AssetSource;
use plimsoll_spec::{FormatName, Owner, system_files, system_users};

use super::{AssetError, AssetFault, Placed};

/// Checks that every owner is there when the package is installed: a package manager gives a file of an unknown user to root.
pub(super) fn check(placed: &[Placed<'_>], format: FormatName) -> Result<(), AssetError> {
    // Who unpacks a tar file sees to its owners.
    if format == FormatName::TAR {
        return Ok(());
    }
    let Some(made) = made(placed) else {
        return Ok(());
    };
    for Placed { asset, file } in placed {
        let Owner { user, group } = &file.owner;
        let has_user = system_users::has_user(format, user) || made.users.contains(user);
        let has_group = system_users::has_group(format, group) || made.groups.contains(group);
        let missing = match (has_user, has_group) {
            (true, true) => continue,
            (false, _) => ("user", user),
            (true, false) => ("group", group),
        };
        let fault = AssetFault::NoOwner {
            dest: file.dest.clone(),
            what: missing.0,
            name: missing.1.clone(),
            format,
        };
        return Err(fault.at(asset));
    }
    Ok(())
}

/// The users and groups that the files of sysusers.d(5) of a package make.
#[derive(Debug, Default, PartialEq, Eq)]
struct Made {
    users: BTreeSet<String>,
    groups: BTreeSet<String>,
}

/// None where a file of them is not written yet.
fn made(placed: &[Placed<'_>]) -> Option<Made> {
    let mut made = Made::default();
    let files = placed.iter().filter(|it| it.file.has_content());
    for Placed { asset, file } in files {
        if system_files::sysusers(&file.dest).is_none() {
            continue;
        }
        let text = std::fs::read_to_string(&file.source).ok();
        match (text, &asset.source) {
            (Some(text), _) => text.lines().for_each(|line| made.take(line)),
            (None, AssetSource::Files(_)) => {}
            (None, _) => return None,
        }
    }
    Some(made)
}

impl Made {
    /// Takes a line: its type, the name, and for a user perhaps the group.
    fn take(&mut self, line: &str) {
        let mut words = line.split_whitespace();
        let (Some(kind), Some(name)) = (words.next(), words.next()) else {
            return;
        };
        let name = name.trim_matches(['"', '\'']).to_owned();
        let id = words.next().unwrap_or_default();
        match kind.trim_end_matches('!') {
            "u" => {
                if !id.contains(':') {
                    self.groups.insert(name.clone());
                }
                self.users.insert(name);
            }
            "g" => {
                self.groups.insert(name);
            }
            "m" => {
                self.users.insert(name);
                self.groups.insert(id.to_owned());
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_bring_their_groups_unless_they_name_another() {
        let mut made = Made::default();
        for line in [
            "# u no",
            "u a -",
            "u! b 1:adm",
            "g c -",
            "m d e",
            "r - 1-2",
            "x",
        ] {
            made.take(line);
        }
        let names = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(" ");
        assert_eq!(names(&made.users), "a b d");
        assert_eq!(names(&made.groups), "a c e");
    }
}
