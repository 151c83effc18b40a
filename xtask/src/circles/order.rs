//! Files that need each other.
//!
//! At each level of the tree of modules, a module counts with all that is below it: its circles are its own children's. That
//! a parent and its child know each other is not a circle.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::path::{Path, PathBuf};

use super::definer::definer;
use super::modules::{ModulePath, Modules};

/// One file that names something of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// The file.
    pub(super) from: PathBuf,
    /// What it names.
    pub(super) name: String,
    /// The file that defines that.
    pub(super) to: PathBuf,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, name, to } = self;
        write!(f, "{} names {name} of {}", from.display(), to.display())
    }
}

/// Siblings, each with those that it needs and a reason.
type Needs<'a> = BTreeMap<&'a str, BTreeMap<&'a str, &'a Edge>>;

/// A module with a file of its own that needs another.
struct Edge {
    from: ModulePath,
    to: ModulePath,
    step: Step,
}

/// The circles of a crate: a shortest one through each file, unless the file is in one that was found before.
pub(super) fn circles(modules: &Modules) -> Vec<Vec<Step>> {
    let edges = edges(modules);
    let parents = modules.keys().filter_map(|path| path.split_last());
    let parents: BTreeSet<&[String]> = parents.map(|(_, parent)| parent).collect();
    let needs = parents.into_iter().map(|parent| needs(parent, &edges));
    needs.flat_map(|needs| circles_of(&needs)).collect()
}

fn edges(modules: &Modules) -> Vec<Edge> {
    let edge = |(at, path): (&ModulePath, &Vec<String>)| {
        let from = modules.get(at)?;
        let to = modules.get(&definer(modules, at, path)?)?;
        Some(Edge {
            from: from.file_module.clone(),
            to: to.file_module.clone(),
            step: Step {
                from: from.file.clone(),
                name: path.join("::"),
                to: to.file.clone(),
            },
        })
    };
    let paths = modules
        .iter()
        .flat_map(|(at, module)| module.names.paths.iter().map(move |path| (at, path)));
    let mut edges: Vec<Edge> = paths.filter_map(edge).collect();
    // The longest names say most: those of `use`.
    edges.sort_by_key(|edge| std::cmp::Reverse(edge.step.name.matches("::").count()));
    edges
}

fn needs<'a>(parent: &[String], edges: &'a [Edge]) -> Needs<'a> {
    let sibling = |path: &'a ModulePath| path.strip_prefix(parent)?.first().map(String::as_str);
    let mut needs = Needs::new();
    for edge in edges {
        if let (Some(from), Some(to)) = (sibling(&edge.from), sibling(&edge.to))
            && from != to
        {
            needs.entry(from).or_default().entry(to).or_insert(edge);
        }
    }
    needs
}

fn circles_of(needs: &Needs<'_>) -> Vec<Vec<Step>> {
    let mut known: BTreeSet<&str> = BTreeSet::new();
    let mut circles = Vec::new();
    for start in needs.keys() {
        if known.contains(start) {
            continue;
        }
        if let Some(circle) = shortest(needs, start) {
            known.extend(circle.iter().map(|(sibling, _)| *sibling));
            let steps = circle.into_iter().map(|(_, edge)| edge.step.clone());
            circles.push(steps.collect());
        }
    }
    circles
}

/// A shortest way from a sibling back to itself: each on it, with its reason to need the next.
fn shortest<'a>(needs: &Needs<'a>, start: &'a str) -> Option<Vec<(&'a str, &'a Edge)>> {
    let mut before: BTreeMap<&str, (&str, &Edge)> = BTreeMap::new();
    let mut next = VecDeque::from([start]);
    while let Some(here) = next.pop_front() {
        for (there, edge) in needs.get(here).into_iter().flatten() {
            if before.contains_key(there) {
                continue;
            }
            before.insert(there, (here, edge));
            next.push_back(there);
        }
    }
    let mut circle = vec![*before.get(start)?];
    while let Some((here, _)) = circle.last()
        && *here != start
    {
        circle.push(*before.get(here)?);
    }
    circle.reverse();
    Some(circle)
}

/// The same circles with paths below a folder.
pub(super) fn told(circles: &[Vec<Step>], root: &Path) -> Vec<String> {
    let below = |path: &Path| path.strip_prefix(root).unwrap_or(path).to_owned();
    let step = |step: &Step| {
        let step = Step {
            from: below(&step.from),
            to: below(&step.to),
            name: step.name.clone(),
        };
        format!("\n  {step}")
    };
    let circle = |steps: &Vec<Step>| {
        let steps: String = steps.iter().map(step).collect();
        format!("files need each other:{steps}")
    };
    circles.iter().map(circle).collect()
}
