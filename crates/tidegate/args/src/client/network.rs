//! The command line of `tidegate network`.

use std::net::IpAddr;

use clap::{Args, Subcommand};
use ipnet::IpNet;
use tidegate_model::{Access, DnsOption, HostAccess, IfName, Mode, Name, SearchDomain, Source};

use super::headings::{ACCESS, ADDRESSES, BRIDGE, NAMES, OUTSIDE, PUBLISHED};
use crate::values::{address, host_address, label, number, prefix, reserved};

/// What `tidegate network` does.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum NetworkCommand {
    /// Create a network: a bridge with its subnets
    Create(Box<CreateArgs>),
    /// List the networks
    Ls,
    /// Show all details of a network
    Inspect {
        /// The network
        #[arg(value_name = "NETWORK")]
        network: Name,
    },
    /// Let the endpoints of two networks reach each other
    ///
    /// They reach every port at each other's own addresses, and resolve each other's names. If both networks have a name,
    /// the own network's counts; NAME.NETWORK selects the other. Repeat the command with or without --one-way to change how
    /// two networks are connected; open connections continue. Networks with --internal or --isolated cannot be connected:
    /// attach a namespace to both instead.
    #[command(after_help = CONNECT_HELP)]
    Connect(ConnectArgs),
    /// Stop two networks from reaching each other, in both directions; open connections continue
    Disconnect(PairArgs),
    /// Remove networks
    #[command(
        after_help = "Examples:\n  tidegate network rm web db\n  tidegate network rm --force web"
    )]
    Rm {
        /// Detach their endpoints first
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
  tidegate network create build --internal --dns-forward
  tidegate network create guests --no-icc --anti-spoofing
  tidegate network create lodgers --host-access dns
  tidegate network create edge --mode4 nat --mode6 routed --trusted-interface wg0";

/// The network that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
#[command(after_help = CREATE_HELP)]
pub struct CreateArgs {
    /// Name of the network
    #[arg(long_help = name_help!("Name of the network"))]
    pub name: Name,
    /// Subnet; repeat for more. A missing IPv4 or IPv6 subnet comes from the daemon's pools (see --no-ipv6)
    #[arg(long, value_name = "CIDR", value_delimiter = ',', value_parser = prefix, help_heading = ADDRESSES)]
    pub subnet: Vec<IpNet>,
    /// Create no IPv6 subnet
    #[arg(long, conflicts_with = "no_ipv4", help_heading = ADDRESSES)]
    pub no_ipv6: bool,
    /// Create no IPv4 subnet
    #[arg(long, help_heading = ADDRESSES)]
    pub no_ipv4: bool,
    /// Require IPv6: fail where the host has IPv6 turned off, instead of creating an IPv4-only network
    #[arg(long, conflicts_with = "no_ipv6", help_heading = ADDRESSES)]
    pub ipv6: bool,
    /// Address of the bridge in one of the subnets [default: the first address of each subnet]
    #[arg(long, value_name = "IP", value_delimiter = ',', value_parser = address, help_heading = ADDRESSES)]
    pub gateway: Vec<IpAddr>,
    /// Range of a subnet from which endpoints get addresses [default: the whole subnet]
    #[arg(long, value_name = "CIDR", value_delimiter = ',', value_parser = prefix, help_heading = ADDRESSES)]
    pub ip_range: Vec<IpNet>,
    /// Reserve an address: no endpoint gets it. NAME says what it is for
    #[arg(long, value_name = "NAME=IP", value_delimiter = ',', value_parser = reserved, help_heading = ADDRESSES)]
    pub aux_address: Vec<(Name, IpAddr)>,
    /// What it is and may do.
    #[command(flatten)]
    pub policy: PolicyArgs,
    /// How its endpoints look for names.
    #[command(flatten)]
    pub dns: DnsArgs,
    /// Default host address for published ports of this network; one for each of IPv4 and IPv6
    ///
    /// 0.0.0.0 means every IPv4 address, and :: every IPv6 address. Default: both.
    #[arg(long, value_name = "IP", value_delimiter = ',', value_parser = host_address, help_heading = PUBLISHED)]
    pub host_ip: Vec<IpAddr>,
    /// Clients that may reach published ports without their own --allow [default: `ports.allow` of tidegated.toml]
    #[arg(long, value_name = "CIDR", value_delimiter = ',', help_heading = PUBLISHED)]
    pub allow: Vec<Source>,
    /// Name of the bridge [default: tgbN, with the next number that no interface of Tidegate had]
    ///
    /// Networks and endpoints are numbered together, in hexadecimal, and no number is used twice: after tgb0, the next bridge
    /// may be tgb3.
    #[arg(long, value_name = "IFNAME", help_heading = BRIDGE)]
    pub bridge: Option<IfName>,
    /// MTU in bytes
    #[arg(long, value_name = "BYTES", value_parser = number::<68, 65535>, help_heading = BRIDGE)]
    pub mtu: Option<u32>,
    /// Metadata to store with the network
    #[arg(long, value_name = "KEY=VALUE", value_parser = label, help_heading = BRIDGE)]
    pub label: Vec<(Name, String)>,
}

/// How names are looked for.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct DnsArgs {
    /// DNS server for names that are not those of endpoints; repeat for more [default: the network's, else the host's]
    ///
    /// Tidegate's DNS server asks it in the network namespace of the host, and endpoints go on asking Tidegate's.
    /// The DNS settings of a network are fixed when it is created, and those of an endpoint when it is attached. To change
    /// an endpoint's, detach it and attach it again. What `endpoint resolv-conf` printed must then be written again.
    #[arg(long, value_name = "IP", value_delimiter = ',', value_parser = address, help_heading = NAMES)]
    pub dns: Vec<IpAddr>,
    /// Search domain in the endpoint's resolv.conf; repeat for more, . for none [default: the network's, else the host's]
    #[arg(long, value_name = "DOMAIN", value_delimiter = ',', help_heading = NAMES)]
    pub dns_search: Vec<SearchDomain>,
    /// Option in the endpoint's resolv.conf, such as ndots:2; repeat for more [default: the network's, else the host's]
    #[arg(long, value_name = "OPTION", value_delimiter = ',', help_heading = NAMES)]
    pub dns_option: Vec<DnsOption>,
}

impl From<DnsArgs> for tidegate_api::Dns {
    fn from(args: DnsArgs) -> Self {
        Self {
            servers: args.dns,
            search: args.dns_search,
            options: args.dns_option,
        }
    }
}

/// What a network's endpoints may do, and who may reach them.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct PolicyArgs {
    /// No internet, no access from outside. Endpoints reach each other and the host
    ///
    /// Endpoints reach only host programs that listen at the addresses of the gateways; --host-access changes that.
    #[arg(long, help_heading = ACCESS)]
    pub internal: bool,
    /// Like --internal, but the host cannot reach it either. Its endpoints have names, and reach nothing else of the host
    ///
    /// Rules of the host (ip-rule(8)) route the answers to their questions, and nothing else, to such networks: packets from
    /// 169.254.53.53 and fd6e:616d:6573::53. The last such network takes the rules with it.
    #[arg(long, conflicts_with = "internal", help_heading = ACCESS)]
    pub isolated: bool,
    /// Which host services endpoints may reach: none, dns, gateway or all [default: all; gateway with --internal, dns with
    /// --isolated]
    ///
    /// none: nothing, not even the DNS server. dns: the DNS server. gateway: programs of the host, at the address of a
    /// gateway. all: programs of the host, at every address except loopback. Published ports are not host services:
    /// endpoints reach them like any other client. The host can always open connections to endpoints, except with
    /// --isolated, which takes only dns and none.
    #[arg(long, value_name = "ACCESS", help_heading = ACCESS)]
    pub host_access: Option<HostAccess>,
    /// With --internal: resolve external names too
    ///
    /// Without it, the DNS server of an internal network answers only for names of endpoints. With it, endpoints can send
    /// data out in the names that they ask for (DNS tunnelling), although nothing else leaves the network.
    #[arg(long, requires = "internal", help_heading = ACCESS)]
    pub dns_forward: bool,
    /// Endpoints of this network cannot talk to each other directly
    ///
    /// No frame of any kind passes between them: this includes tagged frames, multicast, ARP and neighbour discovery.
    /// Published ports of the network still answer, also where br_netfilter is on: the host routes these packets.
    /// An endpoint can still claim a neighbour's address towards the host; --anti-spoofing prevents that.
    #[arg(long, help_heading = ACCESS)]
    pub no_icc: bool,
    /// Endpoints can send only from the addresses that they were given
    ///
    /// The bridge port drops every other frame. It accepts untagged frames from the endpoint's Ethernet address: ARP about
    /// its IPv4 address, IPv4 from that address, and IPv6 from its IPv6 address or its link-local address. It drops router
    /// advertisements, redirects, claims to another address, and extension headers that could hide them. Do not use it for
    /// containers that change their own Ethernet or IP address (macvlan, a nested bridge, VRRP, keepalived, DHCP): they get
    /// no traffic at the new address. At most 512 endpoints of a host can be in such networks.
    #[arg(long, help_heading = ACCESS)]
    pub anti_spoofing: bool,
    /// How endpoints exchange packets with other machines: nat, routed or nat-unprotected [default: nat]
    ///
    /// nat: outgoing packets get an address of the host; clients connect to published ports of the host. routed: clients
    /// connect to the endpoint's own address, on published ports and by ICMP. nat-unprotected: like nat, and clients also
    /// reach every port at the endpoint's own address.
    #[arg(long, value_name = "MODE", help_heading = OUTSIDE)]
    pub mode: Option<Mode>,
    /// --mode for IPv4 only
    #[arg(long, value_name = "MODE", help_heading = OUTSIDE)]
    pub mode4: Option<Mode>,
    /// --mode for IPv6 only
    #[arg(long, value_name = "MODE", help_heading = OUTSIDE)]
    pub mode6: Option<Mode>,
    /// No source NAT for outgoing traffic
    #[arg(long, conflicts_with = "snat", help_heading = OUTSIDE)]
    pub no_masquerade: bool,
    /// Source address of outgoing traffic, an address of the host; one for each of IPv4 and IPv6
    #[arg(long, value_name = "IP", value_delimiter = ',', value_parser = host_address, help_heading = OUTSIDE)]
    pub snat: Vec<IpAddr>,
    /// Host interface whose clients reach every port of endpoints at their own addresses
    #[arg(long, value_name = "IFNAME", value_delimiter = ',', help_heading = OUTSIDE)]
    pub trusted_interface: Vec<IfName>,
}

impl From<PolicyArgs> for tidegate_api::Policy {
    fn from(args: PolicyArgs) -> Self {
        let mode = args.mode.unwrap_or_default();
        Self {
            access: match (args.internal, args.isolated) {
                (_, true) => Access::Isolated,
                (true, false) => Access::Internal,
                (false, false) => Access::Open,
            },
            host_access: args.host_access,
            dns_forward: args.dns_forward,
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

const CONNECT_HELP: &str = "\
Examples:
  tidegate network connect web db
  tidegate network connect --one-way monitoring web";

/// Two networks, and how they are connected.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct ConnectArgs {
    /// Which.
    #[command(flatten)]
    pub pair: PairArgs,
    /// Only endpoints of the first network open connections and resolve names; answers pass
    #[arg(long)]
    pub one_way: bool,
}

/// Two networks.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct PairArgs {
    /// First network
    #[arg(value_name = "NETWORK")]
    pub one: Name,
    /// Second network
    #[arg(value_name = "NETWORK")]
    pub other: Name,
}
