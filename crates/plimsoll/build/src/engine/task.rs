//! Turns an engine and a job into a task: the recipe, and its files on disk.

use std::path::Path;

use error_hint::FileError;

use super::container;
use super::root::{self, RootSpec};
use super::{Engine, EngineError, Folders, Job, Stage, Task};

impl Task {
    /// The task of one distribution; `stages` may say why there is nothing to run.
    #[must_use]
    pub fn new(distro: &str, folders: &Folders, stages: Result<Vec<Stage>, EngineError>) -> Self {
        Self {
            distro: distro.to_owned(),
            stages,
            out: folders.out.join(distro),
            log: folders.out.join(format!("{distro}.log")),
            workspace: folders.workspace.clone(),
        }
    }
}

/// The recipe of a job, with its folders laid out.
///
/// # Errors
/// When the engine cannot do what is asked for, or a folder cannot be made.
pub fn stages(job: &Job<'_>, within: Within) -> Result<Vec<Stage>, EngineError> {
    match within {
        Within::Container(engine) => in_container(engine, job),
        Within::Root => in_root(job),
    }
}

/// What a job is built in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Within {
    /// A container of this engine.
    Container(Engine),
    /// A root of its own.
    Root,
}

fn in_container(engine: Engine, job: &Job<'_>) -> Result<Vec<Stage>, EngineError> {
    let stages = container::recipe(engine, job)?;
    make_folder(&job.out())?;
    make_folder(&job.folders.work)?;
    if let Some(text) = container::mirror(job)? {
        write(&container::mirror_file(job), &text)?;
    }
    Ok(stages)
}

fn in_root(job: &Job<'_>) -> Result<Vec<Stage>, EngineError> {
    for folder in [root::mount_point(job.folders), root::target(job), job.out()] {
        make_folder(&folder)?;
    }
    let spec = RootSpec::of(job);
    let is_fresh =
        root::archive(job).is_file() && recorded(&root::record(job)) == Some(spec.clone());
    if !is_fresh {
        let path = root::new_record(job);
        let text = serde_json::to_string(&spec).map_err(|source| EngineError::Manifest {
            path: path.clone(),
            source,
        })?;
        write(&path, &text)?;
    }
    root::recipe(job, is_fresh)
}

/// What the root that is kept is made of; none where that is not known.
fn recorded(file: &Path) -> Option<RootSpec> {
    serde_json::from_slice(&std::fs::read(file).ok()?).ok()
}

fn make_folder(path: &Path) -> Result<(), FileError> {
    std::fs::create_dir_all(path).map_err(FileError::at("make", path))
}

fn write(path: &Path, text: &str) -> Result<(), FileError> {
    std::fs::write(path, text).map_err(FileError::at("write", path))
}
