//! The libraries that every dynamic program may link, and their packages.

use plimsoll_probe::{Family, NativeDep};

/// A family's package of a library: the C library's, the compiler's runtime, or the declared one.
#[must_use]
pub fn package<'a>(family: Family, soname: &str, library: &'a NativeDep) -> Option<&'a str> {
    match soname == library.soname {
        true => library.runtime.of(family),
        false => (family.system_library)(soname),
    }
}

/// Whether a dynamic program may link a library: it is the declared one, or one of the system in some family.
#[must_use]
pub fn may_be_linked(soname: &str, library: &NativeDep) -> bool {
    let is_of = |family: &Family| (family.system_library)(soname).is_some();
    soname == library.soname || Family::all().iter().any(is_of)
}
