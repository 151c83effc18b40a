//! The chains of other programs on a packet's way.

use tidegate_model::{IfName, State};
use tidegate_nft::{BaseChain, Hook, IpVersion};

use super::packet::Packet;
use crate::others::{
    Address, ConnectionState, Interface, Judgement, Others, Port, Seen, judge, may_drop_frames,
    sees, shown, with_command,
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
    pub(super) dropped: Option<String>,
    /// What may stop it, and cannot be judged.
    pub(super) unclear: Vec<String>,
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
        if let Some(how) = self.judged(hook, &seen, of_priority) {
            self.dropped = Some(format!("{} drops it{}", how.0, how.1));
            return false;
        }
        if self.passed.last().is_none_or(|(last, _)| *last != hook) {
            self.passed.push((hook, seen));
        }
        true
    }

    /// Whether the answer passes too, at the hooks that it meets on the packet's way back.
    pub(super) fn answer_passes(&mut self) -> bool {
        for (hook, seen) in std::mem::take(&mut self.passed) {
            let seen = seen.answer();
            let hook = match hook {
                Hook::Prerouting => Hook::Postrouting,
                Hook::Postrouting => Hook::Prerouting,
                Hook::Input => Hook::Output,
                Hook::Output => Hook::Input,
                hook => hook,
            };
            let is_filter = |chain: &&BaseChain| chain.kind != "nat";
            if let Some(how) = self.judged(hook, &seen, is_filter) {
                self.dropped = Some(format!(
                    "it arrives, but {} drops the answers{}",
                    how.0, how.1
                ));
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

    /// What drops a packet at a hook, and where in it.
    fn judged(
        &mut self,
        hook: Hook,
        seen: &Seen,
        is_asked: impl Fn(&&BaseChain) -> bool,
    ) -> Option<(String, String)> {
        let at_hook = |chain: &&BaseChain| chain.hook == hook.name() && sees(chain, seen.version);
        for chain in self.chains.iter().filter(at_hook).filter(is_asked) {
            let unclear = match judge(chain, seen) {
                Judgement::Passes => continue,
                Judgement::Drops(place) => {
                    return Some((shown(chain), format!(" ({})", with_command(chain, &place))));
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
