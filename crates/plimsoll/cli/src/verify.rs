//! `cargo xtask verify`: proves on clean systems that the packages install and work.

mod render;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use error_hint::{Context, Failure, Result};
use plimsoll_build::engine::{Engine, Folders, Site};
use plimsoll_build::format::Formats;
use plimsoll_plan::config::Config;
use plimsoll_plan::distro::{Distro, DistroList};
use plimsoll_plan::plan::Arch;
use plimsoll_plan::toolkit;
use plimsoll_probe::{Host, System, container_engines};
use plimsoll_verify::run::{Job, verify};
use plimsoll_verify::{
    Broken, Check, Means, PlaceRequest, Report, Verified, VerifyError, choose, html,
};

use crate::package::distros::{self, host};
use crate::run;
use crate::site::{self, SiteArgs};
use crate::watch::Watch;

/// Arguments of `cargo xtask verify`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Verify the packages of this distribution; may be repeated [default: every distribution
    /// that has a folder with packages]
    #[arg(long, value_name = "ID")]
    distro: Vec<String>,

    /// Verify every distribution of the list
    #[arg(long, conflicts_with = "distro")]
    all: bool,

    /// Where each distribution has a folder with its packages; with one --distro, it may be that
    /// folder itself [default: target/dist]
    #[arg(long, value_name = "DIR")]
    packages: Option<PathBuf>,

    /// The same of the previous version, to upgrade from [default: a copy of each package under a
    /// lower version]
    #[arg(long, value_name = "DIR")]
    previous: Option<PathBuf>,

    /// Only these checks: lint, audit, resolve, refuse, install, service, smoke, upgrade, remove,
    /// purge
    #[arg(long = "check", value_name = "CHECK", value_delimiter = ',')]
    checks: Vec<Check>,

    /// Where the packages live meanwhile: booted, docker, podman, chroot, profile, or auto
    #[arg(long, value_name = "PLACE", default_value = "auto")]
    place: PlaceRequest,

    /// Take a check that was not run for a failure
    #[arg(long)]
    strict: bool,

    /// Where verify.json, verify.html and the logs are written to [default: target/verify]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Print verify.json instead of a table
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    site: SiteArgs,
}

/// Verifies, prints the table, and writes the report.
///
/// # Errors
/// Where a check failed, or a distribution could not be verified at all; the others are.
pub fn run(args: &Args, formats: &Formats) -> Result<()> {
    let config = crate::package::configuration(formats)?;
    let list = distros::list(formats)?;
    let bench = Bench {
        args,
        formats,
        folders: host::folders(None)?,
        site: site::site(&args.site)?,
        means: means(),
        architecture: Arch::of(std::env::consts::ARCH)?,
        packages: absolute(args.packages.as_deref(), "dist")?,
        out: absolute(args.out.as_deref(), "verify")?,
        config,
        list,
    };
    let chosen = bench.chosen()?;
    let watch = Watch::new();
    let mut report = Report {
        name: bench.config.name.clone(),
        packages: Vec::new(),
        broken: Vec::new(),
    };
    let mut errors = Vec::new();
    for distro in chosen {
        match bench.verify(distro, &watch) {
            Ok(verified) => report.packages.extend(verified),
            Err(error) => {
                let (distro, because) = (distro.id().to_owned(), format!("{error:#}"));
                report.broken.push(Broken { distro, because });
                errors.push(error);
            }
        }
    }
    watch.finish();
    bench.write(&report)?;
    if args.json {
        run::print(&run::json(&report)?)?;
    } else {
        run::print(&render::report(&report))?;
    }
    verdict(args, &report, &errors)
}

/// What one run of several distributions needs.
struct Bench<'a> {
    args: &'a Args,
    formats: &'a Formats,
    config: Config,
    list: DistroList,
    folders: Folders,
    site: Site,
    means: Means,
    architecture: Arch,
    packages: PathBuf,
    out: PathBuf,
}

impl Bench<'_> {
    fn chosen(&self) -> Result<Vec<&Distro>> {
        if !self.args.distro.is_empty() {
            let chosen: Result<Vec<_>, _> = self
                .args
                .distro
                .iter()
                .map(|id| self.list.get(id))
                .collect();
            return Ok(chosen?);
        }
        let distros = self.list.distros.iter();
        if self.args.all {
            return Ok(distros.collect());
        }
        let has_packages = |distro: &&Distro| {
            let folder = self.packages.join(distro.id());
            folder.join("manifest.json").is_file()
        };
        let chosen: Vec<&Distro> = distros.filter(has_packages).collect();
        if chosen.is_empty() {
            let message = format!("{} has no packages", self.packages.display());
            let hint = format!("build some with `{}`", toolkit::command("dist --distro …"));
            return Err(Failure::hinted(message, hint));
        }
        Ok(chosen)
    }

    fn verify(&self, distro: &Distro, watch: &Watch) -> Result<Vec<Verified>> {
        let chosen = choose(self.args.place, distro.family, &self.means).map_err(|because| {
            let place = match self.args.place {
                PlaceRequest::Auto => "clean".to_owned(),
                place => place.to_string(),
            };
            VerifyError::NoPlace {
                distro: distro.id().to_owned(),
                place,
                because,
            }
        })?;
        let previous = self.args.previous.as_deref();
        let previous = previous.map(|folder| self.folder_of(folder, distro));
        let packages = self.folder_of(&self.packages, distro);
        let checks = match self.args.checks.is_empty() {
            true => Check::ALL.into_iter().collect::<BTreeSet<_>>(),
            false => self.args.checks.iter().copied().collect(),
        };
        let job = Job {
            distro,
            formats: self.formats,
            list: &self.list,
            config: &self.config,
            site: &self.site,
            folders: &self.folders,
            packages: &packages,
            previous: previous.as_deref(),
            chosen,
            architecture: self.architecture,
            checks: &checks,
            work: &self.out.join(distro.id()),
        };
        Ok(verify(&job, watch)?)
    }

    /// A distribution's folder below one for all, or that folder itself where one is meant.
    fn folder_of(&self, folder: &Path, distro: &Distro) -> PathBuf {
        let own = folder.join(distro.id());
        let is_itself = !own.exists() && folder.join("manifest.json").is_file();
        match is_itself && self.args.distro.len() == 1 {
            true => folder.to_owned(),
            false => own,
        }
    }

    fn write(&self, report: &Report) -> Result<()> {
        let out = &self.out;
        let write = |name: &str, text: String| {
            let path = out.join(name);
            std::fs::write(&path, text)
                .with_context(|| format!("{} cannot be written", path.display()))
        };
        std::fs::create_dir_all(out)
            .with_context(|| format!("{} cannot be made", out.display()))?;
        write("verify.json", run::json(report)? + "\n")?;
        write("verify.html", html::page(report))
    }
}

/// A folder that an option names, else the one of this name in the target folder.
fn absolute(given: Option<&Path>, default: &str) -> Result<PathBuf> {
    match given {
        Some(folder) => std::path::absolute(folder)
            .with_context(|| format!("{} is not a directory", folder.display())),
        None => Ok(run::target()?.join(default)),
    }
}

fn means() -> Means {
    let engines = container_engines(&Host);
    let answers = |engine: &Engine| {
        let found = engines.iter().find(|found| found.name == engine.as_str());
        found.is_some_and(|found| found.finding.is_yes())
    };
    Means {
        no_roots: host::can_make_roots().err().map(|error| error.to_string()),
        nspawn: Host.find_program("systemd-nspawn").is_some(),
        engine: [Engine::Docker, Engine::Podman].into_iter().find(answers),
    }
}

fn verdict(args: &Args, report: &Report, errors: &[Failure]) -> Result<()> {
    for (broken, error) in report.broken.iter().zip(errors) {
        run::say(&format!("{} could not be verified", broken.distro));
        crate::failure::report(error);
    }
    let counts = report.counts();
    let hint = "the table says why; the logs are beside the report";
    if counts.failed > 0 || !errors.is_empty() {
        let message = match errors.len() {
            0 => format!("the packages are not sound: {counts}"),
            n => format!("the packages are not sound: {counts}; {n} could not be verified"),
        };
        return Err(Failure::hinted(message, hint));
    }
    if args.strict && counts.not_run > 0 {
        let message = format!("some checks could not run: {counts}");
        return Err(Failure::hinted(
            message,
            "leave out --strict to accept that",
        ));
    }
    Ok(())
}
