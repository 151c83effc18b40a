//! One run over several distributions.

use std::num::NonZeroUsize;

use error_hint::{Context, Failure, Hint, Result, in_one_line};
use plimsoll_build::engine::{
    self, Engine, EngineError, Folders, Job, Outcome, Site, Stage, Task, container, root,
};
use plimsoll_build::format::Formats;
use plimsoll_build::source::Source;
use plimsoll_plan::config::Config;
use plimsoll_plan::distro::{self, Departure, Distro, DistroList};
use plimsoll_plan::plan::Arch;
use plimsoll_probe::{Host, NamedFinding, container_engines};

use super::host::{self, Kit};
use super::render;
use super::report::Report;
use crate::run;
use crate::site::site;
use crate::watch::Watch;

/// What one run needs.
pub(super) struct Build<'a> {
    pub(super) args: &'a crate::package::Args,
    pub(super) config: &'a Config,
    pub(super) formats: &'a Formats,
    pub(super) list: &'a DistroList,
    pub(super) source: Source,
}

/// What holds for every distribution of a run.
struct Common {
    folders: Folders,
    site: Site,
    kit: Kit,
    architecture: Arch,
}

impl Build<'_> {
    /// Builds, prints what became of each, and fails where one failed.
    pub(super) fn run(&self, chosen: &[&Distro]) -> Result<()> {
        let probed = container_engines(&Host);
        let picked: Vec<_> = chosen.iter().map(|d| self.pick(d, &probed)).collect();
        let engines: Vec<Option<Engine>> =
            picked.iter().map(|p| p.as_ref().ok().copied()).collect();
        let common = Common {
            folders: host::folders(self.args.out.as_deref())?,
            site: site(&self.args.distros.site)?,
            kit: Kit::of(self.args.distros.toolchain.as_deref(), &engines)?,
            architecture: Arch::of(std::env::consts::ARCH)?,
        };
        let watch = Watch::new();
        prepare(&common, &watch)?;
        let pairs = chosen.iter().zip(picked);
        let tasks = pairs.map(|(distro, engine)| {
            let stages = engine.and_then(|engine| self.stages(distro, engine, &common));
            Task::new(distro.id(), &common.folders, stages)
        });
        let outcomes = engine::run_all(tasks.collect(), self.jobs(), &watch);
        watch.finish();
        let ended = chosen.iter().zip(engines).zip(outcomes);
        let reports: Vec<Report> = ended
            .map(|((distro, engine), outcome)| report(distro, engine, outcome))
            .collect();
        crate::package::print(self.args, &reports, || {
            render::reports(&reports, self.formats)
        })?;
        verdict(&reports)
    }

    fn pick(&self, distro: &Distro, probed: &[NamedFinding]) -> Result<Engine, EngineError> {
        let engine = engine::choose(self.args.distros.engine, distro.family, probed)?;
        match engine {
            Engine::Root => host::can_make_roots().map(|()| engine),
            Engine::Docker | Engine::Podman => Ok(engine),
        }
    }

    fn stages(
        &self,
        distro: &Distro,
        engine: Engine,
        common: &Common,
    ) -> Result<Vec<Stage>, EngineError> {
        let flavour = self.args.flavour;
        let plan = distro::plan(
            self.formats.rules(),
            self.list,
            distro,
            self.config,
            &self.source,
            common.architecture,
            flavour,
        )?;
        let job = Job {
            distro,
            plan: &plan,
            site: &common.site,
            toolchain: common.kit.toolchain(engine),
            folders: &common.folders,
            flavour,
            cargo_profile: self.args.cargo_profile.as_deref(),
            strict: self.args.strict,
        };
        engine::stages(&job, common.kit.within(engine))
    }

    fn jobs(&self) -> usize {
        let processors = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let asked = self.args.distros.jobs.map(NonZeroUsize::get);
        asked.unwrap_or_else(|| (processors() / 2).max(1))
    }
}

/// Does what is done once for all distributions.
fn prepare(common: &Common, watch: &Watch) -> Result<()> {
    let Common { folders, kit, .. } = common;
    std::fs::create_dir_all(&folders.work)
        .with_context(|| format!("{} cannot be made", folders.work.display()))?;
    if kit.containers.is_some() {
        container::lay_out(folders)?;
    }
    if let Some(kit) = &folders.kit {
        engine::ship(kit)?;
    }
    let mut stages = Vec::new();
    if kit.needs_crates() {
        stages.extend(root::prepare(&run::cargo(), folders));
    }
    if let Some(containers) = kit.containers {
        let toolchain = kit.toolchain(containers);
        stages.extend(container::prepare(containers, toolchain, folders));
    }
    let log = folders.out.join("prepare.log");
    Ok(engine::run_stages(
        "prepare",
        &stages,
        &log,
        &folders.workspace,
        watch,
    )?)
}

fn report(distro: &Distro, engine: Option<Engine>, outcome: Outcome) -> Report {
    let mut report = Report {
        distro: outcome.distro,
        engine,
        departure: None,
        manifest: None,
        error: None,
        hint: None,
    };
    match outcome.result {
        Ok(manifest) => {
            let mut artifacts = manifest.artifacts.iter();
            report.departure = artifacts.find_map(|a| Departure::of(distro, a.flavour, &a.reason));
            report.manifest = Some(manifest);
        }
        Err(error) => {
            report.hint = error.hint().map(Into::into);
            report.error = Some(in_one_line(&error));
        }
    }
    report
}

/// The error and its causes on one line, for a cell of a table.
fn verdict(reports: &[Report]) -> Result<()> {
    let failed = reports.iter().filter(|report| report.error.is_some());
    let failed: Vec<&str> = failed.map(|report| report.distro.as_str()).collect();
    if failed.is_empty() {
        return Ok(());
    }
    let message = format!(
        "{} of {} distributions failed: {}",
        failed.len(),
        reports.len(),
        failed.join(", ")
    );
    Err(Failure::hinted(
        message,
        "the table says why; the other distributions are complete",
    ))
}
