//! A network as it is stored.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::ops::Not;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use tidegate_model::{
    Access, AllowList, HostAccess, IfName, MacAddr, Mode, Name, Network, Policy, Subnet,
};

use super::dns_row::DnsRow;

/// A row of the table `networks`. A field that 0.1.0 did not have has a default.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct NetworkRow {
    name: Name,
    bridge: IfName,
    mac: MacAddr,
    subnets: Vec<SubnetRow>,
    mtu: Option<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    host_ips: Vec<IpAddr>,
    #[serde(default, skip_serializing_if = "AllowList::is_empty")]
    allow: AllowList,
    #[serde(default)]
    policy: PolicyRow,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    reserved: BTreeMap<Name, IpAddr>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    peers: BTreeSet<Name>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<Name, String>,
    #[serde(default, skip_serializing_if = "DnsRow::is_empty")]
    dns: DnsRow,
    #[serde(default, skip_serializing_if = "Not::not")]
    remove_when_unused: bool,
}

#[derive(Serialize, Deserialize)]
struct SubnetRow {
    net: IpNet,
    gateway: IpAddr,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    range: Option<IpNet>,
}

/// A daemon refuses a policy with a setting that it does not know: without it, it might let through what is to be stopped.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
struct PolicyRow {
    access: Access,
    #[serde(skip_serializing_if = "Option::is_none")]
    host_access: Option<HostAccess>,
    /// Only where it is set, so that an older daemon reads all other networks.
    #[serde(skip_serializing_if = "Not::not")]
    dns_forward: bool,
    icc: bool,
    anti_spoofing: bool,
    mode4: Mode,
    mode6: Mode,
    masquerade: bool,
    snat: Vec<IpAddr>,
    trusted_interfaces: Vec<IfName>,
}

/// What a network did before the setting in question existed. It stays as it is where the default of new networks
/// changes.
impl Default for PolicyRow {
    fn default() -> Self {
        Self {
            access: Access::Open,
            host_access: None,
            dns_forward: false,
            icc: true,
            anti_spoofing: false,
            mode4: Mode::Nat,
            mode6: Mode::Nat,
            masquerade: true,
            snat: Vec::new(),
            trusted_interfaces: Vec::new(),
        }
    }
}

impl From<Network> for NetworkRow {
    fn from(network: Network) -> Self {
        let Network {
            name,
            bridge,
            mac,
            subnets,
            mtu,
            host_ips,
            allow,
            policy,
            reserved,
            peers,
            labels,
            dns,
            remove_when_unused,
        } = network;
        Self {
            name,
            bridge,
            mac,
            subnets: subnets.into_iter().map(SubnetRow::from).collect(),
            mtu,
            host_ips,
            allow,
            policy: policy.into(),
            reserved,
            peers,
            labels,
            dns: dns.into(),
            remove_when_unused,
        }
    }
}

impl From<NetworkRow> for Network {
    fn from(row: NetworkRow) -> Self {
        let NetworkRow {
            name,
            bridge,
            mac,
            subnets,
            mtu,
            host_ips,
            allow,
            policy,
            reserved,
            peers,
            labels,
            dns,
            remove_when_unused,
        } = row;
        Self {
            name,
            bridge,
            mac,
            subnets: subnets.into_iter().map(Subnet::from).collect(),
            mtu,
            host_ips,
            allow,
            policy: policy.into(),
            reserved,
            peers,
            labels,
            dns: dns.into(),
            remove_when_unused,
        }
    }
}

impl From<Subnet> for SubnetRow {
    fn from(subnet: Subnet) -> Self {
        let Subnet {
            net,
            gateway,
            range,
        } = subnet;
        Self {
            net,
            gateway,
            range,
        }
    }
}

impl From<SubnetRow> for Subnet {
    fn from(row: SubnetRow) -> Self {
        let SubnetRow {
            net,
            gateway,
            range,
        } = row;
        Self {
            net,
            gateway,
            range,
        }
    }
}

impl From<Policy> for PolicyRow {
    fn from(policy: Policy) -> Self {
        let Policy {
            access,
            host_access,
            dns_forward,
            icc,
            anti_spoofing,
            mode4,
            mode6,
            masquerade,
            snat,
            trusted_interfaces,
        } = policy;
        Self {
            access,
            host_access,
            dns_forward,
            icc,
            anti_spoofing,
            mode4,
            mode6,
            masquerade,
            snat,
            trusted_interfaces,
        }
    }
}

impl From<PolicyRow> for Policy {
    fn from(row: PolicyRow) -> Self {
        let PolicyRow {
            access,
            host_access,
            dns_forward,
            icc,
            anti_spoofing,
            mode4,
            mode6,
            masquerade,
            snat,
            trusted_interfaces,
        } = row;
        Self {
            access,
            host_access,
            dns_forward,
            icc,
            anti_spoofing,
            mode4,
            mode6,
            masquerade,
            snat,
            trusted_interfaces,
        }
    }
}
