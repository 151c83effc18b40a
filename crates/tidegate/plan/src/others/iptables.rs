//! Reads what `iptables -S` prints (iptables(8)), with the names that nft's JSON lacks.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use tidegate_nft::{
    Comparison, OtherChains, OtherField, OtherRule, OtherStatement, OtherValue, OtherVerdict,
};

/// The chains of a table, and the policies of those that the kernel calls.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Listing {
    pub(super) chains: OtherChains,
    /// As `DROP`, by chain.
    pub(super) policies: BTreeMap<String, String>,
}

/// Options that take one value and neither compare nor decide.
const SILENT: [&str; 3] = ["--comment", "-m", "-c"];
/// Targets that neither compare nor decide.
const NEUTRAL: [&str; 14] = [
    "LOG", "NFLOG", "ULOG", "MARK", "CONNMARK", "TCPMSS", "CHECKSUM", "DSCP", "TOS", "CT", "TRACE",
    "CLASSIFY", "AUDIT", "SECMARK",
];

impl Listing {
    /// Reads the output; lines that it does not know are rules that cannot be judged.
    pub(super) fn parse(output: &str) -> Self {
        let mut listing = Self::default();
        let lines: Vec<Vec<String>> = output.lines().map(words).collect();
        for line in &lines {
            match line.as_slice() {
                [kind, chain, policy] if kind == "-P" => {
                    listing.policies.insert(chain.clone(), policy.clone());
                    listing.chains.entry(chain.clone()).or_default();
                }
                [kind, chain] if kind == "-N" => {
                    listing.chains.entry(chain.clone()).or_default();
                }
                _ => {}
            }
        }
        for (line, text) in lines.iter().zip(output.lines()) {
            let [kind, chain, options @ ..] = line.as_slice() else {
                continue;
            };
            if kind != "-A" {
                continue;
            }
            let statements = statements(options, &listing.chains);
            let rules = listing.chains.entry(chain.clone()).or_default();
            let handle = rules.len() as u64 + 1;
            rules.push(OtherRule {
                handle,
                text: text.to_owned(),
                statements,
            });
        }
        listing
    }
}

/// The words of a line; quotation marks keep some together.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut is_quoted = false;
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => {
                is_quoted = !is_quoted;
                word.get_or_insert_default();
            }
            '\\' if is_quoted => word.get_or_insert_default().extend(characters.next()),
            ' ' if !is_quoted => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    words
}

fn statements(options: &[String], chains: &OtherChains) -> Vec<OtherStatement> {
    let mut statements = Vec::new();
    let mut options = options.iter().map(String::as_str).peekable();
    let mut protocol = None;
    let mut negated = false;
    while let Some(option) = options.next() {
        if option == "!" {
            negated = true;
            continue;
        }
        if SILENT.contains(&option) {
            options.next();
            continue;
        }
        if let "-j" | "-g" = option {
            let target = options.next().unwrap_or_default();
            statements.push(decision(option, target, chains));
            // What follows are options of the target.
            break;
        }
        // Some options have no value.
        let is_value = |next: &&str| !next.starts_with('-') && *next != "!";
        let value = options.next_if(is_value).unwrap_or_default();
        if option == "-p" {
            protocol = number_of(value);
        }
        statements.push(OtherStatement::Compare(comparison(
            option, value, protocol, negated,
        )));
        negated = false;
    }
    statements
}

fn decision(option: &str, target: &str, chains: &OtherChains) -> OtherStatement {
    let verdict = match target {
        "ACCEPT" => OtherVerdict::Accept,
        "DROP" | "REJECT" | "TARPIT" => OtherVerdict::Drop,
        "RETURN" => OtherVerdict::Return,
        "QUEUE" | "NFQUEUE" | "SYNPROXY" => OtherVerdict::Queue,
        "DNAT" | "REDIRECT" | "TPROXY" | "NETMAP" => OtherVerdict::TranslateDestination,
        "SNAT" | "MASQUERADE" => OtherVerdict::TranslateSource,
        target if NEUTRAL.contains(&target) => return OtherStatement::Neutral,
        target if !chains.contains_key(target) => return OtherStatement::Unreadable,
        target if option == "-g" => OtherVerdict::Goto(target.to_owned()),
        target => OtherVerdict::Jump(target.to_owned()),
    };
    OtherStatement::End(verdict)
}

/// The comparison of an option; it is unknown if a match takes the option in some other way.
fn comparison(option: &str, value: &str, protocol: Option<u8>, negated: bool) -> Comparison {
    let of = |field, values: Option<Vec<OtherValue>>| Comparison {
        field,
        negated,
        values,
    };
    let text = |value: &str| {
        let name = value.strip_suffix('+').map(|start| format!("{start}*"));
        Some(vec![OtherValue::Text(
            name.unwrap_or_else(|| value.to_owned()),
        )])
    };
    match option {
        "-i" => of(OtherField::Iifname, text(value)),
        "-o" => of(OtherField::Oifname, text(value)),
        "-s" => of(OtherField::Saddr(None), net(value)),
        "-d" => of(OtherField::Daddr(None), net(value)),
        "-p" => of(
            OtherField::L4proto,
            protocol.map(|number| vec![one(number.into())]),
        ),
        "--sport" | "--sports" => of(OtherField::Sport(protocol), ports(value)),
        "--dport" | "--dports" => of(OtherField::Dport(protocol), ports(value)),
        "--ctstate" | "--state" => states(value, negated),
        "--ctorigdstport" => of(OtherField::OriginalDport, ports(value)),
        "--dst-type" => of(OtherField::DestinationType, kinds(value)),
        "--rt-type" => of(OtherField::RoutingHeader, None),
        _ => match protocol {
            Some(protocol) if is_of_protocol(option) => of(OtherField::OfProtocol(protocol), None),
            _ => of(OtherField::Unknown, None),
        },
    }
}

/// Options of the matches `tcp`, `icmp` and `icmp6`.
fn is_of_protocol(option: &str) -> bool {
    matches!(
        option,
        "--tcp-flags" | "--syn" | "--tcp-option" | "--icmp-type" | "--icmpv6-type"
    )
}

fn one(number: u64) -> OtherValue {
    OtherValue::Numbers(number, number)
}

fn number_of(protocol: &str) -> Option<u8> {
    match protocol {
        "tcp" => Some(6),
        "udp" => Some(17),
        "sctp" => Some(132),
        "icmp" => Some(1),
        "icmpv6" | "ipv6-icmp" => Some(58),
        "igmp" => Some(2),
        other => other.parse().ok(),
    }
}

fn net(value: &str) -> Option<Vec<OtherValue>> {
    let net = value.parse::<IpNet>();
    let net = net.or_else(|_| value.parse::<IpAddr>().map(IpNet::from));
    Some(vec![OtherValue::Net(net.ok()?)])
}

/// `LOCAL`, and several of them with commas, by their names in nft.
fn kinds(value: &str) -> Option<Vec<OtherValue>> {
    let kind = |name: &str| OtherValue::Text(name.to_lowercase());
    Some(value.split(',').map(kind).collect())
}

/// `80`, `80:90`, and several of them with commas.
fn ports(value: &str) -> Option<Vec<OtherValue>> {
    let range = |part: &str| {
        let (first, last) = part.split_once(':').unwrap_or((part, part));
        Some(OtherValue::Numbers(first.parse().ok()?, last.parse().ok()?))
    };
    value.split(',').map(range).collect()
}

/// `--ctstate` has states, and two bits of the status.
fn states(value: &str, negated: bool) -> Comparison {
    let bit = |name: &str| match name {
        "INVALID" => Some(1),
        "ESTABLISHED" => Some(2),
        "RELATED" => Some(4),
        "NEW" => Some(8),
        "UNTRACKED" => Some(64),
        _ => None,
    };
    let (field, values) = match value {
        "DNAT" => (OtherField::CtStatus, Some(vec![one(32)])),
        "SNAT" => (OtherField::CtStatus, Some(vec![one(16)])),
        _ => {
            let bits = value.split(',').map(|name| bit(name).map(one));
            (OtherField::CtState, bits.collect())
        }
    };
    Comparison {
        field,
        negated,
        values,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_keep_their_conditions_and_targets() {
        let listing = Listing::parse(
            "-P FORWARD DROP\n-N mine\n-A FORWARD ! -i docker0 -p tcp -m tcp --dport 80:90 -m comment --comment \"a \\\" b\" -j DROP\n\
             -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -g mine\n-A mine -m time --kerneltz -j LOG --log-prefix x\n",
        );
        assert_eq!(listing.policies["FORWARD"], "DROP");
        let forward = &listing.chains["FORWARD"];
        assert_eq!(forward.len(), 2);
        let (first, second) = (&forward[0], &forward[1]);
        let compare = |field, negated, values| {
            OtherStatement::Compare(Comparison {
                field,
                negated,
                values,
            })
        };
        let expected = [
            compare(
                OtherField::Iifname,
                true,
                Some(vec![OtherValue::Text("docker0".into())]),
            ),
            compare(OtherField::L4proto, false, Some(vec![one(6)])),
            compare(
                OtherField::Dport(Some(6)),
                false,
                Some(vec![OtherValue::Numbers(80, 90)]),
            ),
            OtherStatement::End(OtherVerdict::Drop),
        ];
        assert_eq!(first.statements, expected);
        assert_eq!((first.handle, second.handle), (1, 2));
        assert_eq!(
            second.text,
            "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -g mine"
        );
        let expected = [
            compare(OtherField::CtState, false, Some(vec![one(4), one(2)])),
            OtherStatement::End(OtherVerdict::Goto("mine".into())),
        ];
        assert_eq!(second.statements, expected);
        // An option that nobody knows holds for some packets.
        assert_eq!(
            listing.chains["mine"][0].statements[0],
            compare(OtherField::Unknown, false, None)
        );
    }
}
