//! The upstreams: DNS servers for all other names.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::str::FromStr;

use serde::Deserialize;
use tidegate_link::with_time_limit;
use tidegate_model::DNS_PORT;
use tidegate_resolver::resolv_conf::HostConf;

/// The host's settings (resolv.conf(5)).
const RESOLV_CONF: &str = "/etc/resolv.conf";

/// A server in the configuration: an address, or an address with a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Upstream(pub SocketAddr);

impl FromStr for Upstream {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let address = text.parse::<IpAddr>().map(|ip| (ip, DNS_PORT).into());
        let address = address.or_else(|_| text.parse::<SocketAddr>());
        let address = address.map_err(|_| {
            format!(
                "{text:?} is not a server: give an address such as 192.0.2.53 or [2001:db8::53]:5353"
            )
        })?;
        match address.ip().is_unspecified() || address.port() == 0 {
            true => Err(format!(
                "{text:?} is the address of no server: give one other than 0.0.0.0 and ::, and a port other than 0"
            )),
            false => Ok(Self(address)),
        }
    }
}

impl TryFrom<String> for Upstream {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// The current settings of the host; empty without a file, or if it cannot be read in time.
pub(crate) fn host_conf() -> HostConf {
    // A file that cannot be read counts as missing.
    let read = with_time_limit(Path::new(RESOLV_CONF), |path| {
        fs::read(path).unwrap_or_default()
    });
    let text = read.unwrap_or_default();
    HostConf::parse(&String::from_utf8_lossy(&text))
}

/// The servers to ask.
#[derive(Debug)]
pub(super) enum Upstreams {
    /// The servers of the daemon's configuration.
    Set(Vec<SocketAddr>),
    /// The host's servers, with the identity of their file when it was last read.
    OfHost(Option<Stamp>),
}

/// The identity of a file, which shows a change or a replacement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    file: (u64, u64),
    size: u64,
    changed: (i64, i64),
}

impl Upstreams {
    pub(super) fn new(set: &[Upstream]) -> Self {
        match set {
            [] => Self::OfHost(None),
            set => Self::Set(set.iter().map(|upstream| upstream.0).collect()),
        }
    }

    /// The servers now.
    pub(super) fn now(&mut self) -> Vec<SocketAddr> {
        match self {
            Self::Set(set) => set.clone(),
            Self::OfHost(stamp) => {
                // Taken before the file is read, so that a change in between is noticed the next time.
                *stamp = stamp_of(RESOLV_CONF);
                let servers = host_conf().servers.into_iter();
                servers.map(|ip| (ip, DNS_PORT).into()).collect()
            }
        }
    }

    /// The servers, if they may have changed since [`Self::now`]. A file without servers is being written, or the
    /// host has no network: then the previous servers are kept.
    pub(super) fn changed(&mut self) -> Option<Vec<SocketAddr>> {
        match self {
            Self::OfHost(stamp) if *stamp != stamp_of(RESOLV_CONF) => {
                Some(self.now()).filter(|servers| !servers.is_empty())
            }
            _ => None,
        }
    }
}

fn stamp_of(path: &str) -> Option<Stamp> {
    let found = with_time_limit(Path::new(path), |path| fs::metadata(path))
        .ok()?
        .ok()?;
    Some(Stamp {
        file: (found.dev(), found.ino()),
        size: found.size(),
        changed: (found.ctime(), found.ctime_nsec()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_an_address_with_or_without_a_port() {
        for (text, wanted) in [
            ("192.0.2.53", "192.0.2.53:53"),
            ("192.0.2.53:5353", "192.0.2.53:5353"),
            ("2001:db8::53", "[2001:db8::53]:53"),
            ("[2001:db8::53]:5353", "[2001:db8::53]:5353"),
        ] {
            assert_eq!(
                text.parse(),
                Ok(Upstream(wanted.parse().unwrap())),
                "{text}"
            );
        }
        for text in [
            "",
            "dns.example",
            "192.0.2.53:",
            "0.0.0.0",
            "[::]:53",
            "192.0.2.53:0",
        ] {
            assert!(text.parse::<Upstream>().is_err(), "{text}");
        }
    }
}
