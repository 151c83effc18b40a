//! The Cargo manifest that describes the package to cargo-deb.

use plimsoll_spec::{FileKind, PackageSpec};
use toml::{Table, Value};

use crate::error::PackageError;
use crate::files::File;

/// The folder of the maintainer scripts, relative to the manifest.
pub(super) const SCRIPTS: &str = "maintainer-scripts";

/// Renders the manifest; every file lies below `root/` beside it.
pub(super) fn render(spec: &PackageSpec, files: &[File]) -> Result<String, PackageError> {
    let package = Table::from_iter([
        entry("name", spec.name.as_str()),
        entry("version", spec.version.as_str()),
        entry("edition", "2021"),
        entry("license", spec.license.as_str()),
        entry("description", spec.summary.as_str()),
        entry("homepage", spec.homepage.as_str()),
        entry(
            "metadata",
            Table::from_iter([entry("deb", deb(spec, files))]),
        ),
    ]);
    // An empty [workspace] keeps Cargo from looking for one in the folders above.
    let manifest = Table::from_iter([entry("package", package), entry("workspace", Table::new())]);
    toml::to_string(&manifest).map_err(PackageError::Manifest)
}

fn deb(spec: &PackageSpec, files: &[File]) -> Table {
    let mut deb = Table::from_iter([
        entry("name", spec.name.as_str()),
        entry("maintainer", spec.maintainer.as_str()),
        entry("section", spec.section.as_str()),
        entry("priority", "optional"),
        entry("depends", ""),
        entry("extended-description", spec.description.as_str()),
        entry("conf-files", conffiles(files)),
        entry("assets", files.iter().map(asset).collect::<Vec<_>>()),
    ]);
    for (key, clauses) in [
        ("recommends", &spec.recommends),
        ("provides", &spec.provides),
    ] {
        if !clauses.is_empty() {
            deb.extend([entry(key, clauses.join(", "))]);
        }
    }
    if spec.maintainer_scripts.is_some() {
        let units = Table::from_iter([
            entry("enable", true),
            entry("start", true),
            entry("restart-after-upgrade", true),
            entry("stop-on-upgrade", false),
        ]);
        deb.extend([
            entry("maintainer-scripts", SCRIPTS),
            entry("systemd-units", units),
        ]);
    }
    deb
}

fn conffiles(files: &[File]) -> Vec<Value> {
    files
        .iter()
        .filter(|file| file.kind == FileKind::Config)
        .map(|file| Value::from(file.dest.as_str()))
        .collect()
}

fn asset(file: &File) -> Value {
    let path = file.relative();
    Value::from(vec![
        Value::from(format!("root/{path}")),
        Value::from(path),
        Value::from(format!("{:o}", file.mode)),
    ])
}

fn entry(key: &str, value: impl Into<Value>) -> (String, Value) {
    (key.to_owned(), value.into())
}
