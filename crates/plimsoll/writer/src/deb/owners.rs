//! What the maintainer scripts do for files of users that the package makes, and for ghosts.
//!
//! A user that is made on a system has another id on each, so an archive cannot name it. Debian Policy 10.9: such a file is given to
//! its owner when the package is configured, unless the administrator has another one with dpkg-statoverride(1).

use super::snippets::Snippets;
use crate::archive;
use crate::files::{Content, File};

/// Bits of a mode that chown(2) takes away.
const SET_ID: u32 = 0o6000;

/// The parts of the scripts.
pub(super) fn snippets(files: &[File]) -> Snippets {
    let mut snippets = Snippets::default();
    let given: String = files.iter().filter_map(given).collect();
    if !given.is_empty() {
        let states = [
            "configure",
            "abort-upgrade",
            "abort-deconfigure",
            "abort-remove",
        ];
        let states = states.map(|state| format!("[ \"$1\" = \"{state}\" ]"));
        let text = format!("if {}; then\n{given}fi\n", states.join(" || "));
        snippets.add("postinst", &text);
    }
    let ghosts = files
        .iter()
        .filter(|file| matches!(file.content, Content::Ghost));
    let ghosts: Vec<String> = ghosts.map(|file| quoted(&file.dest)).collect();
    if !ghosts.is_empty() {
        let ghosts = ghosts.join(" ");
        let text = format!("if [ \"$1\" = \"purge\" ]; then\n\trm -f {ghosts}\nfi\n");
        snippets.add("postrm", &text);
    }
    snippets
}

/// Gives a file to its owner: not through a link that somebody put in its place.
fn given(file: &File) -> Option<String> {
    let is_held = !matches!(file.content, Content::Link(_) | Content::Ghost);
    let is_made = archive::ids(&file.owner).is_none();
    (is_held && is_made).then(|| {
        let (path, mode) = (quoted(&file.dest), file.mode);
        let chmod = match mode & SET_ID {
            0 => String::new(),
            _ => format!("\t\tchmod {mode:04o} {path}\n"),
        };
        format!(
            "\tif ! dpkg-statoverride --list {path} >/dev/null 2>&1 && [ ! -L {path} ]; then\n\
             \t\tchown --no-dereference {} {path}\n{chmod}\tfi\n",
            file.owner
        )
    })
}

/// A word for sh(1).
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use plimsoll_spec::FileKind;

    use super::*;

    fn file(dest: &str, mode: u32, owner: &str, content: Content) -> File {
        File {
            dest: dest.into(),
            mode,
            owner: owner.parse().unwrap(),
            kind: FileKind::Plain,
            content,
        }
    }

    #[test]
    fn files_of_users_that_are_made_are_given_to_them() {
        let files = [
            file("/var/lib/it's", 0o750, "sample:sample", Content::Folder),
            file(
                "/usr/bin/a",
                0o2755,
                "root:sample",
                Content::Data(Vec::new()),
            ),
            file("/var/log/b", 0o640, "root:adm", Content::Folder),
            file(
                "/usr/bin/c",
                0o777,
                "sample:sample",
                Content::Link("a".into()),
            ),
            file("/var/log/d", 0o640, "sample:sample", Content::Ghost),
        ];
        let snippets = snippets(&files);
        let wanted = r#"if [ "$1" = "configure" ] || [ "$1" = "abort-upgrade" ] || [ "$1" = "abort-deconfigure" ] || [ "$1" = "abort-remove" ]; then
	if ! dpkg-statoverride --list '/var/lib/it'\''s' >/dev/null 2>&1 && [ ! -L '/var/lib/it'\''s' ]; then
		chown --no-dereference sample:sample '/var/lib/it'\''s'
	fi
	if ! dpkg-statoverride --list '/usr/bin/a' >/dev/null 2>&1 && [ ! -L '/usr/bin/a' ]; then
		chown --no-dereference root:sample '/usr/bin/a'
		chmod 2755 '/usr/bin/a'
	fi
fi
"#;
        assert_eq!(snippets.of("postinst"), wanted);
        assert_eq!(
            snippets.of("postrm"),
            "if [ \"$1\" = \"purge\" ]; then\n\trm -f '/var/log/d'\nfi\n"
        );
        assert_eq!(super::snippets(&files[2..3]), Snippets::default());
    }
}
