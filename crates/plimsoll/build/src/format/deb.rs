//! Debian packages: their dependencies come from dpkg-shlibdeps(1), which knows the symbols files of the host.

mod audit;
mod shlibdeps;

use std::path::Path;

use plimsoll_plan::config::Config;
use plimsoll_plan::format::Deb;
use plimsoll_spec::PackageSpec;

use super::{Format, Programs};
use crate::audit::{Fault, PackageFacts};
use crate::depends::DependsError;

impl Format for Deb {
    fn complete(&self, spec: &mut PackageSpec, config: &Config, workspace: &Path) {
        let scripts = config.deb.maintainer_scripts.as_ref();
        spec.maintainer_scripts = scripts.map(|folder| workspace.join(folder));
    }

    fn derive(&self, programs: &Programs<'_>) -> Result<Vec<String>, DependsError> {
        let work = programs.work.join("shlibdeps");
        shlibdeps::shlibdeps(programs.paths, programs.package, &work)
    }

    fn audit(&self, facts: &PackageFacts<'_>) -> Vec<Fault> {
        audit::audit(facts)
    }
}
