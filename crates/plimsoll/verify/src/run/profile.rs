//! Verifying where a capability profile stands in for the distribution.
//!
//! dnf resolves the packages against the profile. Then they live in a system of the Debian
//! family in which a package of the same capabilities is installed: rpm, dnf and systemd are real
//! there, and the userland is another one.

use std::path::{Path, PathBuf};

use error_hint::FileError;

use super::Bench;
use crate::life::{self, Life};
use crate::profile::resolve::{self, Request};
use crate::profile::{self, Profile, ProfileError, Scriptlets};
use crate::refuse::{Answer, Older};
use crate::system::live::Phase;
use crate::system::tree::Tree;
use crate::work::Work;
use crate::{Outcome, Place, Target, VerifyError};
use plimsoll_build::elf::SymbolVersion;
use plimsoll_plan::distro::Distro;
use plimsoll_spec::{PackageSpec, Relation};

/// What dnf and rpm are in Debian.
const TOOLS: [&str; 2] = ["dnf", "rpm"];

impl Bench<'_> {
    /// Lets dnf resolve the packages, and lets them live where they are taken.
    pub(super) fn profile_life(&self) -> Result<(Life, Option<Target>), VerifyError> {
        let distro = self.job.distro;
        let profile = self.profile(distro)?;
        let folder = self.job.work.join("resolve");
        let answer = self.ask(distro, &profile, &folder)?;
        if let Answer::Refused(_) = answer {
            let life = Life {
                answer: Some(answer),
                ..Life::default()
            };
            return Ok((life, None));
        }
        let target = profile.target(self.job.architecture);
        if !self.job.checks.iter().any(|check| check.is_of_life()) {
            let life = Life {
                answer: Some(answer),
                ..Life::default()
            };
            return Ok((life, Some(target)));
        }
        let work = self.inside()?;
        let base = self.base()?;
        self.lay_profile(&work, &profile, base, &folder)?;
        let tree = self.base_tree(base);
        self.ensure(&tree, base)?;
        let phases = [Phase::Fetch, Phase::Live];
        self.run(&[self.stage(&tree, &work, Place::Profile, &phases)?])?;
        let mut life = life::read(&work.log()?);
        // The base may refuse what the profile promises.
        life.answer.get_or_insert(answer);
        Ok((life, Some(target)))
    }

    /// Whether the profile of an older release refuses the packages where it must.
    pub(super) fn refuse_by_profile(&self, older: &Distro) -> Result<Outcome, VerifyError> {
        let profile = self.profile(older)?;
        let answer = self.ask(older, &profile, &self.job.work.join("older"))?;
        let older = Older {
            distro: format!("the profile of {}", older.id()),
            glibc: SymbolVersion::parse(&profile.glibc.version.symbol_version()),
            answer,
        };
        Ok(self.judge(&older))
    }

    fn profile(&self, distro: &Distro) -> Result<Profile, VerifyError> {
        let path = profile::path(
            &self.job.folders.workspace.join(profile::FOLDER),
            distro.id(),
        );
        if !path.exists() {
            let id = distro.id().to_owned();
            return Err(ProfileError::Missing { id, path }.into());
        }
        Ok(profile::load(&path)?)
    }

    fn ask(
        &self,
        distro: &Distro,
        profile: &Profile,
        folder: &Path,
    ) -> Result<Answer, VerifyError> {
        let arch = self.job.architecture;
        let relations = self.packages.iter().map(|it| &it.contents.report.relations);
        let obsoletes = relations.flat_map(|it| it.of(Relation::Obsoletes));
        let obsoletes: Vec<String> = obsoletes.cloned().collect();
        let packages = self.packages.iter();
        let packages = packages.map(|it| (it.contents.name.as_str(), it.file.as_path()));
        Ok(resolve::resolve(&Request {
            packager: self.packager,
            stand_in: &profile.package(distro.id(), arch),
            obsoleted: &profile.obsoleted(&obsoletes, distro.id(), arch),
            packages: &packages.collect::<Vec<_>>(),
            arch,
            folder,
        })?)
    }

    /// The system that the profile is laid over.
    fn base(&self) -> Result<&Distro, VerifyError> {
        let (list, distro) = (self.job.list, self.job.distro);
        let base = list.family_of(distro).profile_base.as_ref();
        let base = base.ok_or_else(|| VerifyError::NoPlace {
            distro: distro.id().to_owned(),
            place: "profile".to_owned(),
            because: "its family has no `profile-base` in packaging/distros.toml".to_owned(),
        })?;
        Ok(list.get(base)?)
    }

    /// The base is the same for every project.
    fn base_tree(&self, base: &Distro) -> Tree {
        let mut tree = self.job.tree(base);
        tree.spec.packages.extend(TOOLS.map(str::to_owned));
        tree.spec.packages.sort();
        tree.spec.packages.dedup();
        let folder = format!("{}-profiles", base.id());
        tree.folder = self.job.folders.roots.join(folder);
        tree
    }

    /// The base's packages of the libraries and tools that the profile promises.
    fn base_packages(&self, base: &Distro) -> String {
        let libraries = self.job.config.native_dep.values();
        let named = libraries.flat_map(|library| {
            let tool = library.tool.as_ref().map(|tool| &tool.packages);
            [&library.runtime].into_iter().chain(tool)
        });
        let distribution = base.distribution();
        let names: Vec<&str> = named.filter_map(|names| names.on(&distribution)).collect();
        names.join(" ")
    }

    /// What the script finds besides: the stand-in, a configuration of dnf without repositories of
    /// anybody's, and how scriptlets reach systemd.
    fn lay_profile(
        &self,
        work: &Work,
        profile: &Profile,
        base: &Distro,
        resolved: &Path,
    ) -> Result<(), VerifyError> {
        let repository = work.folder.join("repository");
        copy_folder(&resolve::repository(resolved), &repository)?;
        work.write(
            "dnf.conf",
            &resolve::configuration(Path::new("/verify"), ""),
        )?;
        let helper = match profile.scriptlets() {
            Some(Scriptlets::UpdateHelper) => "yes",
            Some(Scriptlets::Systemctl) | None => "no",
        };
        let PackageSpec { name, .. } = profile.package(self.job.distro.id(), self.job.architecture);
        work.write(
            "profile",
            &format!(
                "UPDATE_HELPER={helper}\nSTAND_IN={name}\nBASE_PACKAGES='{}'\n",
                self.base_packages(base)
            ),
        )
    }
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), VerifyError> {
    std::fs::create_dir_all(to).map_err(FileError::at("make", to))?;
    for entry in std::fs::read_dir(from).map_err(FileError::at("read", from))? {
        let path: PathBuf = entry.map_err(FileError::at("read", from))?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy_folder(&path, &target)?;
        } else {
            std::fs::copy(&path, &target).map_err(FileError::at("copy", &path))?;
        }
    }
    Ok(())
}
