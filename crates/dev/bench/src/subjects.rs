//! What is changed in the ruleset, for nft and as iptables would have it.

use serde_json::json;
use tidegate_api::{Attach, CreateNetwork, Publish};
use tidegate_model::links::NetnsFacts;
use tidegate_model::{NetnsId, Network, State};
use tidegate_nft::{
    Base, Chain, ChainKind, Datatype, Element, Family, Hook, InetService, Key, Mark, Op, Priority,
    Rule, Set, TableId, Transaction, Verdict, fields, name,
};
use tidegate_plan::{HostFacts, Plan, Pools, PortFacts};

#[derive(Clone)]
/// One update that is made and taken back in every way.
pub(crate) struct Subject {
    pub(crate) title: &'static str,
    pub(crate) about: &'static str,
    /// What nft finds there.
    pub(crate) base: Transaction,
    pub(crate) add: Transaction,
    pub(crate) delete: Transaction,
    /// The same for iptables.
    pub(crate) iptables: Iptables,
}

/// What iptables is told: each line with its table, for each family.
#[derive(Clone, Debug, Default)]
pub(crate) struct Iptables {
    pub(crate) families: &'static [IpFamily],
    pub(crate) add: Vec<(&'static str, String)>,
    pub(crate) delete: Vec<(&'static str, String)>,
}

/// Which program of iptables a line is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IpFamily {
    V4,
    V6,
}

impl IpFamily {
    /// How its programs' names begin.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::V4 => "iptables",
            Self::V6 => "ip6tables",
        }
    }
}

pub(crate) const RULES: &str = "one update: a chain, five rules, two verdict-map elements";
pub(crate) const PORT: &str = "one update: a published port as elements";
pub(crate) const NETWORK: &str = "one update: a network's elements, dual stack";

/// All of them.
///
/// # Errors
/// When the planner refuses one.
pub(crate) fn all() -> anyhow::Result<Vec<Subject>> {
    Ok(vec![rules(), port()?, network()?])
}

/// A chain with rules, and two elements that lead to it.
fn rules() -> Subject {
    const PORTS: [u16; 5] = [80, 443, 8080, 8443, 9090];
    const MARKS: [u32; 2] = [7, 8];
    let table = TableId::new(Family::Inet, name!("bench"));
    let ways = Set::verdict_map(&table, name!("ways"), Datatype::Mark);
    let forward = Chain {
        id: table.chain(name!("forward")),
        base: Some(Base::new(
            ChainKind::Filter,
            Hook::Forward,
            Priority::FILTER,
        )),
    };
    let look_up = Key::from(fields::META_MARK).verdict_from(name!("ways"));
    let look_up = Rule::new(forward.id.clone(), [look_up]);
    let mut base = Transaction::new();
    base.add(table.clone()).add(ways.clone());
    base.add(forward).add(look_up);

    let chain = table.chain(name!("measured"));
    let jump = |mark| Element::new([Mark(mark).into()]).verdict(Verdict::Jump(name!("measured")));
    let mut add = Transaction::new();
    add.add(Chain {
        id: chain.clone(),
        base: None,
    });
    for port in PORTS {
        let accept = [
            fields::TCP_DPORT.is(InetService(port)),
            Verdict::Accept.into(),
        ];
        add.add(Rule::new(chain.clone(), accept));
    }
    add.add(ways.clone().elements(MARKS.map(jump)));
    let mut delete = Transaction::new();
    delete.push(Op::DeleteElements {
        set: ways.id,
        elements: MARKS.map(jump).into(),
    });
    delete.flush(chain.clone()).delete(chain);

    let filter = |line: String| ("filter", line);
    let jumps = MARKS.map(|mark| format!("FORWARD -m mark --mark {mark} -j MEASURED"));
    let accepts = PORTS.map(|port| format!("-A MEASURED -p tcp --dport {port} -j ACCEPT"));
    let new = std::iter::once("-N MEASURED".to_owned()).chain(accepts);
    let gone = ["-F MEASURED", "-X MEASURED"].map(str::to_owned);
    Subject {
        title: RULES,
        about: "Added and removed again. For iptables: a chain, five rules and two jumps, only IPv4: eight calls to \
                add them and four to remove them.",
        base,
        add,
        delete,
        iptables: Iptables {
            families: &[IpFamily::V4],
            add: new
                .chain(jumps.iter().map(|jump| format!("-A {jump}")))
                .map(filter)
                .collect(),
            delete: jumps
                .iter()
                .map(|jump| format!("-D {jump}"))
                .chain(gone)
                .map(filter)
                .collect(),
        },
    }
}

/// What the daemon has nft do for a network.
fn network() -> anyhow::Result<Subject> {
    let base = tidegate_plan::replace(&State::default());
    let plan = create("measured")?;
    let rules = [
        (
            "nat",
            "POSTROUTING ! -o bench0 -m mark --mark 7 -j MASQUERADE",
        ),
        ("nat", "PREROUTING -i bench0 -j RETURN"),
        (
            "filter",
            "FORWARD -o bench0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        ),
        (
            "filter",
            "FORWARD -o bench0 -m conntrack --ctstate DNAT -j ACCEPT",
        ),
        ("filter", "FORWARD -i bench0 ! -o bench0 -j ACCEPT"),
        ("filter", "FORWARD -i bench0 -o bench0 -j ACCEPT"),
        ("filter", "FORWARD ! -i bench0 -o bench0 -j DROP"),
        ("raw", "PREROUTING ! -i bench0 -m mark --mark 8 -j DROP"),
    ];
    Ok(Subject {
        title: NETWORK,
        about: "The transaction of network create, and its inverse. For iptables: the eight rules for each family \
                that a network needs without sets: sixteen calls.",
        base,
        add: plan.transaction,
        delete: plan.undo,
        iptables: of_both_families(&rules),
    })
}

/// What the daemon has nft do for a published port of an endpoint that has published none before.
fn port() -> anyhow::Result<Subject> {
    let mut state = State::default();
    state.apply(&create("measured")?.change);
    let attach: Attach = serde_json::from_value(json!({
        "network": "measured", "netns": "/run/netns/web", "name": "web",
    }))?;
    let netns = NetnsFacts {
        id: NetnsId {
            dev: 4,
            ino: 1,
            cookie: None,
        },
        ifnames: Vec::new(),
        default_routes: Vec::new(),
        ipv6_off: None,
    };
    let attached = tidegate_plan::attach(&state, &attach, &netns, &PortFacts::default())?;
    state.apply(&attached.change);
    let base = tidegate_plan::replace(&state);
    let ports = ["8080:80".parse()?];
    let wanted = Publish::from(Vec::from(ports));
    let plan = tidegate_plan::publish(&state, &"web".parse()?, &wanted, &PortFacts::default())?;
    let rules = [
        (
            "nat",
            "PREROUTING -p tcp --dport 8080 -m addrtype --dst-type LOCAL -j REDIRECT --to-ports 80",
        ),
        (
            "nat",
            "POSTROUTING -p tcp --dport 80 -m mark --mark 7 -j MASQUERADE",
        ),
        (
            "filter",
            "FORWARD ! -i bench0 -o bench0 -p tcp --dport 80 -j ACCEPT",
        ),
    ];
    Ok(Subject {
        title: PORT,
        about: "The transaction of publish for both families, and its inverse. For iptables: the three rules for each \
                family that a published port needs: six calls.",
        base,
        add: plan.transaction,
        delete: plan.undo,
        iptables: of_both_families(&rules),
    })
}

fn create(name: &str) -> anyhow::Result<Plan<Network>> {
    let request: CreateNetwork = serde_json::from_value(json!({ "name": name }))?;
    let (host, pools) = (HostFacts::default(), Pools::default());
    Ok(tidegate_plan::create_network(
        &State::default(),
        &request,
        &host,
        &pools,
    )?)
}

fn of_both_families(rules: &[(&'static str, &str)]) -> Iptables {
    let lines = |verb: &str| {
        let lines = rules.iter();
        lines
            .map(|(table, rule)| (*table, format!("{verb} {rule}")))
            .collect()
    };
    Iptables {
        families: &[IpFamily::V4, IpFamily::V6],
        add: lines("-A"),
        delete: lines("-D"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_update_is_valid_and_its_inverse_takes_it_back() {
        for subject in all().expect("the planner takes them") {
            let mut ruleset = tidegate_nft::Ruleset::default();
            ruleset.apply(&subject.base).expect(subject.title);
            let before = ruleset.clone();
            ruleset.apply(&subject.add).expect(subject.title);
            assert_ne!(ruleset, before, "{}", subject.title);
            ruleset.apply(&subject.delete).expect(subject.title);
            assert_eq!(ruleset, before, "{}", subject.title);
        }
    }

    #[test]
    fn iptables_takes_out_what_it_put_in() {
        for subject in all().expect("the planner takes them") {
            let count = |lines: &[(&str, String)], verb: &str| {
                lines
                    .iter()
                    .filter(|(_, line)| line.starts_with(verb))
                    .count()
            };
            let rules = count(&subject.iptables.add, "-A FORWARD");
            assert!(rules > 0, "{}", subject.title);
            assert_eq!(count(&subject.iptables.delete, "-D FORWARD"), rules);
        }
    }
}
