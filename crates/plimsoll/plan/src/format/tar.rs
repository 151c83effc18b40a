//! Tar files.

use plimsoll_spec::FormatName;

use super::{FormatRules, Naming};
use crate::arch::Arch;
use crate::config::Config;

/// A gzip-compressed tar file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tar;

impl FormatRules for Tar {
    fn name(&self) -> FormatName {
        FormatName::TAR
    }

    fn about(&self) -> &'static str {
        "A gzip-compressed tar file."
    }

    fn title(&self) -> &'static str {
        "tar"
    }

    fn arch(&self, arch: Arch) -> &'static str {
        arch.machine()
    }

    fn file_name(&self, naming: &Naming<'_>) -> String {
        let Naming {
            name,
            version,
            arch,
            flavour,
            ..
        } = naming;
        format!("{name}-{version}-{arch}-linux-{flavour}.tar.gz")
    }

    fn has_dependencies(&self) -> bool {
        false
    }

    fn section<'c>(&self, config: &'c Config) -> &'c str {
        config.deb.section.as_deref().unwrap_or_default()
    }

    fn derives_from(&self, _programs: &[&str]) -> Option<String> {
        None
    }
}
