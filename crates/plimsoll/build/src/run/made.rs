//! What the build and its programs make for the packages: files of build scripts, and what programs print.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use plimsoll_plan::config::{AssetSource, Printer};
use plimsoll_plan::plan::BuildPlan;
use plimsoll_probe::{Command, Host, System};

use super::{Run, RunError, files};
use crate::compose::Made;
use crate::program::BuiltProgram;

/// Files with what programs printed, by the words of the command.
pub(super) type PrintedFiles = BTreeMap<Vec<String>, PathBuf>;

impl Run<'_> {
    /// What a build left for the assets.
    pub(super) fn made(&self, build: &BuildPlan) -> Made {
        let programs = self.programs.get(&build.flavour).into_iter().flatten();
        let crates = self.crates.get(&build.flavour);
        let scripts = self.units(build).scripts;
        let folders = scripts.into_iter().filter_map(|script| {
            let package = crates?.package(&script.package)?;
            Some((package.name.to_string(), script.out))
        });
        Made {
            programs: programs
                .map(|program| (program.name.clone(), program.path.clone()))
                .collect(),
            folders: folders.collect(),
            printed: self
                .printed
                .get(&build.flavour)
                .cloned()
                .unwrap_or_default(),
        }
    }

    /// Runs the programs that print files of the packages.
    pub(super) fn print(
        &mut self,
        build: &BuildPlan,
        programs: &[BuiltProgram],
    ) -> Result<(), RunError> {
        let work = self.plan.places.cache.join("work");
        let folder = work.join("printed").join(build.flavour.to_string());
        let mut printed = PrintedFiles::new();
        for asset in &self.config.asset {
            let AssetSource::Printed(wanted) = &asset.source else {
                continue;
            };
            let key = wanted.words();
            let program = match &wanted.program {
                Printer::Installed(name) => Some(PathBuf::from(name)),
                Printer::Built(name) => {
                    let mut programs = programs.iter();
                    let program = programs.find(|program| program.name == *name.get_ref());
                    program.map(|program| program.path.clone())
                }
            };
            let Some(program) = program.filter(|_| !printed.contains_key(&key)) else {
                continue;
            };
            let file = folder.join(printed.len().to_string());
            let epoch = self.plan.source.source_date_epoch;
            let arguments = &wanted.arguments;
            let mut command = command(&program, arguments, epoch, &folder.join("home"));
            let stdin = wanted.stdin.as_ref();
            command.stdin = stdin.map(|path| self.plan.places.workspace.join(path));
            files::write(&file, &text(&command, &folder.join("home"))?)?;
            printed.insert(key, file);
        }
        self.printed.insert(build.flavour, printed);
        Ok(())
    }
}

/// What a built program prints with these arguments, as an asset with `generate` gets it.
///
/// # Errors
/// When it fails, prints nothing or no UTF-8, or another text each time.
pub fn printed_by(program: &Path, arguments: &[String], home: &Path) -> Result<String, RunError> {
    text(&command(program, arguments, 0, home), home)
}

/// What a built program prints on standard output, run as for an asset with `generate`. Its exit status does not matter.
///
/// # Errors
/// When it cannot be run, or takes too long.
pub fn asked(program: &Path, arguments: &[String], home: &Path) -> Result<String, RunError> {
    files::make(home)?;
    let command = command(program, arguments, 0, home);
    Ok(command.output()?.stdout)
}

/// What a program prints, the same each time.
fn text(command: &Command, home: &Path) -> Result<String, RunError> {
    let failed = |what: String| RunError::Printed {
        command: command.pasteable(),
        what,
    };
    let mut texts = Vec::new();
    for _ in 0..2 {
        if home.exists() {
            std::fs::remove_dir_all(home).map_err(error_hint::FileError::at("remove", home))?;
        }
        files::make(home)?;
        texts.push(command.text().map_err(|error| failed(error.reason()))?);
    }
    let [first, second] = <[String; 2]>::try_from(texts).unwrap_or_default();
    match first {
        text if text.is_empty() => Err(failed("it prints nothing".to_owned())),
        text if text.contains(char::REPLACEMENT_CHARACTER) => {
            Err(failed("it prints no UTF-8".to_owned()))
        }
        text if text != second => Err(failed("it prints another text each time".to_owned())),
        text => Ok(text),
    }
}

/// The call, without what differs from machine to machine.
fn command(program: &Path, arguments: &[String], epoch: u32, home: &Path) -> Command {
    let words = [program.display().to_string()];
    let words = words.into_iter().chain(arguments.iter().cloned());
    let mut words = without_network(&Host).into_iter().chain(words);
    let first = words.next().unwrap_or_default();
    let mut command = Command::new(first, words).within(home);
    let names = std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned());
    command.unset = names.filter(|name| name != "PATH").collect();
    let home = home.display().to_string();
    let date = epoch.to_string();
    for (name, value) in [
        ("HOME", home.as_str()),
        ("LC_ALL", "C.UTF-8"),
        ("TZ", "UTC"),
        ("NO_COLOR", "1"),
        ("SOURCE_DATE_EPOCH", &date),
    ] {
        command.unset.retain(|unset| unset != name);
        command = command.with_env(name, value);
    }
    command
}

/// What takes the network away from a command, where something can: unshare(1).
fn without_network(system: &dyn System) -> Vec<String> {
    let ways = [
        ["unshare", "--net"].as_slice(),
        &["unshare", "--user", "--map-current-user", "--net"],
    ];
    let works = |way: &&&[&str]| {
        let words = way[1..].iter().copied().chain(["true"]);
        let ran = system.run(&Command::new(way[0], words));
        ran.is_ok_and(|output| output.success())
    };
    let way = ways.iter().find(works);
    let words = way.into_iter().flat_map(|way| way.iter());
    words.map(|word| (*word).to_owned()).collect()
}
