//! What calls of the daemon cost, as its client sees it, and how that grows with what is there.

use tidegate_tests::{Netns, Programs};

use crate::Options;
use crate::host::{Measured, Took, held_by_sockets};
use crate::render::thousands;
use crate::report::{Row, Section};
use crate::sample::Sample;
use crate::say;

/// Titles of the sections, by which targets find them.
pub(crate) const PUBLISH: &str = "publish one port";
pub(crate) const UNPUBLISH: &str = "unpublish one port";
pub(crate) const CREATE: &str = "network create, dual stack";
pub(crate) const REMOVE: &str = "network rm";
pub(crate) const ATTACH: &str = "attach with one published port";
pub(crate) const DETACH: &str = "detach";
pub(crate) const TRANSACTIONS: &str = "nf_tables transactions of a call";
const MEMORY: &str = "memory";

/// The operations in the order in which they are measured.
pub(crate) const OPERATIONS: [&str; 6] = [CREATE, ATTACH, PUBLISH, UNPUBLISH, DETACH, REMOVE];

/// What each operation cost, in the order of [`OPERATIONS`].
pub(crate) type Operations = [Costs; OPERATIONS.len()];

/// What one operation cost.
#[derive(Default)]
pub(crate) struct Costs {
    whole: Sample,
    /// Transactions of nf_tables.
    transactions: Sample,
    stages: Vec<(String, Sample)>,
}

impl Costs {
    fn add(&mut self, done: &Done) {
        let Done {
            answer,
            transactions,
        } = done;
        self.whole.add_time(answer.took);
        self.transactions.add(f64::from(*transactions));
        for (stage, time) in &answer.stages {
            match stage.as_str() {
                TOTAL => self.add_stage(API, answer.took.as_secs_f64() * 1e3 - time),
                stage => self.add_stage(stage, *time),
            }
        }
    }

    fn add_stage(&mut self, stage: &str, milliseconds: f64) {
        let stages = &mut self.stages;
        let place = stages.iter().position(|(name, _)| name == stage);
        let place = place.unwrap_or_else(|| {
            stages.push((stage.to_owned(), Sample::default()));
            stages.len() - 1
        });
        stages[place].1.add(milliseconds);
    }

    /// A row of what the whole call cost, and each stage of it.
    pub(crate) fn row(&self, name: &str) -> Row {
        let row = Row::new(name, self.whole.summary());
        self.stages
            .iter()
            .fold(row, |row, (stage, sample)| row.part(stage, sample))
    }
}

/// What the daemon calls the whole of a command among its stages.
const TOTAL: &str = "total";
/// What a call takes besides: client, socket, HTTP and JSON.
const API: &str = "API";

/// Measures every operation at each size of the host, for each driver in turns.
///
/// # Errors
/// When a daemon refuses.
pub(crate) fn run(programs: &Programs, options: Options) -> anyhow::Result<Vec<Section>> {
    let mut sections: Vec<Section> = OPERATIONS.iter().map(|title| section(title)).collect();
    let mut memory = Section::new(
        MEMORY,
        "Resident memory of the daemon and of the process of its nft driver together.",
        "MiB",
    )
    .along(PORTS);
    let mut transactions = count_transactions(&[], &[]);
    let mut hosts = Measured::all(programs)?;
    for ports in options.ports() {
        say(&format!("calls with {ports} published ports"));
        for host in &mut hosts {
            host.fill_with_ports(*ports)?;
        }
        let costs = rounds(&mut hosts, options.rounds())?;
        transactions = count_transactions(&hosts, &costs);
        for (host, costs) in hosts.iter().zip(&costs) {
            for (section, costs) in sections.iter_mut().zip(costs) {
                section.push(costs.row(&host.driver).at(*ports));
            }
            memory.push(host.memory_row().at(*ports));
        }
    }
    sections.extend([transactions, memory]);
    Ok(sections)
}

/// How many transactions each operation was, with each driver.
fn count_transactions(hosts: &[Measured], costs: &[Operations]) -> Section {
    let about = "Counted by the kernel's generations of the ruleset.";
    let mut section = Section::new(TRANSACTIONS, about, "transactions");
    for (index, title) in OPERATIONS.iter().enumerate() {
        for (host, costs) in hosts.iter().zip(costs) {
            let name = format!("{}: {title}", host.driver);
            section.push(Row::new(&name, costs[index].transactions.summary()));
        }
    }
    section
}

const PORTS: &str = "published ports";

fn section(title: &str) -> Section {
    let tcp = thousands(held_by_sockets());
    let about = format!(
        "The complete call of an API client over one open connection, with no other load. Parts: durations that the \
         daemon reports. Of the ports published before, {tcp} are TCP ports, as many as the limit of open files allows; the rest are SCTP ports."
    );
    Section::new(title, &about, "ms").along(PORTS)
}

/// Measures every operation so many times on each host, in turns.
pub(crate) fn rounds(hosts: &mut [Measured], rounds: usize) -> anyhow::Result<Vec<Operations>> {
    let mut costs: Vec<Operations> = hosts.iter().map(|_| Default::default()).collect();
    // The first round warms up what is made at first use.
    for round in 0..=rounds {
        for (host, costs) in hosts.iter_mut().zip(&mut costs) {
            // A new one each time, as a container has it.
            let done = one_round(host, &Netns::new())?;
            if round > 0 {
                for (costs, done) in costs.iter_mut().zip(&done) {
                    costs.add(done);
                }
            }
        }
    }
    Ok(costs)
}

/// Does each operation once, and waits until nothing of it is left.
fn one_round(host: &mut Measured, netns: &Netns) -> anyhow::Result<[Done; OPERATIONS.len()]> {
    let links = host.links();
    let path = netns.path();
    let port = ["8080:80".to_owned()];
    let done = [
        counted(host, |host| host.create_network(NAME))?,
        counted(host, |host| host.attach(NAME, &path, NAME, &port))?,
        counted(host, |host| host.publish(NAME, "8081:81"))?,
        counted(host, |host| host.unpublish(NAME, "8081:81"))?,
        counted(host, |host| host.detach(NAME))?,
        counted(host, |host| host.remove_network(NAME))?,
    ];
    // What the daemon still removes would have the next one wait for the kernel.
    host.wait_for_links(links);
    Ok(done)
}

/// The name of the network and the endpoint that calls are about.
const NAME: &str = "measured";

/// A call that was answered.
struct Done {
    answer: Took,
    transactions: u32,
}

fn counted(
    host: &mut Measured,
    call: impl FnOnce(&mut Measured) -> anyhow::Result<Took>,
) -> anyhow::Result<Done> {
    let before = host.transactions()?;
    let answer = call(host)?;
    let transactions = host.transactions()? - before;
    Ok(Done {
        answer,
        transactions,
    })
}
