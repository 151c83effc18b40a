//! Starting a daemon on a host that holds much, and what it takes to hold it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use anyhow::Context;
use tidegate_tests::Programs;

use crate::Options;
use crate::calls::{ATTACH, rounds};
use crate::generation::Generations;
use crate::host::{Measured, held_by_sockets, protocol};
use crate::namespaces::Namespaces;
use crate::others::{SUFFIX, add_rows, fill_with_networks, network, row_name};
use crate::render::thousands;
use crate::report::{Row, Section};
use crate::sample::Sample;
use crate::say;

/// Titles of the sections, by which targets find them.
pub(crate) const START: &str = "start";
pub(crate) const MEMORY: &str = "memory of a host that holds much";
/// What the name of a row about such a host contains, in the sections of other hosts.
pub(crate) const ENDPOINTS: &str = "endpoints in";
/// How many times as many networks the host has whose endpoints are spread over many.
const SPREAD_OVER_PACKED: u32 = 20;
/// The parts of a start.
pub(crate) const RULESET: &str = "until the ruleset is in place";
pub(crate) const TRANSACTIONS: &str = "transactions";

/// How many ports each endpoint publishes.
const PORTS_EACH: u32 = 2;
/// The first port of the host.
const FIRST_PORT: u32 = 10_000;
/// How much a host holds.
struct Size {
    networks: u32,
    endpoints: u32,
}

impl Size {
    /// Many networks, with a few endpoints each.
    fn spread(options: Options) -> Self {
        Self {
            networks: options.networks(),
            endpoints: options.endpoints(),
        }
    }

    /// As many endpoints in few networks.
    fn packed(options: Options) -> Self {
        Self {
            networks: options.networks() / SPREAD_OVER_PACKED,
            endpoints: options.endpoints(),
        }
    }

    /// What the name of a row about such a host ends with.
    fn kind(&self) -> String {
        format!("{ENDPOINTS} {} networks", thousands(self.networks))
    }

    fn ports(&self) -> u32 {
        self.endpoints * PORTS_EACH
    }

    fn text(&self) -> String {
        format!(
            "{} networks, {} endpoints and {} ports",
            thousands(self.networks),
            thousands(self.endpoints),
            thousands(self.ports()),
        )
    }
}

/// Fills hosts, measures calls on them into `others`, and starts daemons on the one with the most networks.
///
/// # Errors
/// When a daemon refuses, or does not start.
pub(crate) fn run(
    programs: &Programs,
    options: Options,
    others: &mut [Section],
) -> anyhow::Result<Vec<Section>> {
    let drivers = programs.drivers();
    let size = Size::packed(options);
    let (namespaces, mut host) = filled(programs, &size, others)?;
    for driver in &drivers {
        host.host.use_driver(driver);
        host.host.kill();
        Started::default().start(&mut host)?;
        measure_calls(&mut host, driver, &size, options, others)?;
    }
    drop((host, namespaces));

    let size = Size::spread(options);
    let (_namespaces, mut host) = filled(programs, &size, others)?;
    let about = "Resident memory of the daemon and its processes, with";
    let mut memory = Section::new(MEMORY, &format!("{about} {}.", size.text()), "MiB");
    memory.push(named(host.memory_row(), "filled call by call"));
    let mut start = Section::new(START, &about_start(&size), "ms");
    for driver in &drivers {
        host.host.use_driver(driver);
        let mut started = Started::default();
        for _ in 0..options.repetitions() {
            say(&format!("starting a daemon with the {driver} driver"));
            host.host.kill();
            started.start(&mut host)?;
        }
        start.push(started.row(driver));
        measure_calls(&mut host, driver, &size, options, others)?;
        memory.push(named(
            host.memory_row(),
            &format!("after a start, {driver} driver"),
        ));
    }
    Ok(vec![start, memory])
}

/// A host that is filled call by call, and the namespaces that are attached: they outlive it.
fn filled(
    programs: &Programs,
    size: &Size,
    others: &mut [Section],
) -> anyhow::Result<(Namespaces, Measured)> {
    say(&format!("filling a host with {}", size.text()));
    let drivers = programs.drivers();
    let first = drivers.first().context("the daemon has no driver")?;
    let namespaces = Namespaces::new(size.endpoints)?;
    let mut host = Measured::new(programs, first)?;
    fill_with_networks(&mut host, size.networks)?;
    let attached = fill_with_endpoints(&mut host, &namespaces, size)?;
    let attaches = format!("{ATTACH}{SUFFIX}");
    if let Some(section) = others.iter_mut().find(|section| section.title == attaches) {
        let name = format!(
            "{first}, up to {} {}",
            thousands(size.endpoints),
            size.kind()
        );
        let row = Row::new(&name, attached.summary());
        section.push(row.note("while they are added, two ports each"));
    }
    Ok((namespaces, host))
}

/// Measures every operation on a filled host.
fn measure_calls(
    host: &mut Measured,
    driver: &str,
    size: &Size,
    options: Options,
    others: &mut [Section],
) -> anyhow::Result<()> {
    say(&format!("calls on it with the {driver} driver"));
    let costs = rounds(std::slice::from_mut(host), options.rounds())?;
    let name = row_name(driver, &size.kind(), size.endpoints);
    costs
        .iter()
        .for_each(|costs| add_rows(others, &name, costs));
    Ok(())
}

fn about_start(size: &Size) -> String {
    let held = held_by_sockets().min(size.ports());
    format!(
        "A killed daemon is started from a store with {}. {} of the ports are TCP ports, held by one socket for each \
         family, as many as the limit of open files allows; the rest are SCTP ports. Time from the start of its process until it answers.",
        size.text(),
        thousands(held)
    )
}

fn named(mut row: Row, name: &str) -> Row {
    name.clone_into(&mut row.name);
    row
}

/// Attaches every namespace, and tells what each took.
fn fill_with_endpoints(
    host: &mut Measured,
    namespaces: &Namespaces,
    size: &Size,
) -> anyhow::Result<Sample> {
    let mut sample = Sample::default();
    for (number, path) in (0..).zip(namespaces.paths()) {
        let network = network(number % size.networks);
        let name = format!("ep{number}");
        let attached = host
            .attach(&network, &path, &name, &[published(number)])
            .with_context(|| format!("filling a host with {} endpoints", size.endpoints))?;
        sample.add_time(attached.took);
    }
    Ok(sample)
}

/// What an endpoint publishes.
fn published(endpoint: u32) -> String {
    let first = FIRST_PORT + endpoint * PORTS_EACH;
    let last = first + PORTS_EACH - 1;
    let protocol = protocol((endpoint + 1) * PORTS_EACH);
    format!("{first}-{last}:1-{PORTS_EACH}/{protocol}")
}

/// What starts took.
#[derive(Default)]
struct Started {
    whole: Sample,
    ruleset: Sample,
    transactions: Sample,
}

impl Started {
    /// Starts the daemon of a host on which none runs.
    fn start(&mut self, host: &mut Measured) -> anyhow::Result<()> {
        let before = host.transactions()?;
        let generations = Generations::of(&host.host.netns)?;
        let is_over = AtomicBool::new(false);
        let since = Instant::now();
        let ruleset = scope(|scope| {
            let watch = || -> anyhow::Result<Duration> {
                while generations.now()? == before && !is_over.load(Ordering::Relaxed) {
                    sleep(TICK);
                }
                Ok(since.elapsed())
            };
            let watch = scope.spawn(watch);
            host.host.start();
            self.whole.add_time(since.elapsed());
            is_over.store(true, Ordering::Relaxed);
            watch.join()
        });
        let ruleset = ruleset.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        self.ruleset.add_time(ruleset?);
        self.transactions
            .add(f64::from(host.transactions()? - before));
        host.reconnect()
    }

    fn row(&self, name: &str) -> Row {
        let row = Row::new(name, self.whole.summary());
        row.part(RULESET, &self.ruleset)
            .part(TRANSACTIONS, &self.transactions)
    }
}

/// How often is looked whether the ruleset is in place.
const TICK: Duration = Duration::from_millis(1);
