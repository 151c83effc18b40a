//! What Cargo compiled and which build scripts ran, as its messages say it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use cargo_metadata::{Artifact, CrateType, Message, PackageId, TargetKind};

/// What a build script told Cargo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// The package that it belongs to.
    pub package: PackageId,
    /// What it has the linker link, as `cargo::rustc-link-lib` takes it: `z`, `static=z`.
    pub libraries: Vec<String>,
    /// Where the linker looks.
    pub folders: Vec<PathBuf>,
    /// Where it writes (`OUT_DIR`).
    pub out: PathBuf,
}

/// What Cargo compiled, in the order of its messages.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Units {
    /// The build scripts that were run.
    pub scripts: Vec<Script>,
    /// The packages of the libraries that were compiled and can be linked into a program.
    pub libraries: Vec<PackageId>,
    /// The package of each program, and of each shared library by the name of its file.
    pub programs: BTreeMap<String, PackageId>,
}

impl Units {
    /// Takes what a message says.
    pub fn take(&mut self, message: &Message) {
        match message {
            Message::BuildScriptExecuted(ran) => self.scripts.push(Script {
                package: ran.package_id.clone(),
                libraries: ran.linked_libs.iter().map(ToString::to_string).collect(),
                folders: ran
                    .linked_paths
                    .iter()
                    .map(|path| folder(path.as_str()))
                    .collect(),
                out: ran.out_dir.clone().into(),
            }),
            Message::CompilerArtifact(artifact) => {
                for (name, _) in shared_libraries(artifact) {
                    self.programs.insert(name, artifact.package_id.clone());
                }
                if artifact.target.is_bin() {
                    let name = artifact.target.name.clone();
                    self.programs.insert(name, artifact.package_id.clone());
                }
                let kinds = &artifact.target.crate_types;
                let is_linked = |kind: &CrateType| matches!(kind, CrateType::Lib | CrateType::RLib);
                if kinds.iter().any(is_linked) && !self.libraries.contains(&artifact.package_id) {
                    self.libraries.push(artifact.package_id.clone());
                }
            }
            _ => {}
        }
    }

    /// Where the build scripts have the linker look, each folder once.
    #[must_use]
    pub fn folders(&self) -> Vec<PathBuf> {
        let mut folders: Vec<PathBuf> = Vec::new();
        for folder in self.scripts.iter().flat_map(|script| &script.folders) {
            if !folders.contains(folder) {
                folders.push(folder.clone());
            }
        }
        folders
    }
}

/// The shared library (`cdylib`) that an artifact of Cargo is: the name of its file, and the file.
pub(crate) fn shared_libraries(artifact: &Artifact) -> impl Iterator<Item = (String, PathBuf)> {
    let is_library = artifact.target.is_kind(TargetKind::CDyLib);
    let files = artifact.filenames.iter().filter(move |_| is_library);
    files.filter_map(|file| {
        let name = file.file_name().filter(|name| name.ends_with(".so"))?;
        Some((name.to_owned(), file.clone().into()))
    })
}

/// The folder of `cargo::rustc-link-search`, which may have a kind before it: `native=/lib`.
fn folder(path: &str) -> PathBuf {
    let kinds = ["native", "dependency", "crate", "framework", "all"];
    match path.split_once('=') {
        Some((kind, folder)) if kinds.contains(&kind) => folder.into(),
        _ => path.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_path_may_have_a_kind() {
        assert_eq!(folder("native=/a=b"), PathBuf::from("/a=b"));
        assert_eq!(folder("/a=b"), PathBuf::from("/a=b"));
    }
}
