//! The folder that a system sees as `/verify`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use error_hint::FileError;

use super::{PackageUnderTest, VerifyError, installed};
use plimsoll_build::engine::Site;
use plimsoll_build::format::LifeScript;
use plimsoll_plan::config::Config;

/// The folder, laid out.
#[derive(Debug, Clone)]
pub(super) struct Work {
    pub(super) folder: PathBuf,
}

/// What is laid out in it.
pub(super) struct Layout<'a> {
    /// The scripts of the package's life.
    pub(super) scripts: &'a [LifeScript],
    pub(super) config: &'a Config,
    pub(super) package: &'a PackageUnderTest,
    /// The package to upgrade from.
    pub(super) previous: Option<&'a Path>,
    pub(super) site: &'a Site,
    /// The project's own script.
    pub(super) script: Option<&'a Path>,
    pub(super) has_init: bool,
}

impl Work {
    /// Lays the folder out anew.
    pub(super) fn lay_out(folder: PathBuf, layout: &Layout<'_>) -> Result<Self, VerifyError> {
        let work = Self { folder };
        if work.folder.exists() {
            fs::remove_dir_all(&work.folder).map_err(FileError::at("remove", &work.folder))?;
        }
        fs::create_dir_all(work.folder.join("libraries"))
            .map_err(FileError::at("make", &work.folder))?;
        for LifeScript { name, text } in layout.scripts {
            work.write(name, text)?;
        }
        let format = layout.package.artifact.format;
        work.copy(&layout.package.file, &format!("package.{format}"))?;
        if let Some(previous) = layout.previous {
            work.copy(previous, &format!("previous.{format}"))?;
        }
        if let Some(script) = layout.script {
            work.copy(script, "script")?;
            let path = work.folder.join("script");
            let mode = fs::Permissions::from_mode(0o755);
            fs::set_permissions(&path, mode).map_err(FileError::at("write", &path))?;
        }
        work.apt_conf(layout.site)?;
        work.write("env", &environment(layout))?;
        work.write("log", "")?;
        Ok(work)
    }

    /// What apt must be told here; certificates are copied, since the host's path means nothing.
    fn apt_conf(&self, site: &Site) -> Result<(), VerifyError> {
        let mut inside = site.clone();
        if let Some(bundle) = &site.ca_bundle {
            self.copy(bundle, "ca.pem")?;
            inside.ca_bundle = Some(PathBuf::from("/verify/ca.pem"));
        }
        let lines = inside.apt_options();
        let text: String = lines.iter().map(|line| format!("{line};\n")).collect();
        self.write("apt.conf", &text)
    }

    pub(super) fn write(&self, name: &str, text: &str) -> Result<(), VerifyError> {
        let path = self.folder.join(name);
        Ok(fs::write(&path, text).map_err(FileError::at("write", &path))?)
    }

    fn copy(&self, from: &Path, name: &str) -> Result<(), VerifyError> {
        fs::copy(from, self.folder.join(name)).map_err(FileError::at("copy", from))?;
        Ok(())
    }

    /// What was printed inside.
    pub(super) fn log(&self) -> Result<String, VerifyError> {
        let path = self.folder.join("log");
        let bytes = fs::read(&path).map_err(FileError::at("read", &path))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// The file that the scripts read as shell.
fn environment(layout: &Layout<'_>) -> String {
    let (package, config) = (layout.package, layout.config);
    let format = package.artifact.format;
    let words = |words: &[&str]| words.join(" ");
    let conffiles: Vec<&str> = package
        .contents
        .conffiles
        .iter()
        .map(String::as_str)
        .collect();
    let stamp = config.stamp.iter();
    let stamp = stamp.flat_map(|it| std::iter::once(it.program.get_ref()).chain(&it.arguments));
    let stamp: Vec<&str> = stamp.map(String::as_str).collect();
    let programs = installed::places(package);
    let programs: Vec<&str> = programs.iter().map(|(_, path)| path.as_str()).collect();
    let present = |there: bool, path: String| if there { path } else { String::new() };
    let pairs = [
        ("NAME", package.contents.name.clone()),
        ("PACKAGE", format!("/verify/package.{format}")),
        (
            "PREVIOUS",
            present(
                layout.previous.is_some(),
                format!("/verify/previous.{format}"),
            ),
        ),
        ("UNITS", words(&package.units())),
        ("CONFFILES", words(&conffiles)),
        ("STAMP", words(&stamp)),
        ("PROGRAMS", words(&programs)),
        ("NEEDED", words(&package.needed())),
        (
            "SCRIPT",
            present(layout.script.is_some(), "/verify/script".to_owned()),
        ),
        (
            "INIT",
            if layout.has_init { "yes" } else { "no" }.to_owned(),
        ),
        ("VERSION", package.version()),
        ("FLAVOUR", package.artifact.flavour.to_string()),
        ("DRIVER", package.artifact.driver.clone()),
    ];
    let line = |(name, value): (&str, String)| {
        format!("export {name}='{}'\n", value.replace('\'', r"'\''"))
    };
    pairs.into_iter().map(line).collect()
}
