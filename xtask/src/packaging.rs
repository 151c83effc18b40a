//! What this project's own packaging files say, as the toolkit reads them.

use std::path::{Path, PathBuf};

use plimsoll_build::engine::container;
use plimsoll_build::engine::{Engine, Folders, Job, Site, Toolchain};
use plimsoll_build::format::Formats;
use plimsoll_plan::config::{self, Config};
use plimsoll_plan::distro::{self, DistroList};
use plimsoll_plan::fixtures::source;
use plimsoll_plan::plan::Arch;
use plimsoll_probe::{FlavourName, Request};
use plimsoll_verify::profile::load_all;

const DOCKERFILE: &str = include_str!("../../Dockerfile");

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn packaging() -> PathBuf {
    workspace().join("packaging")
}

fn formats() -> Formats {
    Formats::standard()
}

fn configuration() -> Config {
    config::load(&packaging().join("dist.toml"), &formats().rules().names()).unwrap()
}

fn list() -> DistroList {
    distro::load(&packaging().join("distros.toml"), formats().rules()).unwrap()
}

#[test]
fn the_daemon_links_one_library_and_the_static_flavour_is_a_tar_file() {
    let config = configuration();
    assert_eq!(
        &*config.native_dep["libnftables"].soname,
        "libnftables.so.1"
    );
    let formats = config.formats(FlavourName::STATIC);
    assert_eq!(formats.len(), 1);
    assert_eq!(formats[0].to_string(), "tar");
}

#[test]
fn every_distribution_is_planned_as_it_expects_and_for_every_architecture() {
    let (list, config) = (list(), configuration());
    let mut files = Vec::new();
    for distro in &list.distros {
        for architecture in &distro.architectures {
            let plan = distro::plan(
                formats().rules(),
                &list,
                distro,
                &config,
                &source(),
                *architecture,
                Request::Auto,
            );
            let plan = plan.unwrap();
            assert_eq!(plan.departure, None, "{}", distro.id());
            files.extend(plan.plan.packages.into_iter().map(|package| package.file));
        }
    }
    let count = files.len();
    files.sort();
    files.dedup();
    assert_eq!(files.len(), count, "no two packages share a file name");
}

#[test]
fn every_rpm_distribution_of_the_list_has_a_profile_with_sources() {
    let profiles = load_all(&packaging().join("profiles"), &list()).unwrap();
    assert!(profiles.len() >= 10, "{:?}", profiles.keys());
    for (id, profile) in profiles {
        let libraries = profile.libraries.iter().map(|it| &it.source);
        let packages = profile.packages.iter().map(|it| &it.source);
        let mut sources = libraries.chain(packages).chain([&profile.glibc.source]);
        assert!(sources.all(|source| !source.is_empty()), "{id}");
        assert!(profile.scriptlets().is_some(), "{id} has no systemd");
    }
}

#[test]
fn every_stage_and_argument_of_a_build_is_in_the_dockerfile() {
    assert!(
        DOCKERFILE
            .lines()
            .any(|line| line == "FROM scratch AS artefacts")
    );
    for name in build_arguments() {
        let declares =
            |line: &str| line == format!("ARG {name}") || line.starts_with(&format!("ARG {name}="));
        assert!(DOCKERFILE.lines().any(declares), "{name}");
    }
}

/// The names of what buildah is given for a distribution.
fn build_arguments() -> Vec<String> {
    let (list, config) = (list(), configuration());
    let distro = list.get("debian-13").unwrap();
    let flavour = Request::Auto;
    let plan = distro::plan(
        formats().rules(),
        &list,
        distro,
        &config,
        &source(),
        Arch::Amd64,
        flavour,
    )
    .unwrap();
    let folders = Folders {
        workspace: "/w".into(),
        out: "/w/target/dist".into(),
        roots: "/w/target/roots".into(),
        work: "/w/target/dist/scratch".into(),
        cargo_home: "/home/.cargo".into(),
        has_git_crates: false,
        kit: None,
    };
    let job = Job {
        distro,
        plan: &plan,
        site: &Site::default(),
        toolchain: &Toolchain::Image("rust:1.95.0-slim".to_owned()),
        folders: &folders,
        flavour,
        strict: true,
    };
    let recipe = container::recipe(Engine::Podman, &job).unwrap();
    let given = recipe[0].call.args.iter().filter_map(|arg| {
        let (name, _) = arg.strip_prefix("--build-arg=")?.split_once('=')?;
        Some(name.to_owned())
    });
    given.collect()
}

#[test]
fn nothing_that_is_copied_to_another_project_names_this_one() {
    for text in [
        DOCKERFILE,
        include_str!("../../packaging/container/install-packages"),
        include_str!("../../packaging/container/with-crates"),
    ] {
        assert!(!text.to_lowercase().contains("tidegate"), "{text}");
    }
}

#[test]
fn the_toolchain_image_is_that_of_the_pinned_channel() {
    let text = include_str!("../../rust-toolchain.toml");
    let channel = text
        .lines()
        .find_map(|line| line.strip_prefix("channel = "));
    let image = format!(
        "docker.io/library/rust:{}-slim",
        channel.unwrap().trim_matches('"')
    );
    assert_eq!(Toolchain::image_of(text), Some(Toolchain::Image(image)));
}
