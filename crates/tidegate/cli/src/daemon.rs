//! The command line of `tidegated`.

use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::path::PathBuf;

use clap::Parser;
use clap::builder::PossibleValuesParser;
use tidegate_model::{Forwarding, PortRange, Source};

const AFTER_HELP: &str = "\
Each setting is taken from its flag, else from its environment variable, else from the \
configuration file, else from its default; see tidegated.toml(5).

Examples:
  Run with the configuration of the host:
    tidegated

  Run a second daemon in another network namespace:
    ip netns exec lab tidegated --socket /run/lab.sock --state-dir /var/lib/lab

  What this program is, for a machine to read:
    tidegated --version --json";

/// The Tidegate networking daemon.
///
/// Owns the container bridge networks of a host (bridges, veth pairs, addresses, NAT, published
/// ports) and keeps the firewall side of them in one nftables table. It is told what to do by
/// tidegate(1), over a unix socket. It needs CAP_NET_ADMIN, CAP_SYS_ADMIN to enter the namespaces
/// that are attached, and CAP_NET_BIND_SERVICE to publish ports below 1024.
#[derive(Clone, Debug, Default, PartialEq, Eq, Parser)]
#[command(
    name = "tidegated",
    version,
    disable_version_flag = true,
    max_term_width = 100,
    after_help = AFTER_HELP
)]
pub struct Daemon {
    /// Configuration file [default: /etc/tidegate/tidegated.toml]
    ///
    /// A file that is named must exist; the default one need not.
    #[arg(long, value_name = "FILE", env = "TIDEGATE_CONFIG")]
    pub config: Option<PathBuf>,

    /// Unix socket to listen on [default: /run/tidegate/tidegated.sock]
    ///
    /// Not used where systemd hands over a socket (LISTEN_FDS, sd_listen_fds(3)).
    #[arg(long, value_name = "PATH", env = "TIDEGATE_SOCKET")]
    pub socket: Option<PathBuf>,

    /// Folder of the state that outlives the daemon [default: /var/lib/tidegate]
    #[arg(long, value_name = "DIR", env = "TIDEGATE_STATE_DIR")]
    pub state_dir: Option<PathBuf>,

    /// How to speak to nftables: libnftables, the nft program, or the better one [default: auto]
    #[arg(long, value_name = "DRIVER", env = "TIDEGATE_NFT_DRIVER",
          value_parser = PossibleValuesParser::new(["auto", "library", "exec"]))]
    pub nft_driver: Option<String>,

    /// The nft program [default: found in PATH, /usr/sbin or /sbin]
    #[arg(long, value_name = "FILE", env = "TIDEGATE_NFT_PATH")]
    pub nft_path: Option<PathBuf>,

    /// The least severe messages that are logged [default: info]
    #[arg(long, value_name = "LEVEL", env = "TIDEGATE_LOG_LEVEL",
          value_parser = PossibleValuesParser::new(["error", "warn", "info", "debug", "trace"]))]
    pub log_level: Option<String>,

    /// Pools from which networks are given IPv4 subnets [default: 10.208.0.0/12:24]
    ///
    /// Each is cut into subnets with prefixes of SIZE bits.
    #[arg(
        long,
        value_name = "BASE:SIZE",
        env = "TIDEGATE_IPV4_POOLS",
        value_delimiter = ','
    )]
    pub ipv4_pools: Option<Vec<String>>,

    /// Pools from which networks are given IPv6 subnets [default: fd74:6964:6567::/48:64]
    #[arg(
        long,
        value_name = "BASE:SIZE",
        env = "TIDEGATE_IPV6_POOLS",
        value_delimiter = ','
    )]
    pub ipv6_pools: Option<Vec<String>>,

    /// Ports of the host among which a free one is looked for [default: 61000-65535]
    ///
    /// The default is above those that Linux takes for outgoing connections.
    #[arg(long, value_name = "FIRST-LAST", env = "TIDEGATE_FREE_PORTS")]
    pub free_ports: Option<PortRange>,

    /// Who may reach published ports that have no list of their own or their network's [default: everybody]
    ///
    /// For ports that are published from then on. See --allow in tidegate-publish(1).
    #[arg(
        long,
        value_name = "CIDR",
        env = "TIDEGATE_ALLOW",
        value_delimiter = ','
    )]
    pub allow: Option<Vec<Source>>,

    /// Whether the daemon turns on forwarding: set or leave [default: set]
    ///
    /// A network with a way in or out needs net.ipv4.ip_forward and net.ipv6.conf.all.forwarding. They make the
    /// whole host a router: whoever sends packets to it gets from one of its own interfaces to another, unless
    /// a firewall of the host drops what is forwarded. What is neither to nor from a network of Tidegate
    /// is not dropped by it: other routers and their rules may be there. tidegate doctor says where that is open,
    /// and how to close it. With leave, both are left as they are; while one is 0, endpoints reach
    /// their own network and the host alone in that family, and only the host reaches published ports.
    #[arg(long, value_name = "WHO", env = "TIDEGATE_FORWARDING")]
    pub forwarding: Option<Forwarding>,

    /// Serve metrics for Prometheus on this address [default: nowhere]
    ///
    /// Over HTTP, at /metrics, to whoever can reach the address.
    #[arg(long, value_name = "IP:PORT", env = "TIDEGATE_METRICS_LISTEN")]
    pub metrics_listen: Option<SocketAddr>,

    /// Whether names of endpoints are answered [default: true]
    #[arg(long, value_name = "BOOL", env = "TIDEGATE_DNS")]
    pub dns: Option<bool>,

    /// Port of the host at which endpoints' questions for names arrive [default: 299]
    ///
    /// Endpoints ask port 53 of a gateway, and are sent on to it. Where it is taken, another privileged one is
    /// used. One that is not privileged can be taken by any user of the host while the daemon does not run.
    #[arg(long, value_name = "PORT", env = "TIDEGATE_DNS_PORT")]
    pub dns_port: Option<NonZeroU16>,

    /// Servers that are asked for all other names [default: those of /etc/resolv.conf]
    #[arg(
        long,
        value_name = "IP[:PORT]",
        env = "TIDEGATE_DNS_UPSTREAMS",
        value_delimiter = ','
    )]
    pub dns_upstreams: Option<Vec<String>>,

    /// Print what this program is, and which nft driver it would use here
    #[arg(short = 'V', long)]
    pub version: bool,

    /// With --version: print it as JSON
    #[arg(long, requires = "version")]
    pub json: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        Daemon::command().debug_assert();
    }

    #[test]
    fn an_unknown_driver_is_refused_with_the_ones_there_are() {
        let refused = Daemon::try_parse_from(["tidegated", "--nft-driver", "iptables"]);
        let text = refused.unwrap_err().to_string();
        assert!(text.contains("auto, library, exec"), "{text}");
    }

    #[test]
    fn json_is_only_for_the_version() {
        assert!(Daemon::try_parse_from(["tidegated", "--json"]).is_err());
        let asked = Daemon::try_parse_from(["tidegated", "--version", "--json"]).unwrap();
        assert!(asked.version && asked.json);
    }
}
