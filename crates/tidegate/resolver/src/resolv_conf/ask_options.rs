//! How servers are asked.

use serde::{Deserialize, Serialize};

/// How servers are asked (resolv.conf(5), `options`), in the ranges of the C library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct AskOptions {
    /// Seconds to wait for an answer, 1 to 30.
    pub timeout: u8,
    /// How often each server is asked, 1 to 5.
    pub attempts: u8,
    /// Whether each question begins with another server.
    pub rotate: bool,
    /// Whether all questions go by TCP.
    pub use_vc: bool,
}

impl Default for AskOptions {
    fn default() -> Self {
        Self {
            timeout: 5,
            attempts: 2,
            rotate: false,
            use_vc: false,
        }
    }
}

impl AskOptions {
    /// Those of a file. The last of two that contradict each other counts, as in the C library.
    pub fn of<'a>(options: impl IntoIterator<Item = &'a str>) -> Self {
        let mut all = Self::default();
        for option in options {
            match option.split_once(':') {
                Some(("timeout", value)) => all.timeout = within(value, 30).unwrap_or(all.timeout),
                Some(("attempts", value)) => {
                    all.attempts = within(value, 5).unwrap_or(all.attempts)
                }
                None if option == "rotate" => all.rotate = true,
                None if option == "use-vc" || option == "usevc" => all.use_vc = true,
                _ => {}
            }
        }
        all
    }
}

/// A number from 1 to `most`; a number outside is the next one inside.
fn within(value: &str, most: u8) -> Option<u8> {
    let value: u64 = value.parse().ok()?;
    u8::try_from(value.clamp(1, most.into())).ok()
}
