//! The files that an asset's source stands for.

use std::fs;
use std::path::{Path, PathBuf};

use super::{AssetFault, braces};

/// A file of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Where it is.
    pub(super) path: PathBuf,
    /// Its name; of a pattern with `**` its path below the folder before that.
    pub(super) name: String,
    /// The text of a symbolic link.
    pub(super) link: Option<String>,
}

/// The files that a path or a glob pattern stands for, in name order, and each once. The path of an existing file is not a
/// pattern, even if it has characters such as `[`. Each alternative of `{a,b}` must stand for a file.
pub(super) fn matches(workspace: &Path, source: &str) -> Result<Vec<Found>, AssetFault> {
    if workspace.join(source).symlink_metadata().is_ok() {
        return matches_one(workspace, source);
    }
    let mut all: Vec<Found> = Vec::new();
    for alternative in braces::alternatives(source) {
        let found = matches_one(workspace, &alternative)?.into_iter();
        let new: Vec<Found> = found.filter(|it| !all.contains(it)).collect();
        all.extend(new);
    }
    Ok(all)
}

fn matches_one(workspace: &Path, source: &str) -> Result<Vec<Found>, AssetFault> {
    let pattern = || source.to_owned();
    let literal = workspace.join(source);
    if literal.is_dir() && !literal.is_symlink() {
        return Err(AssetFault::Folder { pattern: pattern() });
    }
    let mut found = Vec::new();
    if literal.symlink_metadata().is_ok() {
        found.extend(found_at(&literal, Path::new(&literal)));
    } else {
        let folder = kept_folder(workspace, source);
        for path in globbed(workspace, source)? {
            let is_whole = folder.is_none() || !is_behind_a_link(workspace, &path);
            let start = folder
                .as_ref()
                .map_or(Path::new(&path), |count| below(&path, *count));
            found.extend(found_at(&path, start).filter(|_| is_whole));
        }
    }
    match found.is_empty() {
        true => Err(AssetFault::NoMatch { pattern: pattern() }),
        false => Ok(found),
    }
}

fn globbed(workspace: &Path, source: &str) -> Result<Vec<PathBuf>, AssetFault> {
    let folder = glob::Pattern::escape(&workspace.to_string_lossy());
    let paths = glob::glob(&format!("{folder}/{source}"));
    let paths = paths.map_err(|reason| AssetFault::Pattern {
        pattern: source.to_owned(),
        reason,
    })?;
    let paths: Result<Vec<_>, _> = paths.collect();
    paths.map_err(|error| AssetFault::Io {
        pattern: source.to_owned(),
        reason: error.into(),
    })
}

/// A file or a link; none for a folder.
fn found_at(path: &Path, name: &Path) -> Option<Found> {
    let name = match name == path {
        true => Path::new(path.file_name()?),
        false => name,
    };
    let link = fs::read_link(path).ok();
    (link.is_some() || path.is_file()).then(|| Found {
        path: path.to_owned(),
        name: name.to_string_lossy().into_owned(),
        link: link.map(|text| text.to_string_lossy().into_owned()),
    })
}

/// How many parts the path of the folder has that a pattern with `**` keeps the tree below.
fn kept_folder(workspace: &Path, source: &str) -> Option<usize> {
    let before = source.split('/').position(|part| part == "**")?;
    let parts = source.split('/').take(before);
    let parts = parts.filter(|part| !part.is_empty() && *part != ".");
    Some(workspace.components().count() + parts.count())
}

fn below(path: &Path, count: usize) -> &Path {
    let mut components = path.components();
    components.by_ref().take(count).for_each(drop);
    components.as_path()
}

/// Whether a folder on the way is a link: its files are elsewhere, and the link itself is packaged.
fn is_behind_a_link(workspace: &Path, path: &Path) -> bool {
    let folders = path.ancestors().skip(1);
    let mut inside = folders.take_while(|folder| *folder != workspace);
    inside.any(Path::is_symlink)
}
