//! Turns a packaging description into a plan.
//!
//! ```
//! use std::path::Path;
//!
//! use plimsoll_plan::config;
//! use plimsoll_plan::format::{Deb, Formats, Rpm, Tar};
//! use plimsoll_probe::FlavourName;
//!
//! let text = r#"
//! name = "sample"
//! summary = "Shows what a project declares"
//! description = "A program that can link zlib."
//! changelog = "CHANGELOG.md"
//!
//! [cargo]
//! packages = ["sample"]
//!
//! [stamp]
//! program = "sample"
//! arguments = ["--version", "--json"]
//! env-prefix = "SAMPLE_BUILD"
//!
//! [native-dep.zlib]
//! pkg-config = "zlib"
//! soname = "libz.so.1"
//! min-version = "1.2.11"
//! cargo-feature = { package = "sample", feature = "zlib" }
//! devel = { debian = "zlib1g-dev" }
//! runtime = { debian = "zlib1g" }
//!
//! [native-dep.zlib.tool]
//! program = "gzip"
//! packages = { debian = "gzip" }
//!
//! [flavour.dynamic]
//! formats = ["deb"]
//!
//! [flavour.dynamic-exec]
//! formats = ["deb"]
//!
//! [flavour.static]
//! formats = ["tar"]
//!
//! [deb]
//! section = "utils"
//!
//! [rpm]
//! group = "Applications/Archiving"
//!
//! [[asset]]
//! binary = "sample"
//! dest = "/usr/bin/sample"
//! "#;
//! let formats = Formats::new(vec![&Deb, &Rpm, &Tar]);
//! let config = config::parse(text, Path::new("dist.toml"), &formats.names())?;
//! assert_eq!(&*config.native_dep["zlib"].soname, "libz.so.1");
//! assert_eq!(config.formats(FlavourName::STATIC).len(), 1);
//! # Ok::<(), config::ConfigError>(())
//! ```
//!
//! [`config`] reads `packaging/dist.toml` and [`distro`] `packaging/distros.toml`. [`plan::plan`] decides, as a
//! pure function of the package formats ([`mod@format`]), of the configuration, of what is built ([`source::Source`]), of what the host has
//! ([`plimsoll_probe::Findings`]) and of what is asked for.

mod arch;
pub mod check;
pub mod complaint;
pub mod config;
pub mod distro;
pub mod examples;
#[doc(hidden)]
pub mod fixtures;
pub mod format;
mod format_names;
#[cfg(test)]
mod hints;
pub mod plan;
pub mod settings;
pub mod source;
pub mod toml_lines;
pub mod toolkit;
