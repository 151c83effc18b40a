//! Chooses the packages of a workspace that are packaged.

use cargo_metadata::{Metadata, Package, TargetKind};
use error_hint::{Failure, Result};

/// What was chosen.
pub(super) struct Chosen<'a> {
    /// The Cargo packages that are packaged, the main one first.
    pub(super) packages: Vec<&'a Package>,
    /// The names of the others that have programs.
    pub(super) left_out: Vec<String>,
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

/// The packages that are packaged: those with these names, or, if there are none, those with programs that the rules leave.
///
/// # Errors
/// If a name is not one of a package with programs, or the workspace has no program.
pub(super) fn packages<'a>(metadata: &'a Metadata, asked: &[String]) -> Result<Chosen<'a>> {
    let members = metadata.workspace_packages();
    let mut found: Vec<&Package> = members.into_iter().filter(|it| has_program(it)).collect();
    found.sort_by_key(|package| place(metadata, package));
    if found.is_empty() {
        let hint = "add src/main.rs or [[bin]] to a package of the workspace; for a shared library (`cdylib`) alone, write \
                    packaging/dist.toml by hand, with `library` in an [[asset]]";
        return Err(Failure::hinted("the workspace has no program", hint));
    }
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
        let named = asked.iter().map(|name| named(&found, name));
        packages = named.collect::<Result<_>>()?;
    }
    let chosen = packages.iter().map(|package| &package.id);
    let chosen: Vec<_> = chosen.collect();
    let left_out = found
        .iter()
        .filter(|package| !chosen.contains(&&package.id));
    Ok(Chosen {
        left_out: left_out.map(|package| package.name.to_string()).collect(),
        packages,
    })
}

fn named<'a>(found: &[&'a Package], name: &str) -> Result<&'a Package> {
    let package = found.iter().find(|package| package.name.as_str() == name);
    package.copied().ok_or_else(|| {
        let known: Vec<&str> = found.iter().map(|package| package.name.as_str()).collect();
        let what = format!("the workspace has no package {name} with a program");
        Failure::hinted(
            what,
            format!("those with programs are {}", known.join(", ")),
        )
    })
}

fn has_program(package: &Package) -> bool {
    let mut targets = package.targets.iter();
    targets.any(|target| target.kind.contains(&TargetKind::Bin))
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
