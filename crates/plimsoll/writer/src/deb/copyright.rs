//! The file `copyright` of a package that brings none.

use plimsoll_spec::PackageSpec;

/// What is known about the package's licence, in the machine-readable format
/// (<https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/>).
pub(super) fn render(spec: &PackageSpec) -> String {
    format!(
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\
         Upstream-Name: {}\n\
         Source: {}\n\n\
         Files: *\n\
         Copyright: {}\n\
         License: {}\n",
        spec.name, spec.homepage, spec.maintainer, spec.license
    )
}
