//! The folders that an RPM owns.
//!
//! rpm removes a folder with the last package that owns it. Several packages may own one, but with the same owner and mode: a
//! package that owns `/usr/lib64` as 0755 conflicts with `filesystem`, which has it as 0555, and one that owns
//! `/etc/sudoers.d` opens it to everybody. So a package owns what is its own, and no folder of the system.

use std::collections::BTreeSet;

/// Folders below which a project's own may lie: the system's part of them has the mode 0755.
const BASES: [&str; 7] = [
    "/usr/lib",
    "/usr/lib64",
    "/usr/libexec",
    "/usr/share",
    "/usr/include",
    "/usr/src",
    "/opt",
];

/// Folders below the bases that every distribution's base packages own (filesystem, systemd, hicolor-icon-theme): what
/// `rpm -ql filesystem` of Fedora 43 lists, and the folders that programs of the base read.
const SYSTEM: [&str; 64] = [
    "/usr/lib/binfmt.d",
    "/usr/lib/cron",
    "/usr/lib/debug",
    "/usr/lib/dracut",
    "/usr/lib/environment.d",
    "/usr/lib/firmware",
    "/usr/lib/games",
    "/usr/lib/kernel",
    "/usr/lib/locale",
    "/usr/lib/modprobe.d",
    "/usr/lib/modules",
    "/usr/lib/modules-load.d",
    "/usr/lib/pkgconfig",
    "/usr/lib/rpm",
    "/usr/lib/sysctl.d",
    "/usr/lib/sysimage",
    "/usr/lib/systemd",
    "/usr/lib/sysusers.d",
    "/usr/lib/tmpfiles.d",
    "/usr/lib/udev",
    "/usr/lib64/games",
    "/usr/lib64/pkgconfig",
    "/usr/lib64/pm-utils",
    "/usr/lib64/security",
    "/usr/lib64/X11",
    "/usr/share/aclocal",
    "/usr/share/appdata",
    "/usr/share/applications",
    "/usr/share/augeas",
    "/usr/share/backgrounds",
    "/usr/share/dbus-1",
    "/usr/share/desktop-directories",
    "/usr/share/dict",
    "/usr/share/doc",
    "/usr/share/empty",
    "/usr/share/factory",
    "/usr/share/file",
    "/usr/share/fontconfig",
    "/usr/share/fonts",
    "/usr/share/games",
    "/usr/share/gnome",
    "/usr/share/help",
    "/usr/share/icons",
    "/usr/share/idl",
    "/usr/share/info",
    "/usr/share/licenses",
    "/usr/share/locale",
    "/usr/share/man",
    "/usr/share/metainfo",
    "/usr/share/mime",
    "/usr/share/mime-info",
    "/usr/share/misc",
    "/usr/share/omf",
    "/usr/share/pixmaps",
    "/usr/share/pkgconfig",
    "/usr/share/pki",
    "/usr/share/polkit-1",
    "/usr/share/sounds",
    "/usr/share/systemd",
    "/usr/share/themes",
    "/usr/share/wayland-sessions",
    "/usr/share/X11",
    "/usr/share/xsessions",
    "/usr/share/zoneinfo",
];

/// The folders that a package of this name owns, of those that the files lie in.
pub(super) fn owned<'a>(name: &str, files: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
    let folders = files.flat_map(|dest| dest.match_indices('/').map(|(end, _)| &dest[..end]));
    folders.filter(|folder| is_owned(name, folder)).collect()
}

/// Whether a folder is the package's own: it bears its name, or lies where projects have theirs.
fn is_owned(name: &str, folder: &str) -> bool {
    if folder.split('/').any(|part| is_named(name, part)) {
        return true;
    }
    let is_below = |base: &str| {
        let rest = folder.strip_prefix(base);
        rest.is_some_and(|rest| rest.starts_with('/'))
    };
    let is_system = |system: &str| folder == system || is_below(system);
    BASES.iter().any(|base| is_below(base)) && !SYSTEM.iter().any(|system| is_system(system))
}

/// Whether a part of a path bears the package's name: `sample`, `sample-1.2`, `sample.service.d`.
fn is_named(name: &str, part: &str) -> bool {
    let rest = part.strip_prefix(name);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '.', '_', '@']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_the_system_are_not_owned() {
        for folder in [
            "",
            "/etc",
            "/etc/sudoers.d",
            "/etc/logrotate.d",
            "/opt",
            "/usr/bin",
            "/usr/lib",
            "/usr/lib64",
            "/usr/libexec",
            "/usr/local/bin",
            "/usr/share/icons/hicolor/48x48/apps",
            "/usr/share/locale/de/LC_MESSAGES",
            "/usr/share/man/man8",
            "/usr/lib/systemd/system",
            "/var/lib",
        ] {
            assert!(!is_owned("sample", folder), "{folder}");
        }
    }

    #[test]
    fn the_packages_own_folders_and_those_of_programs_that_may_be_missing_are_owned() {
        for folder in [
            "/etc/sample",
            "/opt/acme",
            "/usr/lib/firewalld/zones",
            "/usr/lib/NetworkManager/conf.d",
            "/usr/lib/systemd/system/sample.service.d",
            "/usr/lib64/sample/plugins",
            "/usr/libexec/acme",
            "/usr/share/doc/sample",
            "/usr/share/fish/vendor_completions.d",
            "/usr/share/licenses/sample",
            "/usr/share/zsh/site-functions",
            "/var/lib/sample",
        ] {
            assert!(is_owned("sample", folder), "{folder}");
        }
        assert!(!is_owned("sample", "/etc/samples"));
    }

    #[test]
    fn every_folder_on_the_way_is_looked_at() {
        let files = ["/usr/share/sample/a/b", "/usr/bin/sample"];
        let owned = owned("sample", files.into_iter());
        let owned: Vec<_> = owned.into_iter().collect();
        assert_eq!(owned, ["/usr/share/sample", "/usr/share/sample/a"]);
    }
}
