//! What needs no kernel: languages, validation, and the ruleset in memory.

#![expect(clippy::expect_used, reason = "a test reports a failure by panicking")]

#[path = "../common/sample/mod.rs"]
mod sample;

mod render;
mod ruleset;
mod validate;
