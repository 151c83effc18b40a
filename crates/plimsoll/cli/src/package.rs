//! `cargo xtask dist`: builds the flavours that the probe allows and makes packages of them.

mod check;
pub(crate) mod distros;
mod progress;
mod render;
mod source;

use std::path::PathBuf;

use error_hint::{Context, Failure, Result};
use plimsoll_build::engine::CARGO_PROFILE;
use plimsoll_build::format::Formats;
use plimsoll_build::run as build_run;
use plimsoll_plan::config::{self, Config, ConfigError};
use plimsoll_plan::plan::{Places, Plan, PlanError, Request, plan};
use plimsoll_plan::toolkit;
use plimsoll_probe::{Distribution, Host, Request as Flavour};
use plimsoll_spec::FormatName;

use crate::install_deps::{self, Purpose};
use crate::{run, table};
use progress::{Progress, Reader};

/// What is built and packaged, relative to the workspace.
const CONFIG: &str = "packaging/dist.toml";

/// Arguments of `cargo xtask dist`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print what would be done and why, and do nothing
    #[arg(long)]
    plan: bool,

    /// Print the plan, or the manifest of what was made, as JSON
    #[arg(long)]
    json: bool,

    /// A flavour of packaging/dist.toml, or auto: the first dynamic one that can be built and the static ones
    #[arg(long, value_name = "FLAVOUR", default_value = "auto")]
    flavour: Flavour,

    /// Only these formats, such as deb, rpm and tar [default: those of this host's own distribution]
    #[arg(long, value_name = "FORMAT", value_delimiter = ',')]
    format: Vec<FormatName>,

    /// Build with this Cargo profile, for packages to try [default: `profile` of packaging/dist.toml]
    #[arg(long, value_name = "PROFILE")]
    cargo_profile: Option<String>,

    /// Where the packages are written to [default: target/dist]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Take a fallback to a lesser flavour as an error; for a distribution, any flavour but the
    /// expected one
    #[arg(long)]
    strict: bool,

    /// First install what this host lacks, through its package manager
    #[arg(long, conflicts_with = "plan")]
    install_deps: bool,

    /// For whom progress is told
    #[arg(
        long,
        value_enum,
        value_name = "READER",
        default_value = "text",
        hide = true
    )]
    progress: Reader,

    #[command(flatten)]
    distros: distros::Args,
}

/// Reads what is built and packaged, with the sonames of this host's distribution.
///
/// # Errors
/// Where the file cannot be read or is wrong.
pub fn configuration(formats: &Formats) -> Result<Config, ConfigError> {
    let config = config::load(&run::root().join(CONFIG), &formats.rules().names())?;
    Ok(config.settled(&Distribution::of(&Host)))
}

/// Plans, builds and packages.
///
/// # Errors
/// Where something cannot be built, with what mends it.
pub fn run(args: &Args, formats: &Formats) -> Result<()> {
    for name in &args.format {
        known(formats, *name)?;
    }
    let mut config = configuration(formats)?;
    if let Some(profile) = &args.cargo_profile {
        config.cargo.profile.clone_from(profile);
    }
    check::all(&config, formats)?;
    if args.distros.is_elsewhere() {
        return distros::run(args, &config, formats);
    }
    let (distro, config) = match &args.distros.as_distro {
        Some(id) => {
            let (distro, config) = distros::adapted(id, &config, formats)?;
            (Some(distro), config)
        }
        None => (None, config),
    };
    let plan = make_plan(args, &config, formats)?;
    for warning in &plan.warnings {
        run::say(&format!("warning: {warning}"));
    }
    if let Some(distro) = &distro {
        distros::compare(distro, &plan, args.strict)?;
    }
    if args.plan {
        return print(args, &plan, || render::plan(&plan, &config, formats));
    }
    let mut progress = Progress::new(args.progress);
    let result = build_run::run(formats, &config, &plan, &mut progress);
    progress.finish();
    let manifest = result?;
    print(args, &manifest, || {
        let rows = render::rows(&manifest, formats);
        let table = table::rendered(render::HEADER, rows);
        format!("{table}\n{}", render::closing(&plan, &manifest))
    })
}

fn make_plan(args: &Args, config: &Config, formats: &Formats) -> Result<Plan> {
    let purpose = args.install_deps.then_some(Purpose::Dist);
    let findings = install_deps::findings(purpose, &config.native_dep)?;
    let mut source = source::read(config)?;
    if let Some(profile) = &args.cargo_profile {
        let honoured = &mut source.settings.honoured;
        honoured.insert(CARGO_PROFILE.to_owned(), profile.clone());
    }
    let request = Request {
        flavour: args.flavour,
        formats: args.format.clone(),
        // For a distribution, what counts is what its entry expects.
        strict: args.strict && args.distros.as_distro.is_none(),
    };
    let planned = plan(
        formats.rules(),
        config,
        &source,
        &places(args)?,
        &findings,
        &request,
    );
    planned.map_err(|error| with_option(error, args))
}

/// Refuses a format that is not known, as the parser of the arguments would if it had the table.
fn known(formats: &Formats, name: FormatName) -> Result<()> {
    let refused = |error| {
        let message = format!("invalid value '{name}' for '--format <FORMAT>': {error}");
        Failure::hinted(
            message,
            format!("see `{}`", toolkit::command("dist --help")),
        )
    };
    formats.get(name).map(drop).map_err(refused)
}

/// A missing package is mended by one option, unless that was tried already.
fn with_option(error: PlanError, args: &Args) -> Failure {
    let installable = error.mend().is_some_and(|mend| !mend.packages.is_empty());
    let failure = Failure::from(error);
    match &failure.hint {
        Some(command) if installable && !args.install_deps => {
            let own = toolkit::command("dist --install-deps");
            let hint = format!("{command}, or run `{own}`");
            failure.with_hint(hint)
        }
        _ => failure,
    }
}

fn places(args: &Args) -> Result<Places> {
    let workspace = run::root();
    let cache = run::target()?.join("dist");
    let out = args.out.clone().unwrap_or_else(|| cache.clone());
    let out = std::path::absolute(&out)
        .with_context(|| format!("cannot tell the absolute path of {}", out.display()))?;
    Ok(Places {
        cargo_home: cargo_home()?,
        workspace,
        out,
        cache,
    })
}

fn cargo_home() -> Result<PathBuf> {
    let home = || std::env::home_dir().map(|home| home.join(".cargo"));
    std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(home)
        .context("neither CARGO_HOME nor HOME is set")
}

fn print(args: &Args, value: &impl serde::Serialize, text: impl Fn() -> String) -> Result<()> {
    if args.json {
        run::print(&run::json(value)?)
    } else {
        run::print(&text())
    }
}
