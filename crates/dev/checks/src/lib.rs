//! What holds for every input from outside. Each check takes an input and panics where
//! something does not hold.
//!
//! The property tests of this crate give them inputs in every run of the tests; the fuzz targets in
//! `tests/fuzz` give them what libFuzzer finds, for as long as one lets them.

#![expect(
    clippy::expect_used,
    reason = "only tests link this crate, and a check reports a failure by panicking"
)]

mod dns;
mod nft;
mod requests;
mod samples;
mod values;

pub use dns::dns;
pub use nft::nft;
pub use requests::{changed_request, request};
pub use values::value;

/// An error is one line, even if it quotes an input that has several.
fn assert_shown_on_one_line(text: &str) {
    assert!(
        !text.is_empty() && !text.contains(char::is_control),
        "{text:?}"
    );
}
