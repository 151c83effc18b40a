//! What engines say about their networks: files, or what a program prints.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use tidegate_engines::moved::{Document, Engine};

use crate::error::CommandError;

/// How long Docker may take to answer.
const LIMIT: Duration = Duration::from_secs(30);

/// Where podman keeps networks of root (container-libs, common/libnetwork/network/interface_linux.go).
const PODMAN: &str = "/etc/containers/networks";

/// Where runtimes look for networks of CNI.
const CNI: &str = "/etc/cni/net.d";

/// Reads what an engine says about its networks.
pub(super) fn documents(
    engine: Engine,
    from: Option<&Path>,
) -> Result<Vec<Document>, CommandError> {
    let (folder, endings): (&str, &[&str]) = match engine {
        Engine::Docker if from.is_none() => return inspected(),
        Engine::Docker => ("", &["json"]),
        Engine::Podman => (PODMAN, &["json"]),
        // As libcni does.
        Engine::Cni => (CNI, &["conf", "conflist", "json"]),
    };
    let path = from.unwrap_or_else(|| Path::new(folder));
    match path.is_dir() {
        true => in_folder(path, endings),
        false if from.is_none() => Err(CommandError::NoFolder {
            path: path.to_owned(),
            engine: engine.as_str(),
        }),
        false => Ok(vec![document(path)?]),
    }
}

/// Reads a file, or standard input.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, CommandError> {
    let mut text = Vec::new();
    let read = match path == Path::new("-") {
        true => io::stdin().read_to_end(&mut text).map(|_| text),
        false => fs::read(path),
    };
    read.map_err(|source| CommandError::Document {
        path: path.to_owned(),
        source,
    })
}

fn document(path: &Path) -> Result<Document, CommandError> {
    let text = read(path)?;
    let place = match path == Path::new("-") {
        true => "standard input".to_owned(),
        false => path.display().to_string(),
    };
    Ok(Document { place, text })
}

/// The files of a folder with these endings, by name.
fn in_folder(folder: &Path, endings: &[&str]) -> Result<Vec<Document>, CommandError> {
    let entries = fs::read_dir(folder).map_err(|source| CommandError::Document {
        path: folder.to_owned(),
        source,
    })?;
    let has_ending = |path: &PathBuf| {
        let ending = path.extension().and_then(|ending| ending.to_str());
        ending.is_some_and(|ending| endings.contains(&ending)) && path.is_file()
    };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut paths: Vec<PathBuf> = paths.filter(has_ending).collect();
    paths.sort();
    paths.iter().map(|path| document(path)).collect()
}

/// What Docker prints of all its networks.
fn inspected() -> Result<Vec<Document>, CommandError> {
    let ids = docker(&["network", "ls", "--quiet", "--no-trunc"])?;
    let ids = String::from_utf8_lossy(&ids);
    let ids: Vec<&str> = ids.split_whitespace().collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let text = docker(&[&["network", "inspect"], &ids[..]].concat())?;
    let place = "the output of docker network inspect".to_owned();
    Ok(vec![Document { place, text }])
}

fn docker(arguments: &[&str]) -> Result<Vec<u8>, CommandError> {
    let command = format!("docker {}", arguments[..2].join(" "));
    let failed = |why: String| CommandError::Program { command, why };
    let mut process = Command::new("docker");
    process.args(arguments).stdin(Stdio::null());
    match output_within(process, LIMIT) {
        Err(e) => Err(failed(e.to_string())),
        Ok(output) if output.status.success() => Ok(output.stdout),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            let said = said.trim().replace('\n', "; ");
            Err(failed(format!("{}: {said}", output.status)))
        }
    }
}

/// Runs a program to its end, or kills it when its time is over.
fn output_within(mut command: Command, limit: Duration) -> io::Result<Output> {
    let deadline = Instant::now() + limit;
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let stdout = child.stdout.take().map(all_of);
    let stderr = child.stderr.take().map(all_of);
    let ended = || {
        let stdout = received(stdout, deadline)?;
        let stderr = received(stderr, deadline)?;
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(Output {
                    status,
                    stdout,
                    stderr,
                });
            }
            if Instant::now() > deadline {
                return Err(io::ErrorKind::TimedOut.into());
            }
            thread::sleep(Duration::from_millis(5));
        }
    };
    ended().map_err(|error: io::Error| {
        let _ = child.kill().and_then(|()| child.wait());
        match error.kind() {
            io::ErrorKind::TimedOut => io::Error::other(format!("no answer within {limit:?}")),
            _ => error,
        }
    })
}

/// Reads all that comes, in a thread: what holds the other end may never end.
fn all_of(mut from: impl Read + Send + 'static) -> Receiver<io::Result<Vec<u8>>> {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let mut text = Vec::new();
        let read = from.read_to_end(&mut text).map(|_| text);
        // Nobody waits for it any more.
        let _ = send.send(read);
    });
    receive
}

fn received(from: Option<Receiver<io::Result<Vec<u8>>>>, deadline: Instant) -> io::Result<Vec<u8>> {
    let Some(from) = from else {
        return Ok(Vec::new());
    };
    let left = deadline.saturating_duration_since(Instant::now());
    from.recv_timeout(left)
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_does_not_end_is_killed() {
        let shell = |script: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            command
        };
        let done = output_within(shell("echo out; echo err >&2; exit 3"), LIMIT).unwrap();
        let said = (done.status.code(), &done.stdout[..], &done.stderr[..]);
        assert_eq!(said, (Some(3), &b"out\n"[..], &b"err\n"[..]));
        let limit = Duration::from_millis(50);
        for script in ["exec sleep 1000", "exec >&- 2>&-; exec sleep 1000"] {
            let late = output_within(shell(script), limit).unwrap_err();
            assert_eq!(late.to_string(), "no answer within 50ms", "{script}");
        }
    }
}
