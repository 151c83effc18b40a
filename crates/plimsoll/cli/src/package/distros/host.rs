//! What the host has and says: folders, mirrors, certificates, toolchains, builders.

use std::path::Path;

use error_hint::{Context, Failure, Result};
use plimsoll_build::engine::{Engine, EngineError, Folders, Toolchain, Within, container};
use plimsoll_plan::toolkit::Toolkit;
use plimsoll_probe::{Host, System};

use crate::package::cargo_home;
use crate::run;
use crate::site::ask;

/// The folders of a run; each distribution has one below `out`.
pub(crate) fn folders(out: Option<&Path>) -> Result<Folders> {
    let workspace = run::root();
    let target = run::target()?;
    let out = match out {
        Some(out) => std::path::absolute(out)
            .with_context(|| format!("cannot tell the absolute path of {}", out.display()))?,
        None => target.join("dist"),
    };
    let cargo_home = cargo_home()?;
    let work = target.join("dist/scratch");
    Ok(Folders {
        out,
        roots: target.join("roots"),
        dockerfile: container::dockerfile(&workspace, &work),
        has_git_crates: cargo_home.join("git").is_dir(),
        cargo_home,
        workspace,
        kit: match Toolkit::this() {
            Toolkit::Xtask => None,
            Toolkit::Installed => Some(container::kit(&work)),
        },
        work,
    })
}

/// Whether roots can be made and entered here.
///
/// # Errors
/// Says what is missing for it.
pub(crate) fn can_make_roots() -> Result<(), EngineError> {
    let program = "mmdebstrap";
    if Host.find_program(program).is_none() {
        return Err(EngineError::Missing { program });
    }
    match run::is_root() {
        true => Ok(()),
        false => Err(EngineError::NotRoot),
    }
}

/// Toolchains and builder for the engines of a run.
pub(super) struct Kit {
    /// The container engine that is used, if one is.
    pub(super) containers: Option<Engine>,
    for_containers: Toolchain,
    for_roots: Toolchain,
    uses_roots: bool,
}

impl Kit {
    /// `given` is what `--toolchain` says, `engines` what is used.
    ///
    /// # Errors
    /// Where the toolchain that is taken by default is not known.
    pub(super) fn of(given: Option<&str>, engines: &[Option<Engine>]) -> Result<Self> {
        let mut used = engines.iter().flatten();
        let container = used.clone().find(|engine| **engine != Engine::Root);
        let given = given.map(Toolchain::of);
        let for_roots = given.clone().map_or_else(own, Ok)?;
        // Only containers need an image, and so a project that names one.
        let for_containers = match (container, given) {
            (Some(_), None) => official()?,
            (_, given) => given.unwrap_or_else(|| for_roots.clone()),
        };
        Ok(Self {
            containers: container.copied(),
            for_containers,
            for_roots,
            uses_roots: used.any(|engine| *engine == Engine::Root),
        })
    }

    /// The toolchain for an engine.
    pub(super) fn toolchain(&self, engine: Engine) -> &Toolchain {
        match engine {
            Engine::Root => &self.for_roots,
            Engine::Docker | Engine::Podman => &self.for_containers,
        }
    }

    /// Whether a build takes its crates from this host.
    pub(super) fn needs_crates(&self) -> bool {
        let from_folder = matches!(self.for_containers, Toolchain::Folder(_));
        self.uses_roots || (self.containers.is_some() && from_folder)
    }

    /// What an engine builds in.
    pub(super) fn within(&self, engine: Engine) -> Within {
        match self.containers {
            Some(containers) if containers == engine => Within::Container(engine),
            _ => Within::Root,
        }
    }
}

/// The official image of the toolchain that the workspace is pinned to, else of the release that this host has.
fn official() -> Result<Toolchain> {
    let text = std::fs::read_to_string(run::root().join("rust-toolchain.toml")).ok();
    let pinned = text.as_deref().and_then(Toolchain::image_of);
    let of_host = || Toolchain::image_of_release(&ask(&rustc(), &["--version"])?);
    pinned.or_else(of_host).ok_or_else(|| {
        let message = "rust-toolchain.toml names no release of Rust, and this host's rustc is none: \
                       there is no official image";
        Failure::hinted(message, "name a toolchain with --toolchain")
    })
}

fn rustc() -> String {
    std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned())
}

/// The toolchain that this program was started with.
fn own() -> Result<Toolchain> {
    let sysroot = ask(&rustc(), &["--print=sysroot"]);
    let folder = sysroot.map(|text| Toolchain::of(text.trim()));
    match folder {
        // What cargo is started through may be a link.
        Some(Toolchain::Folder(folder)) => Ok(Toolchain::Folder(folder.canonicalize()?)),
        _ => Err(Failure::hinted(
            "cannot find this host's Rust toolchain",
            "name a toolchain folder with --toolchain",
        )),
    }
}
