//! What Prometheus reads.

use std::io::{self, Read, Write};
use std::net::TcpStream;

use rustix::process::{Pid, Signal, kill_process};
use tidegate_tests::traffic::{Connection, Server};
use tidegate_tests::{Host, Lab, Netns, require_root_kernel, wait_until};

use crate::{drivers, refuse, unstarted};

const ADDRESS: &str = "127.0.0.1:9464";

/// What is answered to a request for the metrics.
fn answer(host: &Host) -> io::Result<String> {
    host.netns.run(|| {
        let mut stream = TcpStream::connect(ADDRESS)?;
        let request = "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    })
}

/// The samples that are served.
fn samples(host: &Host) -> Vec<String> {
    let answer = answer(host).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert!(head.contains("text/plain; version=0.0.4"), "{head}");
    let lines = body.lines().filter(|line| !line.starts_with('#'));
    lines.map(str::to_owned).collect()
}

#[test]
fn metrics_tell_what_there_is_and_what_was_done() {
    require_root_kernel!();
    let mut host = unstarted(&["--metrics-listen", ADDRESS]);
    host.start();
    host.ok(&["network", "create", "web"]);
    let netns = Netns::new();
    host.ok(&[
        "attach",
        "web",
        "--netns",
        netns.name(),
        "-p",
        "8080:80",
        "-p",
        "53:53/udp",
    ]);
    host.tidegate(&["network", "create", "web"]);
    host.netns.sh("nft flush ruleset");
    wait_until("the table is mended", || {
        samples(&host).contains(&"tidegate_table_mended_total 1".to_owned())
    });
    let answering = || host.json(&["info"])["names"]["process"].as_u64();
    wait_until("names are answered", || answering().is_some());
    let pid = i32::try_from(answering().unwrap()).unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
    wait_until("the process is replaced", || {
        samples(&host).contains(&"tidegate_names_lost_total 1".to_owned())
    });
    let samples = samples(&host);
    for sample in [
        "tidegate_networks 1",
        "tidegate_endpoints{network=\"web\"} 1",
        "tidegate_published_ports 2",
        "tidegate_commands_total{outcome=\"done\"} 2",
        "tidegate_commands_total{outcome=\"refused\"} 1",
        "tidegate_commands_total{outcome=\"failed\"} 0",
    ] {
        assert!(
            samples.contains(&sample.to_owned()),
            "{sample}: {samples:#?}"
        );
    }
    host.stop();
}

/// The value of a sample of port 8080 of `front`; 0 if there is none.
fn of_port(host: &Host, metric: &str) -> u64 {
    let key = format!("tidegate_port_{metric}{{endpoint=\"front\",port=\"8080-8081:80-81/tcp\"}} ");
    let samples = samples(host);
    let value = samples.iter().find_map(|sample| sample.strip_prefix(&key));
    value.map_or(0, |value| value.parse().unwrap())
}

#[test]
fn the_traffic_of_a_published_port_is_counted_and_stays_when_its_connections_end() {
    require_root_kernel!();
    for driver in drivers() {
        let mut host = unstarted(&["--metrics-listen", ADDRESS, "--nft-driver", &driver]);
        host.start();
        let lab = Lab::of(host);
        let host = &lab.host;
        host.netns.sh(
            "cd /proc/sys/net/netfilter
             echo 1 > nf_conntrack_acct
             for key in fin_wait close_wait last_ack time_wait close; do echo 1 > nf_conntrack_tcp_timeout_$key; done",
        );
        host.ok(&["network", "create", "web"]);
        let front = lab.attach("web", "front", &["8080-8081:80-81"]);
        let _servers = [80, 81].map(|port| Server::start(&front.netns, "front", port));
        for at in ["192.0.2.1:8080", "[2001:db8::1]:8081"] {
            let mut connection = Connection::open(&lab.outside, at.parse().unwrap());
            let message = "x".repeat(3000);
            assert_eq!(connection.echo(&message).unwrap(), message);
        }
        let last = Connection::open(&lab.outside, "192.0.2.1:8080".parse().unwrap());
        assert_eq!(of_port(host, "connections_total"), 3, "{driver}");
        let [received, sent] =
            ["received_bytes_total", "sent_bytes_total"].map(|it| of_port(host, it));
        assert!(
            received > 6000 && sent > 6000,
            "{driver}: {received} {sent}"
        );
        // The kernel forgets them, and with them what it had counted.
        drop(last);
        let before = (received, sent);
        wait_until("the ends are counted", || {
            of_port(host, "open_connections") == 0
        });
        assert_eq!(of_port(host, "connections_total"), 3, "{driver}");
        let after = (
            of_port(host, "received_bytes_total"),
            of_port(host, "sent_bytes_total"),
        );
        assert!(
            after.0 >= before.0 && after.1 >= before.1,
            "{driver}: {before:?} {after:?}"
        );
        let mut more = Connection::open(&lab.outside, "192.0.2.1:8080".parse().unwrap());
        assert_eq!(more.echo("more").unwrap(), "more");
        // The daemon reads of an end a moment after the kernel forgot the connection.
        wait_until("the next connection is counted", || {
            of_port(host, "connections_total") == 4
                && of_port(host, "received_bytes_total") > after.0
        });
        assert!(samples(host).contains(&"tidegate_port_losses_total 0".to_owned()));
        assert_eq!(host.ruleset_diff(), "", "{driver}");
    }
}

#[test]
fn an_address_that_is_none_of_the_hosts_is_refused_before_anything_is_touched() {
    require_root_kernel!();
    let host = unstarted(&["--metrics-listen", "192.0.2.77:9464"]);
    refuse(&host, 1, "cannot serve metrics on 192.0.2.77:9464");
}

#[test]
fn a_port_that_is_taken_costs_the_metrics_until_it_is_free() {
    require_root_kernel!();
    let mut host = unstarted(&["--metrics-listen", ADDRESS]);
    let taken = host
        .netns
        .run(|| std::net::TcpListener::bind(ADDRESS).unwrap());
    host.start();
    let log = host.log();
    assert!(
        log.contains("metrics are not served: another program uses"),
        "{log}"
    );
    host.ok(&["network", "create", "web"]);
    drop(taken);
    // A child that another test is just starting may hold the closed listener, which takes connections and answers none.
    wait_until("metrics are served", || {
        answer(&host).is_ok_and(|answer| answer.starts_with("HTTP/1.1 200 "))
    });
    assert!(samples(&host).contains(&"tidegate_networks 1".to_owned()));
    host.stop();
}
