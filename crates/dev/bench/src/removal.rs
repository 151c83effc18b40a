//! Removing many at once: whether callers wait for the kernel, and how long it takes until all is
//! gone.

use std::time::{Duration, Instant};

use tidegate_tests::{Netns, Programs};

use crate::Options;
use crate::host::Measured;
use crate::programs::{program, run as feed};
use crate::report::{Row, Section};
use crate::sample::Sample;
use crate::say;

/// Titles of the sections, by which targets find them.
pub(crate) const NETWORKS: &str = "50 networks removed by 50 calls";
pub(crate) const ENDPOINTS: &str = "50 endpoints detached by 50 calls";
/// What the daemon is compared with.
pub(crate) const PLAIN: &str = "ip link del of 50 bridges";
const COUNT: usize = 50;
/// Measures both, with each driver and with `ip link del`, in turns.
///
/// # Errors
/// When a daemon refuses.
pub(crate) fn run(programs: &Programs, options: Options) -> anyhow::Result<Vec<Section>> {
    say("many removed at once");
    let about = "All calls together. Parts: time from the first call until the kernel has deleted all links.";
    let mut hosts = Measured::all(programs)?;
    let namespaces: Vec<Netns> = (0..COUNT).map(|_| Netns::new()).collect();
    let plain = Netns::new();
    let mut costs: Vec<[Costs; 2]> = hosts.iter().map(|_| Default::default()).collect();
    let mut bridges = Sample::default();
    for _ in 0..options.repetitions() {
        for (host, [networks, endpoints]) in hosts.iter_mut().zip(&mut costs) {
            remove_networks(host, networks)?;
            detach_endpoints(host, &namespaces, endpoints)?;
        }
        bridges.add_time(delete_bridges(&plain)?);
    }
    let mut sections = [NETWORKS, ENDPOINTS].map(|title| Section::new(title, about, "ms"));
    for (host, costs) in hosts.iter().zip(&costs) {
        for (section, costs) in sections.iter_mut().zip(costs) {
            let row = Row::new(&host.driver, costs.calls.summary());
            section.push(row.part("until gone", &costs.gone));
        }
    }
    let plain = Row::new(PLAIN, bridges.summary());
    sections[0].push(plain.note("the links alone, without a ruleset, by one ip -batch"));
    Ok(sections.into())
}

#[derive(Default)]
struct Costs {
    calls: Sample,
    gone: Sample,
}

fn remove_networks(host: &mut Measured, costs: &mut Costs) -> anyhow::Result<()> {
    let names: Vec<String> = (0..COUNT).map(|number| format!("gone-{number}")).collect();
    for name in &names {
        host.create_network(name)?;
    }
    measure(host, costs, 0, |host| {
        names
            .iter()
            .try_for_each(|name| host.remove_network(name).map(drop))
    })
}

fn detach_endpoints(
    host: &mut Measured,
    namespaces: &[Netns],
    costs: &mut Costs,
) -> anyhow::Result<()> {
    host.create_network("gone")?;
    for (number, netns) in namespaces.iter().enumerate() {
        host.attach("gone", &netns.path(), &format!("gone-{number}"), &[])?;
    }
    let names = (0..namespaces.len()).map(|number| format!("gone-{number}"));
    let names: Vec<String> = names.collect();
    // The bridge stays, and is not a link that is waited for.
    measure(host, costs, 1, |host| {
        names
            .iter()
            .try_for_each(|name| host.detach(name).map(drop))
    })?;
    host.remove_network("gone")?;
    Ok(())
}

fn measure(
    host: &mut Measured,
    costs: &mut Costs,
    links_left: usize,
    calls: impl FnOnce(&mut Measured) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let since = Instant::now();
    calls(host)?;
    costs.calls.add_time(since.elapsed());
    host.wait_for_links(links_left);
    costs.gone.add_time(since.elapsed());
    Ok(())
}

/// What removing bridges costs where each is waited for.
fn delete_bridges(netns: &Netns) -> anyhow::Result<Duration> {
    let batch = |verb: &str, rest: &str| -> String {
        let lines = (0..COUNT).map(|number| format!("link {verb} bench{number} {rest}\n"));
        lines.collect()
    };
    let ip = || anyhow::Ok(netns.command(program("ip")?));
    feed(ip()?.args(["-batch", "-"]), &batch("add", "up type bridge"))?;
    let since = Instant::now();
    feed(ip()?.args(["-batch", "-"]), &batch("del", ""))?;
    Ok(since.elapsed())
}
