//! Published ports of engines.

use std::net::IpAddr;

use tidegate_model::PortRequest;

use crate::{Refused, Why};

/// A published port, or a range of them, as an engine writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mapping<'a> {
    /// Address of the host; empty for all.
    pub(crate) host_ip: &'a str,
    /// First port of the host.
    pub(crate) host_port: i64,
    /// First port of the container.
    pub(crate) container_port: i64,
    /// How many ports follow each other.
    pub(crate) count: i64,
    /// One protocol in any case; empty for TCP.
    pub(crate) protocol: &'a str,
}

impl Mapping<'_> {
    /// The port as a request of the API. It says nothing of its own: what is wrong is wrong there too.
    pub(crate) fn request(&self) -> Result<PortRequest, Refused> {
        let protocol = match self.protocol {
            "" => "tcp".to_owned(),
            given => given.to_ascii_lowercase(),
        };
        let host_ip = host_address(self.host_ip)?;
        let host_ports = self.range(self.host_port);
        let text = format!(
            "{host_ip}{host_ports}:{}/{protocol}",
            self.range(self.container_port)
        );
        text.parse().map_err(Refused::at("port mapping"))
    }

    fn range(&self, first: i64) -> String {
        match self.count {
            ..=1 => first.to_string(),
            count => format!("{first}-{}", first.saturating_add(count - 1)),
        }
    }
}

/// A host address as a request of the API has it before the port: in brackets if it is an IPv6 address, nothing for all.
pub(crate) fn host_address(given: &str) -> Result<String, Refused> {
    match given {
        "" => Ok(String::new()),
        given => match given.parse() {
            Ok(IpAddr::V6(ip)) => Ok(format!("[{ip}]:")),
            Ok(IpAddr::V4(ip)) => Ok(format!("{ip}:")),
            Err(_) => {
                let message =
                    format!("the host address {given:?} of a published port is no address");
                Err(Refused::new(Why::Invalid, message))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEB: Mapping<'static> = Mapping {
        host_ip: "",
        host_port: 8080,
        container_port: 80,
        count: 1,
        protocol: "",
    };

    #[test]
    fn ports_ranges_addresses_and_protocols_are_understood() {
        for (mapping, request) in [
            (WEB, "8080:80/tcp"),
            (
                Mapping {
                    host_ip: "::1",
                    protocol: "UDP",
                    ..WEB
                },
                "[::1]:8080:80/udp",
            ),
            (
                Mapping {
                    host_ip: "0.0.0.0",
                    count: 10,
                    protocol: "sctp",
                    ..WEB
                },
                "0.0.0.0:8080-8089:80-89/sctp",
            ),
        ] {
            assert_eq!(mapping.request().unwrap().to_string(), request);
        }
    }

    #[test]
    fn what_is_wrong_with_a_port_is_said() {
        for (mapping, words) in [
            (
                Mapping {
                    host_ip: "example",
                    ..WEB
                },
                "\"example\" of a published port is no address",
            ),
            (
                Mapping {
                    container_port: 0,
                    ..WEB
                },
                "is not a number from 1 to 65535",
            ),
            (
                Mapping {
                    count: 60_000,
                    ..WEB
                },
                "is not a number from 1 to 65535",
            ),
            (
                Mapping {
                    protocol: "icmp",
                    ..WEB
                },
                "protocol \"icmp\" is not known",
            ),
        ] {
            let refused = mapping.request().unwrap_err();
            assert!(refused.message.contains(words), "{refused}");
        }
    }
}
