//! Chooses the packages of a workspace that are packaged.

use cargo_metadata::{Metadata, Package, TargetKind};
use error_hint::{Failure, Result};

/// What was chosen.
pub(super) struct Chosen<'a> {
    /// The Cargo packages that are packaged, the main one first.
    pub(super) packages: Vec<&'a Package>,
    /// The names of the others that have programs.
    pub(super) left_out: Vec<String>,
    /// The others that have shared libraries and no programs.
    pub(super) libraries_left_out: Vec<&'a Package>,
}

/// Why a package is not for users of packages.
type Rule = fn(&Metadata, &Package) -> bool;

/// What is packaged if nobody says: what each of these rules leaves, where it leaves anything. The first says least about a
/// package.
const RULES: [Rule; 4] = [
    |_, package| package.name.as_str() != "xtask",
    |_, package| package.publish.as_ref().is_none_or(|to| !to.is_empty()),
    |metadata, package| metadata.workspace_default_members.contains(&package.id),
    |_, package| {
        let own = &package.metadata;
        !own["deb"].is_null() || !own["generate-rpm"].is_null()
    },
];

/// The packages that are packaged: those with these names, or, if there are none, those with programs that the rules leave. Without a
/// program in the workspace, those with shared libraries.
///
/// # Errors
/// If a name is not one of a package with a program or a shared library, or the workspace has neither.
pub(super) fn packages<'a>(metadata: &'a Metadata, asked: &[String]) -> Result<Chosen<'a>> {
    let mut members = metadata.workspace_packages();
    members.sort_by_key(|package| place(metadata, package));
    let has = |package: &&Package, kind| has_target(package, kind);
    let (programs, others): (Vec<_>, Vec<_>) =
        members.into_iter().partition(|it| has(it, TargetKind::Bin));
    let libraries: Vec<&Package> = others
        .into_iter()
        .filter(|it| has(it, TargetKind::CDyLib))
        .collect();
    if programs.is_empty() && libraries.is_empty() {
        let hint = "add src/main.rs, [[bin]], or a [lib] with the crate type cdylib to a package of the workspace";
        return Err(Failure::hinted(
            "the workspace has no program and no shared library",
            hint,
        ));
    }
    let found = match programs.is_empty() {
        true => libraries.clone(),
        false => programs.clone(),
    };
    let mut packages = found.clone();
    if asked.is_empty() {
        for rule in RULES {
            let left: Vec<&Package> = packages
                .iter()
                .copied()
                .filter(|package| rule(metadata, package))
                .collect();
            if !left.is_empty() {
                packages = left;
            }
        }
    } else {
        let known: Vec<&Package> = programs.iter().chain(&libraries).copied().collect();
        let named = asked.iter().map(|name| named(&known, name));
        packages = named.collect::<Result<_>>()?;
    }
    let is_left_out = |package: &&Package| packages.iter().all(|it| it.id != package.id);
    let left_out = programs.into_iter().filter(is_left_out);
    Ok(Chosen {
        left_out: left_out.map(|package| package.name.to_string()).collect(),
        libraries_left_out: libraries.into_iter().filter(is_left_out).collect(),
        packages,
    })
}

fn named<'a>(found: &[&'a Package], name: &str) -> Result<&'a Package> {
    let package = found.iter().find(|package| package.name.as_str() == name);
    package.copied().ok_or_else(|| {
        let known: Vec<&str> = found.iter().map(|package| package.name.as_str()).collect();
        let what =
            format!("the workspace has no package {name} with a program or a shared library");
        Failure::hinted(
            what,
            format!("those that have one are {}", known.join(", ")),
        )
    })
}

fn has_target(package: &Package, kind: TargetKind) -> bool {
    let mut targets = package.targets.iter();
    targets.any(|target| target.kind.contains(&kind))
}

/// The main package comes first: that of the workspace itself, else the one with the name of its folder, else the first name.
fn place(metadata: &Metadata, package: &Package) -> (bool, bool, String) {
    let is_root = metadata
        .root_package()
        .is_some_and(|it| it.id == package.id);
    let folder = metadata.workspace_root.file_name();
    let is_named = folder.is_some_and(|name| name == package.name.as_str());
    (!is_root, !is_named, package.name.to_string())
}
