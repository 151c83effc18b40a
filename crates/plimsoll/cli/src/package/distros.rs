//! `cargo xtask dist --distro`: the packages of other distributions, each built in a system of it.

mod build;
pub(crate) mod host;
mod render;
mod report;

use std::num::NonZeroUsize;

use error_hint::{Failure, Result};
use plimsoll_build::engine::EngineRequest;
use plimsoll_build::format::Formats;
use plimsoll_build::source::Source;
use plimsoll_plan::config::Config;
use plimsoll_plan::distro::{self, Departure, Distro, DistroList, DistroPlan};
use plimsoll_plan::plan::Plan;
use plimsoll_probe::{Distribution, Host};
use plimsoll_verify::profile;

use super::source;
use crate::run;
use crate::site::SiteArgs;
use build::Build;

/// The list of distributions, relative to the workspace.
const LIST: &str = "packaging/distros.toml";

/// Arguments about distributions.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Distributions")]
#[group(skip)]
pub(crate) struct Args {
    /// Build in a system of this distribution of packaging/distros.toml; may be repeated
    #[arg(long, value_name = "ID", conflicts_with_all = ["format", "install_deps"])]
    distro: Vec<String>,

    /// Build for every distribution of the list
    #[arg(long, conflicts_with_all = ["distro", "format", "install_deps"])]
    all: bool,

    /// What to build in: docker, podman, root, or auto
    #[arg(long, value_name = "ENGINE", default_value = "auto")]
    engine: EngineRequest,

    /// How many distributions are built at a time [default: half the processors]
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,

    /// The Rust toolchain: a folder, for builds without a network, or an image [default: the
    /// official image; for engine root, this host's]
    #[arg(long, value_name = "FOLDER|IMAGE")]
    toolchain: Option<String>,

    #[command(flatten)]
    pub(crate) site: SiteArgs,

    /// Check both configuration files, and do nothing else
    #[arg(long, exclusive = true)]
    check_config: bool,

    /// Build on this system, which must be that distribution, as its container would
    #[arg(long = "as", value_name = "ID", conflicts_with_all = ["distro", "all", "format"])]
    pub(super) as_distro: Option<String>,
}

impl Args {
    /// Whether other systems than this one are meant.
    pub(super) fn is_elsewhere(&self) -> bool {
        self.all || self.check_config || !self.distro.is_empty()
    }
}

/// Reads the list.
///
/// # Errors
/// Where it cannot be read or is wrong.
pub(crate) fn list(formats: &Formats) -> Result<DistroList> {
    Ok(distro::load(&run::root().join(LIST), formats.rules())?)
}

/// The distribution that this system must be, and the configuration for it.
///
/// # Errors
/// Where it is another one, or unknown.
pub(super) fn adapted(id: &str, config: &Config, formats: &Formats) -> Result<(Distro, Config)> {
    let list = list(formats)?;
    let distro = list.get(id)?;
    distro.must_be(&Distribution::of(&Host))?;
    Ok((distro.clone(), distro.adapt(&list, config)))
}

/// Says where the flavour that follows is not the expected one.
///
/// # Errors
/// Where it is not, and `strict` is set.
pub(super) fn compare(distro: &Distro, plan: &Plan, strict: bool) -> Result<()> {
    let id = distro.id();
    let departures = plan
        .builds
        .iter()
        .filter_map(|build| Departure::of(distro, build.flavour, &build.reason));
    for departure in departures {
        if strict {
            let hint = "correct packaging/distros.toml, or leave out --strict";
            return Err(Failure::hinted(format!("{id}: {departure}"), hint));
        }
        run::say(&format!("warning: {id}: {departure}"));
    }
    Ok(())
}

/// Plans or builds the packages of other distributions.
///
/// # Errors
/// Where an option names what is not there, or a distribution failed; the others are built.
pub(super) fn run(args: &super::Args, config: &Config, formats: &Formats) -> Result<()> {
    let path = run::root().join(LIST);
    let text = distro::read(&path)?;
    let list = distro::parse(&text, &path, formats.rules())?;
    if args.distros.check_config {
        distro::check_names(&list, config, &path, &text)?;
        profile::load_all(&run::root().join(profile::FOLDER), &list)?;
        let count = list.distros.len();
        return run::print(&format!(
            "{} and {LIST} are sound: {count} distributions",
            super::CONFIG
        ));
    }
    let source = source::read(config)?;
    let chosen = chosen(&args.distros, &list)?;
    if args.plan {
        let plans = plans(args, config, formats, &list, &chosen, &source)?;
        return super::print(args, &plans, || render::plans(&plans, formats));
    }
    let build = Build {
        args,
        config,
        formats,
        list: &list,
        source,
    };
    build.run(&chosen)
}

fn chosen<'a>(args: &Args, list: &'a DistroList) -> Result<Vec<&'a Distro>> {
    if args.all {
        return Ok(list.distros.iter().collect());
    }
    let chosen: Result<Vec<_>, _> = args.distro.iter().map(|id| list.get(id)).collect();
    Ok(chosen?)
}

/// What follows for each distribution and each of its architectures.
fn plans(
    args: &super::Args,
    config: &Config,
    formats: &Formats,
    list: &DistroList,
    chosen: &[&Distro],
    source: &Source,
) -> Result<Vec<DistroPlan>> {
    let pairs = chosen.iter().flat_map(|distro| {
        let architectures = distro.architectures.iter();
        architectures.map(move |architecture| (*distro, *architecture))
    });
    let plans = pairs.map(|(distro, architecture)| {
        distro::plan(
            formats.rules(),
            list,
            distro,
            config,
            source,
            architecture,
            args.flavour,
        )
    });
    Ok(plans.collect::<Result<Vec<_>, _>>()?)
}
