//! A machine that builds, before and after it gets libnftables' development package. The packages
//! that it makes are those that all the tests install.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::Value;
use tidegate_tests::Output;

use crate::image::Image;
use crate::packages::{Packages, xtask};
use crate::root::Root;
use tidegate_tests::workspace;

/// A build machine of Debian 12 with this host's Rust toolchain, registry and source tree at their own
/// paths: what was compiled here need not be compiled there.
pub(crate) fn build_machine() -> Root {
    build_machine_over(Image::Build)
}

/// The same over another image.
pub(crate) fn build_machine_over(image: Image) -> Root {
    let home = std::env::home_dir().expect("HOME is set");
    let folder =
        |variable, name| std::env::var_os(variable).map_or_else(|| home.join(name), PathBuf::from);
    Root::over(image)
        .bind(workspace())
        .bind(folder("CARGO_HOME", ".cargo"))
        .bind(folder("RUSTUP_HOME", ".rustup"))
}

/// What `cargo xtask dist` knows of the source here, where git tells it.
fn source() -> Value {
    let plan = xtask(&["dist", "--plan", "--json"]).success();
    let mut plan: Value = serde_json::from_str(&plan).expect("the plan is JSON");
    plan["source"].take()
}

/// Runs `cargo xtask` there in the folder of a project, with the commit and date that git would have
/// told: the same ones leave nothing to be compiled anew. `before` is more shell.
pub(crate) fn xtask_in(machine: &Root, project: &Path, before: &str, arguments: &str) -> Output {
    let cargo = std::env::var("CARGO").expect("tests run under cargo");
    let bin = PathBuf::from(&cargo);
    let bin = bin.parent().expect("cargo is in a folder").display();
    let source = source();
    let commit = source["commit"].as_str().expect("a commit");
    machine.sh(&format!(
        "cd {}
         export PATH={bin}:$PATH CARGO_NET_OFFLINE=true
         export SOURCE_DATE_EPOCH={} SOURCE_COMMIT={commit}
         {before}
         {cargo} xtask {arguments}",
        project.display(),
        source["source-date-epoch"]
    ))
}

fn dist(machine: &Root, arguments: &str) -> Output {
    xtask_in(machine, &workspace(), "", &format!("dist {arguments}"))
}

/// Installs a package of Debian there.
pub(crate) fn install(machine: &Root, package: &str) {
    let install = format!("apt-get install --yes --quiet --no-install-recommends {package}");
    // The lists of an image that was kept for long may name packages that are gone.
    let script = format!(
        "export DEBIAN_FRONTEND=noninteractive; {install} || {{ apt-get update --quiet; {install}; }}"
    );
    machine.sh(&script).success();
}

/// What has `dist` make an .rpm on Debian, too: it is another family's.
pub(crate) const WITH_DEPENDENCIES: &str = "--format deb,rpm";

/// Compiles in a quarter of the time. What is tested is how packages are made: tests/distributions.rs makes one with the profile
/// of a release.
pub(crate) const TRIAL: &str = "--cargo-profile trial";

/// One run of `cargo xtask dist` for the formats with dependencies.
#[derive(Debug)]
pub(crate) struct Run {
    /// The table that it ended with.
    pub(crate) table: String,
    /// What it made.
    pub(crate) packages: Packages,
}

/// The same command on the same machine.
#[derive(Debug)]
pub(crate) struct Runs {
    /// `--flavour dynamic` before libnftables' development package is there.
    pub(crate) by_name: Output,
    /// Before libnftables' development package is there.
    pub(crate) without_library: Run,
    /// After.
    pub(crate) with_library: Run,
}

impl Packages {
    /// Those that link libnftables, made on a machine that has it.
    pub(crate) fn dynamic() -> &'static Self {
        &runs().with_library.packages
    }

    /// Those that run `nft`, made on a machine without libnftables' development package.
    pub(crate) fn dynamic_exec() -> &'static Self {
        &runs().without_library.packages
    }

    /// The static tar file, which links no library wherever it is made. It takes a build of its own.
    pub(crate) fn fixed() -> &'static Self {
        static MADE: OnceLock<Run> = OnceLock::new();
        &MADE
            .get_or_init(|| run(&build_machine(), "--format tar", "static"))
            .packages
    }
}

/// The runs, made once.
pub(crate) fn runs() -> &'static Runs {
    static RUNS: OnceLock<Runs> = OnceLock::new();
    RUNS.get_or_init(|| {
        let machine = build_machine();
        let by_name = dist(&machine, "--flavour dynamic --format deb --out /out");
        let without_library = run(&machine, WITH_DEPENDENCIES, "without-library");
        install(&machine, "libnftables-dev");
        let with_library = run(&machine, WITH_DEPENDENCIES, "with-library");
        Runs {
            by_name,
            without_library,
            with_library,
        }
    })
}

fn run(machine: &Root, formats: &str, name: &str) -> Run {
    let folder: &Path = &workspace().join("target/packaging-tests").join(name);
    let arguments = format!("{formats} {TRIAL} --out {}", folder.display());
    let table = dist(machine, &arguments).success();
    Run {
        table,
        packages: Packages::in_folder(folder.to_owned()),
    }
}
