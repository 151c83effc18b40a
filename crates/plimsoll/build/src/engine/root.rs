//! Building in a root of the distribution's own, where no container engine runs.
//!
//! mmdebstrap(1) makes the root once and keeps it as a tar file. Each build unpacks it into a
//! tmpfs(5) that only its own mount namespace sees, so that a killed build leaves nothing behind,
//! and has no network: the crates were fetched before.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use plimsoll_probe::Command;

use super::ship::PLACE;
use super::{EngineError, Folders, Job, Site, Stage, Toolchain};
use crate::packager;
use crate::source::COMMIT_VARIABLE;
use plimsoll_plan::distro::{CARGO_HOME, Distro, TARGET};

/// Runs inside of the new namespaces, before the root is entered.
const ENTER: &str = include_str!("root/enter.sh");
/// Where the toolchain is inside of the root.
const TOOLCHAIN: &str = "/opt/rust";

/// The ingredients of a root. Equal ingredients give the same root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RootSpec {
    /// The release in the archive.
    pub suite: String,
    /// Debian's name of the architecture.
    pub architecture: String,
    /// What must be in it.
    pub packages: Vec<String>,
    /// What is in it where the archive has it.
    pub wished: Vec<String>,
}

impl RootSpec {
    /// The root for a job.
    #[must_use]
    pub fn of(job: &Job<'_>) -> Self {
        let packages = &job.plan.packages;
        Self {
            suite: job.distro.suite.clone().unwrap_or_default(),
            architecture: job.plan.architecture.as_str().to_owned(),
            packages: packages.required.clone(),
            wished: packages.wished.clone(),
        }
    }
}

/// Where a job's root is kept.
#[must_use]
pub fn archive(job: &Job<'_>) -> PathBuf {
    job.folders.roots.join(format!("{}.tar", job.distro.id()))
}

/// The file with the ingredients of that root.
#[must_use]
pub fn record(job: &Job<'_>) -> PathBuf {
    job.folders.roots.join(format!("{}.json", job.distro.id()))
}

/// The temporary name of that file until the root is complete.
#[must_use]
pub fn new_record(job: &Job<'_>) -> PathBuf {
    job.folders
        .roots
        .join(format!("{}.json.new", job.distro.id()))
}

/// Where a job's build artefacts are kept: one folder a distribution, whose C libraries differ.
#[must_use]
pub fn target(job: &Job<'_>) -> PathBuf {
    job.folders
        .roots
        .join(format!("{}.target", job.distro.id()))
}

/// The empty folder that every root is mounted on, each in a mount namespace of its own.
#[must_use]
pub fn mount_point(folders: &Folders) -> PathBuf {
    folders.roots.join("mnt")
}

/// The commands that fetch the crates, those that write packages too, run once for all distributions. An xtask with a lock
/// file of its own has crates of its own.
#[must_use]
pub fn prepare(cargo: &str, folders: &Folders) -> Vec<Stage> {
    let fetch = ["fetch", "--locked"];
    let mut stages = vec![Stage::new("fetch the crates", Command::new(cargo, fetch))];
    let manifest = folders.workspace.join(packager::MANIFEST);
    if folders.kit.is_none() && manifest.with_file_name("Cargo.lock").is_file() {
        let manifest = manifest.display().to_string();
        let own = fetch.into_iter().chain(["--manifest-path", &manifest]);
        stages.push(Stage::new(
            "fetch the crates of the xtask",
            Command::new(cargo, own),
        ));
    }
    stages
}

/// The commands that build one distribution's packages. `is_fresh` says that the root that is
/// kept is made of what it should be.
///
/// # Errors
/// When the toolchain is not a folder.
pub fn recipe(job: &Job<'_>, is_fresh: bool) -> Result<Vec<Stage>, EngineError> {
    let toolchain = match job.toolchain {
        Toolchain::Folder(folder) => folder,
        Toolchain::Image(image) => {
            return Err(EngineError::ToolchainImage {
                image: image.clone(),
            });
        }
    };
    let build = Stage::new("build in the root", build(job, toolchain));
    let mut stages = match is_fresh {
        true => Vec::new(),
        false => make(job),
    };
    stages.push(build);
    Ok(stages)
}

/// A root that is not finished must not be taken for one that is: its record comes last.
fn make(job: &Job<'_>) -> Vec<Stage> {
    let text = |path: PathBuf| path.display().to_string();
    let new = text(archive(job).with_extension("new.tar"));
    let (archive, record) = (text(archive(job)), text(record(job)));
    let new_record = text(new_record(job));
    vec![
        Stage::new("make the root", debootstrap(job, &new)),
        Stage::new("keep the root", Command::new("mv", [&new, &archive])),
        Stage::new(
            "write down what it holds",
            Command::new("mv", [&new_record, &record]),
        ),
    ]
}

fn debootstrap(job: &Job<'_>, out: &str) -> Command {
    let spec = RootSpec::of(job);
    let wishes = spec.wished.iter().map(|name| wish(job, name)).collect();
    mmdebstrap(&Bootstrap {
        site: job.site,
        distro: job.distro,
        spec: &spec,
        options: wishes,
        mount_point: &mount_point(job.folders),
        out,
    })
}

/// What mmdebstrap(1) is told.
#[derive(Debug)]
pub struct Bootstrap<'a> {
    /// Mirrors, proxy and certificates.
    pub site: &'a Site,
    /// The entry of the list.
    pub distro: &'a Distro,
    /// What the root is made of.
    pub spec: &'a RootSpec,
    /// Further options.
    pub options: Vec<String>,
    /// An empty folder, for its temporary files.
    pub mount_point: &'a Path,
    /// A folder, or a tar file by its name.
    pub out: &'a str,
}

/// The command that makes a root from the distribution's archive or its mirror.
#[must_use]
pub fn mmdebstrap(root: &Bootstrap<'_>) -> Command {
    let Bootstrap {
        site, distro, spec, ..
    } = root;
    let mut args = vec![
        "--variant=minbase".to_owned(),
        "--mode=root".to_owned(),
        format!("--architectures={}", spec.architecture),
        format!("--include={}", spec.packages.join(",")),
        // The root is packed up at once: nothing is gained by waiting for the disk.
        "--dpkgopt=force-unsafe-io".to_owned(),
    ];
    args.extend(site.apt_options().iter().map(|o| format!("--aptopt={o}")));
    args.extend(root.options.iter().cloned());
    let archive = distro.archive.as_deref().unwrap_or_default();
    let mirror = site.root_mirror(distro).unwrap_or(archive);
    args.extend([spec.suite.clone(), root.out.to_owned(), mirror.to_owned()]);
    // In memory, and gone with the command; mmdebstrap needs devices, which /tmp may not allow.
    let script = "mount -t tmpfs -o mode=0755 tmpfs \"$1\"; export TMPDIR=\"$1\"; shift; \
                  exec mmdebstrap \"$@\"";
    let mount_point = root.mount_point.display().to_string();
    let shell = ["--mount", "sh", "-eu", "-c", script, "mmdebstrap"].map(str::to_owned);
    let words = shell.into_iter().chain([mount_point]).chain(args);
    Command::new("unshare", words)
}

/// A package whose absence is only reported, not an error.
fn wish(job: &Job<'_>, name: &str) -> String {
    let install = job.plan.packages.install_wished.join(" ");
    let absent = format!("note: {name} is not available");
    format!("--customize-hook=chroot \"$1\" {install} {name} || echo '{absent}'")
}

fn build(job: &Job<'_>, toolchain: &Path) -> Command {
    let folders = job.folders;
    // No path: there is nothing to mount.
    let kit = folders.kit.clone().unwrap_or_default();
    let paths = [
        &mount_point(folders),
        &archive(job),
        toolchain,
        &folders.cargo_home,
        &folders.workspace,
        &target(job),
        &job.out(),
        &kit,
    ];
    let namespaces = ["--mount", "--net", "--pid", "--fork", "--kill-child"];
    let mut args: Vec<String> = namespaces.map(str::to_owned).into();
    args.extend(["sh", "-eu", "-c", ENTER, "enter"].map(str::to_owned));
    args.extend(paths.map(|path: &Path| path.display().to_string()));
    args.extend(environment(job));
    args.extend(job.command());
    Command::new("unshare", args)
}

/// The whole environment of the build, for env(1).
fn environment(job: &Job<'_>) -> Vec<String> {
    let source = &job.plan.plan.source;
    let set = |name: &str, value: &str| format!("{name}={value}");
    vec![
        set(
            "PATH",
            &format!("{TOOLCHAIN}/bin:{PLACE}:/usr/sbin:/usr/bin:/sbin:/bin"),
        ),
        set("HOME", "/root"),
        set("LC_ALL", "C.UTF-8"),
        set("CARGO_HOME", CARGO_HOME),
        set("CARGO_TARGET_DIR", TARGET),
        set("CARGO_NET_OFFLINE", "true"),
        set("CARGO_TERM_COLOR", "never"),
        set(COMMIT_VARIABLE, &source.commit),
        set("SOURCE_DATE_EPOCH", &source.source_date_epoch.to_string()),
    ]
}
