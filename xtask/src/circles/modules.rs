//! The modules of a crate, with their names.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use error_hint::{Context, Failure, Result};

use super::names::{Names, names};

/// The names of the modules on the way from the root of the crate.
pub(super) type ModulePath = Vec<String>;

/// One module.
#[derive(Debug)]
pub(super) struct Module {
    /// Its file.
    pub(super) file: PathBuf,
    /// The module that has this file: itself, or the one that it is written in.
    pub(super) file_module: ModulePath,
    /// Its names, without those of its child modules.
    pub(super) names: Names,
}

/// All modules of a crate.
pub(super) type Modules = BTreeMap<ModulePath, Module>;

/// How the text of a file is read.
pub(super) type Read<'a> = &'a dyn Fn(&Path) -> io::Result<String>;

/// The modules of the crate whose root is this file.
///
/// # Errors
/// Names a file that cannot be read or parsed.
pub(super) fn modules(root: &Path, read: Read<'_>) -> Result<Modules> {
    let mut reader = Reader {
        read,
        modules: Modules::new(),
    };
    let text = read(root).with_context(|| format!("cannot read {}", root.display()))?;
    reader.add_file(ModulePath::new(), root, &text, folder_of(root))?;
    Ok(reader.modules)
}

struct Reader<'a> {
    read: Read<'a>,
    modules: Modules,
}

impl Reader<'_> {
    /// Adds the module of a file, whose child modules are in a folder.
    fn add_file(&mut self, path: ModulePath, file: &Path, text: &str, folder: &Path) -> Result<()> {
        let names = names(text)
            .map_err(|error| Failure::of(&error))
            .with_context(|| format!("cannot parse {}", file.display()))?;
        self.add(path.clone(), &path, file, names, folder)
    }

    fn add(
        &mut self,
        path: ModulePath,
        file_module: &ModulePath,
        file: &Path,
        mut names: Names,
        folder: &Path,
    ) -> Result<()> {
        for (name, inner) in std::mem::take(&mut names.inline) {
            let folder = folder.join(&name);
            self.add(child(&path, &name), file_module, file, inner, &folder)?;
        }
        for (name, at) in &names.files {
            self.add_child(child(&path, name), file, at.as_deref(), &folder.join(name))?;
        }
        let module = Module {
            file: file.to_owned(),
            file_module: file_module.clone(),
            names,
        };
        self.modules.insert(path, module);
        Ok(())
    }

    /// Adds a module that has a file of its own (The Rust Reference, "Module source filenames").
    fn add_child(
        &mut self,
        path: ModulePath,
        parent: &Path,
        at: Option<&str>,
        folder: &Path,
    ) -> Result<()> {
        if let Some(at) = at {
            let file = folder_of(parent).join(at);
            let text =
                (self.read)(&file).with_context(|| format!("cannot read {}", file.display()))?;
            return self.add_file(path, &file, &text, folder_of(&file));
        }
        let beside = folder.with_extension("rs");
        let (file, text) = match (self.read)(&beside) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let inside = folder.join("mod.rs");
                let text = (self.read)(&inside);
                (inside, text)
            }
            text => (beside, text),
        };
        let text = text.with_context(|| format!("cannot read {}", file.display()))?;
        self.add_file(path, &file, &text, folder)
    }
}

fn child(path: &[String], name: &str) -> ModulePath {
    let own = std::iter::once(name.to_owned());
    path.iter().cloned().chain(own).collect()
}

fn folder_of(file: &Path) -> &Path {
    file.parent().unwrap_or(Path::new(""))
}
