//! The clients that may reach a published port.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};

use crate::serde_as_text;
use crate::{Invalid, LINK_LOCAL, PortBinding};

const WHAT: &str = "allowed source";
const HINT: &str = "write a prefix such as 192.0.2.0/24 or 2001:db8::/32, or a single address";

/// Addresses that may reach a port: a prefix without host bits, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(try_from = "String", into = "String")
)]
pub struct Source(IpNet);

impl Source {
    /// The addresses.
    pub fn net(self) -> IpNet {
        self.0
    }

    /// Checks that clients can come from there. Lists of earlier releases may have other sources.
    ///
    /// # Errors
    /// Refuses addresses from which no packet reaches a published port.
    pub fn check_new(self) -> Result<(), Invalid> {
        let (address, is_single) = (
            self.0.addr(),
            self.0.prefix_len() == self.0.max_prefix_len(),
        );
        let is_link_local = match address {
            IpAddr::V6(ip) => ip.is_unicast_link_local() && self.0.prefix_len() >= 10,
            IpAddr::V4(_) => false,
        };
        let (reason, hint) = match address {
            ip if is_single && ip.is_unspecified() => (
                "no packet comes from the unspecified address".to_owned(),
                "write 0.0.0.0/0 for all of IPv4, and ::/0 for all of IPv6".to_owned(),
            ),
            // A shorter prefix begins at another address.
            ip if ip.is_loopback() => {
                let own = if ip.is_ipv4() { "127.0.0.1" } else { "[::1]" };
                let hint = format!(
                    "leave it out: the host always reaches the port; a port published on {own} is for the host alone"
                );
                ("clients have no loopback address".to_owned(), hint)
            }
            IpAddr::V4(ip) if ip.is_broadcast() => (
                "no packet comes from the broadcast address".to_owned(),
                HINT.to_owned(),
            ),
            _ if is_link_local => (format!("it {LINK_LOCAL}"), HINT.to_owned()),
            _ => return Ok(()),
        };
        Err(Invalid::new(WHAT, &self.to_string(), reason, hint))
    }
}

impl FromStr for Source {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let refuse = |reason: &str| Invalid::new(WHAT, text, reason, HINT);
        let net: IpNet = match text.parse() {
            Ok(net) => net,
            Err(_) => text
                .parse()
                .map(|ip: IpAddr| ip.into())
                .map_err(|_| refuse("it is neither a prefix nor an address"))?,
        };
        let is_mapped = matches!(net, IpNet::V6(net) if net.addr().to_ipv4_mapped().is_some());
        if net != net.trunc() {
            let (reason, hint) = (
                format!("it has host bits: the prefix is {}", net.trunc()),
                format!(
                    "write {}, or {} for this address alone",
                    net.trunc(),
                    net.addr()
                ),
            );
            return Err(Invalid::new(WHAT, text, reason, hint));
        }
        if is_mapped {
            return Err(refuse(
                "no packet comes from an IPv4-mapped address: write the IPv4 address",
            ));
        }
        if net.addr().is_multicast() {
            return Err(refuse("no packet comes from a multicast address"));
        }
        Ok(Self(net))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.prefix_len() == self.0.max_prefix_len() {
            true => write!(f, "{}", self.0.addr()),
            false => write!(f, "{}", self.0),
        }
    }
}

serde_as_text!(Source);

/// Clients that may reach a port: everybody, or only the listed ones. If a list has no address of a family, it blocks
/// all clients of that family.
///
/// Duplicates are removed and adjacent prefixes are joined. So no two sources overlap, which the kernel would refuse.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "Vec<Source>", into = "Vec<Source>")]
pub struct AllowList(Vec<Source>);

impl AllowList {
    /// The most sources of a list after joining. Each is an element of a set for each port.
    pub const MOST: usize = 64;

    /// A list of these sources. An empty list allows everybody.
    ///
    /// # Errors
    /// Refuses more than [`MOST`](Self::MOST).
    pub fn new(sources: impl IntoIterator<Item = Source>) -> Result<Self, Invalid> {
        let nets: Vec<IpNet> = sources.into_iter().map(Source::net).collect();
        let joined: Vec<Source> = IpNet::aggregate(&nets).into_iter().map(Source).collect();
        match joined.len() {
            0..=Self::MOST => Ok(Self(joined)),
            count => Err(Invalid::new(
                "allow-list",
                &format!("{count} sources"),
                format!("it may have {}", Self::MOST),
                "give wider prefixes, or filter on the host",
            )),
        }
    }

    /// The same for a list that is given now.
    ///
    /// # Errors
    /// Also refuses sources from which no client comes ([`Source::check_new`]).
    pub fn of_clients(sources: &[Source]) -> Result<Self, Invalid> {
        sources.iter().try_for_each(|source| source.check_new())?;
        Self::new(sources.iter().copied())
    }

    /// Whether it lists nobody, so that the next default applies. Without a default, everybody is allowed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether everybody is allowed: the list is empty, or it has all addresses of both families.
    pub fn is_everybody(&self) -> bool {
        let whole = self.0.iter().filter(|source| source.0.prefix_len() == 0);
        // Joined sources have at most one such prefix for each family.
        self.is_empty() || whole.count() == 2
    }

    /// Whether all clients of the family of an address are allowed.
    pub fn is_everybody_of(&self, family: IpAddr) -> bool {
        match family {
            IpAddr::V4(_) => self.ipv4().is_none(),
            IpAddr::V6(_) => self.ipv6().is_none(),
        }
    }

    /// The sources, IPv4 before IPv6.
    pub fn sources(&self) -> &[Source] {
        &self.0
    }

    /// The IPv4 sources; none if all of IPv4 is allowed.
    pub fn ipv4(&self) -> Option<Vec<Ipv4Net>> {
        let of_family = self.0.iter().filter_map(|source| match source.0 {
            IpNet::V4(net) => Some(net),
            IpNet::V6(_) => None,
        });
        self.listed(of_family.collect(), Ipv4Net::prefix_len)
    }

    /// The IPv6 sources; none if all of IPv6 is allowed.
    pub fn ipv6(&self) -> Option<Vec<Ipv6Net>> {
        let of_family = self.0.iter().filter_map(|source| match source.0 {
            IpNet::V6(net) => Some(net),
            IpNet::V4(_) => None,
        });
        self.listed(of_family.collect(), Ipv6Net::prefix_len)
    }

    fn listed<N>(&self, of_family: Vec<N>, prefix_len: fn(&N) -> u8) -> Option<Vec<N>> {
        let is_all = self.is_everybody() || of_family.iter().any(|net| prefix_len(net) == 0);
        (!is_all).then_some(of_family)
    }
}

impl TryFrom<Vec<Source>> for AllowList {
    type Error = Invalid;

    fn try_from(sources: Vec<Source>) -> Result<Self, Invalid> {
        Self::new(sources)
    }
}

impl From<AllowList> for Vec<Source> {
    fn from(list: AllowList) -> Self {
        list.0
    }
}

/// `192.0.2.0/24, 2001:db8::1`, or `everybody`.
impl fmt::Display for AllowList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_everybody() {
            return f.pad("everybody");
        }
        for (index, source) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{source}")?;
        }
        Ok(())
    }
}

/// Published ports of an endpoint that share an allow-list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// The ports; the endpoint publishes all of them.
    pub ports: Vec<PortBinding>,
    /// Who may reach them.
    pub from: AllowList,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(texts: &[&str]) -> AllowList {
        AllowList::new(texts.iter().map(|text| text.parse().unwrap())).unwrap()
    }

    #[test]
    fn sources_that_overlap_repeat_or_lie_beside_each_other_are_one() {
        for (given, shown) in [
            (
                &["192.0.2.0/24", "192.0.2.7", "192.0.2.0/24"][..],
                "192.0.2.0/24",
            ),
            (&["10.0.0.0/9", "10.128.0.0/9"], "10.0.0.0/8"),
            (&["2001:db8::1", "192.0.2.7"], "192.0.2.7, 2001:db8::1"),
            (&["0.0.0.0/1", "128.0.0.0/1", "::/0"], "everybody"),
            (&["0.0.0.0/0"], "0.0.0.0/0"),
            (&[], "everybody"),
        ] {
            assert_eq!(list(given).to_string(), shown);
        }
    }

    #[test]
    fn a_family_that_is_not_listed_is_shut_out_and_one_that_is_listed_whole_is_let_in() {
        assert_eq!(list(&[]).ipv4(), None);
        assert_eq!(list(&["192.0.2.0/24"]).ipv6(), Some(vec![]));
        assert_eq!(list(&["0.0.0.0/0"]).ipv4(), None);
        assert_eq!(list(&["0.0.0.0/0"]).ipv6(), Some(vec![]));
        assert_eq!(list(&["::/0"]).ipv6(), None);
        let [v4, v6] = ["192.0.2.1", "2001:db8::1"].map(|ip| ip.parse().unwrap());
        let is_everybody = |texts: &[&str]| [v4, v6].map(|ip| list(texts).is_everybody_of(ip));
        assert_eq!(is_everybody(&["0.0.0.0/0", "2001:db8::/32"]), [true, false]);
        assert_eq!(is_everybody(&["192.0.2.0/24", "::/0"]), [false, true]);
        assert_eq!(is_everybody(&[]), [true, true]);
        let both = list(&["192.0.2.0/24", "2001:db8::/32"]);
        assert_eq!(both.ipv4(), Some(vec!["192.0.2.0/24".parse().unwrap()]));
        assert_eq!(both.ipv6(), Some(vec!["2001:db8::/32".parse().unwrap()]));
        assert_eq!(both.sources().len(), 2);
        assert!(list(&[]).is_everybody() && !both.is_everybody());
        // It is no default for which another one may stand.
        let all = list(&["0.0.0.0/0", "::/0"]);
        assert!(all.is_everybody() && !all.is_empty());
        assert!(!list(&["::/0"]).is_everybody() && list(&[]).is_empty());
    }

    #[test]
    fn a_refusal_names_what_is_wrong() {
        for (given, reason) in [
            (
                "192.0.2.1/24",
                "it has host bits: the prefix is 192.0.2.0/24",
            ),
            (
                "2001:db8::1/64",
                "it has host bits: the prefix is 2001:db8::/64",
            ),
            ("192.0.2.0/33", "it is neither a prefix nor an address"),
            ("lan", "it is neither a prefix nor an address"),
            ("224.0.0.0/24", "no packet comes from a multicast address"),
            (
                "::ffff:192.0.2.0/120",
                "no packet comes from an IPv4-mapped address: write the IPv4 address",
            ),
        ] {
            assert_eq!(given.parse::<Source>().unwrap_err().reason, reason);
        }
    }

    /// A list of an earlier release may have them.
    #[test]
    fn a_source_from_which_no_client_comes_is_read_and_refused_in_a_new_list() {
        let everybody = "write 0.0.0.0/0 for all of IPv4, and ::/0 for all of IPv6";
        let to_host = |own| {
            format!(
                "leave it out: the host always reaches the port; a port published on {own} is for the host alone"
            )
        };
        for (given, reason, hint) in [
            (
                "0.0.0.0",
                "no packet comes from the unspecified address",
                everybody,
            ),
            (
                "::",
                "no packet comes from the unspecified address",
                everybody,
            ),
            (
                "127.0.0.0/8",
                "clients have no loopback address",
                &to_host("127.0.0.1"),
            ),
            (
                "127.0.0.7",
                "clients have no loopback address",
                &to_host("127.0.0.1"),
            ),
            ("::1", "clients have no loopback address", &to_host("[::1]")),
            (
                "255.255.255.255",
                "no packet comes from the broadcast address",
                HINT,
            ),
            ("fe80::/10", &format!("it {LINK_LOCAL}"), HINT),
            ("fe80::1", &format!("it {LINK_LOCAL}"), HINT),
        ] {
            let source: Source = given.parse().unwrap();
            let refused =
                AllowList::of_clients(&["192.0.2.1".parse().unwrap(), source]).unwrap_err();
            assert_eq!(
                refused.to_string(),
                format!("invalid allowed source {given:?}: {reason}")
            );
            assert_eq!(refused.hint, hint);
        }
        for usual in [
            "0.0.0.0/0",
            "::/0",
            "0.0.0.0/1",
            "126.0.0.0/7",
            "::/127",
            "fe80::/9",
            "169.254.0.0/16",
        ] {
            assert!(
                AllowList::of_clients(&[usual.parse().unwrap()]).is_ok(),
                "{usual}"
            );
        }
    }

    #[test]
    fn the_hint_is_made_of_the_users_own_input() {
        let refused = "192.0.2.1/24".parse::<Source>().unwrap_err();
        let hint = "write 192.0.2.0/24, or 192.0.2.1 for this address alone";
        assert_eq!(refused.hint, hint);
    }

    #[test]
    fn a_list_has_a_bound() {
        let apart = |count: u8| (0..count).map(|n| format!("10.0.{n}.1").parse().unwrap());
        assert!(AllowList::new(apart(64)).is_ok());
        let refused = AllowList::new(apart(65)).unwrap_err();
        assert_eq!(refused.reason, "it may have 64");
    }

    #[test]
    fn a_list_is_stored_as_its_sources() {
        let stored = serde_json::to_value(list(&["192.0.2.0/24", "::1"])).unwrap();
        assert_eq!(stored, serde_json::json!(["192.0.2.0/24", "::1"]));
        assert_eq!(
            serde_json::from_value::<AllowList>(stored).unwrap(),
            list(&["192.0.2.0/24", "::1"])
        );
    }
}
