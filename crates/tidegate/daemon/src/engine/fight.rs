//! Records a fight: another program changes the table again and again.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use tidegate_api::Fight;
use tidegate_api::event::Happening;

use super::Engine;
use crate::pace::CALM;

/// The fight, and the time of its last repair.
#[derive(Debug, Default)]
pub(super) struct Fights(Mutex<Option<(Fight, Instant)>>);

impl Engine {
    /// Records a repair, and returns the fight, if it is one. Listeners get an event when a fight begins.
    pub(crate) fn note_fight(&self, mut fight: Option<Fight>) -> Option<Fight> {
        let mut last = self.fights.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = last.is_none();
        // A postponed repair does not change who fights.
        if let (Some(fight), Some((before, _))) = (&mut fight, &*last)
            && fight.program.is_none()
        {
            (fight.program, fight.process) = (before.program.clone(), before.process);
        }
        *last = fight.clone().map(|fight| (fight, Instant::now()));
        drop(last);
        if let Some(fight) = fight.clone().filter(|_| is_new) {
            self.events.tell(Happening::TableFought { fight });
        }
        fight
    }

    /// The current fight; none after a calm minute.
    pub fn fight(&self) -> Option<Fight> {
        let last = self.fights.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (fight, when) = last.as_ref()?;
        (when.elapsed() <= CALM).then(|| fight.clone())
    }
}
