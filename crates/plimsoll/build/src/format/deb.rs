//! Debian packages: their dependencies come from dpkg-shlibdeps(1), which knows the symbols files of the host.

mod audit;
mod lintian;
mod shlibdeps;

use std::path::Path;

use plimsoll_plan::config::Config;
use plimsoll_plan::format::Deb;
use plimsoll_spec::{FileKind, PackageFile, PackageSpec};

use super::{DebugFile, Format, LifeScript, Lint, Programs};
use crate::audit::{Fault, PackageFacts};
use crate::depends::DependsError;
use crate::outcome::Outcome;

impl Format for Deb {
    fn complete(&self, spec: &mut PackageSpec, config: &Config, workspace: &Path) {
        let scripts = config.deb.maintainer_scripts.as_ref();
        spec.maintainer_scripts = scripts.map(|folder| workspace.join(folder));
        spec.actions.deb_triggers.clone_from(&config.deb.triggers);
        // Debian Policy 12.5 has them in `copyright`, and nowhere else.
        let is_license = |file: &mut PackageFile| file.kind == FileKind::License;
        let licenses = spec.files.extract_if(.., is_license);
        spec.licenses = licenses.map(|file| file.source).collect();
    }

    fn derive(&self, programs: &Programs<'_>) -> Result<Vec<String>, DependsError> {
        let work = programs.work.join("shlibdeps");
        shlibdeps::shlibdeps(programs, &work)
    }

    /// As dh_strip(1) lays them out; the documents are those of the package that it depends on (Debian Policy 12.3).
    fn debug_files(&self, file: &DebugFile<'_>) -> Vec<PackageFile> {
        let docs = file.package.debug_of.iter().map(|of| {
            let folder = format!("/usr/share/doc/{}", file.package.name);
            file.link(folder, of.clone())
        });
        let symbols = file.at(file.split.place(".debug"));
        [symbols].into_iter().chain(docs).collect()
    }

    fn audit_depends(&self, facts: &PackageFacts<'_>) -> Vec<Fault> {
        audit::audit(facts)
    }

    fn lint(&self, package: &Lint<'_>) -> Outcome {
        lintian::run(package)
    }

    fn life_script(&self) -> Option<LifeScript> {
        Some(LifeScript {
            name: "deb.sh",
            text: include_str!("deb/life.sh"),
        })
    }
}
