//! Takes a packet through a base chain of another program, with rules that may or may not match.

use std::collections::BTreeMap;
use std::fmt;

use tidegate_nft::{BaseChain, OtherRule, OtherStatement, OtherVerdict};

use super::LEGACY;
use super::seen::{Holds, Seen};

/// Where a packet is dropped, or may be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// The policy of the base chain.
    Policy,
    /// A rule of a chain.
    Rule {
        /// The chain.
        chain: String,
        /// Its handle, or its number in the chain.
        handle: u64,
        /// Whether that is a number: rules of iptables-legacy have no handles.
        is_number: bool,
        /// It as its program writes it; empty if that is unknown.
        text: String,
    },
}

/// The most characters of a rule that are shown: one with a set of its own can be long.
const SHOWN: usize = 160;

impl Place {
    /// A rule of a chain that a base chain calls, or of its own.
    pub(super) fn rule(base: &BaseChain, chain: &str, rule: &OtherRule) -> Self {
        Self::Rule {
            chain: chain.to_owned(),
            handle: rule.handle,
            is_number: base.table == LEGACY,
            text: rule.text.clone(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Rule {
            chain,
            handle,
            is_number,
            text,
        } = self
        else {
            return write!(f, "policy drop");
        };
        match is_number {
            true => write!(f, "rule {handle} of chain {chain}")?,
            false => write!(f, "the rule with handle {handle} of chain {chain}")?,
        }
        match text.char_indices().nth(SHOWN) {
            _ if text.is_empty() => Ok(()),
            Some((end, _)) => write!(f, ": `{}…`", &text[..end]),
            None => write!(f, ": `{text}`"),
        }
    }
}

/// A rule that is looked at.
#[derive(Clone, Copy)]
struct Spot<'a> {
    base: &'a BaseChain,
    chain: &'a str,
    rule: &'a OtherRule,
}

impl Spot<'_> {
    fn place(self) -> Place {
        Place::rule(self.base, self.chain, self.rule)
    }
}

/// What a base chain does with a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// It accepts the packet.
    Passes,
    /// It drops the packet, here. Where a rule that cannot be judged decides between several, the first of them.
    Drops(Place),
    /// It may drop the packet here, or at further places. The rules cannot be judged.
    Unclear(Place),
    /// Its destination is or may be translated here.
    Redirects(Place),
}

/// How a chain can end.
#[derive(Clone, Debug, Default)]
struct Ends {
    can_accept: bool,
    /// The first place at which it can drop.
    drops: Option<Place>,
    /// The first place at which it can translate the destination.
    redirects: Option<Place>,
    /// Whether it can end without a verdict.
    can_fall: bool,
}

impl Ends {
    fn merge(&mut self, other: &Self) {
        self.can_accept |= other.can_accept;
        self.drops = self.drops.take().or_else(|| other.drops.clone());
        self.redirects = self.redirects.take().or_else(|| other.redirects.clone());
    }
}

/// What a base chain does with a packet.
pub(crate) fn judge(chain: &BaseChain, packet: &Seen) -> Judgement {
    let mut walk = Walk {
        chain,
        packet,
        known: BTreeMap::new(),
    };
    let mut ends = walk.ends(&chain.name, 0);
    match (ends.can_fall, chain.drops_by_policy) {
        (true, true) => ends.drops = ends.drops.or(Some(Place::Policy)),
        (true, false) => ends.can_accept = true,
        (false, _) => {}
    }
    match (ends.drops, ends.redirects, ends.can_accept) {
        (Some(place), None, false) => Judgement::Drops(place),
        (Some(place), ..) => Judgement::Unclear(place),
        (None, Some(place), _) => Judgement::Redirects(place),
        (None, None, _) => Judgement::Passes,
    }
}

/// `NFT_JUMP_STACK_SIZE` (linux/netfilter/nf_tables.h)
const DEEPEST: usize = 16;

struct Walk<'a> {
    chain: &'a BaseChain,
    packet: &'a Seen,
    /// Chains that were walked. A chain ends the same way wherever it is called from.
    known: BTreeMap<String, Ends>,
}

impl Walk<'_> {
    fn ends(&mut self, name: &str, depth: usize) -> Ends {
        if let Some(ends) = self.known.get(name) {
            return ends.clone();
        }
        let ends = self.walk(name, depth);
        self.known.insert(name.to_owned(), ends.clone());
        ends
    }

    fn walk(&mut self, name: &str, depth: usize) -> Ends {
        let mut ends = Ends::default();
        let chains = std::sync::Arc::clone(&self.chain.chains);
        let rules = chains.get(name).map_or(&[][..], Vec::as_slice);
        for rule in rules {
            let spot = Spot {
                base: self.chain,
                chain: name,
                rule,
            };
            if self.rule(spot, &mut ends, depth) {
                return ends;
            }
        }
        ends.can_fall = true;
        ends
    }

    /// Whether no packet like this gets past the rule.
    fn rule(&mut self, spot: Spot<'_>, ends: &mut Ends, depth: usize) -> bool {
        let statements = &spot.rule.statements;
        let mut matches = Holds::Yes;
        for (number, statement) in statements.iter().enumerate() {
            match statement {
                OtherStatement::Neutral => {}
                OtherStatement::Compare(comparison) => {
                    matches = matches.and(self.packet.holds(comparison));
                }
                OtherStatement::Unreadable => {
                    // At its end, it may be a target that drops.
                    if number + 1 == statements.len() {
                        ends.can_accept = true;
                        ends.drops.get_or_insert_with(|| spot.place());
                    }
                    matches = matches.and(Holds::Unknown);
                }
                OtherStatement::Choose(choices) => {
                    let mut is_left = matches;
                    for (comparison, verdict) in choices {
                        let chosen = is_left.and(self.packet.holds(comparison));
                        if self.verdict(verdict, chosen, spot, ends, depth) {
                            return true;
                        }
                        if chosen == Holds::Yes {
                            is_left = Holds::No;
                        }
                    }
                }
                OtherStatement::End(verdict) => {
                    return self.verdict(verdict, matches, spot, ends, depth);
                }
            }
            if matches == Holds::No {
                return false;
            }
        }
        false
    }

    /// Whether no packet like this gets past the verdict.
    fn verdict(
        &mut self,
        verdict: &OtherVerdict,
        reached: Holds,
        spot: Spot<'_>,
        ends: &mut Ends,
        depth: usize,
    ) -> bool {
        if reached == Holds::No {
            return false;
        }
        let mut is_end = true;
        match verdict {
            OtherVerdict::Accept | OtherVerdict::TranslateSource => ends.can_accept = true,
            OtherVerdict::Drop => drop(ends.drops.get_or_insert_with(|| spot.place())),
            OtherVerdict::TranslateDestination => {
                ends.redirects.get_or_insert_with(|| spot.place());
                ends.can_accept = true;
            }
            OtherVerdict::Queue => {
                ends.drops.get_or_insert_with(|| spot.place());
                ends.can_accept = true;
            }
            OtherVerdict::Return => ends.can_fall = true,
            OtherVerdict::Continue => is_end = false,
            OtherVerdict::Jump(_) | OtherVerdict::Goto(_) if depth == DEEPEST => {}
            OtherVerdict::Jump(to) => {
                let called = self.ends(to, depth + 1);
                ends.merge(&called);
                is_end = !called.can_fall;
            }
            OtherVerdict::Goto(to) => {
                let called = self.ends(to, depth + 1);
                ends.merge(&called);
                ends.can_fall |= called.can_fall;
            }
        }
        is_end && reached == Holds::Yes
    }
}
