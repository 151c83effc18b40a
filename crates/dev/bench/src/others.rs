//! The same calls on hosts of other kinds: with many networks, and with a large table of somebody
//! else.

use anyhow::Context;
use tidegate_tests::{Netns, Programs};

use crate::Options;
use crate::calls::{OPERATIONS, Operations, rounds};
use crate::host::Measured;
use crate::programs::{program, run as feed};
use crate::report::Section;
use crate::say;

/// What the sections' titles end with.
pub(crate) const SUFFIX: &str = ", on other hosts";
/// The kinds of host.
pub(crate) const EMPTY: &str = "empty";
pub(crate) const FOREIGN: &str = "foreign intervals";
pub(crate) const NETWORKS: &str = "networks";

/// The name of a row.
pub(crate) fn row_name(driver: &str, kind: &str, count: u32) -> String {
    match kind {
        EMPTY => format!("{driver}, empty host"),
        kind => format!("{driver}, {} {kind}", crate::render::thousands(count)),
    }
}

/// Measures every operation on hosts of each kind, in turns.
///
/// # Errors
/// When a daemon refuses.
pub(crate) fn run(programs: &Programs, options: Options) -> anyhow::Result<Vec<Section>> {
    let (networks, intervals) = (options.networks(), options.intervals());
    let kinds = [(EMPTY, 0), (NETWORKS, networks), (FOREIGN, intervals)];
    let mut hosts = Vec::new();
    let mut names = Vec::new();
    for (kind, count) in kinds {
        for driver in programs.drivers() {
            let name = row_name(&driver, kind, count);
            say(&format!("a host: {name}"));
            let mut host = Measured::new(programs, &driver)?;
            match kind {
                NETWORKS => fill_with_networks(&mut host, count)?,
                FOREIGN => add_intervals(&host.host.netns, count)?,
                _ => {}
            }
            hosts.push(host);
            names.push(name);
        }
    }
    say("calls on these hosts");
    let costs = rounds(&mut hosts, options.rounds())?;
    let mut sections: Vec<Section> = OPERATIONS.iter().map(|title| section(title)).collect();
    for (name, costs) in names.iter().zip(&costs) {
        add_rows(&mut sections, name, costs);
    }
    Ok(sections)
}

/// Adds a row of each operation.
pub(crate) fn add_rows(sections: &mut [Section], name: &str, costs: &Operations) {
    for (section, costs) in sections.iter_mut().zip(costs) {
        section.push(costs.row(name));
    }
}

fn section(title: &str) -> Section {
    let about = "The complete call, as above, on hosts with other content.";
    Section::new(&format!("{title}{SUFFIX}"), about, "ms")
}

/// Makes so many dual-stack networks.
///
/// # Errors
/// When the daemon refuses.
pub(crate) fn fill_with_networks(host: &mut Measured, count: u32) -> anyhow::Result<()> {
    for number in 0..count {
        let made = host.create_network(&network(number));
        made.with_context(|| format!("filling a host with {count} networks"))?;
    }
    Ok(())
}

/// The name of a network that fills a host.
pub(crate) fn network(number: u32) -> String {
    format!("fill-{number}")
}

/// Puts in a table with a set of so many intervals, as a firewall with block lists has it.
fn add_intervals(netns: &Netns, count: u32) -> anyhow::Result<()> {
    let interval = |number: u32| {
        let [_, high, middle, low] = (number * 4).to_be_bytes();
        format!("100.{high}.{middle}.{low}-100.{high}.{middle}.{}", low + 1)
    };
    let intervals: Vec<String> = (0..count).map(interval).collect();
    let text = format!(
        "table inet foreign {{\nset blocked {{ type ipv4_addr; flags interval; elements = {{ {} }}; }}\n}}\n",
        intervals.join(", ")
    );
    let mut nft = netns.command(program("nft")?);
    feed(nft.args(["-f", "-"]), &text)
}
