//! From a plan to packages that prove what they need.
//!
//! [`run::run`] goes through the [`steps`] of a plan: it builds, compares the ELF files and what the
//! programs say about themselves with the plan ([`audit`]), derives the dependencies ([`depends`]),
//! has the packages written ([`packager`]), and compares those again. The result is a
//! [`manifest::Manifest`]. [`engine`] does the same inside of other distributions.

pub mod audit;
pub mod compose;
pub mod depends;
pub mod elf;
pub mod engine;
pub mod manifest;
pub mod packager;
pub mod run;
pub mod source;
pub mod steps;
