//! The static archives that build scripts have the linker take.

use std::path::{Path, PathBuf};

use crate::units::{Script, Units};

/// A static archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive<'a> {
    /// The build script that has it linked.
    pub script: &'a Script,
    /// Its file name, such as `libz.a`.
    pub file: String,
    /// Where it is, if it is in one of the folders that the build scripts name.
    pub path: Option<PathBuf>,
}

impl Archive<'_> {
    /// Whether a build script made it: it is in the folder that Cargo gave to one of them.
    #[must_use]
    pub fn is_made(&self, units: &Units) -> bool {
        let path = self.path.as_deref();
        path.is_some_and(|path| {
            units
                .scripts
                .iter()
                .any(|script| path.starts_with(&script.out))
        })
    }
}

/// The archives of all build scripts. A library that is asked for without a kind is an archive where the linker finds only that.
#[must_use]
pub fn archives(units: &Units) -> Vec<Archive<'_>> {
    let all = units.folders();
    let mut found: Vec<Archive<'_>> = Vec::new();
    for script in &units.scripts {
        let folders = || script.folders.iter().chain(&all);
        for library in &script.libraries {
            let (kind, name) = parsed(library);
            let file = format!("lib{name}.a");
            let archive = match kind {
                "static" | "static-nobundle" => Some(
                    folders()
                        .map(|folder| folder.join(&file))
                        .find(|it| it.is_file()),
                ),
                "" | "dylib" => only_archive(folders(), name).map(Some),
                _ => None,
            };
            if let Some(path) = archive {
                found.push(Archive { script, file, path });
            }
        }
    }
    found
}

/// The kind and the name in `static:+whole-archive=z`, as `cargo::rustc-link-lib` takes it.
fn parsed(library: &str) -> (&str, &str) {
    let (kind, name) = library.split_once('=').unwrap_or(("", library));
    let kind = kind.split(':').next().unwrap_or(kind);
    (kind, name.split(':').next().unwrap_or(name))
}

/// The archive of the first folder that has the library at all, if it has no shared one.
fn only_archive<'p>(mut folders: impl Iterator<Item = &'p PathBuf>, name: &str) -> Option<PathBuf> {
    let shared = |folder: &Path| folder.join(format!("lib{name}.so"));
    let archive = |folder: &Path| folder.join(format!("lib{name}.a"));
    let first = folders.find(|folder| shared(folder).exists() || archive(folder).exists())?;
    (!shared(first).exists()).then(|| archive(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(folder: &Path, libraries: &[&str]) -> Units {
        let script = Script {
            package: cargo_metadata::PackageId {
                repr: "z-sys".to_owned(),
            },
            libraries: libraries.iter().map(|name| (*name).to_owned()).collect(),
            folders: vec![folder.join("out/lib"), folder.join("system")],
            out: folder.join("out"),
        };
        Units {
            scripts: vec![script],
            ..Units::default()
        }
    }

    #[test]
    fn static_libraries_and_those_of_which_only_an_archive_is_there_are_archives() {
        let folder = tempfile::tempdir().expect("a folder");
        for file in [
            "out/lib/libz.a",
            "system/libb.a",
            "system/libb.so",
            "system/liba.a",
        ] {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            std::fs::write(path, "").expect("written");
        }
        let told = |library: &str| {
            let units = units(folder.path(), &[library]);
            let found = archives(&units);
            let found = found.iter().map(|archive| {
                let place = match (archive.is_made(&units), &archive.path) {
                    (true, _) => "made",
                    (false, Some(_)) => "there",
                    (false, None) => "nowhere",
                };
                format!("{} {place}", archive.file)
            });
            found.collect::<Vec<_>>().join(", ")
        };
        for (library, expected) in [
            ("static=z", "libz.a made"),
            ("static:+whole-archive,-bundle=z:y", "libz.a made"),
            ("z", "libz.a made"),
            ("static=b", "libb.a there"),
            ("dylib=a", "liba.a there"),
            ("dylib=b", ""),
            ("b", ""),
            ("c", ""),
            ("static=c", "libc.a nowhere"),
            ("framework=z", ""),
        ] {
            assert_eq!(told(library), expected, "{library}");
        }
    }
}
