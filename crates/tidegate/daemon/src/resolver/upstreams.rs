//! The upstreams: DNS servers for all other names.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use serde::Deserialize;
use tidegate_model::{DNS_PORT, Invalid};
use tidegate_resolver::resolv_conf::{AskOptions, Server};

use super::ResolverSettings;
use super::ask_list::AskList;
use super::host_file::{HostFile, index_of};

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
    fn address(&self) -> Option<SocketAddr> {
        self.server.at(self.port, index_of)
    }
}

/// The servers that are asked now: those of the configuration, or the host's.
pub(crate) fn upstreams_now(set: &[Upstream]) -> Vec<SocketAddr> {
    ask_list(set, &mut HostFile::default()).servers
}

fn ask_list(set: &[Upstream], of_host: &mut HostFile) -> AskList {
    match set {
        [] => of_host.ask_list(),
        set => AskList {
            servers: set.iter().filter_map(Upstream::address).collect(),
            options: AskOptions::default(),
        },
    }
}

/// The servers to ask.
#[derive(Debug)]
pub(super) struct Upstreams {
    /// The daemon's configuration.
    settings: ResolverSettings,
    /// The host's settings.
    of_host: HostFile,
    /// What the process was told last.
    told: Option<AskList>,
}

impl Upstreams {
    pub(super) fn new(settings: ResolverSettings) -> Self {
        Self {
            settings,
            of_host: HostFile::default(),
            told: None,
        }
    }

    /// The servers now.
    pub(super) fn now(&mut self) -> AskList {
        let now = ask_list(&self.settings.upstreams(), &mut self.of_host);
        self.told = Some(now.clone());
        now
    }

    /// The servers, if they are not those that were told last.
    pub(super) fn changed(&mut self) -> Option<AskList> {
        let told = self.told.take();
        let now = self.now();
        (told.as_ref() != Some(&now)).then_some(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_servers_of_the_configuration_are_told_once() {
        let of = |text: &str| vec![text.parse::<Upstream>().unwrap()];
        let level = tracing::level_filters::LevelFilter::INFO;
        let settings = ResolverSettings::new(of("192.0.2.53"), level);
        let mut upstreams = Upstreams::new(settings.clone());
        assert_eq!(upstreams.now().servers, ["192.0.2.53:53".parse().unwrap()]);
        assert_eq!(upstreams.changed(), None);
        settings.set(of("192.0.2.54"), level);
        let changed = upstreams.changed().unwrap();
        assert_eq!(changed.servers, ["192.0.2.54:53".parse().unwrap()]);
        assert_eq!(upstreams.changed(), None);
    }

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
