//! The command line of `tidegated`.

use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::path::PathBuf;

use clap::Parser;
use clap::builder::PossibleValuesParser;
use tidegate_model::{Forwarding, PortRange, Source};

use crate::values::{port, socket_address};

const AFTER_HELP: &str = "\
A flag wins over its environment variable, which wins over the configuration file; see \
tidegated.toml(5).

SIGHUP makes the daemon read the configuration file again: log-level, [pools], [ports] and dns.upstreams take effect, and \
the log names the changed settings that need a restart. A faulty file changes nothing.

Examples:
  Run with the configuration of the host:
    tidegated

  Run a second daemon in another network namespace:
    ip netns exec lab tidegated --socket /run/lab.sock --state-dir /var/lib/lab

  Check the configuration file, and have a running daemon read it again:
    tidegated --check-config && systemctl reload tidegated

  Print version and build details as JSON:
    tidegated --version --json";

/// The Tidegate networking daemon.
///
/// Manages the container bridge networks of a host (bridges, veth pairs, addresses, NAT, published
/// ports) and keeps their firewall rules in one nftables table. tidegate(1) controls it over a unix
/// socket. It needs CAP_NET_ADMIN, CAP_SYS_ADMIN to enter attached namespaces, and
/// CAP_NET_BIND_SERVICE to publish ports below 1024.
///
/// Whenever another program changes the table, a bridge, or the host's end of an endpoint's veth
/// pair, even on purpose, the daemon puts that right and logs it: `tidegate network rm` and
/// `tidegate detach` are the way to end something. What is changed inside of an endpoint's
/// namespace stays so.
///
/// It sets these sysctls of the host: IP forwarding (see `forwarding` in tidegated.toml(5)), before
/// that `accept_ra` of the host's own interfaces from 1 to 2, which keeps IPv6 default routes from
/// router advertisements (of a bridge or veth only if it has such a route), and settings of its own bridges, such as `rp_filter` 2. Sysctls of the
/// host stay so when networks are removed; `tidegate teardown` undoes them.
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
    /// A missing default file is fine; a file named with --config must exist.
    #[arg(long, value_name = "FILE", env = "TIDEGATE_CONFIG")]
    pub config: Option<PathBuf>,

    /// Unix socket to listen on [default: /run/tidegate/tidegated.sock]
    ///
    /// Ignored if systemd passes a socket (LISTEN_FDS, sd_listen_fds(3)).
    #[arg(long, value_name = "PATH", env = "TIDEGATE_SOCKET")]
    pub socket: Option<PathBuf>,

    /// Folder for saved state [default: /var/lib/tidegate]
    #[arg(long, value_name = "DIR", env = "TIDEGATE_STATE_DIR")]
    pub state_dir: Option<PathBuf>,

    /// Remove networks of Tidegate that the saved state does not know
    ///
    /// The daemon refuses to start if it would remove bridges or interfaces of Tidegate that the saved state does not
    /// explain: then the state directory is probably the wrong one, is not mounted, or is an older backup. With this flag,
    /// it removes them. The flag is for one start: no environment variable and no key of tidegated.toml has its effect.
    #[arg(long)]
    pub discard_unknown: bool,

    /// How to change nftables: through libnftables, through the nft program, or the better one that works [default: auto]
    #[arg(long, value_name = "DRIVER", env = "TIDEGATE_NFT_DRIVER",
          value_parser = PossibleValuesParser::new(["auto", "library", "exec"]))]
    pub nft_driver: Option<String>,

    /// Path of the nft program [default: found in PATH, /usr/sbin or /sbin]
    #[arg(long, value_name = "FILE", env = "TIDEGATE_NFT_PATH")]
    pub nft_path: Option<PathBuf>,

    /// Log messages of this level and more severe ones [default: info]
    #[arg(long, value_name = "LEVEL", env = "TIDEGATE_LOG_LEVEL",
          value_parser = PossibleValuesParser::new(["error", "warn", "info", "debug", "trace"]))]
    pub log_level: Option<String>,

    /// Pools of IPv4 subnets for networks [default: 10.208.0.0/12:24, 172.16.0.0/12:24 and 192.168.0.0/16:24]
    ///
    /// Each pool is split into subnets with a prefix length of SIZE. A network gets the first subnet that overlaps no route
    /// and no address of the host, so a host with a route to 10.0.0.0/8 takes the next pool. Without any pool
    /// (`ipv4 = []` below [pools] of tidegated.toml), a network needs a --subnet of IPv4, or --no-ipv4.
    #[arg(
        long,
        value_name = "BASE:SIZE",
        env = "TIDEGATE_IPV4_POOLS",
        value_delimiter = ','
    )]
    pub ipv4_pools: Option<Vec<String>>,

    /// Pools of IPv6 subnets for networks [default: a prefix of the host's own]
    ///
    /// The default is a random /48 of unique local addresses (RFC 4193 section 3.2), split into subnets of /64. The daemon
    /// makes it at its first start and keeps it in its state; `tidegate info` shows it.
    #[arg(
        long,
        value_name = "BASE:SIZE",
        env = "TIDEGATE_IPV6_POOLS",
        value_delimiter = ','
    )]
    pub ipv6_pools: Option<Vec<String>>,

    /// Range from which a free host port is chosen [default: 61000-65535]
    ///
    /// The default range is above the ephemeral port range. One port is a range too: 61000.
    #[arg(long, value_name = "FIRST-LAST", env = "TIDEGATE_FREE_PORTS")]
    pub free_ports: Option<PortRange>,

    /// Clients that may reach published ports without an --allow, their own or their network's [default: everybody]
    ///
    /// Applies to ports published after it was set. See --allow in tidegate-publish(1).
    #[arg(
        long,
        value_name = "CIDR",
        env = "TIDEGATE_ALLOW",
        value_delimiter = ','
    )]
    pub allow: Option<Vec<Source>>,

    /// Whether the daemon turns on IP forwarding: set or leave [default: set]
    ///
    /// Networks need net.ipv4.ip_forward and net.ipv6.conf.all.forwarding, except internal and isolated ones. These sysctls
    /// make the whole host a router: it then also forwards packets between its own interfaces, unless a firewall of the
    /// host drops them. Tidegate does not drop packets that are neither to nor from its networks. `tidegate doctor` tells
    /// where the host forwards such packets, and how to stop it. leave: the daemon changes neither sysctl. While one is 0,
    /// endpoints reach only their own network and the host in that family, and only the host reaches published ports.
    #[arg(long, value_name = "WHO", env = "TIDEGATE_FORWARDING")]
    pub forwarding: Option<Forwarding>,

    /// Serve metrics for Prometheus on this address [default: nowhere]
    ///
    /// The page is http://IP:PORT/metrics. Everybody who can reach the address can read it.
    #[arg(long, value_name = "IP:PORT", env = "TIDEGATE_METRICS_LISTEN", value_parser = socket_address)]
    pub metrics_listen: Option<SocketAddr>,

    /// Serve Docker's network driver `tidegate` on this unix socket [default: nowhere]
    ///
    /// Docker looks for /run/docker/plugins/tidegate.sock. With systemd, tidegated-docker.socket decides instead. Only root
    /// may connect.
    #[arg(long, value_name = "PATH", env = "TIDEGATE_DOCKER_SOCKET")]
    pub docker_socket: Option<PathBuf>,

    /// Run the DNS server for endpoint names [default: true]
    #[arg(long, value_name = "BOOL", env = "TIDEGATE_DNS")]
    pub dns: Option<bool>,

    /// Host port of that DNS server; port 53 of its addresses and of each gateway is redirected to it [default: 299]
    ///
    /// If another program uses the port, the daemon uses another privileged port. Choose a privileged port: while the daemon
    /// does not run, any user of the host can take an unprivileged one.
    #[arg(long, value_name = "PORT", env = "TIDEGATE_DNS_PORT", value_parser = port)]
    pub dns_port: Option<NonZeroU16>,

    /// DNS servers for all other names [default: those of /etc/resolv.conf]
    #[arg(
        long,
        value_name = "IP[:PORT]",
        env = "TIDEGATE_DNS_UPSTREAMS",
        value_delimiter = ','
    )]
    pub dns_upstreams: Option<Vec<String>>,

    /// Check the configuration and exit: status 0 if it is valid, else 1
    ///
    /// Prints every fault, with file and line. Flags and environment variables are checked too.
    #[arg(long, conflicts_with = "version")]
    pub check_config: bool,

    /// Print version, build details and the nft driver that it would use here
    #[arg(short = 'V', long)]
    pub version: bool,

    /// With --version: print JSON
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
