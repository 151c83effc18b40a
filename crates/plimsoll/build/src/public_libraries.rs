//! Shared libraries that a package has where the dynamic linker looks for them: every program of the system may link them.
//!
//! They must be in the linker's cache, or programs start only by chance (Debian Policy 8.1.1). Fedora's glibc and that of RHEL 8 renew it
//! by themselves for the usual folders, SUSE's does not.

use plimsoll_spec::PackageFile;

use crate::fault::Fault;
use crate::program::BuiltProgram;

/// The folders that ld.so(8) and ldconfig(8) know without a configuration. Debian configures one more for each architecture.
const SEARCHED: [&str; 4] = ["/lib", "/lib64", "/usr/lib", "/usr/lib64"];

/// Where packages say which further folders are searched.
const CONFIGURED: &str = "/etc/ld.so.conf.d/";

/// The sonames of the public libraries. A library without one is for no other program.
pub(crate) fn sonames(programs: &[BuiltProgram]) -> Vec<String> {
    let sonames = public(programs).map(|(_, _, soname)| soname.to_owned());
    let mut sonames: Vec<String> = sonames.collect();
    sonames.sort();
    sonames.dedup();
    sonames
}

/// Whether the files change what the dynamic linker finds.
pub(crate) fn change_the_cache(programs: &[BuiltProgram], files: &[PackageFile]) -> bool {
    let mut files = files.iter();
    public(programs).next().is_some() || files.any(|file| file.dest.starts_with(CONFIGURED))
}

/// The public libraries that the package does not have under the name by which programs look for them. ldconfig(8) would make a link
/// then that no package has (Debian Policy 8.1).
pub(crate) fn unnamed(programs: &[BuiltProgram], files: &[PackageFile]) -> Vec<Fault> {
    let lacking = public(programs).filter_map(|(program, folder, soname)| {
        let path = format!("{folder}/{soname}");
        let is_there = files.iter().any(|file| file.dest == path);
        (!is_there).then(|| {
            let what = format!(
                "programs look for it as {soname}, and the package has no {path}: name it so in `dest`, or add a link of that name"
            );
            Fault::new(&program.name, what)
        })
    });
    lacking.collect()
}

/// The public libraries, each with its folder and its soname.
fn public(programs: &[BuiltProgram]) -> impl Iterator<Item = (&BuiltProgram, &str, &str)> {
    programs.iter().filter_map(|program| {
        let (folder, _) = program.place().rsplit_once('/')?;
        let soname = program.elf.soname.as_deref()?;
        is_searched(folder).then_some((program, folder, soname))
    })
}

fn is_searched(folder: &str) -> bool {
    let of_architecture = |rest: &str| !rest.contains('/') && rest.contains("-linux-gnu");
    let below = ["/usr/lib/", "/lib/"].iter();
    let mut below = below.filter_map(|lib| folder.strip_prefix(lib));
    SEARCHED.contains(&folder) || below.any(of_architecture)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::fixtures::daemon;

    fn library(dest: &str, soname: Option<&str>) -> BuiltProgram {
        let mut library = daemon();
        library.name = "libtide.so".to_owned();
        library.dest = Some(dest.to_owned());
        library.elf.soname = soname.map(str::to_owned);
        library
    }

    fn file(dest: &str) -> PackageFile {
        serde_json::from_value(serde_json::json!({ "source": "x", "dest": dest, "mode": 420 }))
            .expect("a file")
    }

    #[test]
    fn a_library_is_public_by_its_folder_and_its_soname() {
        for (dest, soname, is_public) in [
            ("/usr/lib/libtide.so.1", Some("libtide.so.1"), true),
            ("/usr/lib64/libtide.so.1", Some("libtide.so.1"), true),
            (
                "/usr/lib/x86_64-linux-gnu/libtide.so.1",
                Some("libtide.so.1"),
                true,
            ),
            ("/usr/lib/sample/libtide.so.1", Some("libtide.so.1"), false),
            (
                "/usr/lib/x86_64-linux-gnu/sample/libtide.so.1",
                Some("libtide.so.1"),
                false,
            ),
            ("/usr/lib/libtide.so", None, false),
        ] {
            let programs = [library(dest, soname)];
            assert_eq!(!sonames(&programs).is_empty(), is_public, "{dest}");
            assert_eq!(change_the_cache(&programs, &[]), is_public, "{dest}");
        }
        let configured = [file("/etc/ld.so.conf.d/sample.conf")];
        assert!(change_the_cache(&[], &configured));
        assert!(!change_the_cache(&[], &[file("/etc/ld.so.conf")]));
    }

    #[test]
    fn a_public_library_has_the_name_that_programs_look_for() {
        let other = [library("/usr/lib/libtide.so.1.2", Some("libtide.so.1"))];
        let files = [file("/usr/lib/libtide.so.1.2")];
        let faults = unnamed(&other, &files);
        assert_eq!(
            faults.iter().map(ToString::to_string).collect::<Vec<_>>(),
            [
                "libtide.so: programs look for it as libtide.so.1, and the package has no /usr/lib/libtide.so.1: name it so in \
              `dest`, or add a link of that name"
            ]
        );
        let linked = [
            file("/usr/lib/libtide.so.1.2"),
            file("/usr/lib/libtide.so.1"),
        ];
        assert_eq!(unnamed(&other, &linked).len(), 0);
    }
}
