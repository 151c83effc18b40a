//! Published ports, shown as the ranges in which users publish them.

use std::collections::HashMap;
use std::hash::Hash;

use crate::{PortBinding, PortRange, PortRequest};

/// Consecutive published ports of one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortRun<G> {
    /// The group.
    pub group: G,
    /// All of them, as a user publishes them.
    pub range: PortRequest,
    /// Each of them: at least one.
    pub ports: Vec<PortBinding>,
}

/// Published ports with consecutive ones as ranges, ordered by their first ports. Only ports of the same group are in
/// one range.
pub fn in_ranges<G: Copy + Eq + Hash>(
    ports: impl IntoIterator<Item = (G, PortBinding)>,
) -> Vec<PortRun<G>> {
    let mut runs: Vec<PortRun<G>> = Vec::new();
    // The place of a run, by the port that would extend it.
    let mut open: HashMap<(G, PortBinding), usize> = HashMap::new();
    for (group, binding) in ports {
        let place = match open.remove(&(group, binding)) {
            Some(place) => {
                extend(&mut runs[place].range);
                runs[place].ports.push(binding);
                place
            }
            None => {
                runs.push(PortRun {
                    group,
                    range: alone(binding),
                    ports: vec![binding],
                });
                runs.len() - 1
            }
        };
        open.extend(next(binding).map(|next| ((group, next), place)));
    }
    runs
}

fn alone(binding: PortBinding) -> PortRequest {
    let host_port = binding.host_port;
    PortRequest {
        host_ip: binding.host_ip,
        host_ports: (host_port != 0).then(|| PortRange::exactly(host_port)),
        ports: PortRange::exactly(binding.port),
        protocol: binding.protocol,
    }
}

fn extend(range: &mut PortRequest) {
    range.host_ports = range.host_ports.map(PortRange::extended);
    range.ports = range.ports.extended();
}

/// The binding of the next ports; none after the last port.
fn next(binding: PortBinding) -> Option<PortBinding> {
    let host_port = match binding.host_port {
        0 => 0,
        port => port.checked_add(1)?,
    };
    Some(PortBinding {
        host_port,
        port: binding.port.checked_add(1)?,
        ..binding
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(ports: &[(u8, &str)]) -> Vec<String> {
        let ports = ports
            .iter()
            .map(|(group, port)| (*group, port.parse().unwrap()));
        let runs = in_ranges(ports).into_iter();
        runs.map(|run| run.range.to_string()).collect()
    }

    #[test]
    fn consecutive_ports_are_one_range_and_others_stay_alone() {
        for (ports, expected) in [
            (&["8080:80"][..], &["8080:80/tcp"][..]),
            (&["9000:90", "9001:91", "9002:92"], &["9000-9002:90-92/tcp"]),
            (&["9000:90", "9001:90"], &["9000:90/tcp", "9001:90/tcp"]),
            (&["9000:90", "9001:91/udp"], &["9000:90/tcp", "9001:91/udp"]),
            (&["9001:91", "9000:90"], &["9001:91/tcp", "9000:90/tcp"]),
            (&["80", "81", "[::]::82"], &["80-81/tcp", "[::]::82/tcp"]),
            // As they come from a range on two addresses.
            (
                &[
                    "127.0.0.1:80:80",
                    "[::1]:80:80",
                    "127.0.0.1:81:81",
                    "[::1]:81:81",
                ],
                &["127.0.0.1:80-81:80-81/tcp", "[::1]:80-81:80-81/tcp"],
            ),
            (&["65535:65535", "1:1"], &["65535:65535/tcp", "1:1/tcp"]),
        ] {
            let ports: Vec<(u8, &str)> = ports.iter().map(|port| (0, *port)).collect();
            assert_eq!(shown(&ports), expected, "{ports:?}");
        }
    }

    #[test]
    fn ports_of_different_groups_are_in_different_ranges() {
        let ports = [(0, "80:80"), (1, "81:81"), (1, "82:82"), (0, "83:83")];
        assert_eq!(shown(&ports), ["80:80/tcp", "81-82:81-82/tcp", "83:83/tcp"]);
    }
}
