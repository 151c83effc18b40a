//! Hosts that are measured: a daemon with one driver in a namespace of its own, and what it is made
//! to hold.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use rustix::process::{Resource, getrlimit};
use tidegate_api::calls::{
    AddEndpoint, AddNetwork, Call, DeleteEndpoint, DeleteNetwork, PublishPorts, UnpublishPorts,
};
use tidegate_api::{Attach, Body, CreateNetwork, Ports, Query, RemoveEndpoint, RemoveNetwork};
use tidegate_client::Answered;
use tidegate_client::blocking::Client;
use tidegate_tests::{Host, Netns, Programs, wait_until};

use crate::generation::Generations;
use crate::report::Row;
use crate::sample::{Sample, Summary};

/// The first host port that fills a host; 50,000 of one protocol fit.
pub(crate) const FIRST_PORT: u32 = 10_000;
/// How many ports one endpoint of a filled host publishes.
const PORTS_OF_ONE: u32 = 1_000;
/// The network whose endpoints fill a host with ports.
const FILL: &str = "fill";
/// What the names of the daemon's links begin with, those that it removed included.
const OURS: &str = "tg";

/// What a call took.
pub(crate) type Took = Answered<()>;

/// How long a call may take: much more than on a host of any size here.
const TIME_LIMIT: Duration = Duration::from_mins(10);

/// A daemon that is measured.
pub(crate) struct Measured {
    pub(crate) driver: String,
    pub(crate) host: Host,
    client: Client,
    generations: Generations,
    /// How many ports fill it.
    ports: u32,
    /// Namespaces that are attached for as long as the host lives.
    namespaces: Vec<Netns>,
}

impl Measured {
    /// A host with nothing on it.
    ///
    /// # Errors
    /// When its daemon does not answer.
    pub(crate) fn new(programs: &Programs, driver: &str) -> anyhow::Result<Self> {
        let mut host = Host::new(programs, &["--nft-driver", driver]);
        host.start();
        let client = connected(&host)?;
        let generations = Generations::of(&host.netns)?;
        Ok(Self {
            generations,
            driver: driver.to_owned(),
            host,
            client,
            ports: 0,
            namespaces: Vec::new(),
        })
    }

    /// Hosts for each driver that the daemon has.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub(crate) fn all(programs: &Programs) -> anyhow::Result<Vec<Self>> {
        let drivers = programs.drivers();
        drivers
            .iter()
            .map(|driver| Self::new(programs, driver))
            .collect()
    }

    /// Makes a dual-stack network.
    ///
    /// # Errors
    /// When the daemon refuses.
    pub(crate) fn create_network(&mut self, name: &str) -> anyhow::Result<Took> {
        let wanted = CreateNetwork::new(name.parse()?);
        self.call::<AddNetwork>(Body(wanted))
    }

    /// Removes a network.
    ///
    /// # Errors
    /// When the daemon refuses.
    pub(crate) fn remove_network(&mut self, name: &str) -> anyhow::Result<Took> {
        let only = RemoveNetwork { force: false };
        self.call::<DeleteNetwork>((name.parse()?, Query(only)))
    }

    /// Attaches a namespace.
    ///
    /// # Errors
    /// When the daemon refuses.
    pub(crate) fn attach(
        &mut self,
        network: &str,
        netns: &Path,
        name: &str,
        ports: &[String],
    ) -> anyhow::Result<Took> {
        let ports: Result<_, _> = ports.iter().map(|port| port.parse()).collect();
        let wanted = Attach {
            name: Some(name.parse()?),
            ports: ports?,
            ..Attach::new(network.parse()?, netns.into())
        };
        self.call::<AddEndpoint>(Body(wanted))
    }

    /// Detaches an endpoint.
    ///
    /// # Errors
    /// When the daemon refuses.
    pub(crate) fn detach(&mut self, name: &str) -> anyhow::Result<Took> {
        let given = (name.parse()?, Query(RemoveEndpoint::default()));
        self.call::<DeleteEndpoint>(given)
    }

    /// Publishes a port of an endpoint.
    ///
    /// # Errors
    /// When the daemon refuses.
    pub(crate) fn publish(&mut self, endpoint: &str, port: &str) -> anyhow::Result<Took> {
        let wanted = vec![port.parse()?].into();
        self.call::<PublishPorts>((endpoint.parse()?, Body(wanted)))
    }

    /// Stops publishing a port of an endpoint.
    ///
    /// # Errors
    /// When the daemon refuses.
    pub(crate) fn unpublish(&mut self, endpoint: &str, port: &str) -> anyhow::Result<Took> {
        let ports = vec![port.parse()?];
        self.call::<UnpublishPorts>((endpoint.parse()?, Body(Ports { ports })))
    }

    /// Makes a call over the connection that is kept, as a container engine does.
    fn call<C: Call>(&mut self, given: C::Given) -> anyhow::Result<Took> {
        // One that was idle for too long is opened anew before the call is measured.
        let answered = self.client.timed::<C>(&given);
        let answered = answered.with_context(|| format!("{} was not done", C::ROUTE))?;
        Ok(Took {
            value: (),
            took: answered.took,
            stages: answered.stages,
        })
    }

    /// Connects again, to a daemon that was started again.
    ///
    /// # Errors
    /// When it does not answer.
    pub(crate) fn reconnect(&mut self) -> anyhow::Result<()> {
        self.client = connected(&self.host)?;
        Ok(())
    }

    /// Publishes ports until there are so many.
    ///
    /// # Errors
    /// When the daemon refuses.
    pub(crate) fn fill_with_ports(&mut self, ports: u32) -> anyhow::Result<()> {
        if self.ports == 0 && ports > 0 {
            self.create_network(FILL)?;
        }
        while self.ports < ports {
            let first = FIRST_PORT + self.ports;
            let count = (ports - self.ports).min(PORTS_OF_ONE);
            let last = first + count - 1;
            let protocol = protocol(self.ports + count);
            let range = format!("{first}-{last}:1-{count}/{protocol}");
            let netns = Netns::new();
            let name = format!("fill-{first}");
            self.attach(FILL, &netns.path(), &name, &[range])
                .with_context(|| format!("filling a host with {ports} ports"))?;
            self.namespaces.push(netns);
            self.ports += count;
        }
        Ok(())
    }

    /// The kernel's count of nf_tables transactions. Only differences between two counts mean something.
    ///
    /// # Errors
    /// When the kernel does not tell.
    pub(crate) fn transactions(&self) -> anyhow::Result<u32> {
        self.generations.now()
    }

    /// How many links of the daemon there are, those that it removed counted too.
    pub(crate) fn links(&self) -> usize {
        // Of the thread: those of the process are of another namespace.
        let read = || std::fs::read_to_string("/proc/thread-self/net/dev");
        let listed = self.host.netns.run(read).unwrap_or_default();
        let names = listed.lines().map(str::trim_start);
        names.filter(|name| name.starts_with(OURS)).count()
    }

    /// Waits until the kernel has no more links than so many, and is done with the others: it lists a link no
    /// more before it waits for the grace periods of its end, in which nothing else can be done to links.
    pub(crate) fn wait_for_links(&self, links: usize) {
        wait_until("the links are gone", || self.links() <= links);
        std::thread::sleep(GRACE);
    }

    /// Resident memory of the daemon and of its processes, in MiB (proc(5)).
    pub(crate) fn memory_row(&self) -> Row {
        let Some(pid) = self.host.pid() else {
            return Row::missing(&self.driver, "the daemon does not run");
        };
        let own = resident(pid);
        let (resolvers, drivers): (Vec<u32>, Vec<u32>) = children_of(pid)
            .into_iter()
            .partition(|pid| is_resolver(*pid));
        let [resolver, driver] =
            [resolvers, drivers].map(|pids| pids.into_iter().map(resident).sum::<f64>());
        Row::new(&self.driver, Some(Summary::once(own + driver + resolver)))
            .part(DAEMON, &Sample::once(own))
            .part(DRIVER, &Sample::once(driver))
            .part(RESOLVER, &Sample::once(resolver))
    }
}

fn connected(host: &Host) -> anyhow::Result<Client> {
    let client = Client::new(host.socket())?.with_time_limit(Some(TIME_LIMIT));
    client.connect()?;
    Ok(client)
}

/// Longer than the kernel takes for the end of a bridge.
const GRACE: Duration = Duration::from_millis(60);

/// The parts of the memory.
pub(crate) const DAEMON: &str = "daemon";
pub(crate) const DRIVER: &str = "process of the nft driver";
pub(crate) const RESOLVER: &str = "process of the resolver";

/// The protocol of the last of so many published ports. A daemon holds each port of TCP with a
/// socket for each family, and those of SCTP without any: where the limit of open files lets no
/// more sockets through, the others are of SCTP.
pub(crate) fn protocol(ports: u32) -> &'static str {
    match ports <= held_by_sockets() {
        true => "tcp",
        false => "sctp",
    }
}

/// How many ports of TCP a daemon can hold.
pub(crate) fn held_by_sockets() -> u32 {
    let limit = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
    let ports = limit.saturating_sub(OTHER_DESCRIPTORS) / 2;
    u32::try_from(ports).unwrap_or(u32::MAX)
}

/// Descriptors that a daemon needs for other things than ports.
const OTHER_DESCRIPTORS: u64 = 1_000;

/// The children of a process, started by any of its threads.
fn children_of(pid: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task"));
    let tasks = tasks.into_iter().flatten().flatten();
    tasks
        .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok())
        .flat_map(|children| {
            let pids = children
                .split_whitespace()
                .filter_map(|pid| pid.parse().ok());
            pids.collect::<Vec<u32>>()
        })
        .collect()
}

/// Whether it is the process that answers for names, as its only argument tells.
fn is_resolver(pid: u32) -> bool {
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let mut words = line.split(|byte| *byte == 0).skip(1);
    words.any(|word| word == RESOLVER_PROCESS.as_bytes())
}

/// The argument with which the daemon starts that process.
const RESOLVER_PROCESS: &str = "resolver-process";

fn resident(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or_default() / 1024.0
}
