//! Container engines, each on a host of its own, with their own network driver and with Tidegate.
//!
//! A host is a root of a Debian release that mmdebstrap makes once (kept under `target/roots`), in namespaces of its own.
//! Every case is tried with the engine's own driver and with Tidegate, and asks the same questions of both. An answer that is
//! not the wanted one is a line in [`differences`], or the test fails. docs/engines/differences.md has these lines.
//!
//! `cargo test -p tidegate-tests --test real_engines -- --nocapture` prints the table of engines and cases.
//! `TIDEGATE_TEST_ENGINES=all` adds the cases that are left out elsewhere because of their time.
//! `TIDEGATE_TEST_CASES=TEXT` tries only the cases whose name contains the text.
//! `TIDEGATE_TEST_MIRROR` names another Debian mirror than `http://deb.debian.org/debian`.

#![expect(clippy::expect_used, reason = "a test reports a failure by panicking")]

mod cases;
mod column;
mod differences;
mod document;
mod engine;
mod go;
mod host;
mod report;
mod run;
mod scene;
