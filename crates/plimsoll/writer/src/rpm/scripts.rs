//! The scripts of an RPM: what its files need, and the project's own.

use std::path::Path;

use plimsoll_spec::{FileTrigger, PackageSpec, TriggerTime};
use rpm::{PackageBuilder, Scriptlet};

use super::users;
use crate::error::{PackageError, ResultExt};
use crate::files::File;

/// Adds the scripts. What is there at installation comes first, and goes last at removal.
pub(super) fn add(
    builder: &mut PackageBuilder,
    spec: &PackageSpec,
    files: &[File],
) -> Result<(), PackageError> {
    let needed = spec.scriptlets.clone().unwrap_or_default();
    let own = |name| own(spec, name);
    let users = users::pre(files).unwrap_or_default();
    if let Some(script) = joined([users, own("pre")?]) {
        builder.pre_install_script(script);
    }
    if let Some(script) = joined([needed.post, own("post")?]) {
        builder.post_install_script(script);
    }
    if let Some(script) = joined([own("preun")?, needed.preun]) {
        builder.pre_uninstall_script(script);
    }
    if let Some(script) = joined([own("postun")?, needed.postun]) {
        builder.post_uninstall_script(script);
    }
    if let Some(script) = joined([own("pretrans")?]) {
        builder.pre_trans_script(script);
    }
    if let Some(script) = joined([own("posttrans")?]) {
        builder.post_trans_script(script);
    }
    let mut triggers = spec.actions.rpm_triggers.iter();
    triggers.try_for_each(|trigger| add_trigger(builder, trigger))
}

fn add_trigger(builder: &mut PackageBuilder, trigger: &FileTrigger) -> Result<(), PackageError> {
    let script = shell(&read(&trigger.script)?);
    let path = trigger.path.as_str();
    match (trigger.when, trigger.transaction) {
        (TriggerTime::In, true) => builder.trans_file_trigger_in(path, None, script),
        (TriggerTime::Un, true) => builder.trans_file_trigger_un(path, None, script),
        (TriggerTime::Postun, true) => builder.trans_file_trigger_postun(path, None, script),
        (TriggerTime::In, false) => builder.file_trigger_in(path, None, script),
        (TriggerTime::Un, false) => builder.file_trigger_un(path, None, script),
        (TriggerTime::Postun, false) => builder.file_trigger_postun(path, None, script),
    };
    Ok(())
}

/// The project's own script of a name; empty where there is none.
fn own(spec: &PackageSpec, name: &str) -> Result<String, PackageError> {
    let Some(folder) = &spec.actions.rpm_scripts else {
        return Ok(String::new());
    };
    // A folder that is not there is a mistake, not a folder without scripts.
    std::fs::read_dir(folder).at("read", folder)?;
    let path = folder.join(name);
    match path.is_file() {
        true => read(&path),
        false => Ok(String::new()),
    }
}

/// The text of a script without the line that names its interpreter: rpm has that in its header.
fn read(path: &Path) -> Result<String, PackageError> {
    let text = std::fs::read_to_string(path).at("read", path)?;
    Ok(match text.split_once('\n') {
        Some((first, rest)) if first.starts_with("#!") => rest.to_owned(),
        _ => text,
    })
}

fn joined<const N: usize>(parts: [String; N]) -> Option<Scriptlet> {
    let parts = parts.iter().filter(|part| !part.trim().is_empty());
    let lines = parts.map(|part| format!("{}\n", part.trim_end()));
    let text: String = lines.collect();
    (!text.is_empty()).then(|| shell(&text))
}

fn shell(script: &str) -> Scriptlet {
    Scriptlet::new(script).prog(vec!["/bin/sh"])
}
