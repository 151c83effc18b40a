//! What this project's own packaging files say, as the toolkit reads them.

use std::path::{Path, PathBuf};

use plimsoll_build::engine::Toolchain;
use plimsoll_build::format::Formats;
use plimsoll_plan::config::{self, Config};
use plimsoll_plan::distro::{self, DistroList};
use plimsoll_plan::fixtures::source;
use plimsoll_probe::{FlavourName, Request};
use plimsoll_verify::profile::load_all;

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
