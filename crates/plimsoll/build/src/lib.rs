//! Builds packages from a plan, and audits them.
//!
//! ```no_run
//! use std::path::Path;
//!
//! use plimsoll_build::format::Formats;
//! use plimsoll_build::run::{self, Observer};
//! use plimsoll_build::source;
//! use plimsoll_plan::config;
//! use plimsoll_plan::plan::{Places, Request, plan};
//! use plimsoll_probe::{Host, probe};
//!
//! struct Steps;
//!
//! impl Observer for Steps {
//!     fn step(&mut self, number: usize, total: usize, name: &str) {
//!         println!("{number}/{total} {name}");
//!     }
//!     fn line(&mut self, _line: &str) {}
//! }
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let workspace = Path::new("/home/me/sample");
//!     let formats = Formats::standard();
//!     let config = config::load(&workspace.join("packaging/dist.toml"), &formats.rules().names())?;
//!     let source = source::read(workspace, &config, None)?;
//!     let places = Places {
//!         workspace: workspace.into(),
//!         out: workspace.join("target/dist"),
//!         cache: workspace.join("target/dist"),
//!         cargo_home: "/home/me/.cargo".into(),
//!     };
//!     let findings = probe(&Host, &config.native_dep, None);
//!     let plan = plan(formats.rules(), &config, &source, &places, &findings, &Request::default())?;
//!     let manifest = run::run(&formats, &config, &plan, &mut Steps)?;
//!     println!("{}", serde_json::to_string_pretty(&manifest)?);
//!     Ok(())
//! }
//! ```
//!
//! [`run::run`] goes through the [`steps`] of a plan: it builds, compares the ELF files and what the
//! programs say about themselves with the plan ([`audit`]), derives the dependencies ([`depends`]),
//! has the packages written ([`packager`]), and compares those again. The result is a
//! [`manifest::Manifest`]. [`engine`] does the same inside of other distributions.

pub mod audit;
pub mod bundled;
pub mod compose;
pub mod crates;
pub mod debug;
pub mod depends;
pub mod elf;
pub mod elf_files;
pub mod engine;
mod fault;
pub mod format;
pub mod lent;
pub mod linked;
pub mod manifest;
pub mod metadata;
pub mod out;
pub mod outcome;
mod package_facts;
pub mod packager;
pub mod program;
pub mod progress;
mod public_libraries;
pub mod run;
pub mod sbom;
pub mod settings;
pub mod source;
pub mod steps;
mod sum;
pub mod units;
