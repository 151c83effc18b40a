//! Counters of published ports.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tidegate_link::{Connections, Ended};
use tidegate_model::traffic::{ConnectionKey, Counts, TrafficCounts};
use tidegate_model::{Name, PortBinding, State, in_ranges};
use tidegate_plan::traffic_of_ports;

use super::Metric;

/// The most ranges of ports with samples of their own. Each has six, and Prometheus keeps each sample for weeks.
const MOST: usize = 1000;

pub(crate) type Port = (Name, PortBinding);

/// What passed through published ports since the daemon started: through connections that ended, and through open ones.
pub(crate) struct PortCounters {
    connections: Mutex<Box<dyn Connections>>,
    sums: Mutex<Sums>,
}

#[derive(Default)]
struct Sums {
    ended: HashMap<Port, TrafficCounts>,
    /// What was told last. A connection that ends between two looks is in neither for a moment, and a counter must not
    /// fall: Prometheus would take that for a restart.
    told: HashMap<Port, TrafficCounts>,
    losses: u64,
}

impl PortCounters {
    /// No traffic yet. `connections` are those of the host.
    pub(crate) fn new(connections: Box<dyn Connections>) -> Self {
        Self {
            connections: Mutex::new(connections),
            sums: Mutex::default(),
        }
    }

    /// The tracked connections.
    pub(crate) fn connections(&self) -> MutexGuard<'_, Box<dyn Connections>> {
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn sums(&self) -> MutexGuard<'_, Sums> {
        self.sums.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds connections that ended.
    pub(crate) fn add(&self, state: &State, ended: &Ended) {
        let mut sums = self.sums();
        sums.losses = sums.losses.saturating_add(u64::from(ended.has_loss));
        for (endpoint, port, passed) in traffic_of_ports(state, &ended.traffic) {
            if passed.connections > 0 {
                *sums.ended.entry((endpoint.clone(), port)).or_default() += passed;
            }
        }
    }

    /// What passed through connections that ended until now.
    pub(crate) fn ended(&self) -> HashMap<Port, TrafficCounts> {
        self.sums().ended.clone()
    }

    /// What to tell now: what passed through connections that had `ended`, and, listed after that, those that are `open`.
    pub(crate) fn samples(
        &self,
        state: &State,
        ended: &HashMap<Port, TrafficCounts>,
        open: &[(ConnectionKey, TrafficCounts)],
        is_counted: bool,
    ) -> PortSamples {
        let mut sums = self.sums();
        let mut now: HashMap<Port, (u64, TrafficCounts)> = HashMap::new();
        let mut ports = Vec::new();
        for (endpoint, port, open) in traffic_of_ports(state, open) {
            let key = (endpoint.clone(), port);
            let mut passed = ended.get(&key).copied().unwrap_or_default();
            passed += open;
            let told = sums.told.get(&key).copied().unwrap_or_default();
            now.insert(key, (open.open, most(passed, told)));
            ports.push((endpoint, port));
        }
        sums.ended.retain(|port, _| now.contains_key(port));
        sums.told = now
            .iter()
            .map(|(port, (_, passed))| (port.clone(), *passed))
            .collect();
        PortSamples {
            of_ranges: of_ranges(&ports, &now),
            losses: sums.losses,
            is_counted,
        }
    }
}

/// The higher one of each number.
fn most(one: TrafficCounts, other: TrafficCounts) -> TrafficCounts {
    let counts = |one: Counts, other: Counts| Counts {
        packets: one.packets.max(other.packets),
        bytes: one.bytes.max(other.bytes),
    };
    TrafficCounts {
        connections: one.connections.max(other.connections),
        open: one.open.max(other.open),
        received: counts(one.received, other.received),
        sent: counts(one.sent, other.sent),
    }
}

/// The samples of ranges, and of all further ones together.
fn of_ranges(
    ports: &[(&Name, PortBinding)],
    now: &HashMap<Port, (u64, TrafficCounts)>,
) -> Vec<RangeSample> {
    let mut samples: Vec<RangeSample> = Vec::new();
    for (place, run) in in_ranges(ports.iter().copied()).into_iter().enumerate() {
        if place <= MOST {
            let is_own = place < MOST;
            samples.push(RangeSample {
                labels: match is_own {
                    true => format!("{{endpoint=\"{}\",port=\"{}\"}}", run.group, run.range),
                    false => "{endpoint=\"\",port=\"others\"}".to_owned(),
                },
                open: 0,
                passed: TrafficCounts::default(),
            });
        }
        let Some(sample) = samples.last_mut() else {
            continue;
        };
        for port in run.ports {
            if let Some((open, passed)) = now.get(&(run.group.clone(), port)) {
                sample.open = sample.open.saturating_add(*open);
                sample.passed += *passed;
            }
        }
    }
    samples
}

/// What is told of published ports.
#[derive(Debug, Default)]
pub(crate) struct PortSamples {
    of_ranges: Vec<RangeSample>,
    losses: u64,
    /// Whether the kernel counts packets and bytes.
    is_counted: bool,
}

/// What is told of a range of ports.
#[derive(Debug)]
struct RangeSample {
    labels: String,
    open: u64,
    passed: TrafficCounts,
}

impl PortSamples {
    pub(super) fn metrics(&self) -> Vec<Metric<'static>> {
        let samples = |value: fn(&RangeSample) -> u64| {
            let samples = self.of_ranges.iter();
            samples
                .map(|it| (it.labels.clone(), value(it)))
                .collect::<Vec<_>>()
        };
        let counted = |value| match self.is_counted {
            true => samples(value),
            false => Vec::new(),
        };
        let counter = |name, help, samples| Metric {
            name,
            kind: "counter",
            help,
            samples,
        };
        vec![
            Metric {
                name: "port_open_connections",
                kind: "gauge",
                help: "Open connections through each published port: accepted, and not closed from both ends.",
                samples: samples(|it| it.open),
            },
            counter(
                "port_connections_total",
                "Connections through each published port.",
                samples(|it| it.passed.connections),
            ),
            counter(
                "port_received_packets_total",
                "Packets that endpoints received through each published port, if the kernel counts them.",
                counted(|it| it.passed.received.packets),
            ),
            counter(
                "port_received_bytes_total",
                "Bytes that endpoints received through each published port, if the kernel counts them.",
                counted(|it| it.passed.received.bytes),
            ),
            counter(
                "port_sent_packets_total",
                "Packets that endpoints sent through each published port, if the kernel counts them.",
                counted(|it| it.passed.sent.packets),
            ),
            counter(
                "port_sent_bytes_total",
                "Bytes that endpoints sent through each published port, if the kernel counts them.",
                counted(|it| it.passed.sent.bytes),
            ),
            counter(
                "port_losses_total",
                "Times that ends of connections were missed, and their traffic not counted.",
                vec![(String::new(), self.losses)],
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(connections: u64, bytes: u64) -> TrafficCounts {
        let counts = Counts { packets: 1, bytes };
        TrafficCounts {
            connections,
            open: 0,
            received: counts,
            sent: counts,
        }
    }

    #[test]
    fn a_range_is_one_sample_and_what_exceeds_the_limit_is_another() {
        let (front, back): (Name, Name) = ("front".parse().unwrap(), "back".parse().unwrap());
        // Every second port: no two are consecutive.
        let alone = (0..1001).map(|number| (&back, format!("{}:80", 10_000 + 2 * number)));
        let range = (0..3).map(|number| (&front, format!("{}:{}", 9000 + number, 90 + number)));
        let ports = range.chain(alone);
        let ports: Vec<(&Name, PortBinding)> = ports
            .map(|(name, port)| (name, port.parse().unwrap()))
            .collect();
        let now = ports
            .iter()
            .map(|(name, port)| (((*name).clone(), *port), (1, passed(2, 10))))
            .collect();
        let samples = of_ranges(&ports, &now);
        assert_eq!(samples.len(), MOST + 1);
        let told = |sample: &RangeSample| {
            (
                sample.labels.clone(),
                sample.open,
                sample.passed.connections,
            )
        };
        let range = r#"{endpoint="front",port="9000-9002:90-92/tcp"}"#;
        assert_eq!(told(&samples[0]), (range.to_owned(), 3, 6));
        let others = r#"{endpoint="",port="others"}"#;
        assert_eq!(told(&samples[MOST]), (others.to_owned(), 2, 4));
    }

    #[test]
    fn what_was_told_once_does_not_fall() {
        assert_eq!(most(passed(1, 30), passed(2, 20)), passed(2, 30));
    }
}
