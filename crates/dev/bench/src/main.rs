//! Measures the daemon and its drivers against every other way to do the same, all of it in one
//! run: medians, tenths and ratios. `cargo xtask bench` builds and runs it.

mod against;
mod calls;
mod floor;
mod generation;
mod host;
mod load;
mod machine;
mod namespaces;
mod others;
mod packages;
mod packets;
mod page;
mod plot;
mod programs;
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
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::{Parser, ValueEnum};
use tidegate_tests::Programs;

use crate::machine::Machine;
use crate::render::Style;
use crate::report::{Report, Section};

/// Measures the daemon and its drivers, side by side in one run.
#[derive(Debug, Parser)]
struct Arguments {
    /// Folder with the programs that are measured
    #[arg(long, value_name = "FOLDER")]
    programs: PathBuf,

    /// Folder with the programs of another build: what its calls and packets cost beside these, and nothing else
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["parts", "html"])]
    against: Option<PathBuf>,

    /// Print the report as JSON
    #[arg(long)]
    json: bool,

    /// Measure this part alone; can be given several times
    #[arg(long = "part", value_name = "PART")]
    parts: Vec<Part>,

    /// Write the report as a page, and beside it as JSON and in Markdown
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    #[command(flatten)]
    options: Options,
}

/// What can be measured by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// One update of a ruleset, in every way there is
    Updates,
    /// Whole calls, at each number of published ports
    Calls,
    /// Many networks and endpoints removed at once
    Removal,
    /// Packets through a published port
    Packets,
    /// Calls on hosts of other kinds, starts, memory
    Hosts,
    /// Making packages, and their sizes; only where asked for, since it compiles everything anew
    Packages,
}

impl Part {
    fn run(self, programs: &Programs, options: Options) -> anyhow::Result<Vec<Section>> {
        match self {
            Self::Updates => updates::run(programs, options),
            Self::Calls => calls::run(programs, options),
            Self::Removal => removal::run(programs, options),
            Self::Packets => packets::run(programs, options),
            Self::Packages => packages::run(),
            Self::Hosts => {
                let mut others = others::run(programs, options)?;
                let start = start::run(programs, options, &mut others)?;
                Ok([others, start].concat())
            }
        }
    }
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

    /// Numbers of published ports at which two builds are compared.
    fn ports_against(self) -> &'static [u32] {
        match self.quick {
            true => &[0, 100],
            false => &[0, 5_000],
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

    /// Numbers of published ports at which packets are sent.
    fn ports_for_packets(self) -> &'static [u32] {
        match self.quick {
            true => &[1, 100],
            false => &[1, 1_000, 20_000],
        }
    }

    /// How long a load lasts.
    fn load_time(self) -> Duration {
        match self.quick {
            true => Duration::from_millis(50),
            false => Duration::from_millis(500),
        }
    }

    /// How often a load is put on each host.
    fn load_rounds(self) -> usize {
        match self.quick {
            true => 3,
            false => 8,
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
            false => 30,
        }
    }
}

/// Says on standard error what is going on, and since when.
pub(crate) fn say(text: &str) {
    static BEGIN: OnceLock<Instant> = OnceLock::new();
    let seconds = BEGIN.get_or_init(Instant::now).elapsed().as_secs();
    // Nothing is to be done where that is closed.
    let _ = writeln!(std::io::stderr(), "{seconds:4} s  {text}");
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let programs = Programs::in_folder(&arguments.programs);
    let mut report = Report::of(Machine::this(), arguments.options.quick);
    if let Some(path) = &arguments.html {
        report.keep(kept(path));
    }
    if let Some(other) = &arguments.against {
        let other = Programs::in_folder(other);
        report.put(against::run(&programs, &other, arguments.options)?);
    }
    for part in Part::value_variants() {
        let is_usual =
            arguments.parts.is_empty() && arguments.against.is_none() && *part != Part::Packages;
        if is_usual || arguments.parts.contains(part) {
            report.put(part.run(&programs, arguments.options)?);
            report.targets = targets::judge(&report.sections);
            // After each part, so that a run that is cut off leaves what it had.
            if let Some(path) = &arguments.html {
                write(&report, path)?;
            }
        }
    }
    let text = match arguments.json {
        true => serde_json::to_string_pretty(&report)? + "\n",
        false => render::text(&report, Style::Terminal),
    };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(())
}

/// The report that was written under a name before.
fn kept(path: &Path) -> Option<Report> {
    let text = std::fs::read(path.with_extension("json")).ok()?;
    // One that cannot be read, as that of another version, is as good as none.
    serde_json::from_slice(&text).ok()
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
