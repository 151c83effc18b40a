//! The command line of `tidegate`.

/// The long help of a name: what it is, and the rules.
macro_rules! name_help {
    ($what:literal $(, $more:literal)?) => {
        concat!(
            $what,
            "\n\n1 to 63 of the characters A-Z a-z 0-9 _ . - that start with a letter or a digit, without two dots side by ",
            "side or one at the end. Names that differ only in case are one name. host, outside and IP addresses are refused."
            $(, $more)?
        )
    };
}

mod headings;
mod import;
mod network;

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use tidegate_api::explain::{Destination, Party};
use tidegate_model::{
    GatewayPriority, HostPorts, IfName, MacAddr, Name, OwnSysctl, Owner, OwnerId, PortRequest,
    Source, StaticRoute,
};

use self::headings::{GLOBAL, INTERFACE, OWNER};
pub use self::import::{ImportArgs, ImportSource};
use self::network::DnsArgs;
pub use self::network::{ConnectArgs, CreateArgs, NetworkCommand, PairArgs, PolicyArgs};
use crate::values::{address, label, number, route};

const AFTER_HELP: &str = "\
Exit status: 0 done; 1 refused: the message says what to change; 2 the daemon or the host failed.

Root and the members of the socket's group may use tidegate. The packages make the group tidegate for that: \
`usermod -aG tidegate USER` adds a user, who must log in again. Members have root's power over the network.

Names of networks, endpoints and aliases have 1 to 63 of the characters A-Z a-z 0-9 _ . - and start with a letter or a \
digit. Two dots side by side or one at the end are refused. Names that differ only in case are one name. host, outside \
and IP addresses are refused too, because `tidegate explain` means something else by them. gateway, host.docker.internal and \
host.containers.internal are refused for endpoints and aliases: these names lead to the host.

Limits of one command: 64 subnets, gateways, ranges or trusted interfaces; 256 auxiliary addresses or labels; 64 aliases, \
sysctls or routes; 16 addresses of an endpoint; 16,384 ports. The daemon waits 5 s for the path of a namespace.

Examples:
  tidegate network create web
  tidegate attach web --netns box1 --name front -p 8080:80
  tidegate endpoint ls
  tidegate detach front
  tidegate network rm web";

/// Manages container bridge networks: creates and removes them, attaches network namespaces, and
/// publishes ports. The daemon tidegated(8) does the work.
#[derive(Clone, Debug, PartialEq, Eq, Parser)]
#[command(name = "tidegate", version, max_term_width = 100, after_help = AFTER_HELP)]
pub struct Client {
    /// Print JSON instead of a table
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub json: bool,

    /// The daemon's unix socket
    #[arg(long, global = true, value_name = "PATH", env = "TIDEGATE_SOCKET",
          default_value = crate::DEFAULT_SOCKET, help_heading = GLOBAL)]
    pub socket: PathBuf,

    /// Print how long each part of the command took, to standard error
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub timings: bool,

    /// Time to wait for the daemon's answer; 0 waits forever. After it, the daemon may still carry out the command. For
    /// `events` the limit applies to the first answer only
    #[arg(
        long,
        global = true,
        value_name = "SECONDS",
        env = "TIDEGATE_TIMEOUT",
        default_value = "60",
        value_parser = number::<0, { u32::MAX }>,
        help_heading = GLOBAL
    )]
    pub timeout: u32,

    /// What to do.
    #[command(subcommand)]
    pub command: ClientCommand,
}

/// What `tidegate` does.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum ClientCommand {
    /// Create, show, connect and remove networks
    #[command(subcommand)]
    Network(NetworkCommand),
    /// Attach a network namespace to a network
    Attach(Box<AttachArgs>),
    /// Remove endpoints: their interfaces and published ports; the namespaces stay
    #[command(after_help = "Example:\n  tidegate detach front back")]
    Detach {
        /// Endpoints to remove
        #[arg(required = true, value_name = "ENDPOINT")]
        endpoints: Vec<Name>,
    },
    /// Publish more ports of a running endpoint
    Publish(PublishArgs),
    /// Stop publishing ports of a running endpoint, and end the connections through them
    #[command(
        after_help = UNPUBLISH_HELP
    )]
    Unpublish(PortsArgs),
    /// Show endpoints
    #[command(subcommand)]
    Endpoint(EndpointCommand),
    /// Show published ports
    #[command(subcommand)]
    Port(PortCommand),
    /// Tell whether a packet passes this host, and which rule decides
    ///
    /// Follows the first packet of a connection through the planned rules, the tables of other programs and the host's
    /// routes. If it passes, its answers pass too. Sends nothing.
    ///
    /// Exit status: 0 it passes; 1 it does not, by a rule of Tidegate or of another program; 3 no rule that can be judged
    /// stops it, but another program's may, or the tables of other programs could not be read. 2, as always, means that
    /// the daemon or the host failed.
    #[command(after_help = EXPLAIN_HELP)]
    Explain(ExplainArgs),
    /// Find what stops packets or changes on this host, and say how to fix it
    ///
    /// Changes nothing. Exit status 1: at least one fault. Warnings, and what cannot be judged ("unknown"), do not count.
    #[command(after_help = DOCTOR_HELP)]
    Doctor,
    /// Show the traffic of published ports, updated every second
    ///
    /// Lists the busiest port first: its open connections, and the packets and bytes that its endpoint received and sent
    /// through them. The kernel counts packets and bytes only while net.netfilter.nf_conntrack_acct is 1, and only of
    /// connections opened since then. With --json, prints one object a line.
    #[command(after_help = "Examples:\n  tidegate top\n  tidegate top --once --json")]
    Top {
        /// Print once and exit
        #[arg(long)]
        once: bool,
    },
    /// Print events as they happen
    ///
    /// Events are: networks and endpoints created, changed and removed, ports published and withdrawn, and changes of the
    /// table by other programs. Runs until it is interrupted or the daemon stops. With --json, prints one object a line.
    ///
    /// Root may run 64 of these at once, all other users together 64, and one user 16.
    Events,
    /// Show the daemon's version, nft driver and state
    Info,
    /// Print Tidegate's nftables table
    Ruleset(RulesetArgs),
    /// Remove the endpoints whose namespaces no longer exist
    ///
    /// Rarely needed: the daemon removes an endpoint as soon as the kernel reports that its namespace has ended.
    Gc,
    /// Print all networks and endpoints as a document for `tidegate import`
    #[command(after_help = "Example:\n  tidegate export > tidegate.json")]
    Export,
    /// Make the networks and endpoints of a document, or the networks of a container engine
    ///
    /// Checks everything first, and refuses the whole document if a name, a subnet, an address or a port is taken. An endpoint
    /// whose namespace is not there waits: it is attached when the namespace appears at its path, or by `tidegate attach
    /// NETWORK --name ENDPOINT` with another namespace, with the addresses and ports of the document. `tidegate info` names the
    /// waiting endpoints; `tidegate detach` forgets one. While it waits, it holds no address and no port.
    Import(ImportArgs),
    /// Remove everything from this host, and stop the daemon
    ///
    /// Removes networks, interfaces, the table, and waiting endpoints, and gives the sysctls that the daemon changed their
    /// value of before. Refuses while endpoints are attached, unless --force is given. Use it before you purge the package.
    #[command(after_help = TEARDOWN_HELP)]
    Teardown {
        /// Confirm it; without this, the command only shows what it would remove, and fails
        #[arg(long)]
        yes: bool,
        /// Also while endpoints are attached: their interfaces vanish
        #[arg(long)]
        force: bool,
    },
}

const TEARDOWN_HELP: &str = "\
Examples:
  Keep a copy, and remove everything:
    tidegate export > tidegate.json
    tidegate teardown --yes

  With systemd, the next command starts the daemon again unless its socket is stopped too:
    systemctl disable --now tidegated.socket tidegated.service";

const DOCTOR_HELP: &str = "\
Checks: sysctls for forwarding, links, degraded networks and endpoints, the state file, filters of bridge ports, the \
table of Tidegate, chains of other tables and of iptables-legacy that drop packets of our bridges, routes into our subnets \
by other interfaces, br_netfilter, reverse path filtering, the release of nftables, and the daemon's limit of file \
descriptors.

Examples:
  tidegate doctor
  tidegate doctor --json";

const EXPLAIN_HELP: &str = "\
SRC and DST are names of endpoints, IP addresses, `host`, or `outside` (any machine behind the host's default route). \
Without a port, the packet is an echo request (ping).

With --source-address, SRC sends from an address that is not its own; answers go to that address. 0.0.0.0 and :: stand \
for a sender without an address; a DHCP request goes from 0.0.0.0 to 255.255.255.255:67/udp. The command does not check \
reverse path filtering (rp_filter).

Examples:
  tidegate explain outside host:8080
  tidegate explain front back:5432/tcp
  tidegate explain 192.0.2.7 10.208.0.2:53/udp
  tidegate explain front outside
  tidegate explain front back:5432/tcp --source-address 10.208.1.2";

/// The two ends of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct ExplainArgs {
    /// Sender of the packet
    #[arg(value_name = "SRC")]
    pub source: Party,
    /// Receiver: DST[:PORT[/tcp|udp|sctp]]; write an IPv6 address with a port as [ADDRESS]:PORT
    #[arg(value_name = "DST[:PORT[/PROTO]]")]
    pub destination: Destination,
    /// Source address of the packet [default: SRC's own]
    #[arg(long, value_name = "ADDRESS")]
    pub source_address: Option<IpAddr>,
}

const ATTACH_HELP: &str = "\
Examples:
  tidegate attach web --netns box1
  tidegate attach web --netns box1 --ip 10.208.0.20 --mac 02:00:00:00:00:20 --ifname web0
  tidegate attach web --netns /run/netns/box2 --name front -p 8080:80 -p 127.0.0.1:53:53/udp
  tidegate attach uplink --netns box1 --gateway-priority 10
  tidegate attach web --netns box3 --name db1 --alias db --alias primary
  tidegate attach web --pid 4711 -p [2001:db8::1]:8443:443/tcp -p 9000-9009:9000-9009 -p 80";

/// The endpoint that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
#[command(after_help = ATTACH_HELP)]
pub struct AttachArgs {
    /// Network to attach to
    pub network: Name,
    /// The namespace.
    #[command(flatten)]
    pub namespace: NetnsArg,
    /// Name of the endpoint [default: a new ep-N]
    #[arg(long, long_help = name_help!(
        "Name of the endpoint [default: a new ep-N]",
        " So are the names by which endpoints reach the host: gateway, host.docker.internal and host.containers.internal."
    ))]
    pub name: Option<Name>,
    /// Publish ports: [HOSTIP:][HOSTPORT[-END]:]PORT[-END][/tcp|udp|sctp]
    ///
    /// Without a host port, or with 0, each port gets a free host port. 7000-7010:80 uses one free port of that range.
    /// Without a host address, the network's --host-ip applies, else every address of the host. 0.0.0.0 means every IPv4
    /// address, and [::] every IPv6 address. The daemon itself relays connections to [::1]; SCTP cannot be relayed.
    #[arg(
        short = 'p',
        long = "publish",
        value_name = "PORT",
        value_delimiter = ','
    )]
    pub publish: Vec<PortRequest>,
    /// Clients that may reach these ports: a prefix or an address [default: the network's --allow, else
    /// `ports.allow` of tidegated.toml, else everybody]
    ///
    /// All other clients are blocked. If the list names only IPv4 or only IPv6, all clients of the other family are blocked
    /// too. A list that would block every client of a port is refused, and so is an address from which no client comes, such as
    /// 0.0.0.0 or 127.0.0.1. The host itself always reaches the ports. `endpoint ls` marks ports that some clients cannot reach
    /// with (restricted).
    /// The list does not apply to direct traffic to the endpoint's own address: from endpoints of the same network
    /// (without --no-icc), from connected networks, and from trusted interfaces.
    #[arg(long, value_name = "CIDR", value_delimiter = ',', requires = "publish")]
    pub allow: Vec<Source>,
    /// Who holds the host ports: the daemon, or the container engine that attaches the namespace
    ///
    /// The holder binds the ports, so that no other program can take them. podman and nerdctl do that themselves, and could
    /// not if the daemon did. With `engine`, each port needs a host port, and the daemon never binds it. It relays
    /// connections to [::1] only if no other program has that port there.
    #[arg(
        long,
        value_name = "daemon|engine",
        default_value_t,
        hide_default_value = true
    )]
    pub hold_ports: HostPorts,
    /// Additional DNS name, by the rules of --name. Several endpoints may share one: it resolves to all of them
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub alias: Vec<Name>,
    /// How it looks for names.
    #[command(flatten)]
    pub dns: DnsArgs,
    /// IP address, IPv4 or IPv6; repeat for others [default: a free one of each family]. --ip6 is the same option
    ///
    /// Published ports lead to the first address of each family.
    #[arg(
        long,
        visible_alias = "ip6",
        value_name = "IP",
        value_delimiter = ',',
        value_parser = address,
        help_heading = INTERFACE
    )]
    pub ip: Vec<IpAddr>,
    /// Ethernet address [default: derived from the first IP address]
    #[arg(long, value_name = "MAC", help_heading = INTERFACE)]
    pub mac: Option<MacAddr>,
    /// Interface name in the namespace [default: the lowest free ethN]
    #[arg(long, value_name = "IFNAME", help_heading = INTERFACE)]
    pub ifname: Option<IfName>,
    /// Static route: PREFIX=NEXTHOP, or PREFIX alone if its machines are on the network itself
    #[arg(long, value_name = "PREFIX[=NEXTHOP]", value_parser = route, help_heading = INTERFACE)]
    pub route: Vec<StaticRoute>,
    /// Give the namespace no default route
    #[arg(long, help_heading = INTERFACE)]
    pub no_default_route: bool,
    /// Priority of this network's gateway; the highest one of a namespace becomes its default route
    ///
    /// From -100000 to 100000, default 0. Among equal priorities, the endpoint attached first wins. When it is detached, the
    /// next takes its place. IPv4 and IPv6 are decided separately. Internal networks never give a default route. A namespace
    /// that already has another default route keeps it and gets none from Tidegate.
    #[arg(
        long,
        value_name = "PRIORITY",
        default_value_t,
        hide_default_value = true,
        allow_negative_numbers = true,
        help_heading = INTERFACE
    )]
    pub gateway_priority: GatewayPriority,
    /// Sysctl of the endpoint's interface: net.ipv4.conf.IFNAME.KEY=VALUE. Write the word IFNAME literally
    #[arg(long, value_name = "SYSCTL", help_heading = INTERFACE)]
    pub sysctl: Vec<OwnSysctl>,
    /// What the endpoint is for: a container engine, and the engine's own identifier of the attachment
    ///
    /// A network has at most one endpoint of an owner.
    #[arg(long, value_name = "ENGINE/ID", help_heading = OWNER)]
    pub owner: Option<Owner>,
    /// First remove the engine's endpoints on this network that have the same owner or an address that --ip asks for
    ///
    /// Both happen in one step: if the new endpoint cannot be made, the old ones stay.
    #[arg(long, requires = "owner", help_heading = OWNER)]
    pub replace: bool,
    /// Metadata to store with the endpoint
    #[arg(long, value_name = "KEY=VALUE", value_parser = label, help_heading = OWNER)]
    pub label: Vec<(Name, String)>,
}

const UNPUBLISH_HELP: &str = "\
A single PORT is a port of the endpoint, with all host ports that lead to it, or else a port of the host. The command \
prints the ports that it withdrew, and those that are still published.

Examples:
  tidegate unpublish front 8443:443
  tidegate unpublish front 443";

const PUBLISH_HELP: &str = "\
The command prints the new ports, with the host ports that were chosen, and all ports of the endpoint.

Examples:
  tidegate publish front 8080:80 127.0.0.1::9000
  tidegate publish front 8443:443 --allow 192.0.2.0/24 --allow 2001:db8::/32
  tidegate publish front 9000:90 --allow 0.0.0.0/0 --allow ::/0";

/// An endpoint, and ports that it is to publish.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
#[command(after_help = PUBLISH_HELP)]
pub struct PublishArgs {
    /// Which.
    #[command(flatten)]
    pub ports: PortsArgs,
    /// Clients that may reach these ports: a prefix or an address [default: the network's --allow, else
    /// `ports.allow` of tidegated.toml, else everybody]
    ///
    /// All other clients are blocked. If the list names only IPv4 or only IPv6, all clients of the other family are blocked
    /// too. A list that would block every client of a port is refused, and so is an address from which no client comes, such as
    /// 0.0.0.0 or 127.0.0.1. The host itself always reaches the ports. Use 0.0.0.0/0 and ::/0 to allow everybody where the
    /// network or the configuration has a list. `endpoint ls` marks ports that some clients cannot reach with (restricted).
    /// To change the list of a port, unpublish it first. That ends all connections through it.
    #[arg(long, value_name = "CIDR", value_delimiter = ',')]
    pub allow: Vec<Source>,
}

/// An endpoint and some of its ports.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct PortsArgs {
    /// Endpoint
    pub endpoint: Name,
    /// Ports: [HOSTIP:][HOSTPORT[-END]:]PORT[-END][/tcp|udp|sctp]
    #[arg(required = true, value_name = "PORT", value_delimiter = ',')]
    pub ports: Vec<PortRequest>,
}

/// The namespace that is to be attached: exactly one of the two.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
#[group(required = true, multiple = false)]
pub struct NetnsArg {
    /// Namespace: its name in /run/netns, or a path
    #[arg(long, value_name = "NAME|PATH")]
    pub netns: Option<PathBuf>,
    /// Process whose namespace to attach
    #[arg(long, value_parser = number::<1, { u32::MAX }>)]
    pub pid: Option<u32>,
}

/// What `tidegate endpoint` does.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum EndpointCommand {
    /// List the endpoints
    ///
    /// (restricted) behind a port means that only some clients may reach it: those of an --allow, or of `ports.allow` of
    /// tidegated.toml. `tidegate port ls` names them.
    ///
    /// Imported endpoints that wait for their namespaces come last; they have no addresses and no ports yet. --json lists
    /// attached endpoints only: `tidegate info --json` has those that wait, as `waiting`.
    Ls,
    /// Show all details of an endpoint
    Inspect {
        /// The endpoint
        #[arg(value_name = "ENDPOINT")]
        endpoint: Name,
    },
    /// Look for what an endpoint lacks, in its namespace and on the host
    ///
    /// Compares the interface, its Ethernet address, addresses and routes, the port of the bridge and the endpoint's rules
    /// with what Tidegate made. Prints one line for each difference, and changes nothing. Exit status 1: there is one.
    Check {
        /// The endpoint
        #[arg(value_name = "ENDPOINT")]
        endpoint: Name,
    },
    /// Print a resolv.conf(5) for an endpoint's namespace
    ///
    /// The file names Tidegate's DNS server, and has the search domains and options of the endpoint (--dns-search,
    /// --dns-option), of its network, or of the host. If there are search domains, tidegate.internal is the first: names of
    /// endpoints are found there, before the other domains. `tidegate attach --json` prints the same text as `resolv-conf`.
    #[command(after_help = RESOLV_CONF_HELP)]
    ResolvConf {
        /// The endpoint
        #[arg(value_name = "ENDPOINT")]
        endpoint: Name,
    },
    /// Remove the endpoints of a container engine that it does not use any more, all or none
    ///
    /// Removes every endpoint whose owner (`tidegate attach --owner`) has this engine, except those given with --keep. Their
    /// namespaces may still exist.
    #[command(after_help = UNUSED_HELP)]
    Gc(UnusedArgs),
}

/// An engine, and what it uses.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct UnusedArgs {
    /// The engine, the first part of an owner
    pub engine: Name,
    /// Owners of endpoints that are in use: these stay. ENGINE/ID as `tidegate endpoint inspect` shows it, or ID alone
    #[arg(long, value_name = "ID")]
    pub keep: Vec<OwnerId>,
    /// Only endpoints of this network
    #[arg(long, value_name = "NETWORK")]
    pub network: Option<Name>,
}

const UNUSED_HELP: &str = "\
Example:
  tidegate endpoint gc cni --keep 4ac1/eth0 --keep 77fe/eth0";

/// What `tidegate port` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Subcommand)]
pub enum PortCommand {
    /// List the published ports of all endpoints, and who may reach them
    ///
    /// `tidegate top` shows their traffic.
    Ls,
}

const RESOLV_CONF_HELP: &str = "\
Examples:
  Write it to where `ip netns exec` expects it, see ip-netns(8):
    mkdir -p /etc/netns/box1
    tidegate endpoint resolv-conf front > /etc/netns/box1/resolv.conf";

/// Which ruleset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Args)]
pub struct RulesetArgs {
    /// Print the table that the kernel has, instead of the planned one
    #[arg(long)]
    pub live: bool,
    /// Print only differences between the planned table and the kernel's
    #[arg(long, conflicts_with = "live")]
    pub diff: bool,
}

#[cfg(test)]
mod tests;
