//! What engines want to know of an endpoint that was made.

use std::net::IpAddr;

use ipnet::IpNet;
use tidegate_api::EndpointView;

/// The gateway of an address of an endpoint; none if its network has none of that family.
pub(crate) fn gateway_of(view: &EndpointView, address: &IpNet) -> Option<IpAddr> {
    let mut gateways = view.network_gateways.iter().copied();
    gateways.find(|gateway| address.contains(gateway))
}

/// The settings of a resolv.conf (resolv.conf(5)).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Resolving {
    /// Servers.
    pub(crate) servers: Vec<String>,
    /// Search domains.
    pub(crate) search: Vec<String>,
    /// Options.
    pub(crate) options: Vec<String>,
}

impl Resolving {
    /// Reads the text of a resolv.conf that the daemon wrote.
    pub(crate) fn of(text: &str) -> Self {
        let words = |keyword: &str| {
            let lines = text.lines().filter_map(|line| {
                let mut words = line.split_whitespace();
                (words.next() == Some(keyword)).then(|| words.map(str::to_owned))
            });
            lines.flatten().collect()
        };
        Self {
            servers: words("nameserver"),
            search: words("search"),
            options: words("options"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_of_a_resolv_conf_are_read() {
        let text = "# made\nnameserver 169.254.53.53\nnameserver fd6e::53\nsearch a.example b\noptions ndots:2 rotate\n";
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let read = Resolving {
            servers: texts(&["169.254.53.53", "fd6e::53"]),
            search: texts(&["a.example", "b"]),
            options: texts(&["ndots:2", "rotate"]),
        };
        assert_eq!(Resolving::of(text), read);
        assert_eq!(Resolving::of(""), Resolving::default());
    }
}
