//! Reads facts of the host that are texts.

use std::fs::{self, File};
use std::io::{self, Read};
use std::process::Command;
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use tidegate_plan::Fact;

use crate::program::run;

/// Time limit for another program.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// Reads facts.
pub(super) fn read_all(
    facts: impl IntoIterator<Item = Fact>,
) -> impl Iterator<Item = (Fact, Result<String, String>)> {
    facts.into_iter().map(|fact| {
        let text = read(&fact);
        (fact, text)
    })
}

/// Reads a fact.
fn read(fact: &Fact) -> Result<String, String> {
    match fact {
        Fact::Sysctl(path) => {
            tidegate_link::sysctl(path).ok_or_else(|| format!("no sysctl {path}"))
        }
        Fact::File(path) => fs::read_to_string(path).map_err(|error| format!("{path}: {error}")),
        Fact::Folder(path) => folder(path).map_err(|error| error.to_string()),
        Fact::SmallFile(path) => small_file(path).map_err(|error| error.to_string()),
        Fact::Output(command) => output(command),
    }
}

/// The most names that are listed.
const NAMES: usize = 4096;
/// The most bytes of a small file.
const SMALL: u64 = 64 * 1024;

fn folder(path: &str) -> io::Result<String> {
    let entries = match fs::read_dir(path) {
        Err(error) if is_not_there(&error) => return Ok(String::new()),
        entries => entries?,
    };
    let mut names = Vec::new();
    for entry in entries {
        if names.len() == NAMES {
            return Err(io::Error::other(format!(
                "it has more than {NAMES} entries"
            )));
        }
        names.extend(entry?.file_name().into_string().ok());
    }
    names.sort_unstable();
    Ok(names.join("\n"))
}

/// Opens nothing that could keep it waiting, such as a pipe.
fn small_file(path: &str) -> io::Result<String> {
    let file = match rustix::fs::open(
        path,
        OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC,
        Mode::empty(),
    ) {
        Ok(file) => File::from(file),
        Err(errno) if is_not_there(&errno.into()) => return Ok(String::new()),
        Err(errno) => return Err(errno.into()),
    };
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut text = String::new();
    file.take(SMALL + 1).read_to_string(&mut text)?;
    if text.len() as u64 > SMALL {
        return Err(io::Error::other(format!("it is larger than {SMALL} bytes")));
    }
    Ok(text)
}

fn is_not_there(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// What a program prints on stdout. It is an error if that is nothing.
fn output(command: &[&str]) -> Result<String, String> {
    let (program, arguments) = command.split_first().ok_or("no program")?;
    let said = run(Command::new(program).args(arguments), TIME_LIMIT);
    let said = said.map_err(|error| format!("{program}: {error}"))?;
    if said.stdout.is_empty() {
        let said = said.stderr.lines().next().unwrap_or("it said nothing");
        return Err(format!("{program}: {said}"));
    }
    Ok(said.stdout)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_small_files_are_read_and_what_is_not_there_is_empty() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name).display().to_string();
        let of_folder = |path: String| read(&Fact::Folder(path));
        let of_file = |path: String| read(&Fact::SmallFile(path));
        fs::write(at("b.conf"), "{}").unwrap();
        fs::write(at("a.conflist"), "x".repeat(64 * 1024)).unwrap();
        fs::write(at("large"), "x".repeat(64 * 1024 + 1)).unwrap();
        fs::write(at("raw"), [0xff]).unwrap();
        let names = of_folder(place.path().display().to_string());
        assert_eq!(names.unwrap(), "a.conflist\nb.conf\nlarge\nraw");
        assert_eq!(of_file(at("b.conf")).unwrap(), "{}");
        assert_eq!(of_file(at("a.conflist")).unwrap().len(), 64 * 1024);
        for absent in ["none", "b.conf/none"] {
            assert_eq!(of_folder(at(absent)).unwrap(), "");
            assert_eq!(of_file(at(absent)).unwrap(), "");
        }
        for (path, reason) in [
            ("large", "larger than 65536 bytes"),
            ("raw", "UTF-8"),
            (".", "not a regular file"),
        ] {
            let refused = of_file(at(path)).unwrap_err();
            assert!(refused.contains(reason), "{refused}");
        }
        let pipe = Command::new("mkfifo").arg(at("pipe")).status();
        assert!(pipe.unwrap().success());
        assert!(
            of_file(at("pipe"))
                .unwrap_err()
                .contains("not a regular file")
        );
    }
}
