//! From a packaging description to a plan, to steps, to packages that prove what they need.
//!
//! 1. [`config::load`] reads `packaging/dist.toml`, [`source::read`] what is being built, and
//!    `tidegate_native_deps::probe` what the host has.
//! 2. [`plan::plan`] decides, as a pure function of those three and of a [`plan::Request`].
//! 3. [`run::run`] goes through the [`steps`] of the plan: it builds, compares the ELF files and
//!    what the programs say about themselves with the plan ([`audit`]), derives the dependencies
//!    ([`depends`]), has the packages written, and compares those again.
//! 4. The result is a [`manifest::Manifest`].
//!
//! The writing of packages is a program of its own, which takes a [`spec::PackageSpec`]: its
//! libraries are built when the first package is written, and not before.

pub mod audit;
pub mod changelog;
pub mod compose;
pub mod config;
pub mod depends;
pub mod distro;
pub mod elf;
pub mod engine;
pub mod manifest;
pub mod packager;
pub mod plan;
pub mod run;
pub mod source;
pub mod spec;
pub mod steps;
pub mod verify;
