//! Records what other programs changed and the daemon put right: for `info` and metrics, and as events.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tidegate_api::event::Happening;
use tidegate_api::{RecentRepair, Repair, RepairKind, Repairs};
use tidegate_nft_drivers::ForeignChange;

use super::Engine;
use super::events::now;
use super::links_fight::{InterfaceRepair, LinksFight, Rows};

/// How many of the last repairs are kept.
const RECENT: usize = 10;

/// The repairs since the daemon started, and the repairs of interfaces in a row.
#[derive(Debug, Default)]
pub(super) struct Record {
    repairs: Mutex<Repairs>,
    in_a_row: Mutex<Rows>,
}

impl Engine {
    /// What was put right since the daemon started.
    pub(crate) fn repairs(&self) -> Repairs {
        self.recorded().clone()
    }

    fn recorded(&self) -> MutexGuard<'_, Repairs> {
        self.record
            .repairs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Records changes of the table whose repair is postponed.
    pub(super) fn note_table_changes(&self, changes: &[ForeignChange]) {
        if let Some(change) = changes.last() {
            let what = in_words(change);
            self.recorded().table.last = Some(Repair { time: now(), what });
        }
    }

    /// Records that the table was put back, after these changes if they are known.
    pub(super) fn note_table(&self, changes: Option<&[ForeignChange]>) {
        let what = match changes {
            Some([.., change]) => Some(in_words(change)),
            // What was postponed.
            Some([]) => self.recorded().table.last.take().map(|last| last.what),
            None => None,
        };
        let what = what.unwrap_or_else(|| "who changed what is not known".to_owned());
        note(&mut self.recorded(), RepairKind::Table, what);
        let told = changes.into_iter().flatten();
        let told = told.map(|change| Happening::TableMended {
            program: change.program.clone(),
            process: change.process,
            what: change.what.clone(),
        });
        let unknown = changes.is_none().then(|| Happening::TableMended {
            program: None,
            process: None,
            what: Vec::new(),
        });
        told.chain(unknown).for_each(|it| self.events.tell(it));
    }

    /// Records one round of repairs of interfaces. The third repair of an interface in a row makes a fight.
    pub(super) fn note_interfaces(&self, repairs: Vec<InterfaceRepair>) {
        self.note_links_fight(&repairs);
        for (interface, what) in repairs {
            let said = format!("{interface}: {}", what.join(", "));
            note(&mut self.recorded(), RepairKind::Interfaces, said);
            self.events
                .tell(Happening::InterfaceMended { interface, what });
        }
    }

    /// Records that rules or routes for answers were added again.
    pub(super) fn note_routing(&self, what: Vec<String>) {
        // Networks share the rules.
        let what: Vec<String> = BTreeSet::from_iter(what).into_iter().collect();
        if what.is_empty() {
            return;
        }
        tracing::warn!(
            "routing was changed by another program: {}",
            what.join(", ")
        );
        note(&mut self.recorded(), RepairKind::Routing, what.join(", "));
        self.events.tell(Happening::RoutingMended { what });
    }

    fn note_links_fight(&self, repairs: &[InterfaceRepair]) {
        let mended = self.rows().mended(Instant::now(), repairs);
        let Some((fight, is_new)) = mended else {
            return;
        };
        tracing::warn!("an interface is changed again and again: {fight}");
        if is_new {
            let LinksFight { times, last } = fight;
            self.events
                .tell(Happening::InterfacesFought { times, last });
        }
    }

    /// The current fight about links; none after a calm minute.
    pub(crate) fn links_fight(&self) -> Option<LinksFight> {
        self.rows().fight(Instant::now())
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        let rows = self.record.in_a_row.lock();
        rows.unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts one repair, and keeps it as one of the last.
fn note(repairs: &mut Repairs, kind: RepairKind, what: String) {
    let repaired = match kind {
        RepairKind::Table => &mut repairs.table,
        RepairKind::Interfaces => &mut repairs.interfaces,
        RepairKind::Routing => &mut repairs.routing,
    };
    let repair = Repair { time: now(), what };
    repaired.times += 1;
    repaired.last = Some(repair.clone());
    let excess = (repairs.recent.len() + 1).saturating_sub(RECENT);
    repairs.recent.drain(..excess);
    repairs.recent.push(RecentRepair { kind, repair });
}

/// Who changed the table, and how.
fn in_words(change: &ForeignChange) -> String {
    let program = change.program.as_deref().unwrap_or("an unknown program");
    let process = change
        .process
        .map(|process| format!(" (process {process})"));
    let what = change.what.join(", ");
    format!("{program}{}: {what}", process.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_repair_counts_and_the_last_ten_of_all_kinds_are_kept() {
        let mut repairs = Repairs::default();
        for number in 0..9 {
            note(&mut repairs, RepairKind::Table, format!("table {number}"));
        }
        note(&mut repairs, RepairKind::Interfaces, "up".to_owned());
        note(&mut repairs, RepairKind::Routing, "rule".to_owned());
        let times = [&repairs.table, &repairs.interfaces, &repairs.routing].map(|it| it.times);
        assert_eq!(times, [9, 1, 1]);
        assert_eq!(repairs.table.last.unwrap().what, "table 8");
        let kept = repairs.recent.iter().map(|it| it.repair.what.as_str());
        let kept: Vec<&str> = kept.collect();
        assert_eq!(kept[..2], ["table 1", "table 2"]);
        assert_eq!(kept[7..], ["table 8", "up", "rule"]);
        assert_eq!(repairs.recent[8].kind, RepairKind::Interfaces);
    }
}
