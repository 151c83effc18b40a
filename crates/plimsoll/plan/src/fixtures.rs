//! A made-up project for tests of this crate and of its users.

#![expect(
    clippy::expect_used,
    reason = "a fixture that is wrong fails every test that uses it"
)]

use std::path::Path;

use crate::config::{self, Config};
use crate::distro::{self, DistroList};
use crate::format::{Deb, Formats, Rpm, Tar};
use crate::settings::Settings;
use crate::source::Source;

/// Its `packaging/dist.toml`.
pub const DIST: &str = include_str!("../fixtures/dist.toml");

/// The `packaging/dist.toml` of a project with three libraries, of which one is required, and four flavours.
pub const CAPTURE: &str = include_str!("../fixtures/capture.toml");

/// Its `packaging/distros.toml`.
pub const DISTROS: &str = include_str!("../fixtures/distros.toml");

/// The formats that it knows.
#[must_use]
pub fn formats() -> Formats {
    Formats::new(vec![&Deb, &Rpm, &Tar])
}

/// What it packages.
#[must_use]
pub fn config() -> Config {
    config::parse(DIST, Path::new("dist.toml"), &formats().names()).expect("sound")
}

/// What the project with three libraries packages.
#[must_use]
pub fn capture() -> Config {
    config::parse(CAPTURE, Path::new("dist.toml"), &formats().names()).expect("sound")
}

/// The distributions that it packages for.
#[must_use]
pub fn distros() -> DistroList {
    distro::parse(DISTROS, Path::new("distros.toml"), &formats()).expect("sound")
}

/// What is built.
#[must_use]
pub fn source() -> Source {
    Source {
        version: "0.1.0".to_owned(),
        license: "MIT".to_owned(),
        maintainer: "A <a@example.org>".to_owned(),
        homepage: "https://example.org/".to_owned(),
        commit: "abc".to_owned(),
        source_date_epoch: 1,
        settings: Settings::default(),
    }
}
