//! The libraries that every dynamic program may link, and who has them.

use plimsoll_probe::{Family, NativeDep};

/// Debian's package of a library: glibc's, the compiler's runtime, or the declared one.
#[must_use]
pub fn debian_package<'a>(soname: &str, library: &'a NativeDep) -> Option<&'a str> {
    if soname == library.soname {
        return library.runtime.of(Family::Debian);
    }
    // The dynamic linker is libc6's as well: ld-linux-x86-64.so.2, ld-linux-aarch64.so.1, ….
    if soname.starts_with("ld-linux") {
        return Some("libc6");
    }
    match soname {
        "libc.so.6" | "libm.so.6" | "libdl.so.2" | "libpthread.so.0" | "librt.so.1" => {
            Some("libc6")
        }
        "libgcc_s.so.1" => Some("libgcc-s1"),
        _ => None,
    }
}
