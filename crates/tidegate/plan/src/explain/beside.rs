//! The chains of other programs on a packet's way.

use tidegate_model::{IfName, State};
use tidegate_nft::{BaseChain, Hook, IpVersion};

use super::packet::Packet;
use crate::others::{
    Address, ConnectionState, Interface, Judgement, Others, Port, Seen, command, judge,
    may_drop_frames, sees, shown, with_command,
};

/// The chains of other programs, and what they have done so far.
#[derive(Debug, Default)]
pub(super) struct Beside {
    chains: Vec<BaseChain>,
    /// The names of our bridges.
    bridges: Vec<IfName>,
    is_from_host: bool,
    /// The hooks that the packet passed, and how chains saw it there.
    passed: Vec<(Hook, Seen)>,
    /// What drops the packet.
    pub(super) dropped: Option<Dropped>,
    /// What may stop it, and cannot be judged.
    pub(super) unclear: Vec<String>,
}

/// What drops the packet, or the answers to it.
#[derive(Debug)]
pub(super) struct Dropped {
    pub(super) why: String,
    /// The command that shows the chain, in backticks.
    pub(super) shown_by: String,
}

impl Beside {
    pub(super) fn new(state: &State, others: &Others, is_from_host: bool) -> Self {
        let bridges = state.networks.values();
        let mut beside = Self {
            bridges: bridges.map(|network| network.bridge.clone()).collect(),
            is_from_host,
            ..Self::default()
        };
        match others.read() {
            Ok(chains) => beside.chains = chains,
            Err(reason) => beside.unclear.push(format!(
                "the tables of other programs were not looked at: {reason}"
            )),
        }
        beside
    }

    /// The priorities of the chains at a hook, lowest first.
    pub(super) fn priorities(&self, hook: Hook) -> Vec<i64> {
        let at_hook = self.chains.iter().filter(|chain| chain.hook == hook.name());
        at_hook.map(|chain| chain.priority).collect()
    }

    /// The packet has passed all chains at a hook, and its answer will meet the chains at the opposite one.
    pub(super) fn has_passed(&mut self, hook: Hook, packet: &Packet) {
        let seen = self.seen(hook, packet);
        self.passed.push((hook, seen));
    }

    /// Whether the packet passes the chains of a priority.
    pub(super) fn passes(&mut self, hook: Hook, priority: i64, packet: &Packet) -> bool {
        let seen = self.seen(hook, packet);
        // The first chain of nat that translates a connection is the last that sees it.
        let is_translated = match hook {
            Hook::Prerouting | Hook::Output => packet.is_dnat,
            _ => packet.is_snat,
        };
        let of_priority = |chain: &&BaseChain| {
            chain.priority == priority && !(chain.kind == "nat" && is_translated)
        };
        self.dropped = self.judged(hook, &seen, ("", "it"), of_priority);
        self.dropped.is_none()
    }

    /// Whether the answer passes too, at the hooks that it meets on the packet's way back.
    pub(super) fn answer_passes(&mut self) -> bool {
        let passed = std::mem::take(&mut self.passed);
        // A forwarded answer came in where the packet went out.
        let forwarded = passed.iter().find(|(hook, _)| *hook == Hook::Forward);
        let way_out = forwarded.map(|(_, seen)| seen.oif.clone());
        for (hook, seen) in passed {
            let mut seen = seen.answer();
            let hook = match hook {
                Hook::Prerouting => Hook::Postrouting,
                Hook::Postrouting => Hook::Prerouting,
                Hook::Input => Hook::Output,
                Hook::Output => Hook::Input,
                hook => hook,
            };
            match hook {
                Hook::Postrouting => seen.iif = way_out.clone().unwrap_or(Interface::Absent),
                Hook::Prerouting | Hook::Input => seen.oif = Interface::Absent,
                _ => {}
            }
            let is_filter = |chain: &&BaseChain| chain.kind != "nat";
            self.dropped = self.judged(hook, &seen, ("it arrives, but ", "the answers"), is_filter);
            if self.dropped.is_some() {
                return false;
            }
        }
        true
    }

    /// Frames of the packet pass one of our bridges.
    pub(super) fn crosses_bridge(&mut self) {
        let may = |chain: &BaseChain| {
            may_drop_frames(chain).map(|place| {
                format!(
                    "{} may drop its frames: see {}",
                    shown(chain),
                    with_command(chain, &place)
                )
            })
        };
        let unclear: Vec<String> = self.chains.iter().filter_map(may).collect();
        self.unclear.extend(unclear);
    }

    /// What drops a packet, or the answers to it, at a hook.
    fn judged(
        &mut self,
        hook: Hook,
        seen: &Seen,
        (begin, what): (&str, &str),
        is_asked: impl Fn(&&BaseChain) -> bool,
    ) -> Option<Dropped> {
        let at_hook = |chain: &&BaseChain| chain.hook == hook.name() && sees(chain, seen.version);
        for chain in self.chains.iter().filter(at_hook).filter(is_asked) {
            let unclear = match judge(chain, seen) {
                Judgement::Passes => continue,
                Judgement::Drops(place) => {
                    let place_shown = with_command(chain, &place);
                    return Some(Dropped {
                        why: format!("{begin}{} drops {what} ({place_shown})", shown(chain)),
                        shown_by: command(chain, [&place]),
                    });
                }
                Judgement::Unclear(place) => format!(
                    "{} may drop it: see {}",
                    shown(chain),
                    with_command(chain, &place)
                ),
                Judgement::Redirects(place) => format!(
                    "{} may send it elsewhere: see {}",
                    shown(chain),
                    with_command(chain, &place)
                ),
            };
            if !self.unclear.contains(&unclear) {
                self.unclear.push(unclear);
            }
        }
        None
    }

    fn seen(&self, hook: Hook, packet: &Packet) -> Seen {
        let named = |ifname: &Option<IfName>| match ifname {
            Some(ifname) => Interface::Named(ifname.clone()),
            None => Interface::Foreign(self.bridges.clone()),
        };
        let protocol = match (packet.port, packet.version) {
            (Some((_, protocol)), _) => protocol.number(),
            (None, IpVersion::V4) => 1,
            (None, IpVersion::V6) => 58,
        };
        Seen {
            version: packet.version,
            iif: match hook {
                Hook::Output => Interface::Absent,
                Hook::Postrouting if packet.iif.is_none() && self.is_from_host => Interface::Absent,
                _ => named(&packet.iif),
            },
            oif: match hook {
                Hook::Prerouting | Hook::Input => Interface::Absent,
                _ => named(&packet.oif),
            },
            saddr: Address::from(packet.saddr),
            daddr: Address::from(packet.daddr),
            protocol: Some(protocol),
            sport: packet.sport.map_or(Port::Ephemeral, Port::Is),
            dport: packet
                .port
                .map_or(Port::Unknown, |(port, _)| Port::Is(port)),
            original_dport: packet.asked,
            state: ConnectionState::New,
            is_dnat: Some(packet.is_dnat),
            is_snat: Some(packet.is_snat),
        }
    }
}
