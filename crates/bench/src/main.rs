//! Measures the daemon and its drivers against every other way to do the same, all of it in one
//! run: medians, tenths and ratios. `cargo xtask bench` builds and runs it.

mod calls;
mod client;
mod floor;
mod generation;
mod host;
mod machine;
mod namespaces;
mod others;
mod page;
mod plot;
mod removal;
mod render;
mod report;
mod sample;
mod start;
mod subjects;
mod targets;
mod updates;
mod ways;
mod worker;

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Parser;
use tidegate_tests::Programs;

use crate::machine::Machine;
use crate::render::Style;
use crate::report::Report;

/// Measures the daemon and its drivers, side by side in one run.
#[derive(Debug, Parser)]
struct Arguments {
    /// Folder with the programs that are measured
    #[arg(long, value_name = "FOLDER")]
    programs: PathBuf,

    /// Print the report as JSON
    #[arg(long)]
    json: bool,

    /// Write the report as a page, and beside it as JSON and in Markdown
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    #[command(flatten)]
    options: Options,
}

/// How much is measured.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Options {
    /// Measure fewer times, and on smaller hosts
    #[arg(long)]
    quick: bool,
}

impl Options {
    /// Numbers of published ports at which calls are measured.
    fn ports(self) -> &'static [u32] {
        match self.quick {
            true => &[0, 100, 1_000],
            false => &[0, 100, 1_000, 10_000, 50_000],
        }
    }

    /// How many networks a host has on which calls are measured.
    fn networks(self) -> u32 {
        match self.quick {
            true => 20,
            false => 1_000,
        }
    }

    /// How many intervals a table of somebody else has where calls are measured.
    fn intervals(self) -> u32 {
        match self.quick {
            true => 1_000,
            false => 10_000,
        }
    }

    /// How many endpoints there are when a daemon is started. Each publishes two ports.
    fn endpoints(self) -> u32 {
        match self.quick {
            true => 100,
            false => 10_000,
        }
    }

    /// How often what takes long is measured.
    fn repetitions(self) -> usize {
        match self.quick {
            true => 1,
            false => 3,
        }
    }

    /// How often each is measured.
    fn rounds(self) -> usize {
        match self.quick {
            true => 6,
            false => 40,
        }
    }
}

/// Says on standard error what is going on.
pub(crate) fn say(text: &str) {
    // Nothing is to be done where that is closed.
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let report = measure(&arguments)?;
    let text = match arguments.json {
        true => serde_json::to_string_pretty(&report)? + "\n",
        false => render::text(&report, Style::Terminal),
    };
    std::io::stdout().write_all(text.as_bytes())?;
    match &arguments.html {
        Some(path) => write(&report, path),
        None => Ok(()),
    }
}

/// Writes the report in every form that is kept, each under the same name.
fn write(report: &Report, path: &Path) -> anyhow::Result<()> {
    let forms = [
        ("html", page::page(report)?),
        ("json", serde_json::to_string_pretty(report)? + "\n"),
        ("md", markdown(report)),
    ];
    for (extension, text) in forms {
        let path = path.with_extension(extension);
        std::fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(())
}

fn markdown(report: &Report) -> String {
    let text = render::text(report, Style::Markdown);
    format!(
        "<!-- Written by `cargo xtask bench --html`. Do not edit. -->\n# Tidegate, measured\n\n{text}"
    )
}

fn measure(arguments: &Arguments) -> anyhow::Result<Report> {
    let programs = Programs::in_folder(&arguments.programs);
    let options = arguments.options;
    let mut sections = updates::run(&programs, options)?;
    sections.extend(calls::run(&programs, options)?);
    sections.extend(removal::run(&programs, options)?);
    let mut others = others::run(&programs, options)?;
    let start = start::run(&programs, options, &mut others)?;
    sections.extend(others);
    sections.extend(start);
    Ok(Report {
        machine: Machine::this(),
        quick: options.quick,
        targets: targets::judge(&sections),
        sections,
    })
}
