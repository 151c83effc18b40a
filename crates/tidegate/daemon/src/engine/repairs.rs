//! Records what other programs changed and the daemon put right: for `info` and metrics, and as events.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tidegate_api::event::Happening;
use tidegate_api::{Repair, Repaired, Repairs};
use tidegate_model::IfName;
use tidegate_nft_drivers::ForeignChange;

use super::Engine;
use super::events::now;
use crate::pace::{CALM, Pace};

/// The repairs since the daemon started, and the repairs of interfaces in a row.
#[derive(Debug, Default)]
pub(super) struct Record {
    repairs: Mutex<Repairs>,
    in_a_row: Mutex<(Pace, Option<(LinksFight, Instant)>)>,
}

/// Another program changes links of ours again and again. The kernel does not tell which program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LinksFight {
    times: u32,
    /// The last repair.
    last: String,
}

impl fmt::Display for LinksFight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { times, last } = self;
        write!(f, "put right {times} times in a row, the last time {last}")
    }
}

/// An interface that was put right, and what was done to it.
pub(super) type InterfaceRepair = (IfName, Vec<String>);

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
        self.note_table_changes(changes.unwrap_or_default());
        let mut repairs = self.recorded();
        let Repaired { times, last } = &mut repairs.table;
        *times += 1;
        if changes.is_none() || last.is_none() {
            let what = "who changed what is not known".to_owned();
            *last = Some(Repair { time: now(), what });
        }
        drop(repairs);
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

    /// Records one round of repairs of interfaces. From the third round in a row, it is a fight.
    pub(super) fn note_interfaces(&self, repairs: Vec<InterfaceRepair>) {
        let Some((ifname, what)) = repairs.last() else {
            return;
        };
        let last = format!("{ifname}: {}", what.join(", "));
        let repaired = |times: u64| Repaired {
            times: times + repairs.len() as u64,
            last: Some(Repair {
                time: now(),
                what: last.clone(),
            }),
        };
        {
            let interfaces = &mut self.recorded().interfaces;
            *interfaces = repaired(interfaces.times);
        }
        for (interface, what) in repairs {
            self.events
                .tell(Happening::InterfaceMended { interface, what });
        }
        self.note_links_fight(last);
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
        {
            let routing = &mut self.recorded().routing;
            routing.times += 1;
            routing.last = Some(Repair {
                time: now(),
                what: what.join(", "),
            });
        }
        self.events.tell(Happening::RoutingMended { what });
    }

    fn note_links_fight(&self, last: String) {
        let row = self.record.in_a_row.lock();
        let mut row = row.unwrap_or_else(PoisonError::into_inner);
        let (pace, current) = &mut *row;
        let now = Instant::now();
        pace.mended(now, Duration::ZERO);
        let fight = pace.fight().map(|times| LinksFight { times, last });
        if let Some(fight) = &fight {
            tracing::warn!("interfaces are changed again and again: {fight}");
        }
        let is_new = current.is_none();
        *current = fight.clone().map(|fight| (fight, now));
        drop(row);
        if let Some(LinksFight { times, last }) = fight.filter(|_| is_new) {
            self.events
                .tell(Happening::InterfacesFought { times, last });
        }
    }

    /// The current fight about links; none after a calm minute.
    pub(crate) fn links_fight(&self) -> Option<LinksFight> {
        let row = self.record.in_a_row.lock();
        let row = row.unwrap_or_else(PoisonError::into_inner);
        let (fight, when) = row.1.as_ref()?;
        (when.elapsed() <= CALM).then(|| fight.clone())
    }
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
