//! The upstreams: DNS servers for all other names.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use serde::Deserialize;
use tidegate_model::{DNS_PORT, Invalid};
use tidegate_resolver::resolv_conf::Server;

use super::host_file::index_of;

/// A server in the configuration: an address, or an address with a port.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Upstream {
    server: Server,
    port: u16,
}

impl FromStr for Upstream {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let refuse =
            |reason: &str, hint: String| Err(Invalid::new("DNS server", text, reason, hint));
        let alone = text.parse().ok().map(|server| (server, DNS_PORT));
        let Some((server, port)) = alone.or_else(|| with_port(text)) else {
            return refuse(
                "it is not an IP address, with or without a port",
                "write it 192.0.2.53, 192.0.2.53:5353, 2001:db8::53, [2001:db8::53]:5353 or fe80::53%eth0".to_owned(),
            );
        };
        if server.ip.is_unspecified() || port == 0 {
            return refuse(
                "no server has that address or port",
                "give an address other than 0.0.0.0 and ::, and a port other than 0".to_owned(),
            );
        }
        if server.lacks_scope() {
            return refuse(
                "it is an address of one link",
                format!("give the link's interface too, such as {}%eth0", server.ip),
            );
        }
        Ok(Self { server, port })
    }
}

/// A server and its port, as in `[2001:db8::53]:5353`.
fn with_port(text: &str) -> Option<(Server, u16)> {
    let (server, port) = text.rsplit_once(':')?;
    let inner = |text: &str| Some(text.strip_prefix('[')?.strip_suffix(']')?.to_owned());
    let server: Server = match inner(server) {
        Some(server) => server.parse().ok().filter(|it: &Server| it.ip.is_ipv6())?,
        None => server.parse().ok().filter(|it: &Server| it.ip.is_ipv4())?,
    };
    Some((server, port.parse().ok()?))
}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { server, port } = self;
        match server.ip {
            IpAddr::V4(_) => write!(f, "{server}:{port}"),
            IpAddr::V6(_) => write!(f, "[{server}]:{port}"),
        }
    }
}

impl TryFrom<String> for Upstream {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

impl Upstream {
    /// The address, if the server's interface is there now.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.server.at(self.port, index_of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_an_address_with_or_without_a_port_and_interface() {
        for (text, wanted) in [
            ("192.0.2.53", "192.0.2.53:53"),
            ("192.0.2.53:5353", "192.0.2.53:5353"),
            ("2001:db8::53", "[2001:db8::53]:53"),
            ("[2001:db8::53]:5353", "[2001:db8::53]:5353"),
            ("fe80::53%eth0", "[fe80::53%eth0]:53"),
            ("[fe80::53%2]:5353", "[fe80::53%2]:5353"),
        ] {
            let upstream: Upstream = text.parse().unwrap();
            assert_eq!(upstream.to_string(), wanted);
        }
        for text in [
            "",
            "dns.example",
            "192.0.2.53:",
            "[192.0.2.53]:53",
            "0.0.0.0",
            "[::]:53",
            "192.0.2.53:0",
            "fe80::53",
            "[fe80::53]:53",
            "fe80::53%",
            "192.0.2.53%eth0",
        ] {
            assert!(text.parse::<Upstream>().is_err(), "{text}");
        }
    }
}
