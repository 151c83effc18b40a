//! Building in a container: one Dockerfile for every distribution and every project.
//!
//! BuildKit and buildah read it; Docker's classic builder, which has neither cache mounts nor secrets, does not count as an
//! engine that answers. The packages are copied out of a container that is never started.

mod layout;

use std::path::Path;

use crate::source::COMMIT_VARIABLE;
use plimsoll_plan::distro::OUT;

use plimsoll_probe::Command;

use super::{Engine, EngineError, Folders, Job, Site, Stage, Toolchain};

pub use layout::{dockerfile, kit, lay_out};

/// The last stage of the Dockerfile.
const ARTEFACTS: &str = "artefacts";
/// The image name of a toolchain directory.
const TOOLCHAIN_IMAGE: &str = "localhost/dist-toolchain:given";
/// The command that an xtask is built with, before anything else of the project is.
const BUILD_XTASK: &str = "cargo build --locked --manifest-path xtask/Cargo.toml";
/// What the installed command needs first.
const FETCH: &str = "cargo fetch --locked";

/// The image name of scripts and toolkit. Another version, or an xtask, has another image.
fn toolkit_image(folders: &Folders) -> String {
    let form = match folders.kit {
        Some(_) => "installed",
        None => "xtask",
    };
    format!(
        "localhost/dist-toolkit:{form}-{}",
        env!("CARGO_PKG_VERSION")
    )
}

fn call<S: Into<String>>(engine: Engine, args: impl IntoIterator<Item = S>) -> Command {
    let mut call = Command::new(engine.as_str(), args);
    if engine == Engine::Docker {
        call.env.push(("DOCKER_BUILDKIT".into(), "1".into()));
    }
    call
}

/// The commands that are run once for all distributions: they make an image of the scripts and the toolkit, and one of a toolchain
/// folder with the crates in Cargo's registry. A toolchain may be an image already.
#[must_use]
pub fn prepare(engine: Engine, toolchain: &Toolchain, folders: &Folders) -> Vec<Stage> {
    let mut stages = import_toolkit(engine, folders);
    if let Toolchain::Folder(folder) = toolchain {
        stages.extend(import_toolchain(engine, folder, folders));
    }
    stages
}

/// An image reaches every builder, and another build context does not: docker 20.10 and podman 4.1 know only one.
fn import_toolkit(engine: Engine, folders: &Folders) -> Vec<Stage> {
    let tar = folders.work.join("toolkit.tar").display().to_string();
    let from = layout::toolkit(&folders.work).display().to_string();
    let mut pack = vec!["--create".to_owned(), format!("--file={tar}")];
    pack.extend(["--owner=0", "--group=0", "--sort=name"].map(str::to_owned));
    pack.extend([format!("--directory={from}"), "./".to_owned()]);
    vec![
        Stage::new("pack the toolkit", Command::new("tar", pack)),
        Stage::new(
            "import the toolkit",
            call(engine, ["import", &tar, &toolkit_image(folders)]),
        ),
        Stage::cleaning_up(
            "remove the packed toolkit",
            Command::new("rm", ["-f", &tar]),
        ),
    ]
}

fn import_toolchain(engine: Engine, folder: &Path, folders: &Folders) -> Vec<Stage> {
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
    let name = reference(&format!("{}-dist-{}", job.plan.plan.name, job.distro.id()));
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

/// A name as engines take it for images and containers. Names of packages may hold plus signs, dots and capital letters.
fn reference(name: &str) -> String {
    let parts = name.split(|c: char| !c.is_ascii_alphanumeric());
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    parts.join("-").to_ascii_lowercase()
}

fn build(engine: Engine, job: &Job<'_>, image: &str) -> Result<Command, EngineError> {
    let workspace = &job.folders.workspace;
    let mut args = vec![
        "build".to_owned(),
        format!("--file={}", job.folders.dockerfile.display()),
        format!("--target={ARTEFACTS}"),
        format!("--tag={image}"),
    ];
    if engine == Engine::Docker {
        args.push("--progress=plain".to_owned());
    }
    // BuildKit finds the list beside the Dockerfile, and not every buildah does.
    if engine == Engine::Podman && layout::is_own(job.folders) {
        let ignored = layout::ignore_file(job.folders);
        args.push(format!("--ignorefile={}", ignored.display()));
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
    let prepare = match job.folders.kit {
        Some(_) => FETCH,
        None => BUILD_XTASK,
    };
    let (toolchain, offline) = match job.toolchain {
        Toolchain::Image(image) => (image.as_str(), "false"),
        Toolchain::Folder(_) => (TOOLCHAIN_IMAGE, "true"),
    };
    vec![
        ("BASE_IMAGE", job.plan.image.clone()),
        ("TOOLCHAIN_IMAGE", toolchain.to_owned()),
        ("TOOLKIT_IMAGE", toolkit_image(job.folders)),
        ("DISTRO", job.distro.id().to_owned()),
        ("REFRESH", packages.refresh.join(" ")),
        ("INSTALL", packages.install.join(" ")),
        ("PACKAGES", packages.required.join(" ")),
        ("INSTALL_WISHED", packages.install_wished.join(" ")),
        ("WISHED_PACKAGES", packages.wished.join(" ")),
        ("PREPARE", prepare.to_owned()),
        ("DIST", job.command().join(" ")),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_of_a_package_is_one_that_engines_take() {
        for (name, expected) in [
            ("sample-dist-debian-12", "sample-dist-debian-12"),
            ("libX2.0+y--dist-leap-16.0", "libx2-0-y-dist-leap-16-0"),
        ] {
            assert_eq!(reference(name), expected);
        }
    }
}
