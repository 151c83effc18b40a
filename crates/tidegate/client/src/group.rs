//! The group whose members may use the daemon's socket.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The group of a socket: its name, or its number if group(5) does not have it. None if it is root's, or the socket
/// cannot be looked at.
pub(crate) fn of(socket: &Path) -> Option<String> {
    let gid = fs::metadata(socket).ok()?.gid();
    let groups = fs::read_to_string("/etc/group").unwrap_or_default();
    (gid != 0).then(|| name(&groups, gid).map_or_else(|| gid.to_string(), str::to_owned))
}

/// The name of a group in the text of group(5): `NAME:PASSWORD:GID:MEMBERS`.
fn name(groups: &str, gid: u32) -> Option<&str> {
    groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(gid)).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_has_the_name_of_its_line() {
        let groups = "root:x:0:\nbroken\ntidegate:x:998:anna,ben\nusers:x:100:\n";
        assert_eq!(name(groups, 998), Some("tidegate"));
        assert_eq!(name(groups, 99), None);
    }
}
