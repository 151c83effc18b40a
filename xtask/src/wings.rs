//! The wall between the two products, and the order of the crates within each.
//!
//! `crates/tidegate` is the daemon, `crates/plimsoll` the packaging toolkit. Neither names a crate of the other, so that the
//! toolkit serves any project and can be published alone. `crates/hint` is a leaf that both know. No file of the toolkit says
//! `tidegate`. Within a wing a crate depends on crates that come after it.

use std::io;
use std::path::Path;

use cargo_metadata::camino::Utf8Path;
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};
use error_hint::{Context, Failure, Result};
use plimsoll::run;

/// The folders of the wings, and their crates from the top down.
const WINGS: [(&str, &[&str]); 2] = [
    (
        "crates/tidegate/",
        &[
            "cli",
            "plugin",
            "client",
            "daemon",
            "args",
            "link",
            "nft-drivers",
            "plan",
            "engines",
            "nft",
            "resolver",
            "libnftables",
            "libnftables-sys",
            "api",
            "model",
            "sys",
        ],
    ),
    (
        "crates/plimsoll/",
        &["cli", "verify", "build", "writer", "plan", "probe", "spec"],
    ),
];

/// What no file of the toolkit's wing says: it serves any project.
const UNSAID: &str = "tidegate";

/// What both wings may name: a leaf that is published beside the toolkit.
const SHARED: &str = "crates/hint";

/// What is not shipped. It may name both wings, and tests of both may use it.
const DEV: &str = "crates/dev/";

/// One crate of the workspace that depends on another.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Arrow {
    /// Folders, relative to the workspace.
    from: String,
    to: String,
    /// Of tests, examples and benchmarks alone.
    is_dev: bool,
}

/// Checks the arrows between all crates of the workspace.
///
/// # Errors
/// Names each arrow that is not allowed, or says that Cargo cannot tell.
pub(crate) fn check() -> Result<()> {
    let arrows = arrows(&metadata()?);
    let mut faults: Vec<String> = arrows.iter().filter_map(fault).collect();
    let toolkit = run::root().join(WINGS[1].0);
    faults.extend(naming(&toolkit).context("the toolkit's files cannot be read")?);
    if faults.is_empty() {
        return Ok(());
    }
    let hint = "xtask/src/wings.rs has the allowed dependencies; move shared code down, or to a crate of its own";
    Err(Failure::hinted(faults.join("\n"), hint))
}

/// What `cargo metadata` says about the crates of the workspace.
///
/// # Errors
/// When Cargo cannot tell.
pub(crate) fn metadata() -> Result<Metadata> {
    let question = ["metadata", "--no-deps", "--format-version=1", "--locked"];
    let text = run::command(&run::cargo(), &question).text()?;
    let listed = MetadataCommand::parse(text);
    listed.map_err(|error| Failure::of(&error).context("cannot list the crates with Cargo"))
}

/// All arrows between folders of the workspace.
fn arrows(metadata: &Metadata) -> Vec<Arrow> {
    let root = &metadata.workspace_root;
    let inside = |folder: &Utf8Path| Some(folder.strip_prefix(root).ok()?.to_string());
    let of_package = |package: &Package| {
        let from = package.manifest_path.parent().and_then(inside);
        let dependencies = package.dependencies.iter();
        let arrows = dependencies.filter_map(|dependency| {
            Some(Arrow {
                from: from.clone()?,
                to: dependency.path.as_deref().and_then(inside)?,
                is_dev: dependency.kind == DependencyKind::Development,
            })
        });
        arrows.collect::<Vec<_>>()
    };
    metadata.packages.iter().flat_map(of_package).collect()
}

/// Why an arrow is not allowed, if it is not.
fn fault(arrow: &Arrow) -> Option<String> {
    let Arrow { from, to, is_dev } = arrow;
    let wing_of = |folder: &str| WINGS.iter().find(|(wing, _)| folder.starts_with(wing));
    let (wing, order) = wing_of(from)?;
    if (to.starts_with(DEV) && *is_dev) || to == SHARED {
        return None;
    }
    let Some(crate_name) = to.strip_prefix(wing) else {
        return Some(format!("{from} depends on {to}, which is in another wing"));
    };
    let place = |name: &str| order.iter().position(|known| *known == name);
    let own = place(from.strip_prefix(wing).unwrap_or(from));
    match (own, place(crate_name)) {
        (None, _) => Some(format!("{from} has no place in the order of its wing")),
        (_, None) => Some(format!("{to} has no place in the order of its wing")),
        (Some(own), Some(other)) if own < other || *is_dev => None,
        _ => Some(format!("{from} depends on {to}, which is above it")),
    }
}

/// What is wrong with the files of a folder and the folders in it: each that says [`UNSAID`], in its name or in its text. Links
/// are not followed.
fn naming(folder: &Path) -> io::Result<Vec<String>> {
    let mut faults = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        let says = |bytes: &[u8]| {
            String::from_utf8_lossy(bytes)
                .to_lowercase()
                .contains(UNSAID)
        };
        if says(entry.file_name().as_encoded_bytes())
            || (kind.is_file() && says(&std::fs::read(&path)?))
        {
            faults.push(format!("{} says {UNSAID}", path.display()));
        }
        if kind.is_dir() {
            faults.extend(naming(&path)?);
        }
    }
    Ok(faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrow(from: &str, to: &str, is_dev: bool) -> Arrow {
        Arrow {
            from: from.into(),
            to: to.into(),
            is_dev,
        }
    }

    #[test]
    fn what_leads_out_of_a_wing_or_upwards_is_named() {
        let fault = |from, to, is_dev| fault(&arrow(from, to, is_dev));
        let told = fault("crates/plimsoll/plan", "crates/tidegate/model", false);
        let expected =
            "crates/plimsoll/plan depends on crates/tidegate/model, which is in another wing";
        assert_eq!(told.as_deref(), Some(expected));
        assert!(fault("crates/tidegate/plan", "crates/plimsoll/spec", true).is_some());
        assert!(fault("crates/plimsoll/plan", "xtask", false).is_some());
        let told = fault("crates/plimsoll/plan", "crates/plimsoll/build", false);
        let expected = "crates/plimsoll/plan depends on crates/plimsoll/build, which is above it";
        assert_eq!(told.as_deref(), Some(expected));
        let told = fault("crates/tidegate/other", "crates/tidegate/model", false);
        let expected = "crates/tidegate/other has no place in the order of its wing";
        assert_eq!(told.as_deref(), Some(expected));
        assert!(fault("crates/tidegate/plan", "crates/dev/checks", false).is_some());
    }

    #[test]
    fn what_leads_down_and_what_ties_the_wings_together_is_allowed() {
        for (from, to, is_dev) in [
            ("crates/plimsoll/build", "crates/plimsoll/plan", false),
            ("crates/tidegate/daemon", "crates/tidegate/model", false),
            ("crates/plimsoll/verify", "crates/dev/test-support", true),
            ("crates/plimsoll/build", "crates/hint", false),
            ("crates/tidegate/plan", "crates/hint", false),
            ("crates/dev/bench", "crates/tidegate/daemon", false),
            ("crates/dev/bench", "crates/plimsoll/spec", false),
            ("xtask", "crates/plimsoll/cli", false),
            ("xtask", "crates/tidegate/cli", false),
        ] {
            assert_eq!(fault(&arrow(from, to, is_dev)), None);
        }
    }

    #[test]
    fn this_workspace_keeps_to_it() {
        assert_eq!(check().map_err(|error| error.to_string()), Ok(()));
    }

    #[test]
    fn a_file_of_the_toolkit_that_names_the_daemon_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("plan/src");
        std::fs::create_dir_all(&inner).unwrap();
        std::fs::write(
            inner.join("lib.rs"),
            "//! Plans the packages of any project.",
        )
        .unwrap();
        assert_eq!(naming(folder.path()).unwrap(), [""; 0]);
        std::fs::write(inner.join("lib.rs"), "//! As Tidegate has it.").unwrap();
        std::fs::write(inner.join("tidegated.toml"), "").unwrap();
        let mut named = naming(folder.path()).unwrap();
        named.sort();
        let expected = ["lib.rs", "tidegated.toml"]
            .map(|name| format!("{} says tidegate", inner.join(name).display()));
        assert_eq!(named, expected);
    }

    #[test]
    fn the_arrows_of_this_workspace_are_seen() {
        let arrows = arrows(&metadata().unwrap());
        for seen in [
            arrow("xtask", "crates/plimsoll/cli", false),
            arrow("tests", "crates/dev/test-support", false),
            arrow("crates/tidegate/link", "crates/dev/test-support", true),
        ] {
            assert!(arrows.contains(&seen), "{seen:?}");
        }
    }
}
