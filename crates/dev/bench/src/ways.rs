//! The ways in which a ruleset can be changed.

use std::collections::BTreeMap;
use std::process::Command;

use tidegate_nft::{Driver, Transaction};
use tidegate_nft_drivers::{ExecDriver, ExecMode, ExecOptions, Location};

use crate::floor::Replay;
use crate::programs::{program, run};
use crate::subjects::{IpFamily, Iptables, Subject};
use crate::worker::{Half, Method};

/// How iptables is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Calls {
    /// One for each rule.
    Single,
    /// One restore for each family.
    Restore,
}

/// A text for each half.
struct Texts {
    add: String,
    delete: String,
}

impl Texts {
    fn of(subject: &Subject) -> Self {
        Self {
            add: subject.add.to_text(),
            delete: subject.delete.to_text(),
        }
    }

    fn half(&self, half: Half) -> &str {
        match half {
            Half::Add => &self.add,
            Half::Delete => &self.delete,
        }
    }
}

/// iptables of one of its two kinds, `nft` or `legacy`.
pub(crate) fn iptables(kind: &str, calls: Calls, lines: &Iptables) -> anyhow::Result<Method> {
    let mut commands: BTreeMap<bool, Vec<(Command, String)>> = BTreeMap::new();
    for (half, lines_of_half) in [(Half::Add, &lines.add), (Half::Delete, &lines.delete)] {
        for family in lines.families {
            let made = match calls {
                Calls::Single => single_calls(kind, *family, lines_of_half)?,
                Calls::Restore => vec![restore(kind, *family, lines_of_half)?],
            };
            let of_half = commands.entry(half == Half::Add).or_default();
            of_half.extend(made);
        }
    }
    Ok(Box::new(move |half| {
        let commands = commands.get_mut(&(half == Half::Add));
        let mut commands = commands.into_iter().flatten();
        commands.try_for_each(|(command, input)| run(command, input))
    }))
}

fn single_calls(
    kind: &str,
    family: IpFamily,
    lines: &[(&str, String)],
) -> anyhow::Result<Vec<(Command, String)>> {
    let program = program(&format!("{}-{kind}", family.prefix()))?;
    let calls = lines.iter().map(|(table, line)| {
        let mut command = Command::new(&program);
        command.args(["-w", "-t", table]).args(line.split(' '));
        (command, String::new())
    });
    Ok(calls.collect())
}

fn restore(
    kind: &str,
    family: IpFamily,
    lines: &[(&str, String)],
) -> anyhow::Result<(Command, String)> {
    let mut command = Command::new(program(&format!("{}-{kind}-restore", family.prefix()))?);
    command.args(["-w", "--noflush"]);
    let mut tables: BTreeMap<&str, String> = BTreeMap::new();
    for (table, line) in lines {
        let text = tables.entry(table).or_insert_with(|| format!("*{table}\n"));
        text.push_str(line);
        text.push('\n');
    }
    let input = tables.into_values().map(|text| text + "COMMIT\n").collect();
    Ok((command, input))
}

/// An `nft -f -` for each.
pub(crate) fn nft(subject: &Subject) -> anyhow::Result<Method> {
    let texts = Texts::of(subject);
    let mut command = nft_program()?;
    Ok(Box::new(move |half| run(&mut command, texts.half(half))))
}

/// Puts something in place before anything is measured.
pub(crate) fn prepare(base: &Transaction) -> anyhow::Result<()> {
    run(&mut nft_program()?, &base.to_text())
}

fn nft_program() -> anyhow::Result<Command> {
    let mut command = Command::new(program("nft")?);
    command.args(["-f", "-"]);
    Ok(command)
}

/// The daemon's own exec driver, with its long-lived child.
pub(crate) fn exec_driver(subject: &Subject) -> anyhow::Result<Method> {
    let options = ExecOptions {
        mode: ExecMode::LongLivedChild,
        ..ExecOptions::default()
    };
    Ok(driver(
        ExecDriver::open(Location::Current, options)?,
        subject,
    ))
}

fn driver(driver: impl Driver + 'static, subject: &Subject) -> Method {
    let (add, delete) = (subject.add.clone(), subject.delete.clone());
    Box::new(move |half| {
        let transaction = match half {
            Half::Add => &add,
            Half::Delete => &delete,
        };
        Ok(driver.apply(transaction)?)
    })
}

/// The same bytes that nft sends, over a socket that is kept: what the kernel alone costs.
pub(crate) fn raw(subject: &Subject) -> anyhow::Result<Method> {
    let texts = Texts::of(subject);
    // Caught in turns, so that each half finds what it needs.
    let [add, delete] = [Half::Add, Half::Delete].map(|half| Replay::catch(texts.half(half)));
    let (add, delete) = (add?, delete?);
    let socket = crate::floor::socket()?;
    Ok(Box::new(move |half| match half {
        Half::Add => add.send(&socket),
        Half::Delete => delete.send(&socket),
    }))
}

/// libnftables in this process, and as the daemon has it.
#[cfg(feature = "libnftables")]
pub(crate) mod library {
    use anyhow::bail;
    use libnftables::{Context as Library, RunResult};
    use std::path::Path;
    use std::time::Duration;

    use tidegate_nft_drivers::{LibraryDriver, LibraryOptions};

    use super::*;

    /// A context for each.
    pub(crate) fn each(subject: &Subject) -> anyhow::Result<Method> {
        let texts = Texts::of(subject);
        Ok(Box::new(move |half| {
            done(&Library::new()?.run(texts.half(half), false)?)
        }))
    }

    /// One context that is kept, and nft's text.
    pub(crate) fn text(subject: &Subject) -> anyhow::Result<Method> {
        let texts = Texts::of(subject);
        let mut library = Library::new()?;
        Ok(Box::new(move |half| {
            done(&library.run(texts.half(half), false)?)
        }))
    }

    /// The daemon's own library driver, whose process is the daemon's program.
    pub(crate) fn driver(subject: &Subject, daemon: &Path) -> anyhow::Result<Method> {
        let options = LibraryOptions {
            program: daemon.to_owned(),
            deadline: Duration::from_secs(30),
        };
        let driver = LibraryDriver::open(Location::Current, options)?;
        Ok(super::driver(driver, subject))
    }

    fn done(outcome: &RunResult) -> anyhow::Result<()> {
        match outcome.success {
            true => Ok(()),
            false => {
                let first = outcome.errors.lines().next().unwrap_or_default();
                bail!("libnftables refused: {first}")
            }
        }
    }
}
