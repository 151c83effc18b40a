//! Metrics in the text format of Prometheus
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>).

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use tidegate_api::Repairs;
use tidegate_model::State;

mod ports;

pub(crate) use ports::{PortCounters, PortSamples};

/// What is counted while the daemon runs.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Commands that were done.
    pub(crate) done: AtomicU64,
    /// Commands that were refused for what they asked.
    pub(crate) refused: AtomicU64,
    /// Commands that the host or the kernel refused.
    pub(crate) failed: AtomicU64,
    /// Times that the process that answers for names was lost.
    pub(crate) names_lost: AtomicU64,
}

/// Counts one.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// One metric: its name without the prefix, its type, what it means, and its samples, each with its
/// labels.
struct Metric<'a> {
    name: &'a str,
    kind: &'a str,
    help: &'a str,
    samples: Vec<(String, u64)>,
}

/// What metrics tell of.
pub(crate) struct Seen<'a> {
    pub(crate) state: &'a State,
    pub(crate) counters: &'a Counters,
    pub(crate) repairs: &'a Repairs,
    pub(crate) is_fought: bool,
    pub(crate) version: &'a str,
    pub(crate) ports: PortSamples,
}

impl Seen<'_> {
    /// The text.
    pub(crate) fn render(&self) -> String {
        let metrics = self.metrics();
        metrics.iter().map(Metric::text).collect()
    }

    fn metrics(&self) -> Vec<Metric<'_>> {
        let mut metrics = of_daemon(self);
        metrics.extend(self.ports.metrics());
        metrics
    }
}

fn of_daemon<'a>(seen: &Seen<'a>) -> Vec<Metric<'a>> {
    let Seen {
        state,
        counters,
        repairs,
        is_fought,
        version,
        ..
    } = *seen;
    let value = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let alone = |value: usize| vec![(String::new(), value as u64)];
    let labelled = |key: &str, label: &str, value| (format!("{{{key}=\"{label}\"}}"), value);
    let ports: usize = state.endpoints.values().map(|e| e.ports.len()).sum();
    let of_network = |name: &tidegate_model::Name| {
        let endpoints = state.endpoints_of(name).count() as u64;
        labelled("network", name.as_str(), endpoints)
    };
    let (both_ways, one_way) = connections(state);
    vec![
        Metric {
            name: "build_info",
            kind: "gauge",
            help: "Always 1; the label has the version.",
            samples: vec![labelled("version", version, 1)],
        },
        Metric {
            name: "networks",
            kind: "gauge",
            help: "Networks.",
            samples: alone(state.networks.len()),
        },
        Metric {
            name: "endpoints",
            kind: "gauge",
            help: "Endpoints of each network.",
            samples: state.networks.keys().map(of_network).collect(),
        },
        Metric {
            name: "connected_networks",
            kind: "gauge",
            help: "Pairs of networks that are connected.",
            samples: vec![
                labelled("ways", "both", both_ways),
                labelled("ways", "one", one_way),
            ],
        },
        Metric {
            name: "published_ports",
            kind: "gauge",
            help: "Published ports.",
            samples: alone(ports),
        },
        Metric {
            name: "degraded",
            kind: "gauge",
            help: "Networks and endpoints that the host lacks completely or in part.",
            samples: vec![
                labelled("kind", "network", state.degraded.networks.len() as u64),
                labelled("kind", "endpoint", state.degraded.endpoints.len() as u64),
            ],
        },
        Metric {
            name: "commands_total",
            kind: "counter",
            help: "Commands that change something, by outcome: failed means that the host failed.",
            samples: vec![
                labelled("outcome", "done", value(&counters.done)),
                labelled("outcome", "refused", value(&counters.refused)),
                labelled("outcome", "failed", value(&counters.failed)),
            ],
        },
        Metric {
            name: "table_mended_total",
            kind: "counter",
            help: "Times that the table was put back after another program changed it.",
            samples: vec![(String::new(), repairs.table.times)],
        },
        Metric {
            name: "table_fought",
            kind: "gauge",
            help: "1 while another program changes the table again and again, else 0.",
            samples: vec![(String::new(), u64::from(is_fought))],
        },
        Metric {
            name: "links_mended_total",
            kind: "counter",
            help: "Times that an interface was put right after another program changed or removed it.",
            samples: vec![(String::new(), repairs.interfaces.times)],
        },
        Metric {
            name: "routing_mended_total",
            kind: "counter",
            help: "Times that routing rules or routes for answers of the DNS server were added again.",
            samples: vec![(String::new(), repairs.routing.times)],
        },
        Metric {
            name: "names_lost_total",
            kind: "counter",
            help: "Times that the DNS process was lost and replaced.",
            samples: vec![(String::new(), value(&counters.names_lost))],
        },
    ]
}

/// How many pairs of networks are connected both ways, and how many one way.
fn connections(state: &State) -> (u64, u64) {
    let (mut both_ways, mut one_way) = (0, 0);
    for from in state.networks.values() {
        for to in from.peers.iter().filter_map(|to| state.networks.get(to)) {
            match to.peers.contains(&from.name) {
                true => both_ways += 1,
                false => one_way += 1,
            }
        }
    }
    (both_ways / 2, one_way)
}

impl Metric<'_> {
    fn text(&self) -> String {
        let Self {
            name, kind, help, ..
        } = self;
        let mut text = format!("# HELP tidegate_{name} {help}\n# TYPE tidegate_{name} {kind}\n");
        for (labels, value) in &self.samples {
            // Writing to a string does not fail.
            let _ = writeln!(text, "tidegate_{name}{labels} {value}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    fn seen<'a>(state: &'a State, counters: &'a Counters, repairs: &'a Repairs) -> Seen<'a> {
        Seen {
            state,
            counters,
            repairs,
            is_fought: true,
            version: "0.1.0",
            ports: PortSamples::default(),
        }
    }

    #[test]
    fn the_manual_page_lists_every_metric_with_its_meaning() {
        const PAGE: &str = include_str!("../../../../packaging/man/tidegated.toml.5");
        let (state, counters) = (State::default(), Counters::default());
        let repairs = Repairs::default();
        let seen = seen(&state, &counters, &repairs);
        let metrics = seen.metrics();
        let exported = metrics.iter().map(|metric| {
            let Metric {
                name, kind, help, ..
            } = metric;
            format!(".B tidegate_{name}\n({kind}) {help}")
        });
        let exported: Vec<String> = exported.collect();
        let listed: Vec<&str> = PAGE
            .split(".TP\n")
            .filter(|entry| entry.starts_with(".B tidegate_"))
            .map(|entry| entry.split("\n.S").next().unwrap_or_default().trim_end())
            .collect();
        assert_eq!(listed, exported);
    }

    #[test]
    fn the_text_is_what_prometheus_reads() {
        let counters = Counters::default();
        count(&counters.done);
        let mut repairs = Repairs::default();
        repairs.table.times = 1;
        let text = seen(&State::default(), &counters, &repairs).render();
        expect![[r##"
            # HELP tidegate_build_info Always 1; the label has the version.
            # TYPE tidegate_build_info gauge
            tidegate_build_info{version="0.1.0"} 1
            # HELP tidegate_networks Networks.
            # TYPE tidegate_networks gauge
            tidegate_networks 0
            # HELP tidegate_endpoints Endpoints of each network.
            # TYPE tidegate_endpoints gauge
            # HELP tidegate_connected_networks Pairs of networks that are connected.
            # TYPE tidegate_connected_networks gauge
            tidegate_connected_networks{ways="both"} 0
            tidegate_connected_networks{ways="one"} 0
            # HELP tidegate_published_ports Published ports.
            # TYPE tidegate_published_ports gauge
            tidegate_published_ports 0
            # HELP tidegate_degraded Networks and endpoints that the host lacks completely or in part.
            # TYPE tidegate_degraded gauge
            tidegate_degraded{kind="network"} 0
            tidegate_degraded{kind="endpoint"} 0
            # HELP tidegate_commands_total Commands that change something, by outcome: failed means that the host failed.
            # TYPE tidegate_commands_total counter
            tidegate_commands_total{outcome="done"} 1
            tidegate_commands_total{outcome="refused"} 0
            tidegate_commands_total{outcome="failed"} 0
            # HELP tidegate_table_mended_total Times that the table was put back after another program changed it.
            # TYPE tidegate_table_mended_total counter
            tidegate_table_mended_total 1
            # HELP tidegate_table_fought 1 while another program changes the table again and again, else 0.
            # TYPE tidegate_table_fought gauge
            tidegate_table_fought 1
            # HELP tidegate_links_mended_total Times that an interface was put right after another program changed or removed it.
            # TYPE tidegate_links_mended_total counter
            tidegate_links_mended_total 0
            # HELP tidegate_routing_mended_total Times that routing rules or routes for answers of the DNS server were added again.
            # TYPE tidegate_routing_mended_total counter
            tidegate_routing_mended_total 0
            # HELP tidegate_names_lost_total Times that the DNS process was lost and replaced.
            # TYPE tidegate_names_lost_total counter
            tidegate_names_lost_total 0
            # HELP tidegate_port_open_connections Open connections through each published port: accepted, and not closed from both ends.
            # TYPE tidegate_port_open_connections gauge
            # HELP tidegate_port_connections_total Connections through each published port.
            # TYPE tidegate_port_connections_total counter
            # HELP tidegate_port_received_packets_total Packets that endpoints received through each published port, if the kernel counts them.
            # TYPE tidegate_port_received_packets_total counter
            # HELP tidegate_port_received_bytes_total Bytes that endpoints received through each published port, if the kernel counts them.
            # TYPE tidegate_port_received_bytes_total counter
            # HELP tidegate_port_sent_packets_total Packets that endpoints sent through each published port, if the kernel counts them.
            # TYPE tidegate_port_sent_packets_total counter
            # HELP tidegate_port_sent_bytes_total Bytes that endpoints sent through each published port, if the kernel counts them.
            # TYPE tidegate_port_sent_bytes_total counter
            # HELP tidegate_port_losses_total Times that ends of connections were missed, and their traffic not counted.
            # TYPE tidegate_port_losses_total counter
            tidegate_port_losses_total 0
        "##]]
        .assert_eq(&text);
    }
}
