//! The command line of `tidegate`.

use std::fmt::Display;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand};
use ipnet::IpNet;
use tidegate_model::explain::{Destination, Party};
use tidegate_model::{
    Access, GatewayPriority, HostAccess, IfName, Invalid, MacAddr, Mode, Name, OwnSysctl, Policy,
    PortRequest, Source,
};

const AFTER_HELP: &str = "\
Exit status: 0 done; 1 refused, and the user can mend it; 2 the daemon or the host failed.

Limits: one command asks for at most 64 subnets, gateways, ranges or trusted interfaces, 256 auxiliary addresses or
labels, 64 aliases or sysctls, and 16,384 ports. A namespace's path that does not answer is given up after 5 s.

Examples:
  tidegate network create web
  tidegate attach web --netns box1 --name front -p 8080:80
  tidegate endpoint ls
  tidegate detach front
  tidegate network rm web";

/// Makes and removes container bridge networks, attaches network namespaces to them, and
/// publishes their ports, by asking the daemon tidegated(8).
#[derive(Clone, Debug, PartialEq, Eq, Parser)]
#[command(name = "tidegate", version, max_term_width = 100, after_help = AFTER_HELP)]
pub struct Client {
    /// The daemon's unix socket
    #[arg(long, global = true, value_name = "PATH", env = "TIDEGATE_SOCKET",
          default_value = crate::DEFAULT_SOCKET)]
    pub socket: PathBuf,

    /// Print JSON instead of a table
    #[arg(long, global = true)]
    pub json: bool,

    /// Print to standard error where the time went
    #[arg(long, global = true)]
    pub timings: bool,

    /// How long to wait for an answer of the daemon, which may still do what it was asked for later; 0 for as long as it
    /// takes. `events` waits for the first answer alone
    #[arg(
        long,
        global = true,
        value_name = "SECONDS",
        env = "TIDEGATE_TIMEOUT",
        default_value = "60"
    )]
    pub timeout: u32,

    /// What to do.
    #[command(subcommand)]
    pub command: ClientCommand,
}

/// What `tidegate` does.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum ClientCommand {
    /// Make, show and remove networks
    #[command(subcommand)]
    Network(NetworkCommand),
    /// Attach a network namespace to a network
    Attach(AttachArgs),
    /// Remove endpoints: the namespaces stay, their interfaces and published ports go
    #[command(after_help = "Example:\n  tidegate detach front back")]
    Detach {
        /// Endpoints to remove
        #[arg(required = true, value_name = "ENDPOINT")]
        endpoints: Vec<Name>,
    },
    /// Remove the endpoints whose namespaces no longer exist
    ///
    /// The daemon does so by itself as soon as the kernel tells it that a namespace has ended.
    Gc,
    /// Publish more ports of a running endpoint
    #[command(after_help = "Example:\n  tidegate publish front 8443:443 127.0.0.1::9000")]
    Publish(PublishArgs),
    /// Withdraw published ports of a running endpoint, and end the connections through them
    #[command(
        after_help = "Examples:\n  tidegate unpublish front 8443:443\n  tidegate unpublish front 443"
    )]
    Unpublish(PortsArgs),
    /// Show endpoints
    #[command(subcommand)]
    Endpoint(EndpointCommand),
    /// Show what happens, as it happens
    ///
    /// Networks and endpoints that come and go, ports that are published, and changes of the table by
    /// other programs; until it is interrupted, or the daemon stops. With --json, one object a line.
    ///
    /// 64 may listen at once as root, and as many as other users, 16 for each of them.
    Events,
    /// Look for what stops packets or changes, and say what to do about it
    ///
    /// Nothing is changed. The exit status is 1 if there is a fault; warnings, and what could not be
    /// told, are none.
    #[command(after_help = DOCTOR_HELP)]
    Doctor,
    /// Say whether a packet passes, and by which rule and element
    ///
    /// The first packet of a connection is taken through the rules as they are planned, by the host's
    /// routes. Answers pass if it does. Nothing is sent, and other programs' tables are not looked at
    /// (see doctor). The exit status is 1 if it does not pass.
    #[command(after_help = EXPLAIN_HELP)]
    Explain(ExplainArgs),
    /// Show what passes through published ports, anew each second
    ///
    /// For each port, the connections that are tracked now, and the packets and bytes that its endpoint
    /// received and sent through them, busiest first. The kernel counts these only where
    /// net.netfilter.nf_conntrack_acct is 1, of connections that begin from then on. With --json, one
    /// object a line.
    #[command(after_help = "Examples:\n  tidegate top\n  tidegate top --once --json")]
    Top {
        /// Show it once, and end
        #[arg(long)]
        once: bool,
    },
    /// Show what the daemon is and which nft driver it uses
    Info,
    /// Print the nftables ruleset
    Ruleset(RulesetArgs),
}

const DOCTOR_HELP: &str = "\
Looked at are the sysctls that forwarding needs, the links, what could not be brought to the host, the state file, the
filters of bridge ports and the table, chains of
other tables and of iptables-legacy that drop what passes our bridges, br_netfilter, reverse path filtering, the
release of nftables and the daemon's file descriptors.

Examples:
  tidegate doctor
  tidegate doctor --json";

/// What `tidegate network` does.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum NetworkCommand {
    /// Make a network: a bridge with its subnets
    Create(Box<CreateArgs>),
    /// List the networks
    Ls,
    /// Show everything about a network
    Inspect {
        /// The network
        #[arg(value_name = "NETWORK")]
        network: Name,
    },
    /// Let the endpoints of two networks reach each other
    #[command(after_help = "Example:\n  tidegate network connect web db")]
    Connect(PairArgs),
    /// End that: connections that are open go on
    Disconnect(PairArgs),
    /// Remove networks
    #[command(
        after_help = "Examples:\n  tidegate network rm web db\n  tidegate network rm --force web"
    )]
    Rm {
        /// With the endpoints that are attached to them
        #[arg(long)]
        force: bool,
        /// Networks to remove
        #[arg(required = true, value_name = "NETWORK")]
        networks: Vec<Name>,
    },
}

const CREATE_HELP: &str = "\
Examples:
  tidegate network create web
  tidegate network create db --subnet 10.9.0.0/24 --no-ipv6
  tidegate network create lab --subnet 10.9.1.0/24 --gateway 10.9.1.254 --subnet fd00:9:1::/64
  tidegate network create lan --subnet 10.9.2.0/24 --ip-range 10.9.2.128/25 --aux-address router=10.9.2.2
  tidegate network create vault --internal --no-icc
  tidegate network create guests --no-icc --anti-spoofing
  tidegate network create lodgers --host-access dns
  tidegate network create edge --mode4 nat --mode6 routed --trusted-interface wg0";

/// The network that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
#[command(after_help = CREATE_HELP)]
pub struct CreateArgs {
    /// Its name
    pub name: Name,
    /// Its subnets; one of each of IPv4 and IPv6 that has none is allotted from the daemon's pools
    #[arg(long, value_name = "CIDR")]
    pub subnet: Vec<IpNet>,
    /// The bridge's address in one of the subnets; else the subnet's first
    #[arg(long, value_name = "IP")]
    pub gateway: Vec<IpAddr>,
    /// The part of a subnet out of which endpoints are given addresses; else all of it
    #[arg(long, value_name = "CIDR")]
    pub ip_range: Vec<IpNet>,
    /// An address that is given to no endpoint, and what it is for
    #[arg(long, value_name = "NAME=IP", value_parser = pair::<IpAddr>)]
    pub aux_address: Vec<(Name, IpAddr)>,
    /// Without IPv4
    #[arg(long)]
    pub no_ipv4: bool,
    /// Without IPv6
    #[arg(long, conflicts_with = "no_ipv4")]
    pub no_ipv6: bool,
    /// With IPv6, or not at all: else it has IPv4 alone where the host has IPv6 turned off
    #[arg(long, conflicts_with = "no_ipv6")]
    pub ipv6: bool,
    /// MTU in bytes
    #[arg(long, value_name = "BYTES")]
    pub mtu: Option<u32>,
    /// Address of the host on which ports are published that name none; one for each of IPv4 and IPv6
    ///
    /// 0.0.0.0 is every IPv4 address, and :: every IPv6 address. Else both.
    #[arg(long, value_name = "IP")]
    pub host_ip: Vec<IpAddr>,
    /// Who may reach its published ports that have no --allow of their own; else whom the configuration lets in
    #[arg(long, value_name = "CIDR")]
    pub allow: Vec<Source>,
    /// What it is and may do.
    #[command(flatten)]
    pub policy: PolicyArgs,
    /// The bridge's name; else one is made
    #[arg(long, value_name = "IFNAME")]
    pub bridge: Option<IfName>,
    /// Something to remember about it
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair::<String>)]
    pub label: Vec<(Name, String)>,
}

/// What a network's endpoints may do, and who may reach them.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct PolicyArgs {
    /// No way in or out: its endpoints and the host reach each other, and nobody else
    ///
    /// Of the host its endpoints reach what listens at the gateways' addresses (--host-access).
    #[arg(long)]
    pub internal: bool,
    /// As --internal, and the host is kept out too: it has no address on the bridge
    #[arg(long, conflicts_with = "internal")]
    pub isolated: bool,
    /// What of the host its endpoints reach: none, dns, gateway or all [default: all; gateway with --internal, none with
    /// --isolated]
    ///
    /// none: nothing; endpoints ask no gateway for names. dns: the gateways' port for names. gateway: the
    /// host's programs, asked at a gateway's address. all: asked at any address but those of its loopback. What is
    /// published on the host is not the host's, and is reached as by others. The host reaches the endpoints, and
    /// they answer it; only with --isolated nothing passes either way.
    #[arg(long, value_name = "ACCESS")]
    pub host_access: Option<HostAccess>,
    /// Its endpoints do not reach each other at their own addresses
    ///
    /// No frame passes between them, of whatever kind: tagged, multicast, ARP and neighbour discovery included. What they send
    /// to the gateway is routed by the host, also where br_netfilter is on, so that published ports of their own network
    /// answer. An endpoint can still tell the host that a neighbour's address is its own: --anti-spoofing keeps it from that.
    #[arg(long)]
    pub no_icc: bool,
    /// Its endpoints send only under the addresses that they were given
    ///
    /// What an endpoint sends is dropped where it enters the bridge unless it comes from its own Ethernet address,
    /// untagged, and is ARP about its own IPv4 address, IPv4 from it, or IPv6 from its own address or the link-local one that
    /// follows from its Ethernet address. Router advertisements, redirects, claims to another's address, and extension
    /// headers that could hide one are dropped too. It is off unless asked for: a container that moves its own Ethernet or IP
    /// address, as with macvlan, a bridge of its own, VRRP or keepalived, or DHCP, then hears no answer under the other
    /// one. Up to 512 endpoints of a host can be bound so.
    #[arg(long)]
    pub anti_spoofing: bool,
    /// How packets pass between endpoints and the world: nat, routed or nat-unprotected [default: nat]
    ///
    /// nat: out under an address of the host, in through published ports of the host. routed: endpoints
    /// are reached at their own addresses, on the ports that are published and by ICMP.
    /// nat-unprotected: as nat, and endpoints are also reached at their own addresses, on every port.
    #[arg(long, value_name = "MODE")]
    pub mode: Option<Mode>,
    /// The same for IPv4 alone
    #[arg(long, value_name = "MODE")]
    pub mode4: Option<Mode>,
    /// The same for IPv6 alone
    #[arg(long, value_name = "MODE")]
    pub mode6: Option<Mode>,
    /// Endpoints keep their addresses on the way out
    #[arg(long, conflicts_with = "snat")]
    pub no_masquerade: bool,
    /// Address of the host under which endpoints reach the world; one for each of IPv4 and IPv6
    #[arg(long, value_name = "IP")]
    pub snat: Vec<IpAddr>,
    /// Interface of the host through which endpoints are reached at their own addresses, on every port
    #[arg(long, value_name = "IFNAME")]
    pub trusted_interface: Vec<IfName>,
}

impl From<PolicyArgs> for Policy {
    fn from(args: PolicyArgs) -> Self {
        let mode = args.mode.unwrap_or_default();
        Self {
            access: match (args.internal, args.isolated) {
                (_, true) => Access::Isolated,
                (true, false) => Access::Internal,
                (false, false) => Access::Open,
            },
            host_access: args.host_access,
            icc: !args.no_icc,
            anti_spoofing: args.anti_spoofing,
            mode4: args.mode4.unwrap_or(mode),
            mode6: args.mode6.unwrap_or(mode),
            masquerade: !args.no_masquerade,
            snat: args.snat,
            trusted_interfaces: args.trusted_interface,
        }
    }
}

/// Two networks.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct PairArgs {
    /// The one
    #[arg(value_name = "NETWORK")]
    pub one: Name,
    /// The other
    #[arg(value_name = "NETWORK")]
    pub other: Name,
}

/// A name and what it stands for, with an equals sign between them.
fn pair<T: FromStr>(text: &str) -> Result<(Name, T), String>
where
    T::Err: Display,
{
    let (name, value) = text.split_once('=').ok_or("it has no \"=\"")?;
    let name = name.parse().map_err(|e: Invalid| e.to_string())?;
    Ok((name, value.parse().map_err(|e: T::Err| e.to_string())?))
}

const EXPLAIN_HELP: &str = "\
SRC and DST are names of endpoints, IP addresses, `host`, or `outside`: any machine that is reached by the
host's default route. Without a port it is an echo request (ping).

With --source-address, SRC sends under the address of somebody else, who gets the answers. Of what the kernel does about
such a packet, reverse path filtering (rp_filter) is not looked at.

Examples:
  tidegate explain outside host:8080
  tidegate explain front back:5432/tcp
  tidegate explain 192.0.2.7 10.208.0.2:53/udp
  tidegate explain front outside
  tidegate explain front back:5432/tcp --source-address 10.208.1.2";

/// The two ends of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct ExplainArgs {
    /// Who sends the packet
    #[arg(value_name = "SRC")]
    pub source: Party,
    /// Where to: DST[:PORT[/tcp|udp|sctp]], an IPv6 address before a port in brackets
    #[arg(value_name = "DST[:PORT[/PROTO]]")]
    pub destination: Destination,
    /// The source address that the packet has, if it is another than SRC's own
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
    /// The network to attach to
    pub network: Name,
    /// The namespace.
    #[command(flatten)]
    pub namespace: NetnsArg,
    /// The endpoint's name; else one is made up
    #[arg(long)]
    pub name: Option<Name>,
    /// Another name for it; several endpoints may have the same, which then stands for all of them
    #[arg(long, value_name = "NAME")]
    pub alias: Vec<Name>,
    /// Publish ports: [HOSTIP:][HOSTPORT[-END]:]PORT[-END][/tcp|udp|sctp]
    ///
    /// Without a host port, or with 0, each gets a free one; a range of host ports for one port
    /// means a free one out of it. Without a host address, that of the network or else all. An address
    /// names its family: 0.0.0.0 is every IPv4 address, and [::] every IPv6 address. What comes to [::1]
    /// is relayed by the daemon; SCTP is not.
    #[arg(short = 'p', long = "publish", value_name = "PORT")]
    pub publish: Vec<PortRequest>,
    /// Who may reach these ports: a prefix or an address [default: as the network says, else everybody]
    ///
    /// Everybody else is kept out, also whole families of which nothing is listed; a port of one family, of which
    /// nothing is, is refused. The host itself always reaches them. Neighbours on the same network reach the endpoint's own address, unless that was made
    /// with --no-icc, and so do networks that are connected and trusted interfaces.
    #[arg(long, value_name = "CIDR", requires = "publish")]
    pub allow: Vec<Source>,
    /// Its IPv4 address; else a free one
    #[arg(long, value_name = "IPV4")]
    pub ip: Option<Ipv4Addr>,
    /// Its IPv6 address; else a free one
    #[arg(long, value_name = "IPV6")]
    pub ip6: Option<Ipv6Addr>,
    /// Its Ethernet address; else one that follows from the first IP address
    #[arg(long, value_name = "MAC")]
    pub mac: Option<MacAddr>,
    /// Its interface's name in the namespace; else the lowest free ethN
    #[arg(long, value_name = "IFNAME")]
    pub ifname: Option<IfName>,
    /// Which of the namespace's networks is its way out: the one with the highest priority
    ///
    /// From -100000 to 100000, else 0; of the same priority, the one that was attached first. When it is
    /// detached, the next takes its place. For IPv4 and IPv6 apart: a network without one of them, or an
    /// internal one, is no way out. A default route that the namespace has from elsewhere stays the only one.
    #[arg(
        long,
        value_name = "PRIORITY",
        default_value_t,
        hide_default_value = true,
        allow_negative_numbers = true
    )]
    pub gateway_priority: GatewayPriority,
    /// A sysctl of its interface: net.ipv4.conf.IFNAME.KEY=VALUE, with IFNAME as it is
    #[arg(long, value_name = "SYSCTL")]
    pub sysctl: Vec<OwnSysctl>,
}

const PUBLISH_HELP: &str = "\
Examples:
  tidegate publish front 8080:80
  tidegate publish front 8443:443 --allow 192.0.2.0/24 --allow 2001:db8::/32
  tidegate publish front 9000:90 --allow 0.0.0.0/0 --allow ::/0";

/// An endpoint, and ports that it is to publish.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
#[command(after_help = PUBLISH_HELP)]
pub struct PublishArgs {
    /// Which.
    #[command(flatten)]
    pub ports: PortsArgs,
    /// Who may reach these ports: a prefix or an address [default: as the network says, else everybody]
    ///
    /// Everybody else is kept out, also whole families of which nothing is listed; a port of one family, of which
    /// nothing is, is refused. The host itself always reaches them. 0.0.0.0/0 and ::/0 let everybody in where the network or the configuration does not.
    /// To change the list of a port, unpublish it first: connections of who is no longer on it end then.
    #[arg(long, value_name = "CIDR")]
    pub allow: Vec<Source>,
}

/// An endpoint and some of its ports.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct PortsArgs {
    /// The endpoint
    pub endpoint: Name,
    /// Ports: [HOSTIP:][HOSTPORT[-END]:]PORT[-END][/tcp|udp|sctp]
    #[arg(required = true, value_name = "PORT")]
    pub ports: Vec<PortRequest>,
}

/// The namespace that is to be attached: exactly one of the two.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
#[group(required = true, multiple = false)]
pub struct NetnsArg {
    /// The namespace, by its name below /run/netns or by the path of its file
    #[arg(long, value_name = "NAME|PATH")]
    pub netns: Option<PathBuf>,
    /// The namespace of a process
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub pid: Option<u32>,
}

/// What `tidegate endpoint` does.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum EndpointCommand {
    /// List the endpoints
    Ls,
    /// Show everything about an endpoint
    Inspect {
        /// The endpoint
        #[arg(value_name = "ENDPOINT")]
        endpoint: Name,
    },
    /// Print the content of /etc/resolv.conf for an endpoint's namespace
    ///
    /// It names the gateways that answer for names of endpoints, and the host's search domains and
    /// options; see resolv.conf(5). `tidegate attach --json` tells it too, as `resolv-conf`.
    #[command(after_help = RESOLV_CONF_HELP)]
    ResolvConf {
        /// The endpoint
        #[arg(value_name = "ENDPOINT")]
        endpoint: Name,
    },
}

const RESOLV_CONF_HELP: &str = "\
Examples:
  Where `ip netns exec` looks for it, see ip-netns(8):
    mkdir -p /etc/netns/box1
    tidegate endpoint resolv-conf front > /etc/netns/box1/resolv.conf";

/// Which ruleset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Args)]
pub struct RulesetArgs {
    /// As the kernel has it, not as it is planned
    #[arg(long)]
    pub live: bool,
    /// Only what differs between the two; nothing where they agree
    #[arg(long, conflicts_with = "live")]
    pub diff: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn parse(line: &str) -> Result<Client, String> {
        Client::try_parse_from(line.split_whitespace()).map_err(|e| e.to_string())
    }

    #[test]
    fn the_definition_is_sound() {
        Client::command().debug_assert();
    }

    #[test]
    fn global_flags_may_follow_the_command() {
        let client = parse("tidegate network ls --json --socket /tmp/s").unwrap();
        assert!(client.json);
        assert_eq!(client.socket, PathBuf::from("/tmp/s"));
    }

    #[test]
    fn an_attach_takes_exactly_one_namespace() {
        assert!(parse("tidegate attach web --netns a").is_ok());
        assert!(parse("tidegate attach web --pid 1").is_ok());
        for bad in ["", "--netns a --pid 1", "--pid 0", "--pid x"] {
            assert!(
                parse(&format!("tidegate attach web {bad}")).is_err(),
                "{bad}"
            );
        }
    }

    #[test]
    fn ports_are_parsed_in_the_order_given() {
        let client = parse("tidegate attach web --netns a -p 80:80 -p [::1]:53:53/udp").unwrap();
        let publish = match client.command {
            ClientCommand::Attach(attach) => attach.publish,
            _ => Vec::new(),
        };
        let shown: Vec<_> = publish.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["80:80/tcp", "[::1]:53:53/udp"]);
    }

    #[test]
    fn a_wrong_value_is_refused_with_its_reason() {
        let refused = parse("tidegate attach web --netns a -p 80:x").unwrap_err();
        assert!(refused.contains("port: \"x\" is not a number"), "{refused}");
        let refused = parse("tidegate network create a/b").unwrap_err();
        assert!(refused.contains("it contains '/'"), "{refused}");
    }
}
