//! Taking the packages of one distribution through their checks: thin, and deciding nothing.

mod profile;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use error_hint::FileError;

use super::audit::{self, Facts};
use super::installed;
use super::life::{self, Life};
use super::refuse::{self, Answer, Older};
use super::system::container::{self, Container};
use super::system::live::{Phase, stage};
use super::system::tree::Tree;
use super::work::{Layout, Work};
use super::{Check, Chosen, Outcome, PackageUnderTest, Place, Target, Verified, VerifyError, open};
use plimsoll_build::audit::BuiltProgram;
use plimsoll_build::elf::{self, SymbolVersion};
use plimsoll_build::engine::{Folders, Site, Stage, Watcher, run_stages};
use plimsoll_build::format::{Format, Formats, LifeScript, Lint};
use plimsoll_build::lent::{self, Lent, Other};
use plimsoll_build::packager::Packager;
use plimsoll_plan::config::Config;
use plimsoll_plan::distro::{self, Distro, DistroList};
use plimsoll_plan::plan::{Arch, PlanError, declared};
use plimsoll_spec::{Relation, Relations};

/// The packages of one distribution, to be verified. They are of one build, and are installed together.
#[derive(Debug, Clone, Copy)]
pub struct Job<'a> {
    /// The entry of the list.
    pub distro: &'a Distro,
    /// The package formats.
    pub formats: &'a Formats,
    /// The list.
    pub list: &'a DistroList,
    /// The configuration of the packages, before it is adapted to the distribution.
    pub config: &'a Config,
    /// What is particular to this place.
    pub site: &'a Site,
    /// Folders of the host.
    pub folders: &'a Folders,
    /// The folder with the packages and their manifest.
    pub packages: &'a Path,
    /// The folder with the previous version's. None: copies of the packages under a lower version
    /// stand in for them.
    pub previous: Option<&'a Path>,
    /// Where they live.
    pub chosen: Chosen,
    /// The architecture of this host.
    pub architecture: Arch,
    /// What is checked.
    pub checks: &'a BTreeSet<Check>,
    /// A folder of this job's own, for its intermediate files and logs.
    pub work: &'a Path,
}

/// Takes the packages through their checks. Faults are in the results, one a package, in the order of the manifest.
///
/// # Errors
/// When a package cannot be read, or no system can be made: then nothing is known of them.
pub fn verify(job: &Job<'_>, watcher: &dyn Watcher) -> Result<Vec<Verified>, VerifyError> {
    let config = &job.distro.adapt(job.list, job.config);
    let format = job.formats.get(job.list.family_of(job.distro).format);
    let format = format.map_err(PlanError::from)?;
    let packager = Packager::of(&job.folders.workspace);
    let packages = open(&packager, config, job.packages, format, job.work)?;
    let bench = Bench {
        job,
        format,
        config,
        packages: &packages,
        packager: &packager,
        watcher,
    };
    let (life, target) = match job.checks.iter().any(|check| needs_a_system(*check)) {
        true => bench.life()?,
        false => (Life::default(), None),
    };
    // The resolver is asked about all of them at once.
    let refused = match job.checks.contains(&Check::Refuse) {
        true => Some(bench.refuse()?),
        false => None,
    };
    let verified = packages.iter().map(|package| {
        let mut checks = BTreeMap::new();
        for check in job.checks {
            let outcome = match check {
                Check::Lint => bench.lint(package),
                Check::Audit => bench.audit(package, &life, target.as_ref())?,
                Check::Resolve => resolved(&life, job.chosen.place()),
                Check::Refuse => match refused.clone() {
                    Some(outcome) => outcome,
                    None => continue,
                },
                life_check => bench.of_life(package, &life, *life_check),
            };
            checks.insert(*check, outcome);
        }
        Ok(bench.verified(package, &life, checks))
    });
    verified.collect()
}

fn needs_a_system(check: Check) -> bool {
    check.is_of_life() || check == Check::Resolve
}

impl Job<'_> {
    fn tree(&self, distro: &Distro) -> Tree {
        let (verify, roots) = (&self.config.verify, &self.folders.roots);
        Tree::of(distro, self.architecture, verify, roots)
    }
}

/// Packages, and what they are verified with.
struct Bench<'a> {
    job: &'a Job<'a>,
    format: &'a dyn Format,
    config: &'a Config,
    packages: &'a [PackageUnderTest],
    packager: &'a Packager,
    watcher: &'a dyn Watcher,
}

impl Bench<'_> {
    /// The name that the life's script has in `/verify`.
    fn script(&self) -> Result<&'static str, VerifyError> {
        let script = self.format.life_script();
        let name = script.map(|script| script.name);
        name.ok_or_else(|| VerifyError::NoLife {
            format: self.format.name(),
        })
    }

    /// The scripts, each with its name in `/verify`.
    fn scripts(&self) -> Vec<LifeScript> {
        let own = self.format.life_script();
        [life::COMMON, life::LOGGED]
            .into_iter()
            .chain(own)
            .collect()
    }

    fn lint(&self, package: &PackageUnderTest) -> Outcome {
        self.format.lint(&Lint {
            file: &package.file,
            root: &package.root,
            contents: &package.contents,
            config: &package.config,
            workspace: &self.job.folders.workspace,
        })
    }

    /// Lets the packages live, and reads what was seen.
    fn life(&self) -> Result<(Life, Option<Target>), VerifyError> {
        if self.job.chosen == Chosen::Profile {
            return self.profile_life();
        }
        let work = self.inside()?;
        let place = self.job.chosen.place();
        let stages = match self.job.chosen {
            Chosen::Booted | Chosen::Chroot => {
                let tree = self.job.tree(self.job.distro);
                self.ensure(&tree, self.job.distro)?;
                let phases = [Phase::Fetch, Phase::Resolve, Phase::Live];
                vec![self.stage(&tree, &work, place, &phases)?]
            }
            Chosen::Container(engine) => self.in_container(engine, &work)?,
            // It took another way, above.
            Chosen::Profile => Vec::new(),
        };
        self.run(&stages)?;
        let life = life::read(&work.log()?);
        let libraries = work.folder.join("libraries");
        let target = Target::read(&libraries)?;
        Ok((life, (!target.libraries.is_empty()).then_some(target)))
    }

    fn inside_folder(&self) -> PathBuf {
        self.job.work.join("inside")
    }

    /// The folder that the system sees.
    fn inside(&self) -> Result<Work, VerifyError> {
        let previous = self.previous()?;
        let place = self.job.chosen.place();
        let script = self.config.verify.script.as_ref();
        let script = script.map(|path| self.job.folders.workspace.join(path));
        Work::lay_out(
            self.inside_folder(),
            &Layout {
                scripts: &self.scripts(),
                config: self.config,
                packages: self.packages,
                previous: &previous,
                site: self.job.site,
                script: script.as_deref(),
                has_init: place.has_init(),
            },
        )
    }

    fn stage(
        &self,
        tree: &Tree,
        work: &Work,
        place: Place,
        phases: &[Phase],
    ) -> Result<Stage, VerifyError> {
        let mount_point = self.job.work.join("mnt");
        make_folder(&mount_point)?;
        let folder = &work.folder;
        Ok(stage(
            tree,
            &mount_point,
            folder,
            place,
            self.script()?,
            phases,
        ))
    }

    fn in_container(
        &self,
        engine: plimsoll_build::engine::Engine,
        work: &Work,
    ) -> Result<Vec<Stage>, VerifyError> {
        let distro = self.job.distro;
        let name = format!("{}-verify-{}", self.config.name, distro.id());
        let own = self.config.verify.packages.get(&distro.family);
        let common = container::TOOLS.map(str::to_owned);
        let tools: Vec<String> = common
            .into_iter()
            .chain(own.into_iter().flatten().cloned())
            .collect();
        let packages = distro::build_packages(self.job.list, distro, self.config);
        let container = Container {
            engine,
            name: &name,
            image: &distro.image,
            network: self.job.site.network.as_deref(),
            packages: &packages,
            tools: &tools,
            script: self.script()?,
        };
        Ok(container::stages(&container, &work.folder))
    }

    /// The packages to upgrade from.
    fn previous(&self) -> Result<Vec<PathBuf>, VerifyError> {
        let format = self.format;
        let work = self.job.work.join("previous");
        if let Some(folder) = self.job.previous {
            let previous = open(self.packager, self.config, folder, format, &work)?;
            return Ok(previous.into_iter().map(|package| package.file).collect());
        }
        make_folder(&work)?;
        let stand_ins = self.packages.iter().map(|package| {
            let name = format!("{}.{}", package.contents.name, format.name());
            let (out, version) = (work.join(name), stand_in_version(package));
            let restamped = format.restamp(self.packager, &package.file, &out, &version);
            restamped.map_err(|source| VerifyError::Packager {
                file: package.artifact.file.clone(),
                source,
            })?;
            Ok(out)
        });
        stand_ins.collect()
    }

    /// Makes a clean system where it is not there, or is made of something else.
    fn ensure(&self, tree: &Tree, distro: &Distro) -> Result<(), VerifyError> {
        make_folder(&self.job.folders.roots)?;
        let path = tree.lock();
        let lock = std::fs::File::create(&path).map_err(FileError::at("write", &path))?;
        lock.lock().map_err(FileError::at("lock", &path))?;
        if tree.is_there() {
            return Ok(());
        }
        let mount_point = self.job.work.join("mnt");
        make_folder(&mount_point)?;
        self.run(&tree.stages(distro, self.job.site, &mount_point))?;
        let record = tree.record();
        let text = serde_json::to_string(&tree.spec).unwrap_or_default();
        Ok(std::fs::write(&record, text).map_err(FileError::at("write", &record))?)
    }

    fn run(&self, stages: &[Stage]) -> Result<(), VerifyError> {
        let log = self.job.work.join("console.log");
        let (id, workspace) = (self.job.distro.id(), &self.job.folders.workspace);
        Ok(run_stages(id, stages, &log, workspace, self.watcher)?)
    }

    fn audit(
        &self,
        package: &PackageUnderTest,
        life: &Life,
        target: Option<&Target>,
    ) -> Result<Outcome, VerifyError> {
        let artifact = &package.artifact;
        let version = &package.source_version;
        let mut declared = declared(
            &package.config,
            &self.job.distro.distribution(),
            version,
            artifact.flavour,
            self.format,
        )?;
        let (lent, undecided) = self.lent(package);
        let on_others = lent::depends(&lent, self.format, &package.config, version);
        declared.add(Relation::Depends, on_others);
        let mut faults = undecided;
        faults.extend(audit::package(&Facts {
            format: self.format,
            artifact,
            declared: &declared,
            config: self.config,
            contents: &package.contents,
            sum: &package.sum,
            programs: &package.programs,
            lent: &lent,
            configuration: &package.config.configuration(artifact.format),
        }));
        if let Some(of) = self.symbols_of(package) {
            faults.extend(audit::symbols(of, &package.root)?);
        }
        let held = package.config.programs();
        let stamped = self.config.stamp.as_ref();
        let stamped = stamped.filter(|stamp| held.contains(&stamp.program.get_ref().as_str()));
        if let Some((stamp, said)) = stamped.zip(life.stamp.as_ref()) {
            faults.extend(audit::stamp(stamp, said, artifact, version));
        }
        if let Some(target) = target {
            faults.extend(audit::target(&package.programs, &lent, target));
        }
        let installed = match life.checks.contains_key(&Check::Install) {
            true => installed::read(&self.inside_folder(), package)?,
            false => None,
        };
        faults.extend(
            installed
                .iter()
                .flat_map(|programs| installed::faults(programs, artifact)),
        );
        let missing = match (&life.stamp, target) {
            (None, _) if stamped.is_some() => Some("the program was not asked what it is"),
            (_, Some(_)) => None,
            (_, None) if package.programs.is_empty() => None,
            (_, None) => Some("the libraries of the target were not seen"),
        };
        Ok(match missing.filter(|_| faults.is_empty()) {
            Some(missing) => Outcome::not_run(format!("package and manifest agree, but {missing}")),
            None => {
                let mut seen = audit::seen(artifact, &package.programs, target);
                if installed.is_some() {
                    seen.push_str("; the programs in the system are the manifest's");
                }
                Outcome::of(faults, seen)
            }
        })
    }

    /// The libraries that other packages of the build bring for one, or why that is not known.
    fn lent(&self, package: &PackageUnderTest) -> (Vec<Lent>, Vec<String>) {
        let others = self.packages.iter();
        let others = others.filter(|other| other.artifact.name != package.artifact.name);
        let others = others.map(|other| Other {
            name: other.artifact.name.clone(),
            programs: other.programs.clone(),
        });
        let others: Vec<Other> = others.collect();
        let owners = &package.artifact.owners;
        match lent::lent(&package.config, owners, &package.programs, &others) {
            Ok(lent) => (lent, Vec::new()),
            Err(faults) => (Vec::new(), faults.iter().map(ToString::to_string).collect()),
        }
    }

    /// The programs whose symbols a debug package must hold.
    fn symbols_of(&self, package: &PackageUnderTest) -> Option<&[BuiltProgram]> {
        let of = package.artifact.debug_of.as_ref()?;
        let mut packages = self.packages.iter();
        let package = packages.find(|other| other.artifact.name == *of)?;
        Some(&package.programs)
    }

    fn refuse(&self) -> Result<Outcome, VerifyError> {
        let Some(older) = self.job.list.older(self.job.distro) else {
            let because = "the list has no older release of it".to_owned();
            return Ok(Outcome::NotApplicable { because });
        };
        if self.job.chosen == Chosen::Profile {
            return self.refuse_by_profile(older);
        }
        if !matches!(self.job.chosen, Chosen::Booted | Chosen::Chroot) {
            let because = format!("cannot make a system of {} here", older.id());
            return Ok(Outcome::not_run(because));
        }
        let tree = self.job.tree(older);
        self.ensure(&tree, older)?;
        let work = Work::lay_out(
            self.job.work.join("older"),
            &Layout {
                scripts: &self.scripts(),
                config: self.config,
                packages: self.packages,
                previous: &[],
                site: self.job.site,
                script: None,
                has_init: false,
            },
        )?;
        let resolve = self.stage(&tree, &work, Place::Chroot, &[Phase::Resolve])?;
        self.run(&[resolve])?;
        let older = Older {
            distro: older.id().to_owned(),
            glibc: glibc(&tree)?,
            answer: life::read(&work.log()?)
                .answer
                .unwrap_or_else(|| Answer::Refused("the resolver said nothing".to_owned())),
        };
        Ok(self.judge(&older))
    }

    /// Whether the older release had to refuse the packages. That one of them needs another explains nothing.
    fn judge(&self, older: &Older) -> Outcome {
        let packages = self.packages.iter();
        let names: Vec<&str> = packages.map(|it| it.contents.name.as_str()).collect();
        let programs = self.packages.iter().flat_map(|it| &it.programs);
        let programs: Vec<_> = programs.cloned().collect();
        let mut relations = Relations::default();
        for package in self.packages {
            relations.extend(&package.contents.report.relations);
        }
        relations.retain(|_, text| {
            let name = text.split([' ', '(']).next().unwrap_or_default();
            !names.contains(&name)
        });
        refuse::judge(older, &programs, &relations)
    }

    fn of_life(&self, package: &PackageUnderTest, life: &Life, check: Check) -> Outcome {
        if check == Check::Service && self.packages.len() > 1 && package.units().is_empty() {
            let because = "the package has no units".to_owned();
            return Outcome::NotApplicable { because };
        }
        let outcome = life.outcome(check);
        let outcome = match (outcome, self.job.chosen) {
            // Nothing is installed on the distribution there.
            (Outcome::Passed { seen }, Chosen::Profile) => Outcome::Passed {
                seen: format!("over the profile: {seen}"),
            },
            (outcome, _) => outcome,
        };
        match (check, outcome, self.job.previous) {
            (Check::Upgrade, Outcome::Passed { seen }, None) => Outcome::Passed {
                seen: format!(
                    "{seen}; from a copy of this package as version {}",
                    stand_in_version(package)
                ),
            },
            (_, outcome, _) => outcome,
        }
    }

    fn verified(
        &self,
        package: &PackageUnderTest,
        life: &Life,
        checks: BTreeMap<Check, Outcome>,
    ) -> Verified {
        let artifact = &package.artifact;
        Verified {
            distro: self.job.distro.id().to_owned(),
            package: artifact.name.clone(),
            file: artifact.file.clone(),
            format: artifact.format,
            version: package.version(),
            commit: artifact.commit.clone(),
            flavour: artifact.flavour,
            reason: artifact.reason.clone(),
            fallback: artifact.fallback.clone(),
            driver: artifact.driver.clone(),
            relations: artifact.relations.clone(),
            place: self.job.chosen.place(),
            system: life.system.clone().unwrap_or_default(),
            checks,
        }
    }
}

/// A version that both dpkg and rpm sort before the package's own.
fn stand_in_version(package: &PackageUnderTest) -> String {
    let version = package.contents.version.as_deref().unwrap_or("0");
    format!("{version}~previous-1")
}

fn resolved(life: &Life, place: Place) -> Outcome {
    match &life.answer {
        Some(Answer::Accepted) if place == Place::Profile => {
            Outcome::of(Vec::new(), "dnf accepts it with only the profile")
        }
        Some(Answer::Accepted) => Outcome::of(Vec::new(), "the distribution's resolver accepts it"),
        Some(Answer::Refused(words)) => Outcome::failed(format!("refused: {words}")),
        None => Outcome::failed("the resolver said nothing"),
    }
}

/// The newest symbol version of a system's C library.
fn glibc(tree: &Tree) -> Result<Option<SymbolVersion>, VerifyError> {
    let Some(file) = tree.library("libc.so.6") else {
        return Ok(None);
    };
    let defined = elf::definitions(&file)?;
    let versions = defined.iter().filter_map(|name| SymbolVersion::parse(name));
    Ok(versions.filter(|version| version.prefix == "GLIBC").max())
}

fn make_folder(path: &Path) -> Result<(), VerifyError> {
    Ok(std::fs::create_dir_all(path).map_err(FileError::at("make", path))?)
}
