//! The assets of a table: a pattern where the tools read it as we do, else each file.

use std::path::Path;

use plimsoll_plan::config::{Asset, AssetSource};
use plimsoll_spec::{FileKind, Owner, PackageFile};

/// One asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// A path or pattern relative to the workspace; of a program, its place in Cargo's target folder.
    pub(super) source: String,
    /// An absolute path, without the suffix of its compression; it ends in `/` where `source` is a pattern.
    pub(super) dest: String,
    pub(super) mode: u32,
    pub(super) owner: Owner,
    pub(super) kind: FileKind,
    pub(super) gzip: bool,
    /// The text of a symbolic link.
    pub(super) link: Option<String>,
    pub(super) is_program: bool,
}

/// The assets that stand for these files. Files of one asset follow one another.
pub(super) fn of(files: &[(&Asset, PackageFile)], workspace: &Path) -> Vec<Line> {
    let mut lines = Vec::new();
    for files in files.chunk_by(|(one, _), (other, _)| std::ptr::eq(*one, *other)) {
        match pattern(files) {
            Some(line) => lines.push(line),
            None => lines.extend(
                files
                    .iter()
                    .map(|(asset, file)| line(asset, file, workspace)),
            ),
        }
    }
    lines
}

/// The one line for a pattern whose files all keep their names in one folder. Both tools know `*`, and not the rest alike.
fn pattern(files: &[(&Asset, PackageFile)]) -> Option<Line> {
    let (asset, first) = files.first()?;
    let AssetSource::Files(pattern) = &asset.source else {
        return None;
    };
    let (folder, name) = pattern.rsplit_once('/').unwrap_or(("", pattern));
    let is_plain = name.contains('*')
        && !name.contains("**")
        && !pattern.contains(['?', '[', ']', '!', '{'])
        && !folder.contains('*');
    let keeps_names = files.iter().all(|(asset, file)| {
        let name = file
            .source
            .file_name()
            .unwrap_or_default()
            .to_string_lossy();
        file.link.is_none() && plain_dest(file) == format!("{}{name}", asset.dest)
    });
    (is_plain && keeps_names).then(|| Line {
        source: pattern.clone(),
        dest: asset.dest.clone(),
        ..line(asset, first, Path::new(""))
    })
}

fn line(asset: &Asset, file: &PackageFile, workspace: &Path) -> Line {
    let source = file.source.strip_prefix(workspace).unwrap_or(&file.source);
    let is_program = asset.source.built().is_some();
    let folder = if is_program { "target/release/" } else { "" };
    Line {
        source: format!("{folder}{}", source.display()),
        dest: plain_dest(file).to_owned(),
        mode: file.mode,
        owner: file.owner.clone(),
        kind: file.kind,
        gzip: file.gzip,
        link: file.link.clone(),
        is_program,
    }
}

/// The path in the package without the suffix of its compression.
fn plain_dest(file: &PackageFile) -> &str {
    let stripped = file.dest.strip_suffix(".gz");
    stripped.filter(|_| file.gzip).unwrap_or(&file.dest)
}

impl Line {
    /// The source as the tables name it: Cargo's target folder is found by its name, all else from the manifest's folder.
    pub(super) fn source_from(&self, up: &str) -> String {
        match self.is_program {
            true => self.source.clone(),
            false => format!("{up}{}", self.source),
        }
    }

    /// The mode in octal, as both tools take it.
    pub(super) fn octal(&self) -> String {
        format!("{:o}", self.mode)
    }
}
