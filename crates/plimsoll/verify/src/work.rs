//! The folder that a system sees as `/verify`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use error_hint::FileError;

use super::{PackageUnderTest, VerifyError, installed};
use plimsoll_build::engine::Site;
use plimsoll_build::format::LifeScript;
use plimsoll_plan::config::{Config, UnitConfig};

/// The folders of the packages in it, and of those to upgrade from.
const PACKAGES: &str = "packages";
const PREVIOUS: &str = "previous";

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
    /// The packages, which live together.
    pub(super) packages: &'a [PackageUnderTest],
    /// The packages to upgrade from.
    pub(super) previous: &'a [PathBuf],
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
        for folder in [PACKAGES, PREVIOUS] {
            let path = work.folder.join(folder);
            fs::create_dir_all(&path).map_err(FileError::at("make", &path))?;
        }
        for package in layout.packages {
            work.copy(&package.file, &place(PACKAGES, &package.file))?;
        }
        for file in layout.previous {
            work.copy(file, &place(PREVIOUS, file))?;
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

/// Where a package file is in the folder. A file's own name may hold what a shell takes apart.
fn place(folder: &str, file: &Path) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    format!(
        "{folder}/{}",
        name.replace(|c: char| c.is_whitespace(), "_")
    )
}

/// The units of a package with which the project does not want something done.
fn without<'a>(
    config: &Config,
    package: &'a PackageUnderTest,
    wants: fn(&UnitConfig) -> bool,
) -> Vec<&'a str> {
    let units = package.units().into_iter();
    let is_without = |name: &&str| {
        let mut named = config.unit.iter();
        named.any(|(unit, config)| unit.get_ref() == name && !wants(config))
    };
    units.filter(is_without).collect()
}

/// The file that the scripts read as shell.
fn environment(layout: &Layout<'_>) -> String {
    let Layout {
        packages, config, ..
    } = *layout;
    let each = |of: &dyn Fn(&PackageUnderTest) -> Vec<String>| {
        let words: Vec<String> = packages.iter().flat_map(of).collect();
        words.join(" ")
    };
    let first = |of: &dyn Fn(&PackageUnderTest) -> String| {
        let first = packages.first();
        first.map(of).unwrap_or_default()
    };
    let texts =
        |words: Vec<&str>| -> Vec<String> { words.into_iter().map(str::to_owned).collect() };
    let previous = layout.previous.iter();
    let previous = previous.map(|file| format!("/verify/{}", place(PREVIOUS, file)));
    let previous: Vec<String> = previous.collect();
    let stamp = config.stamp.iter();
    let stamp = stamp.flat_map(|it| std::iter::once(it.program.get_ref()).chain(&it.arguments));
    let stamp: Vec<&str> = stamp.map(String::as_str).collect();
    let script = layout.script.map(|_| "/verify/script".to_owned());
    let installed = |package: &PackageUnderTest| {
        let places = installed::places(package).into_iter();
        places.map(|(_, path)| path).collect()
    };
    let pairs = [
        ("NAME", first(&|it| it.contents.name.clone())),
        ("NAMES", each(&|it| vec![it.contents.name.clone()])),
        (
            "VERSIONS",
            each(&|it| vec![format!("{}={}", it.contents.name, it.version())]),
        ),
        (
            "PACKAGES",
            each(&|it| vec![format!("/verify/{}", place(PACKAGES, &it.file))]),
        ),
        ("PREVIOUS", previous.join(" ")),
        ("UNITS", each(&|it| texts(it.units()))),
        (
            "DISABLED",
            each(&|it| texts(without(config, it, |unit| unit.enable))),
        ),
        (
            "STOPPED",
            each(&|it| texts(without(config, it, |unit| unit.start))),
        ),
        ("CONFFILES", each(&|it| it.contents.conffiles.clone())),
        ("STAMP", stamp.join(" ")),
        ("PROGRAMS", each(&installed)),
        ("NEEDED", each(&|it| texts(it.needed()))),
        ("SCRIPT", script.unwrap_or_default()),
        (
            "INIT",
            if layout.has_init { "yes" } else { "no" }.to_owned(),
        ),
        ("VERSION", first(&PackageUnderTest::version)),
        ("FLAVOUR", first(&|it| it.artifact.flavour.to_string())),
        ("DRIVER", first(&|it| it.artifact.driver.clone())),
    ];
    let line = |(name, value): (&str, String)| {
        format!("export {name}='{}'\n", value.replace('\'', r"'\''"))
    };
    pairs.into_iter().map(line).collect()
}
