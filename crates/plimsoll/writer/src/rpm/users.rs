//! The users that an RPM makes before its files are unpacked.
//!
//! The header names the owners of files, and rpm gives a file of an unknown user to root. rpm 4.19 and later make the users of
//! `Provides: user(NAME)` themselves; before it, systemd's macro `%sysusers_create_package` does what is done here.

use std::fmt::Write;

use plimsoll_spec::system_files;

use crate::files::File;

/// What the text of a file ends with.
const END: &str = "END_OF_SYSUSERS";

/// The script that makes the users; none where they own no file.
pub(super) fn pre(files: &[File]) -> Option<String> {
    if files.iter().all(|file| file.owner.is_root()) {
        return None;
    }
    let mut script = String::new();
    let found = files
        .iter()
        .filter(|file| system_files::sysusers(&file.dest).is_some());
    for (file, data) in found.filter_map(|file| Some((file, file.data()?))) {
        let text = String::from_utf8_lossy(data);
        // Writing to a String cannot fail.
        let _ = write!(
            script,
            "if [ -x /usr/bin/systemd-sysusers ]; then\n    \
             /usr/bin/systemd-sysusers --replace={} - <<'{END}' >/dev/null 2>&1 || :\n{}\n{END}\nfi\n",
            file.dest,
            text.trim_end()
        );
    }
    (!script.is_empty()).then_some(script)
}

#[cfg(test)]
mod tests {
    use plimsoll_spec::{FileKind, Owner};

    use super::*;
    use crate::files::Content;

    fn file(dest: &str, owner: Owner, text: &str) -> File {
        File {
            dest: dest.into(),
            mode: 0o644,
            owner,
            kind: FileKind::Plain,
            content: Content::Data(text.into()),
        }
    }

    #[test]
    fn users_of_files_are_made_first() {
        let users = || file("/usr/lib/sysusers.d/a.conf", Owner::default(), "u a -\n");
        let own = file("/usr/bin/a", "a:a".parse().unwrap(), "");
        assert_eq!(pre(&[users()]), None);
        let script = pre(&[users(), own]).unwrap();
        let wanted = "--replace=/usr/lib/sysusers.d/a.conf - <<'END_OF_SYSUSERS' >/dev/null 2>&1 || :\n\
                      u a -\nEND_OF_SYSUSERS\n";
        assert!(script.contains(wanted), "{script}");
    }
}
