//! The crates that are linked into programs: by Cargo's graph of dependencies, and by what it compiled.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, Node, Package, PackageId};

use crate::units::Units;

/// The crates of a workspace and their dependencies.
#[derive(Debug, Clone)]
pub struct Crates {
    metadata: Metadata,
}

impl Crates {
    /// Those of an answer of `cargo metadata` with dependencies.
    #[must_use]
    pub fn new(metadata: Metadata) -> Self {
        Self { metadata }
    }

    /// The package of an id.
    #[must_use]
    pub fn package(&self, id: &PackageId) -> Option<&Package> {
        let mut packages = self.metadata.packages.iter();
        packages.find(|package| package.id == *id)
    }

    /// What is linked into programs: their own packages, and all that these depend on, but for what only build scripts and
    /// procedural macros need. Sorted by name and version.
    ///
    /// The graph has the features of the whole workspace, so what was not compiled is left out.
    #[must_use]
    pub fn linked<'a>(&'a self, units: &Units, programs: &[&str]) -> Vec<&'a Package> {
        let nodes = self.nodes();
        let is_program = |name: &&String| programs.contains(&name.as_str());
        let own = units.programs.iter().filter(|(name, _)| is_program(name));
        let mut open: Vec<&PackageId> = own.map(|(_, id)| id).collect();
        let mut seen: BTreeSet<&PackageId> = BTreeSet::new();
        while let Some(id) = open.pop() {
            if seen.insert(id) {
                let node = nodes.get(id).into_iter();
                let needed = node.flat_map(|node| dependencies(node));
                open.extend(needed.filter(|id| units.libraries.contains(id)));
            }
        }
        let mut packages: Vec<&Package> =
            seen.into_iter().filter_map(|id| self.package(id)).collect();
        packages.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
        packages
    }

    /// The packages that a package links, of those that are given.
    #[must_use]
    pub fn of<'a>(&self, package: &Package, linked: &[&'a Package]) -> Vec<&'a Package> {
        let nodes = self.nodes();
        let node = nodes.get(&package.id).into_iter();
        let needed: BTreeSet<&PackageId> = node.flat_map(|node| dependencies(node)).collect();
        let linked = linked.iter().copied();
        linked
            .filter(|package| needed.contains(&package.id))
            .collect()
    }

    fn nodes(&self) -> BTreeMap<&PackageId, &Node> {
        let resolve = self.metadata.resolve.iter();
        let nodes = resolve.flat_map(|resolve| &resolve.nodes);
        nodes.map(|node| (&node.id, node)).collect()
    }
}

/// What the package of a node needs to run.
fn dependencies(node: &Node) -> impl Iterator<Item = &PackageId> {
    let needed = node.deps.iter().filter(|dependency| {
        let mut kinds = dependency.dep_kinds.iter();
        kinds.any(|kind| kind.kind == DependencyKind::Normal)
    });
    needed.map(|dependency| &dependency.pkg)
}
