//! The nft driver that the settings ask for.

mod failover;

use std::sync::{Arc, PoisonError, RwLock};

use tidegate_api::DriverInfo;
use tidegate_nft::{Description, Driver, Error};
use tidegate_nft_drivers::{DriverChoice, Ledger, Location, Opened, Programs};

use crate::config::Settings;
use failover::Failover;

/// Description of the driver in use, which can change.
#[derive(Clone, Debug)]
pub struct InUse(Arc<RwLock<DriverInfo>>);

impl From<DriverInfo> for InUse {
    fn from(info: DriverInfo) -> Self {
        Self(Arc::new(RwLock::new(info)))
    }
}

impl InUse {
    /// What it is now.
    pub fn get(&self) -> DriverInfo {
        let info = self.0.read().unwrap_or_else(PoisonError::into_inner);
        info.clone()
    }

    fn set(&self, info: DriverInfo) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = info;
    }
}

/// Opens the driver in the caller's network namespace.
///
/// # Errors
/// If the requested driver cannot be opened, or none can.
pub(crate) fn open(settings: &Settings) -> Result<Opened, Error> {
    open_as(settings.nft_driver, settings)
}

fn open_as(choice: DriverChoice, settings: &Settings) -> Result<Opened, Error> {
    let programs = Programs {
        nft: settings.nft_path.clone(),
        ..Programs::default()
    };
    tidegate_nft_drivers::open(choice, Location::Current, &programs)
}

/// Opens the driver, tracked by the ledger, and logs its limitations. With `auto`, the next best driver is the
/// standby.
///
/// # Errors
/// As [`open`].
pub(crate) fn start(
    settings: &Settings,
    ledger: &Ledger,
) -> Result<(Box<dyn Driver>, InUse), Error> {
    let opened = open(settings)?;
    warn_about(&opened);
    let description = opened.driver.describe();
    let in_use = InUse::from(info(description, &opened.why));
    let standby = match settings.nft_driver {
        DriverChoice::Auto => DriverChoice::standby_of(description.driver),
        DriverChoice::Named(_) => None,
    };
    let driver = ledger.track(opened.driver);
    let Some(standby) = standby else {
        return Ok((driver, in_use));
    };
    let (settings, ledger) = (settings.clone(), ledger.clone());
    // Each is tracked separately: a driver that falsely reports success is lost, and the other replaces it.
    let standby = move || {
        let opened = open_as(standby, &settings)?;
        Ok(Opened {
            driver: ledger.track(opened.driver),
            ..opened
        })
    };
    let failover = Failover::new(driver, Box::new(standby), in_use.clone());
    Ok((Box::new(failover), in_use))
}

/// What a driver is, for people, and why it is used.
pub(crate) fn info(description: &Description, why: &str) -> DriverInfo {
    DriverInfo {
        name: description.driver.to_string(),
        mode: format!("{}: {}", description.mode, description.why),
        version: description
            .version
            .clone()
            .unwrap_or_else(|| "could not tell".into()),
        json: description.json.to_string(),
        why: why.into(),
    }
}

/// Logs limitations: a fallback, a release with a known fault.
fn warn_about(opened: &Opened) {
    let warning = opened.driver.describe().warning.as_ref();
    for reason in opened.fallback.iter().chain(warning) {
        tracing::warn!("nft driver: {reason}");
    }
}
