//! What the Cargo manifest of a package says, and where.

use std::path::{Path, PathBuf};

use cargo_metadata::{Metadata, MetadataCommand, Package};
use plimsoll_plan::check::{self, Said};
use plimsoll_plan::complaint::{Complaint, Found, Place};
use plimsoll_plan::config::Config;
use plimsoll_plan::toml_lines;
use plimsoll_probe::{Command, limit};

use super::error::SourceError;
use super::{features, programs};
use crate::packager::cargo_program;

/// What is wrong in what `file`, the configuration relative to the workspace, or else the Cargo manifest of the main package says
/// about it.
///
/// # Errors
/// When Cargo does not know the package, or it says too little.
pub fn check(workspace: &Path, config: &Config, file: &Path) -> Result<Vec<Found>, SourceError> {
    let metadata = metadata(workspace)?;
    let package = named(&metadata, config.cargo.main())?;
    let own = File::read(package.manifest_path.as_std_path())?;
    let root = File::read(metadata.workspace_root.join("Cargo.toml").as_std_path())?;
    let configuration = File::read(&workspace.join(file))?;
    let complaints = check::source(&said(package, config)?).into_iter();
    let found = complaints.map(|complaint| match configured(&complaint, &configuration) {
        Some(line) => complaint.at(file, line),
        None => {
            let (file, line) = place(&complaint, &own, &root);
            complaint.at(&file.path, line)
        }
    });
    let mut named = programs::complaints(&metadata, config);
    named.extend(features::complaints(&metadata, config));
    let named = named.into_iter();
    let named = named.map(|complaint| complaint.found(file, &configuration.text));
    Ok(found.chain(named).collect())
}

/// A manifest, or the configuration.
struct File {
    path: PathBuf,
    text: String,
}

impl File {
    fn read(path: &Path) -> Result<Self, SourceError> {
        let path = path.to_owned();
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Self { path, text }),
            Err(source) => Err(SourceError::Tree { path, source }),
        }
    }

    fn line(&self, key: &[&str]) -> Option<usize> {
        toml_lines::line(&self.text, key)
    }
}

/// The key at the top of a file that a complaint is about.
fn key(complaint: &Complaint) -> Option<&str> {
    match &complaint.place {
        Place::Key(key) => match key.as_slice() {
            [key] => Some(key),
            _ => None,
        },
        Place::Line(_) | Place::At(_) => None,
    }
}

/// The line of the configuration that has a value in the manifest's place.
fn configured(complaint: &Complaint, file: &File) -> Option<usize> {
    let key = match key(complaint)? {
        "authors" => "maintainer",
        key => key,
    };
    file.line(&[key])
}

/// The manifest and the line in which a value is: a package may take its values from the workspace, and its repository stands for
/// its homepage.
fn place<'a>(complaint: &Complaint, own: &'a File, root: &'a File) -> (&'a File, usize) {
    let keys = match key(complaint) {
        None => return (own, 1),
        Some("homepage") => vec!["homepage", "repository"],
        Some(key) => vec![key],
    };
    let mut places = keys.iter().filter_map(|key| {
        let line = own.line(&["package", key])?;
        let is_inherited = own.line(&["package", key, "workspace"]).is_some();
        let inherited = root.line(&["workspace", "package", key]);
        Some(match inherited.filter(|_| is_inherited) {
            Some(line) => (root, line),
            None => (own, line),
        })
    });
    places.next().unwrap_or((own, 1))
}

/// The target folder of a workspace, wherever a variable or Cargo's configuration has it.
///
/// # Errors
/// When Cargo does not say.
pub fn target_folder(workspace: &Path) -> Result<PathBuf, SourceError> {
    Ok(metadata(workspace)?.target_directory.into())
}

pub(super) fn metadata(workspace: &Path) -> Result<Metadata, SourceError> {
    let question = ["metadata", "--no-deps", "--format-version=1"];
    let command = Command::new(cargo_program(), question).within(workspace);
    let text = command.limited(limit::WORK).text()?;
    MetadataCommand::parse(text).map_err(SourceError::Metadata)
}

pub(super) fn named<'a>(metadata: &'a Metadata, name: &str) -> Result<&'a Package, SourceError> {
    let mut packages = metadata.packages.iter();
    let found = packages.find(|package| *package.name == *name);
    found.ok_or_else(|| SourceError::Missing {
        package: name.to_owned(),
        what: "manifest",
    })
}

/// What the configuration says, else the package; the repository stands for a homepage.
pub(super) fn said<'a>(package: &'a Package, config: &'a Config) -> Result<Said<'a>, SourceError> {
    let missing = |what| SourceError::Missing {
        package: package.name.to_string(),
        what,
    };
    let own = |own: &'a Option<String>| own.as_deref();
    let homepage = own(&config.homepage).or(package.homepage.as_deref());
    let homepage = homepage.or(package.repository.as_deref());
    let author = package.authors.first().map(String::as_str);
    let author = own(&config.maintainer).or(author);
    Ok(Said {
        license: own(&config.license)
            .or(package.license.as_deref())
            .ok_or_else(|| missing("license"))?,
        maintainer: author.ok_or_else(|| missing("authors"))?,
        homepage: homepage.ok_or_else(|| missing("homepage"))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace(package: &str, shared: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: String| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            std::fs::write(path, text).expect("written");
        };
        let root = format!("[workspace]\nmembers = [\"sample\"]\n[workspace.package]\n{shared}");
        write("Cargo.toml", root);
        let own = format!("[package]\nname = \"sample\"\n{package}");
        write("sample/Cargo.toml", own);
        write("sample/src/main.rs", String::new());
        write("sample/src/bin/sampled.rs", String::new());
        folder
    }

    fn found(package: &str, shared: &str) -> Vec<String> {
        found_with("", package, shared)
    }

    /// What is found where the configuration has these lines too.
    fn found_with(own: &str, package: &str, shared: &str) -> Vec<String> {
        let folder = workspace(package, shared);
        let text = format!("{}{own}", "name = \"sample\"\n");
        std::fs::write(folder.path().join("dist.toml"), &text).expect("written");
        let value = |key: &str| {
            let table: toml::Table = text.parse().expect("TOML");
            table.get(key).and_then(|it| it.as_str()).map(str::to_owned)
        };
        let mut config = plimsoll_plan::fixtures::config();
        config.cargo.packages = vec!["sample".to_owned()];
        config.native_dep.clear();
        config.license = value("license");
        config.maintainer = value("maintainer");
        config.homepage = value("homepage");
        let found = check(folder.path(), &config, Path::new("dist.toml")).expect("it can be read");
        let root = folder.path().canonicalize().expect("a path");
        let relative = |path: &Path| path.strip_prefix(&root).map(Path::to_owned);
        let found = found.into_iter().map(|mut found| {
            found.path = relative(&found.path).unwrap_or(found.path);
            found.to_string()
        });
        found.collect()
    }

    #[test]
    fn a_fault_is_in_the_package_or_in_what_it_takes_from_the_workspace() {
        let package = "version = \"1.0.0\"\nlicense = \"MIT/Apache-2.0\"\n\
                       authors.workspace = true\nrepository = \"example.org\"\n";
        let shared = "edition = \"2021\"\nauthors = [\"A. Person\"]\n";
        let found = found(package, shared);
        assert_eq!(found.len(), 3, "{found:?}");
        for (found, wanted) in found.iter().zip([
            "sample/Cargo.toml:4: license \"MIT/Apache-2.0\" is not an SPDX expression",
            "Cargo.toml:5: the maintainer \"A. Person\" is not a name and an address",
            "sample/Cargo.toml:6: homepage \"example.org\" is not an address of the web",
        ]) {
            assert!(found.starts_with(wanted), "{found}");
        }
    }

    #[test]
    fn a_fault_of_the_configurations_own_value_is_there() {
        let package = "version = \"1.0.0\"\nlicense = \"MIT\"\nauthors = [\"A <a@b>\"]\n\
                       homepage = \"https://example.org\"\n";
        let own = "license = \"Mine\"\nmaintainer = \"A\"\nhomepage = \"example\"\n";
        let found = found_with(own, package, "");
        assert_eq!(found.len(), 3, "{found:?}");
        for (found, wanted) in found.iter().zip([
            "dist.toml:2: license \"Mine\"",
            "dist.toml:3: the maintainer \"A\"",
            "dist.toml:4: homepage \"example\"",
        ]) {
            assert!(found.starts_with(wanted), "{found}");
        }
    }

    #[test]
    fn the_target_folder_is_where_cargos_configuration_has_it() {
        let folder = workspace("version = \"1.0.0\"\n", "edition = \"2021\"\n");
        let config = folder.path().join(".cargo/config.toml");
        std::fs::create_dir(folder.path().join(".cargo")).expect("made");
        std::fs::write(config, "[build]\ntarget-dir = \"elsewhere\"\n").expect("written");
        let found = target_folder(folder.path()).expect("it can be read");
        let root = folder.path().canonicalize().expect("a path");
        // A variable, as some machines set it for all projects, comes before the configuration.
        let wanted = std::env::var_os("CARGO_TARGET_DIR").map(|it| root.join(it));
        assert_eq!(found, wanted.unwrap_or_else(|| root.join("elsewhere")));
    }

    #[test]
    fn a_sound_manifest_has_no_fault() {
        let package = "version = \"1.0.0\"\nlicense = \"MIT\"\nauthors = [\"A <a@b>\"]\n\
                       homepage = \"https://example.org\"\n";
        assert_eq!(found(package, ""), [""; 0]);
    }
}
