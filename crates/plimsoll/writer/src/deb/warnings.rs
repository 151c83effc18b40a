//! cargo-deb warns where it should refuse; here a warning is an error.

use std::path::Path;
use std::sync::Mutex;

use cargo_deb::listener::Listener;

/// Units are handed over as files with the paths that they are installed to; cargo-deb then
/// still tells that none lies beside the maintainer scripts.
const EXPECTED: &str = "No usable systemd units found";

/// Collects what cargo-deb warns about.
#[derive(Default)]
pub(super) struct Warnings(Mutex<Vec<String>>);

impl Warnings {
    /// All of them on one line, or none.
    pub(super) fn into_text(self) -> Option<String> {
        let warnings = self
            .0
            .into_inner()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        (!warnings.is_empty()).then(|| warnings.join("; "))
    }
}

impl Listener for Warnings {
    fn warning(&self, text: String) {
        if !text.starts_with(EXPECTED) {
            let mut warnings = self
                .0
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner());
            warnings.push(text);
        }
    }

    fn info(&self, _text: String) {}

    fn generated_archive(&self, _path: &Path) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_expected_warning_is_dropped() {
        let warnings = Warnings::default();
        warnings.warning(format!("{EXPECTED} for `x` in `y`"));
        warnings.warning("No $auto deps for x".to_owned());
        assert_eq!(warnings.into_text().as_deref(), Some("No $auto deps for x"));
    }
}
