//! Tar files, which depend on nothing: the audit of the build has seen to it that their programs need nothing.

use plimsoll_plan::format::Tar;

use super::Format;
use crate::audit::{Fault, PackageFacts};

impl Format for Tar {
    fn audit_depends(&self, _facts: &PackageFacts<'_>) -> Vec<Fault> {
        Vec::new()
    }
}
