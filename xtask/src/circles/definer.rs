//! Which module defines what a path names.

use std::collections::BTreeSet;

use super::modules::{ModulePath, Modules};

/// The module that defines what a path in a module names, through re-exports too; none where it is not
/// of this crate. A name that only a macro defines is taken for one of the module that the path leads to.
pub(super) fn definer(modules: &Modules, at: &[String], path: &[String]) -> Option<ModulePath> {
    let mut search = Search {
        modules,
        seen: BTreeSet::new(),
    };
    search.from(at, path)
}

struct Search<'a> {
    modules: &'a Modules,
    /// Names that are being looked for, so that two modules that import each other's names are no endless way.
    seen: BTreeSet<(ModulePath, String)>,
}

impl Search<'_> {
    fn from(&mut self, at: &[String], path: &[String]) -> Option<ModulePath> {
        let first = path.first()?;
        let (base, rest) = match first.as_str() {
            "crate" => (&at[..0], &path[1..]),
            "self" => (at, &path[1..]),
            "super" => {
                let steps = path.iter().take_while(|step| *step == "super").count();
                (&at[..at.len().saturating_sub(steps)], &path[steps..])
            }
            name if self.has_child(at, name) => (at, path),
            _ => return self.within(at, path),
        };
        let found = self.within(base, rest);
        Some(found.unwrap_or_else(|| self.deepest(base, rest)))
    }

    /// What the rest of a path names, seen from a module that it led to.
    fn within(&mut self, module: &[String], rest: &[String]) -> Option<ModulePath> {
        let Some((name, after)) = rest.split_first() else {
            return Some(module.to_vec());
        };
        if self.has_child(module, name) {
            return self.within(&child(module, name), after);
        }
        let names = &self.modules.get(module)?.names;
        if names.defined.contains(name) {
            return Some(module.to_vec());
        }
        if !self.seen.insert((module.to_vec(), name.clone())) {
            return None;
        }
        if let Some(import) = names.imports.get(name) {
            return self.from(module, &[import, after].concat());
        }
        names.globs.iter().find_map(|glob| {
            let of = self.from(module, glob)?;
            self.within(&of, rest)
        })
    }

    /// The last module on a path.
    fn deepest(&self, base: &[String], rest: &[String]) -> ModulePath {
        let mut module = base.to_vec();
        for name in rest {
            if !self.has_child(&module, name) {
                break;
            }
            module.push(name.clone());
        }
        module
    }

    fn has_child(&self, module: &[String], name: &str) -> bool {
        self.modules.contains_key(&child(module, name))
    }
}

fn child(module: &[String], name: &str) -> ModulePath {
    [module, &[name.to_owned()]].concat()
}
