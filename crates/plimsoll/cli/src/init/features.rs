//! Which features of a package bring which crates that link C libraries.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, Package, PackageId, TargetKind};
use error_hint::Result;

use super::cargo::Cargo;
use super::facts::Native;
use super::library;

/// The features of a package that are on without asking.
pub(super) fn on(package: &Package, defaults: bool) -> BTreeSet<String> {
    match defaults {
        true => closure(package, "default"),
        false => BTreeSet::new(),
    }
}

/// A feature and all that it turns on in its package.
fn closure(package: &Package, feature: &str) -> BTreeSet<String> {
    let mut on = BTreeSet::new();
    let mut open = vec![feature.to_owned()];
    while let Some(feature) = open.pop() {
        if on.insert(feature.clone()) {
            let further = package.features.get(&feature);
            open.extend(further.into_iter().flatten().cloned());
        }
    }
    on
}

/// The crates that link C libraries: those that are needed without asking, and those that one further feature needs. A crate that
/// several features need is of the one that brings the least.
///
/// # Errors
/// Where Cargo fails.
pub(super) fn native(
    cargo: &Cargo,
    metadata: &Metadata,
    package: &Package,
    defaults: bool,
) -> Result<Vec<Native>> {
    let off = (!defaults).then_some("--no-default-features");
    let mut found = match off {
        None => linking(metadata, &package.id, None),
        Some(off) => linking(&cargo.metadata(&[off])?, &package.id, None),
    };
    let on = on(package, defaults);
    let mut further = Vec::new();
    for (feature, turns_on) in &package.features {
        if on.contains(feature) || feature == "default" || turns_on.is_empty() {
            continue;
        }
        let asked = format!("{}/{feature}", package.name);
        let arguments: Vec<&str> = off.into_iter().chain(["--features", &asked]).collect();
        let mut with = linking(&cargo.metadata(&arguments)?, &package.id, Some(feature));
        with.retain(|name, _| !found.contains_key(name));
        further.push((with.len(), closure(package, feature).len(), with));
    }
    further.sort_by_key(|(crates, features, _)| (*crates, *features));
    for (_, _, with) in further {
        for (name, native) in with {
            found.entry(name).or_insert(native);
        }
    }
    Ok(found.into_values().collect())
}

/// What a crate links, if it may be a C library: its `links`, or its name if it has a build script, no `links`, and a name that ends
/// as those of such crates do, or that is known.
fn links(package: &Package) -> Option<String> {
    let has_script = || {
        let mut targets = package.targets.iter();
        targets.any(|target| target.kind.contains(&TargetKind::CustomBuild))
    };
    let name = package.name.as_str();
    let is_named =
        || name.ends_with("-sys") || name.ends_with("_sys") || library::is_in_table(name);
    let by_name = || (is_named() && has_script()).then(|| name.to_owned());
    package.links.clone().or_else(by_name)
}

/// The crates that link C libraries into a package's program.
fn linking(
    metadata: &Metadata,
    package: &PackageId,
    feature: Option<&str>,
) -> BTreeMap<String, Native> {
    let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
    let nodes: BTreeMap<&PackageId, _> = nodes.map(|node| (&node.id, node)).collect();
    let packages = metadata.packages.iter();
    let packages: BTreeMap<&PackageId, _> = packages.map(|it| (&it.id, it)).collect();
    let mut seen = BTreeSet::new();
    let mut open = vec![package];
    let mut found = BTreeMap::new();
    while let Some(id) = open.pop() {
        let Some(node) = nodes.get(id).filter(|_| seen.insert(id)) else {
            continue;
        };
        let of = packages.get(id);
        if let Some((of, links)) = of.and_then(|of| Some((of, links(of)?))) {
            let native = Native {
                name: of.name.to_string(),
                links,
                features: node.features.iter().map(ToString::to_string).collect(),
                feature: feature.map(str::to_owned),
            };
            found.insert(native.name.clone(), native);
        }
        let linked = node.deps.iter().filter(|dep| {
            let mut kinds = dep.dep_kinds.iter();
            kinds.any(|kind| kind.kind == DependencyKind::Normal)
        });
        open.extend(linked.map(|dep| &dep.pkg));
    }
    found
}
