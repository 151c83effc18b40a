//! From a packaging description to a plan, to steps, to packages that prove what they need.

pub mod changelog;
pub mod config;
pub mod elf;
pub mod plan;
pub mod source;
pub mod spec;
