//! A fight about links: another program changes an interface of ours again and again. The kernel does not tell which program.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use tidegate_model::IfName;

use crate::pace::{CALM, Pace};

/// An interface that was put right, and what was done to it.
pub(super) type InterfaceRepair = (IfName, Vec<String>);

/// Another program changes an interface again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LinksFight {
    /// The repairs of that interface in a row.
    pub(super) times: u32,
    /// The last repair.
    pub(super) last: String,
}

impl fmt::Display for LinksFight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { times, last } = self;
        write!(f, "put right {times} times in a row, the last time {last}")
    }
}

/// The repairs in a row of each interface. Single changes of several interfaces are no fight.
#[derive(Debug, Default)]
pub(super) struct Rows {
    paces: BTreeMap<IfName, Pace>,
    current: Option<(LinksFight, Instant)>,
}

impl Rows {
    /// Records one round of repairs. Returns the fight that it belongs to, and whether that is a new one.
    pub(super) fn mended(
        &mut self,
        now: Instant,
        repairs: &[InterfaceRepair],
    ) -> Option<(LinksFight, bool)> {
        self.paces.retain(|_, pace| !pace.is_calm(now));
        let mut found = None;
        for (ifname, what) in repairs {
            let pace = self.paces.entry(ifname.clone()).or_default();
            pace.mended(now, Duration::ZERO);
            let fight = pace.fight().map(|times| LinksFight {
                times,
                last: format!("{ifname}: {}", what.join(", ")),
            });
            found = fight.or(found);
        }
        let fight = found?;
        let is_new = self.fight(now).is_none();
        self.current = Some((fight.clone(), now));
        Some((fight, is_new))
    }

    /// The fight; none after a calm minute.
    pub(super) fn fight(&self, now: Instant) -> Option<LinksFight> {
        let (fight, when) = self.current.as_ref()?;
        (now.saturating_duration_since(*when) <= CALM).then(|| fight.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repairs(names: &[&str]) -> Vec<InterfaceRepair> {
        let repair = |name: &&str| (name.parse().unwrap(), vec!["set up".to_owned()]);
        names.iter().map(repair).collect()
    }

    #[test]
    fn the_third_repair_of_one_interface_in_a_row_is_a_fight() {
        let (mut rows, begin) = (Rows::default(), Instant::now());
        let at = |seconds| begin + Duration::from_secs(seconds);
        assert_eq!(rows.mended(at(0), &repairs(&["tgb0", "tgb1"])), None);
        assert_eq!(rows.mended(at(1), &repairs(&["tgb1"])), None);
        let (fight, is_new) = rows.mended(at(2), &repairs(&["tgb1", "tgb2"])).unwrap();
        assert!(is_new);
        let told = "put right 3 times in a row, the last time tgb1: set up";
        assert_eq!(fight.to_string(), told);
        let (fight, is_new) = rows.mended(at(3), &repairs(&["tgb1"])).unwrap();
        assert_eq!((fight.times, is_new), (4, false));
        assert_eq!(rows.fight(at(63)), Some(fight));
        assert_eq!(rows.fight(at(64)), None);
    }

    #[test]
    fn single_repairs_of_several_interfaces_are_no_fight() {
        let (mut rows, begin) = (Rows::default(), Instant::now());
        for (seconds, name) in [
            (0, "tgb0"),
            (1, "tgb1"),
            (2, "tgb2"),
            (61, "tgb0"),
            (122, "tgb0"),
        ] {
            let now = begin + Duration::from_secs(seconds);
            assert_eq!(rows.mended(now, &repairs(&[name])), None);
        }
        assert_eq!(rows.fight(begin), None);
        assert_eq!(rows.paces.len(), 1);
    }
}
