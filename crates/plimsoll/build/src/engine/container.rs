//! Building in a container: one Dockerfile at the top of the workspace for every distribution.
//!
//! BuildKit and buildah read it; Docker's classic builder, which has neither cache mounts nor secrets, does not count as an
//! engine that answers. The packages are copied out of a container that is never started.

use std::path::Path;

use crate::source::COMMIT_VARIABLE;
use plimsoll_plan::distro::OUT;

use plimsoll_probe::Command;

use super::{Engine, EngineError, Folders, Job, Site, Stage, Toolchain};

/// The last stage of the Dockerfile.
const ARTEFACTS: &str = "artefacts";
/// The image name of a toolchain directory.
const TOOLCHAIN_IMAGE: &str = "localhost/dist-toolchain:given";

fn call<S: Into<String>>(engine: Engine, args: impl IntoIterator<Item = S>) -> Command {
    let mut call = Command::new(engine.as_str(), args);
    if engine == Engine::Docker {
        call.env.push(("DOCKER_BUILDKIT".into(), "1".into()));
    }
    call
}

/// The commands that make an image of a toolchain folder and of the crates in Cargo's registry,
/// run once for all distributions. None for a toolchain that is an image.
#[must_use]
pub fn prepare(engine: Engine, toolchain: &Toolchain, folders: &Folders) -> Vec<Stage> {
    let Toolchain::Folder(folder) = toolchain else {
        return Vec::new();
    };
    let tar = folders.work.join("toolchain.tar").display().to_string();
    let pack = |action: &str, rename: &str, from: &Path, what: &[&str]| {
        let mut args = vec![action.to_owned(), format!("--file={tar}")];
        // Targets of symbolic links (S) stay what they are.
        args.push(format!("--transform={rename}S"));
        // Owners mean nothing in another system.
        args.extend(["--owner=0".to_owned(), "--group=0".to_owned()]);
        args.push(format!("--directory={}", from.display()));
        args.extend(what.iter().map(|name| (*name).to_owned()));
        Command::new("tar", args)
    };
    let crates = match folders.has_git_crates {
        true => &["./registry/index", "./registry/cache", "./git"][..],
        false => &["./registry/index", "./registry/cache"],
    };
    vec![
        Stage::new(
            "pack the toolchain",
            pack(
                "--create",
                "s,^\\./,usr/local/rustup/toolchains/given/,",
                folder,
                &["--exclude=./share/doc", "--exclude=./lib/rustlib/src", "./"],
            ),
        ),
        Stage::new(
            "pack the crates",
            pack(
                "--append",
                "s,^\\./,usr/local/cargo/,",
                &folders.cargo_home,
                crates,
            ),
        ),
        Stage::new(
            "import the toolchain",
            call(engine, ["import", &tar, TOOLCHAIN_IMAGE]),
        ),
        Stage::cleaning_up(
            "remove the packed toolchain",
            Command::new("rm", ["-f", &tar]),
        ),
    ]
}

/// The commands that build one distribution's packages.
///
/// # Errors
/// When the builder cannot do what the site asks for.
pub fn recipe(engine: Engine, job: &Job<'_>) -> Result<Vec<Stage>, EngineError> {
    let name = format!("{}-dist-{}", job.plan.plan.name, job.distro.id());
    let image = format!("localhost/{name}:latest");
    let out = job.out().display().to_string();
    let remove = |name: &str| call(engine, ["rm", "--force", name]);
    let mut stages = vec![
        Stage::new("build the image", build(engine, job, &image)?),
        // Leftovers of a killed run.
        Stage::tried("remove an old container", remove(&name)),
        Stage::new(
            "make a container",
            // It is never started, but must have a command.
            call(engine, ["create", "--name", &name, &image, "none"]),
        ),
        Stage::new(
            "copy the packages",
            call(engine, ["cp", &format!("{name}:{OUT}/."), &out]),
        ),
        Stage::cleaning_up("remove the container", remove(&name)),
    ];
    if mirror(job)?.is_some() {
        let file = mirror_file(job).display().to_string();
        let forget = Command::new("rm", ["-f".to_owned(), file]);
        stages.push(Stage::cleaning_up("forget the mirror", forget));
    }
    Ok(stages)
}

fn build(engine: Engine, job: &Job<'_>, image: &str) -> Result<Command, EngineError> {
    let workspace = &job.folders.workspace;
    let mut args = vec![
        "build".to_owned(),
        format!("--file={}", workspace.join("Dockerfile").display()),
        format!("--target={ARTEFACTS}"),
        format!("--tag={image}"),
    ];
    if engine == Engine::Docker {
        args.push("--progress=plain".to_owned());
    }
    let network = job.site.network.iter();
    args.extend(network.map(|network| format!("--network={network}")));
    args.extend(secrets(job)?);
    for (name, value) in build_args(job).into_iter().chain(proxy(job.site)) {
        args.push(format!("--build-arg={name}={value}"));
    }
    args.push(workspace.display().to_string());
    Ok(call(engine, args))
}

/// Build arguments that describe the distribution.
fn build_args(job: &Job<'_>) -> Vec<(&'static str, String)> {
    let packages = &job.plan.packages;
    let source = &job.plan.plan.source;
    let (toolchain, offline) = match job.toolchain {
        Toolchain::Image(image) => (image.as_str(), "false"),
        Toolchain::Folder(_) => (TOOLCHAIN_IMAGE, "true"),
    };
    vec![
        ("BASE_IMAGE", job.plan.image.clone()),
        ("TOOLCHAIN_IMAGE", toolchain.to_owned()),
        ("DISTRO", job.distro.id().to_owned()),
        ("REFRESH", packages.refresh.join(" ")),
        ("INSTALL", packages.install.join(" ")),
        ("PACKAGES", packages.required.join(" ")),
        ("INSTALL_WISHED", packages.install_wished.join(" ")),
        ("WISHED_PACKAGES", packages.wished.join(" ")),
        ("DIST_OPTIONS", job.options().join(" ")),
        ("PROJECT", job.plan.plan.name.clone()),
        (COMMIT_VARIABLE, source.commit.clone()),
        ("SOURCE_DATE_EPOCH", source.source_date_epoch.to_string()),
        ("CARGO_NET_OFFLINE", offline.to_owned()),
    ]
}

/// Every builder knows these arguments, and keeps them out of the image's history.
fn proxy(site: &Site) -> Vec<(&'static str, String)> {
    let names = ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"];
    let proxy = site.proxy.iter();
    proxy
        .flat_map(|proxy| names.map(|name| (name, proxy.clone())))
        .collect()
}

/// The file that gives the mirror to the build.
#[must_use]
pub fn mirror_file(job: &Job<'_>) -> std::path::PathBuf {
    let name = format!("mirror-{}", job.distro.id());
    job.folders.work.join(name)
}

/// The content of that file: the archive and its replacement.
///
/// # Errors
/// If the distribution has no archive that a mirror could replace.
pub fn mirror(job: &Job<'_>) -> Result<Option<String>, EngineError> {
    let Some(mirror) = job.site.mirror(job.distro) else {
        return Ok(None);
    };
    match &job.distro.archive {
        Some(archive) => Ok(Some(format!("{archive}\n{mirror}\n"))),
        None => Err(EngineError::NoArchive {
            id: job.distro.id().to_owned(),
        }),
    }
}

fn secrets(job: &Job<'_>) -> Result<Vec<String>, EngineError> {
    let mirror = mirror(job)?.map(|_| ("mirror", mirror_file(job)));
    let ca = job.site.ca_bundle.clone().map(|file| ("ca", file));
    let secrets = ca.into_iter().chain(mirror);
    Ok(secrets
        .map(|(id, file)| format!("--secret=id={id},src={}", file.display()))
        .collect())
}
