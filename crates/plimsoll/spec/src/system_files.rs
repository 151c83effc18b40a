//! Files that the system acts on when a package is installed: units, users and temporary files.

const UNITS: &str = "/usr/lib/systemd/system/";
const SYSUSERS: &str = "/usr/lib/sysusers.d/";
const TMPFILES: &str = "/usr/lib/tmpfiles.d/";

/// The types of unit that can be enabled or started, see systemd.unit(5).
const UNIT_TYPES: [&str; 9] = [
    "automount",
    "mount",
    "path",
    "scope",
    "service",
    "slice",
    "socket",
    "target",
    "timer",
];

/// The name of the unit that a path of a package installs. None for anything else: for a drop-in, which lies in a folder of
/// its own, and for a template, which cannot be started without the name of an instance.
#[must_use]
pub fn unit(dest: &str) -> Option<&str> {
    let name = in_folder(dest, UNITS)?;
    let (stem, kind) = name.rsplit_once('.')?;
    let is_unit = UNIT_TYPES.contains(&kind) && !stem.contains('@');
    is_unit.then_some(name)
}

/// Whether a path is in the folder of units, or is that folder.
#[must_use]
pub fn is_of_units(dest: &str) -> bool {
    dest.starts_with(UNITS)
}

/// The name of the file of sysusers.d(5) that a path of a package installs.
#[must_use]
pub fn sysusers(dest: &str) -> Option<&str> {
    in_folder(dest, SYSUSERS).filter(|name| name.ends_with(".conf"))
}

/// The name of the file of tmpfiles.d(5) that a path of a package installs.
#[must_use]
pub fn tmpfiles(dest: &str) -> Option<&str> {
    in_folder(dest, TMPFILES).filter(|name| name.ends_with(".conf"))
}

/// The name of a file directly in a folder.
fn in_folder<'a>(dest: &'a str, folder: &str) -> Option<&'a str> {
    dest.strip_prefix(folder).filter(|name| !name.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drop_in_and_a_template_are_not_units_to_enable() {
        assert_eq!(unit("/usr/lib/systemd/system/x.service"), Some("x.service"));
        for dest in [
            "/usr/lib/systemd/system/x.service.d/10.conf",
            "/usr/lib/systemd/system/x@.service",
            "/usr/lib/systemd/system/README",
            "/usr/lib/systemd/user/x.service",
        ] {
            assert_eq!(unit(dest), None, "{dest}");
        }
    }

    #[test]
    fn users_and_temporary_files_are_known_by_their_folders() {
        assert_eq!(sysusers("/usr/lib/sysusers.d/x.conf"), Some("x.conf"));
        assert_eq!(sysusers("/usr/lib/sysusers.d/README"), None);
        assert_eq!(tmpfiles("/usr/lib/tmpfiles.d/x.conf"), Some("x.conf"));
        assert_eq!(tmpfiles("/usr/lib/tmpfiles.d/d/x.conf"), None);
    }
}
