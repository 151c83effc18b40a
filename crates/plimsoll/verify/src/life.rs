//! What the scripts of a package's life print, read. Pure.

use std::collections::BTreeMap;

use plimsoll_build::format::LifeScript;

use super::refuse::Answer;
use super::{Check, Outcome};

/// The script that those of the formats read.
pub(super) const COMMON: LifeScript = LifeScript {
    name: "common.sh",
    text: include_str!("life/common.sh"),
};

/// The script that runs the others, and keeps what they print.
pub(super) const LOGGED: LifeScript = LifeScript {
    name: "logged.sh",
    text: include_str!("life/logged.sh"),
};

/// How many of the last lines explain a check that ended in the middle.
const LINES_SHOWN: usize = 5;

/// What was seen of a package's life.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Life {
    /// What the system calls itself (`PRETTY_NAME` of os-release(5)).
    pub system: Option<String>,
    /// What the resolver said.
    pub answer: Option<Answer>,
    /// What the installed program says of itself, in JSON.
    pub stamp: Option<String>,
    /// What became of each check that was begun or put off.
    pub checks: BTreeMap<Check, Outcome>,
    /// Whether the script came to its end.
    pub is_over: bool,
    /// The limit at which the system was ended because it hung, in seconds.
    pub hung: Option<String>,
}

/// Reads what a script printed. Lines that begin with `::` are its own words; the others are what
/// the programs that it ran said.
#[must_use]
pub fn read(log: &str) -> Life {
    let mut life = Life::default();
    let mut faults: Vec<String> = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    let mut because: Option<String> = None;
    let mut begun: Option<Check> = None;
    for line in log.lines() {
        let Some((word, rest)) = own_words(line) else {
            continue;
        };
        let (name, why) = rest.split_once(' ').unwrap_or((rest, ""));
        let check = name.parse::<Check>().ok();
        match (word, check) {
            ("system", _) => life.system = Some(rest.to_owned()),
            ("stamp", _) => life.stamp = Some(rest.to_owned()),
            ("accepted", _) => life.answer = Some(Answer::Accepted),
            ("refused", _) => life.answer = Some(Answer::Refused(rest.to_owned())),
            ("end", _) => life.is_over = true,
            ("hung", _) => life.hung = Some(rest.to_owned()),
            ("fault", _) => faults.push(rest.to_owned()),
            ("seen", _) if seen.last().is_none_or(|last| last != rest) => {
                seen.push(rest.to_owned());
            }
            // The first command that failed made the others fail.
            ("because", _) => because = because.or_else(|| Some(format!("`{rest}` failed"))),
            ("begin", Some(check)) => {
                begun = Some(check);
                faults.clear();
                seen.clear();
                because = None;
            }
            ("passed", Some(check)) => {
                begun = None;
                let seen = std::mem::take(&mut seen).join("; ");
                life.checks.insert(check, Outcome::Passed { seen });
            }
            ("failed", Some(check)) => {
                begun = None;
                let because = because.take().unwrap_or_else(|| "it failed".to_owned());
                let faults = match faults.is_empty() {
                    true => vec![because],
                    false => std::mem::take(&mut faults),
                };
                life.checks.insert(check, Outcome::Failed { faults });
            }
            ("not-run", Some(check)) => {
                life.checks.insert(check, Outcome::not_run(why));
            }
            ("not-applicable", Some(check)) => {
                let because = why.to_owned();
                life.checks
                    .insert(check, Outcome::NotApplicable { because });
            }
            _ => {}
        }
    }
    if let Some(check) = begun {
        let end = match &life.hung {
            Some(seconds) => format!("it did not end within {seconds} s"),
            None => "the system stopped in the middle of it".to_owned(),
        };
        let end = format!("{end}: {}", last_lines(log));
        life.checks.insert(check, Outcome::failed(end));
    }
    life
}

impl Life {
    /// The outcome of a check of life, whether it was begun or not.
    #[must_use]
    pub fn outcome(&self, check: Check) -> Outcome {
        self.checks.get(&check).cloned().unwrap_or_else(|| {
            let install = self.checks.get(&Check::Install);
            match (&self.answer, install) {
                (Some(Answer::Refused(words)), _) if check == Check::Install => {
                    Outcome::failed(format!("the resolver refuses it: {words}"))
                }
                (Some(Answer::Refused(_)), _) => Outcome::not_run("the resolver refuses it"),
                (_, Some(Outcome::Failed { .. })) => Outcome::not_run("install failed"),
                _ if !self.is_over => Outcome::failed(match &self.hung {
                    Some(seconds) => format!("the system did not end within {seconds} s"),
                    None => "the life ended before it".to_owned(),
                }),
                _ => Outcome::not_run("there is nothing to do it with"),
            }
        })
    }
}

fn own_words(line: &str) -> Option<(&str, &str)> {
    // A booted system's console may have put a carriage return there.
    let words = line.strip_prefix("::")?.trim_end();
    Some(words.split_once(' ').unwrap_or((words, "")))
}

fn last_lines(log: &str) -> String {
    let lines = log.lines();
    let lines = lines.filter(|line| !line.trim().is_empty() && !line.starts_with("::hung"));
    let lines: Vec<&str> = lines.collect();
    let from = lines.len().saturating_sub(LINES_SHOWN);
    lines[from..].join(" | ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "\
::accepted
::system Debian GNU/Linux 12 (bookworm)
::begin install
Setting up sample
::seen its files are as packaged
::seen all is well
::passed install
::stamp {\"flavour\":\"dynamic\"}
::begin service
::because systemctl is-active x
::fault sampled.service is failed
::failed service
::not-run smoke no script
::not-applicable purge nothing to purge
::begin remove
::because apt remove sample
::because later
::failed remove
";

    #[test]
    fn each_check_ends_as_the_script_says() {
        let life = read(LOG);
        assert_eq!(life.answer, Some(Answer::Accepted));
        assert_eq!(life.stamp.as_deref(), Some(r#"{"flavour":"dynamic"}"#));
        assert!(!life.is_over);
        let told = |check| {
            let outcome = life.outcome(check);
            format!("{}: {}", outcome.word(), outcome.text())
        };
        assert_eq!(
            told(Check::Install),
            "passed: its files are as packaged; all is well"
        );
        assert_eq!(told(Check::Service), "FAILED: sampled.service is failed");
        assert_eq!(told(Check::Smoke), "not run: no script");
        assert_eq!(told(Check::Purge), "n/a: nothing to purge");
        assert_eq!(told(Check::Remove), "FAILED: `apt remove sample` failed");
        assert_eq!(told(Check::Upgrade), "FAILED: the life ended before it");
        let over = read(&format!("{LOG}::end\n"));
        assert_eq!(over.outcome(Check::Upgrade).word(), "not run");
    }

    #[test]
    fn a_system_that_stops_in_the_middle_has_failed() {
        let life = read("::begin install\nKernel panic\n");
        assert_eq!(
            life.outcome(Check::Install),
            Outcome::failed(
                "the system stopped in the middle of it: ::begin install | Kernel panic"
            )
        );
    }

    #[test]
    fn a_life_that_ended_early_has_not_passed() {
        let life = read("::accepted\n::passed install\n::passed smoke\n");
        for check in [Check::Service, Check::Upgrade, Check::Purge] {
            assert_eq!(life.outcome(check).word(), "FAILED");
        }
        assert_eq!(read("").outcome(Check::Install).word(), "FAILED");
        let failed = read("::accepted\n::begin install\n::failed install\n");
        assert_eq!(failed.outcome(Check::Smoke).text(), "install failed");
    }

    #[test]
    fn nothing_is_run_of_a_package_that_is_refused() {
        let life = read("::refused sample : Depends: libc6 (>= 2.39)\n");
        assert_eq!(
            life.outcome(Check::Install).text(),
            "the resolver refuses it: sample : Depends: libc6 (>= 2.39)"
        );
        assert_eq!(
            life.outcome(Check::Smoke),
            Outcome::not_run("the resolver refuses it")
        );
    }

    /// Runs a shell script as the lives are run. Returns its status and the log.
    fn logged(script: &str) -> (Option<i32>, String) {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let text = LOGGED.text.replace("/verify/log", &log.to_string_lossy());
        let mut command = std::process::Command::new("bash");
        command.args(["-c", &text, "logged", "sh", "-c", script]);
        let status = command.current_dir(&folder).status().unwrap();
        (status.code(), std::fs::read_to_string(log).unwrap())
    }

    #[test]
    fn a_script_that_opens_its_standard_error_anew_does_not_empty_the_log() {
        let script =
            "echo ::accepted; echo tide | tee /dev/stderr >/dev/null; printf ::end; exit 3";
        let (status, log) = logged(script);
        let lines: Vec<&str> = log.lines().collect();
        assert_eq!(lines, ["::accepted", "tide", "::end"]);
        assert_eq!(status, Some(3));
    }

    #[test]
    fn a_process_that_a_script_leaves_behind_does_not_hold_the_log() {
        let script = "{ sleep 5; echo late; } & echo ::end";
        let (status, log) = logged(script);
        assert_eq!((status, log.trim_end()), (Some(0), "::end"));
    }
}
