//! Where the symbolic links of a package lead.

use std::path::{Component, Path, PathBuf};

use super::{AssetError, AssetFault, Placed};

/// Checks that no link leads to a file that the package should hold and does not.
///
/// Another package or the system may bring the target of a link that is absolute or leads to another folder. But one that leads
/// to a file of the source tree was made for that file, and one that stays in its folder for a file beside it.
pub(super) fn check(placed: &[Placed<'_>]) -> Result<(), AssetError> {
    for Placed { asset, file } in placed {
        let Some(text) = &file.link else {
            continue;
        };
        let target = target(&file.dest, text);
        let is_there = placed.iter().any(|other| {
            let other = Path::new(&other.file.dest);
            other != Path::new(&file.dest) && other.starts_with(&target)
        });
        if !is_there && !may_be_others(text, &file.source) {
            let fault = AssetFault::Link {
                dest: file.dest.clone(),
                text: text.clone(),
                target: target.display().to_string(),
            };
            return Err(fault.at(asset));
        }
    }
    Ok(())
}

/// Whether another package or the system may bring the target.
fn may_be_others(text: &str, source: &Path) -> bool {
    let leads_away = text.split('/').any(|part| part == "..");
    text.starts_with('/') || (leads_away && !source.exists())
}

/// Where a link leads, as symlink(7) has it, with every `..` taken off.
fn target(dest: &str, text: &str) -> PathBuf {
    let folder = Path::new(dest).parent().unwrap_or(Path::new("/"));
    let mut target = PathBuf::new();
    for component in folder.join(text).components() {
        match component {
            Component::ParentDir => {
                target.pop();
            }
            Component::CurDir => {}
            other => target.push(other),
        }
    }
    target
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_resolved_where_the_link_is() {
        for (text, wanted) in [
            ("b", "/usr/lib/b"),
            ("../share/./b", "/usr/share/b"),
            ("/etc/b", "/etc/b"),
            ("../../../../b", "/b"),
        ] {
            assert_eq!(target("/usr/lib/a", text), Path::new(wanted), "{text}");
        }
    }
}
