//! This build and another one, side by side: what a change costs. Both are measured in turns in one run, so that
//! a load of the machine slows both down.

use tidegate_tests::Programs;

use crate::calls::{self, OPERATIONS, Operations};
use crate::host::Measured;
use crate::packets::Path;
use crate::render::thousands;
use crate::report::{Row, Section};
use crate::{Options, say};

/// The rows of each section. Ratios are to the first.
const BUILDS: [&str; 2] = ["other build", "this build"];

/// Measures every call with each driver that both builds have, and connections through a published port.
///
/// # Errors
/// When a daemon refuses.
pub(crate) fn run(
    ours: &Programs,
    other: &Programs,
    options: Options,
) -> anyhow::Result<Vec<Section>> {
    let mut sections = Vec::new();
    let others = other.drivers();
    for driver in ours.drivers().iter().filter(|own| others.contains(own)) {
        sections.extend(of_calls(ours, other, driver, options)?);
    }
    sections.extend(of_packets(ours, other, options)?);
    Ok(sections)
}

fn of_calls(
    ours: &Programs,
    other: &Programs,
    driver: &str,
    options: Options,
) -> anyhow::Result<Vec<Section>> {
    let about = "The whole call as an API client sees it, at so many published ports.";
    let mut sections = OPERATIONS.map(|title| {
        Section::new(&format!("{title}: {driver}, of two builds"), about, "ms")
            .along("published ports")
    });
    let mut hosts = vec![Measured::new(other, driver)?, Measured::new(ours, driver)?];
    for ports in options.ports_against() {
        say(&format!(
            "calls of two builds with {} published ports, {driver}",
            thousands(*ports)
        ));
        for host in &mut hosts {
            host.fill_with_ports(*ports)?;
        }
        let costs: Vec<Operations> = calls::rounds(&mut hosts, options.rounds())?;
        for (build, costs) in BUILDS.iter().zip(&costs) {
            for (section, costs) in sections.iter_mut().zip(costs) {
                section.push(costs.row(build).at(*ports));
            }
        }
    }
    Ok(sections.into())
}

fn of_packets(ours: &Programs, other: &Programs, options: Options) -> anyhow::Result<Vec<Section>> {
    let mut paths = Vec::new();
    for ports in options.ports_against() {
        let ports = (*ports).max(1);
        say(&format!(
            "packets of two builds with {} published ports",
            thousands(ports)
        ));
        for programs in [other, ours] {
            paths.push(Path::through_daemon(programs, ports)?);
        }
    }
    for _ in 0..options.load_rounds() {
        for path in &mut paths {
            path.measure(options.load_time())?;
        }
    }
    let section = |what: &str, unit: &str| {
        let title = format!("{what} through a published port, of two builds");
        Section::new(&title, "More is better.", unit).along("published ports")
    };
    let mut sections = [
        section("connections", "1/s"),
        section("throughput", "Gbit/s"),
    ];
    for (path, build) in paths.iter().zip(BUILDS.iter().cycle()) {
        for (section, sample) in sections.iter_mut().zip(path.samples()) {
            section.push(Row::new(build, sample.summary()).at(path.ports()));
        }
    }
    Ok(sections.into())
}
