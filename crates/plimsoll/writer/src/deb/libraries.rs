//! What a Debian package says of its shared libraries: to the dynamic linker, and to packages whose programs link them.

use plimsoll_spec::PackageSpec;

/// What renews the cache of the dynamic linker (Debian Policy 8.1.1).
const LDCONFIG: &str = "activate-noawait ldconfig";

/// The file `triggers`, see deb-triggers(5).
pub(super) fn triggers(spec: &PackageSpec) -> String {
    let own = spec.actions.deb_triggers.iter().map(String::as_str);
    let is_there = own.clone().any(|line| {
        let mut words = line.split_whitespace();
        words.any(|word| word == "ldconfig")
    });
    let wanted = spec.actions.ldconfig && !is_there;
    let lines = own.chain(wanted.then_some(LDCONFIG));
    lines.map(|line| format!("{line}\n")).collect()
}

/// The file `shlibs`, from which dpkg-shlibdeps(1) derives dependencies on the package: deb-shlibs(5). Nothing says since when the library
/// has had a function, so a program needs the version that it was linked with.
pub(super) fn shlibs(spec: &PackageSpec) -> String {
    let epoch = match spec.epoch {
        0 => String::new(),
        epoch => format!("{epoch}:"),
    };
    let (name, version) = (&spec.name, &spec.version);
    let libraries = spec.actions.libraries.iter();
    let libraries = libraries.filter_map(|soname| divided(soname));
    libraries
        .map(|(library, of)| format!("{library} {of} {name} (>= {epoch}{version})\n"))
        .collect()
}

/// The name and the version in a soname, `libx.so.1` or `libx-1.so`. A library without a version can be depended on by nobody.
fn divided(soname: &str) -> Option<(&str, &str)> {
    if let Some((library, version)) = soname.split_once(".so.") {
        return Some((library, version));
    }
    let (library, version) = soname.strip_suffix(".so")?.rsplit_once('-')?;
    let is_version = version.starts_with(|c: char| c.is_ascii_digit());
    is_version.then_some((library, version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_soname_has_its_version_in_one_of_two_places() {
        assert_eq!(divided("libx.so.1.2"), Some(("libx", "1.2")));
        assert_eq!(divided("libx-y-1.2.so"), Some(("libx-y", "1.2")));
        assert_eq!(divided("libx.so"), None);
        assert_eq!(divided("libx-y.so"), None);
    }
}
