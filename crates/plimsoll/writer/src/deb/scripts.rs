//! The maintainer scripts: the project's own, with what the files of the package need in the place of their `#DEBHELPER#` line.

use std::collections::BTreeMap;
use std::path::Path;

use plimsoll_spec::{PackageSpec, UnitActions, system_files};

use super::snippets::{SCRIPTS, Snippets};
use super::{alternatives, cargo_deb, owners};
use crate::error::{PackageError, ResultExt};
use crate::files::File;

/// What stands in a script for what the files need.
const TOKEN: &str = "#DEBHELPER#";

/// What debconf reads, see debconf-devel(7), with its mode.
const DEBCONF: [(&str, u32); 2] = [("config", 0o755), ("templates", 0o644)];

/// A file of the control archive that dpkg runs, or debconf reads.
pub(super) struct Script {
    pub(super) name: &'static str,
    pub(super) mode: u32,
    pub(super) text: String,
}

/// The scripts of a package; none where nothing needs one.
pub(super) fn of(spec: &PackageSpec, files: &[File]) -> Result<Vec<Script>, PackageError> {
    let snippets = snippets(spec, files)?;
    let mut scripts = Vec::new();
    for (name, mode) in DEBCONF {
        let text = own(spec, name)?;
        scripts.extend(text.map(|text| Script { name, mode, text }));
    }
    for name in SCRIPTS {
        let text = match (own(spec, name)?, snippets.of(name)) {
            (Some(own), snippet) => merged(&own, snippet).ok_or_else(|| PackageError::NoToken {
                script: name,
                path: spec.maintainer_scripts.clone().unwrap_or_default(),
            })?,
            (None, "") => continue,
            (None, snippet) => format!("#!/bin/sh\nset -e\n{snippet}"),
        };
        scripts.push(Script {
            name,
            mode: 0o755,
            text,
        });
    }
    Ok(scripts)
}

fn merged(own: &str, snippet: &str) -> Option<String> {
    own.contains(TOKEN).then(|| own.replace(TOKEN, snippet))
}

/// The project's own script of a name.
fn own(spec: &PackageSpec, name: &str) -> Result<Option<String>, PackageError> {
    let Some(folder) = &spec.maintainer_scripts else {
        return Ok(None);
    };
    // A folder that is not there is a mistake, not a folder without scripts.
    std::fs::read_dir(folder).at("read", folder)?;
    let path = folder.join(name);
    text(&path)
}

fn text(path: &Path) -> Result<Option<String>, PackageError> {
    match path.is_file() {
        true => std::fs::read_to_string(path).at("read", path).map(Some),
        false => Ok(None),
    }
}

/// What the files need: users and folders before the units that use them.
fn snippets(spec: &PackageSpec, files: &[File]) -> Result<Snippets, PackageError> {
    let mut snippets = Snippets::default();
    let plain = files.iter().filter(|file| file.data().is_some());
    let (mut first, mut units) = (Vec::new(), BTreeMap::<UnitActions, Vec<&File>>::new());
    for file in plain {
        if let Some(unit) = system_files::unit(&file.dest) {
            let actions = spec.actions.unit(unit);
            units.entry(actions).or_default().push(file);
        } else if is_of_users_or_folders(&file.dest) {
            first.push(file);
        }
    }
    if !first.is_empty() {
        snippets.extend(&cargo_deb::snippets(spec, &first, UnitActions::default())?);
    }
    snippets.extend(&owners::snippets(files));
    snippets.extend(&alternatives::snippets(&spec.actions.alternatives));
    for (actions, files) in units {
        snippets.extend(&cargo_deb::snippets(spec, &files, actions)?);
    }
    Ok(snippets)
}

fn is_of_users_or_folders(dest: &str) -> bool {
    system_files::sysusers(dest).is_some() || system_files::tmpfiles(dest).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_has_its_line_replaced() {
        let own = "#!/bin/sh\nset -e\n#DEBHELPER#\necho done\n";
        let script = merged(own, "true\n");
        assert_eq!(
            script.as_deref(),
            Some("#!/bin/sh\nset -e\ntrue\n\necho done\n")
        );
        assert_eq!(merged("#!/bin/sh\n", "true\n"), None);
    }
}
