//! The libraries that every dynamic program may link, and their packages.

use std::collections::BTreeMap;

use plimsoll_probe::{Family, NativeDep};

/// A family's package of a library: the C library's, the compiler's runtime, or a declared one.
#[must_use]
pub fn package<'a>(
    family: Family,
    soname: &str,
    libraries: &'a BTreeMap<String, NativeDep>,
) -> Option<&'a str> {
    match declared(soname, libraries) {
        Some(library) => library.runtime.of(family),
        None => (family.system_library)(soname),
    }
}

fn declared<'a>(soname: &str, libraries: &'a BTreeMap<String, NativeDep>) -> Option<&'a NativeDep> {
    libraries.values().find(|library| library.soname == soname)
}

/// Whether a dynamic program may link a library: it is a declared one, or one of the system in some family.
#[must_use]
pub fn may_be_linked(soname: &str, libraries: &BTreeMap<String, NativeDep>) -> bool {
    let is_of = |family: &Family| (family.system_library)(soname).is_some();
    declared(soname, libraries).is_some() || Family::all().iter().any(is_of)
}
