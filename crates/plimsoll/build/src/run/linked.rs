//! Comparing the libraries that the linker took with the packages that own them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use plimsoll_plan::plan::BuildPlan;
use plimsoll_probe::{Distribution, Host, HostWith};

use super::{Run, RunError, files};
use crate::audit::AuditError;
use crate::lent::{Lent, is_of_build};
use crate::linked::trace::{Search, owned, taken};
use crate::linked::{self, Description, LinkedError, LinkedLibrary};
use crate::program::BuiltProgram;

/// The libraries of a flavour, by their sonames.
pub(super) type Libraries = BTreeMap<String, LinkedLibrary>;

impl Run<'_> {
    /// Refuses programs whose dependencies would be on other files than those that were linked. What cannot be told is a
    /// warning.
    pub(super) fn audit_linked(
        &mut self,
        build: &BuildPlan,
        programs: &[BuiltProgram],
        lent: &[Lent],
    ) -> Result<(), RunError> {
        let found = linked::audit(&self.libraries(build, programs, lent));
        for reason in found.unknown {
            self.observer
                .line(&format!("warning: could not tell what is linked: {reason}"));
        }
        Ok(AuditError::check(found.faults).map_err(LinkedError::from)?)
    }

    /// The libraries of the system that programs need.
    pub(super) fn libraries(
        &self,
        build: &BuildPlan,
        programs: &[BuiltProgram],
        lent: &[Lent],
    ) -> Vec<LinkedLibrary> {
        let asked = self.linked.get(&build.flavour);
        let needed = needed(programs, lent).into_iter();
        needed
            .filter_map(|soname| asked?.get(soname).cloned())
            .collect()
    }

    /// Asks which files the linker takes for the libraries that programs need, and whose they are.
    pub(super) fn ask_linker(
        &mut self,
        build: &BuildPlan,
        programs: &[BuiltProgram],
        lent: &[Lent],
    ) -> Result<(), RunError> {
        let mut asked = self.linked.remove(&build.flavour).unwrap_or_default();
        let scratch = self.plan.places.cache.join("work");
        files::make(&scratch)?;
        let folders = self.units(build).folders();
        let search = Search {
            folders: &folders,
            scratch: &scratch,
        };
        for soname in needed(programs, lent) {
            if !asked.contains_key(soname) {
                asked.insert(soname.to_owned(), self.library(build, &search, soname));
            }
        }
        self.linked.insert(build.flavour, asked);
        Ok(())
    }

    fn library(&self, build: &BuildPlan, search: &Search<'_>, soname: &str) -> LinkedLibrary {
        let host = HostWith {
            env: self.plan.source.settings.env.clone(),
        };
        let distribution = Distribution::of(&Host);
        let whose = |path: &Path| owned(&host, &distribution, path);
        let description = build.described.get(soname).map(|described| Description {
            version: described.version.clone(),
            file: whose(&described.file),
        });
        LinkedLibrary {
            soname: soname.to_owned(),
            taken: taken(&host, search, soname).map(|path| whose(&path)),
            description,
        }
    }
}

/// The libraries that programs need and no package of the build brings.
fn needed<'a>(programs: &'a [BuiltProgram], lent: &[Lent]) -> BTreeSet<&'a str> {
    let needed = programs.iter().flat_map(|program| &program.elf.needed);
    let needed = needed.map(String::as_str);
    needed
        .filter(|soname| !is_of_build(programs, lent, soname))
        .collect()
}
