//! How packets are let through the table of another program: the commands of the program that owns it.

use std::collections::BTreeSet;

use tidegate_model::IfName;
use tidegate_nft::BaseChain;

use super::probes::Direction;
use super::{Fact, Symptoms};
use crate::interface_names::BRIDGE;
use crate::others::{LEGACY, Place};

/// The zone that the packages install for firewalld.
pub(super) const ZONE: Fact = Fact::File("/usr/lib/firewalld/zones/tidegate.xml");

/// Docker sets the policy when it is the one that turns forwarding on.
const AFTER_A_REBOOT: &str = "; a reboot removes these rules. To need none, start dockerd with --ip-forward-no-drop \
                              (Docker 28 or newer), or have tidegated start before docker.service: it then turns \
                              forwarding on for its networks first";

pub(super) fn facts() -> Vec<Fact> {
    vec![ZONE]
}

/// What is to be let through a chain, of all networks at once.
pub(super) struct Opening<'a> {
    pub(super) chain: &'a BaseChain,
    pub(super) bridges: BTreeSet<&'a IfName>,
    pub(super) directions: BTreeSet<Direction>,
    /// Where the packets are dropped.
    pub(super) place: &'a Place,
    /// Only to this port, or from it if they go to a bridge; over TCP and UDP.
    pub(super) port: Option<u16>,
}

impl Opening<'_> {
    /// The commands, in backticks.
    pub(super) fn advice(&self, symptoms: &Symptoms) -> String {
        let has = |word: &str| self.chain.words.contains(word);
        if self.chain.table == "firewalld" && self.chain.hook == "output" {
            return "change the policy of firewalld that drops them: `firewall-cmd --list-all-policies` shows those \
                    with ingress zone HOST"
                .to_owned();
        }
        if self.chain.table == "firewalld" {
            return self.of_firewalld(symptoms);
        }
        if ["ufw-before-forward", "ufw6-before-forward"]
            .into_iter()
            .any(has)
            && !self.is_for_answers()
        {
            return in_backticks(&self.of_ufw());
        }
        if self.chain.table == LEGACY || self.is_of_iptables() {
            let commands = in_backticks(&self.of_iptables());
            return match matches!(self.place, Place::Policy) && has("DOCKER-USER") {
                true => format!("{commands}{AFTER_A_REBOOT}"),
                false => commands,
            };
        }
        format!(
            "{}, and add the rules where that table is configured",
            in_backticks(&[self.of_nft()])
        )
    }

    /// Whether only answers to the host itself are to be let through.
    fn is_for_answers(&self) -> bool {
        let mut directions = self.directions.iter();
        directions.all(|direction| *direction == Direction::ToHost)
    }

    /// Whether the packets go to a bridge.
    fn goes_to_bridge(&self) -> bool {
        self.directions.contains(&Direction::To)
    }

    /// The interfaces' names, with the pattern of those that we name.
    fn patterns(&self, wildcard: char) -> BTreeSet<String> {
        let pattern = |bridge: &&IfName| match bridge.as_str().strip_prefix(BRIDGE) {
            Some(number) if number.bytes().all(|byte| byte.is_ascii_digit()) => {
                format!("{BRIDGE}{wildcard}")
            }
            _ => bridge.to_string(),
        };
        self.bridges.iter().map(pattern).collect()
    }

    /// For each pattern, what a rule has to compare: the incoming, the outgoing interface or both.
    fn interfaces(&self, wildcard: char) -> Vec<(Option<String>, Option<String>)> {
        let has = |direction| self.directions.contains(&direction);
        let of_pattern = |pattern: String| {
            let some = || Some(pattern.clone());
            let from = has(Direction::From) || has(Direction::ToHost);
            let from = from.then(|| (some(), None));
            let to = has(Direction::To) || has(Direction::FromHost);
            let to = to.then(|| (None, some()));
            let is_open = from.is_some() || to.is_some();
            let within = (has(Direction::Within) && !is_open).then(|| (some(), some()));
            [from, to, within].into_iter().flatten()
        };
        let patterns = self.patterns(wildcard).into_iter();
        patterns.flat_map(of_pattern).collect()
    }

    /// firewalld knows the zone after a reload. A bridge with a name of the user's is not in it.
    fn of_firewalld(&self, symptoms: &Symptoms) -> String {
        let is_there = symptoms.facts.get(&ZONE).is_some_and(Result::is_ok);
        let zone = if is_there { "tidegate" } else { "trusted" };
        let add = |pattern: String| {
            format!("firewall-cmd --permanent --zone={zone} --add-interface={pattern}")
        };
        let own = format!("{BRIDGE}+");
        let patterns = self.patterns('+').into_iter();
        let missing = patterns.filter(|pattern| !is_there || *pattern != own);
        let mut commands: Vec<String> = missing.map(add).collect();
        commands.push("firewall-cmd --reload".to_owned());
        in_backticks(&commands)
    }

    fn of_ufw(&self) -> Vec<String> {
        let patterns = || self.patterns('+').into_iter();
        let is_out = self.goes_to_bridge();
        match (self.port, self.chain.hook.as_str()) {
            (Some(port), _) if is_out => {
                let allow = |bridge| format!("ufw allow out on {bridge} from any port {port}");
                return patterns().map(allow).collect();
            }
            (Some(port), _) => {
                let allow = |bridge| format!("ufw allow in on {bridge} to any port {port}");
                return patterns().map(allow).collect();
            }
            (None, "output") => {
                let allow = |bridge| format!("ufw allow out on {bridge}");
                return patterns().map(allow).collect();
            }
            (None, _) => {}
        }
        let allow = |(from, to): (Option<String>, Option<String>)| {
            let from = from.map_or_else(String::new, |name| format!(" in on {name}"));
            let to = to.map_or_else(String::new, |name| format!(" out on {name}"));
            format!("ufw route allow{from}{to}")
        };
        self.interfaces('+').into_iter().map(allow).collect()
    }

    /// Whether it is a chain of the table `filter` that iptables makes.
    fn is_of_iptables(&self) -> bool {
        let BaseChain {
            family,
            table,
            name,
            ..
        } = self.chain;
        matches!(family.as_str(), "ip" | "ip6")
            && table == "filter"
            && matches!(name.as_str(), "FORWARD" | "INPUT" | "OUTPUT")
    }

    /// What the policy drops is let through at the end, so that the rules before it still apply.
    fn of_iptables(&self) -> Vec<String> {
        let family = match self.chain.family.as_str() {
            "ip6" => "ip6tables",
            _ => "iptables",
        };
        let legacy = if self.chain.table == LEGACY {
            "-legacy"
        } else {
            ""
        };
        let (how, chain) = match self.place {
            Place::Policy => ("-A", &self.chain.name),
            Place::Rule { chain, .. } => ("-I", chain),
        };
        let protocols = match self.port {
            None => vec![String::new()],
            Some(port) => {
                let which = if self.goes_to_bridge() {
                    "sport"
                } else {
                    "dport"
                };
                let of = |protocol| format!(" -p {protocol} --{which} {port}");
                ["udp", "tcp"].map(of).to_vec()
            }
        };
        let state = match self.is_for_answers() {
            true => " -m conntrack --ctstate ESTABLISHED",
            false => "",
        };
        let command = |(from, to): &(Option<String>, Option<String>), protocol: &String| {
            let from = from
                .as_ref()
                .map_or_else(String::new, |name| format!(" -i {name}"));
            let to = to
                .as_ref()
                .map_or_else(String::new, |name| format!(" -o {name}"));
            format!("{family}{legacy} {how} {chain}{from}{to}{protocol}{state} -j ACCEPT")
        };
        let interfaces = self.interfaces('+');
        let of_interface = |interfaces| protocols.iter().map(move |it| command(interfaces, it));
        interfaces.iter().flat_map(of_interface).collect()
    }

    /// Before the rule that drops, or at the end if that is the policy.
    fn of_nft(&self) -> String {
        let BaseChain { family, table, .. } = self.chain;
        let begin = match self.place {
            Place::Policy => format!("add rule {family} {table} {}", self.chain.name),
            Place::Rule { chain, handle, .. } => {
                format!("insert rule {family} {table} {chain} position {handle}")
            }
        };
        let which = if self.goes_to_bridge() {
            "sport"
        } else {
            "dport"
        };
        let port = self.port.map_or_else(String::new, |port| {
            format!(" meta l4proto {{ tcp, udp }} th {which} {port}")
        });
        let state = match self.is_for_answers() {
            true => " ct state established",
            false => "",
        };
        let rule = |(from, to): (Option<String>, Option<String>)| {
            let from = from.map_or_else(String::new, |name| format!(" iifname \"{name}\""));
            let to = to.map_or_else(String::new, |name| format!(" oifname \"{name}\""));
            format!("{begin}{from}{to}{port}{state} accept")
        };
        let rules: Vec<String> = self.interfaces('*').into_iter().map(rule).collect();
        format!("nft '{}'", rules.join("; "))
    }
}

/// One command line of several commands.
fn in_backticks(commands: &[String]) -> String {
    format!("`{}`", commands.join(" && "))
}
