//! The nft driver that the settings ask for.

mod failover;

use std::sync::{Arc, PoisonError, RwLock};

use tidegate_model::api::DriverInfo;
use tidegate_nft::{
    Description, Driver, DriverChoice, DriverKind, Error, Location, Opened, Programs,
};

use crate::config::Settings;
use failover::Failover;

/// What the driver in use is, for people; another one where it had to be changed.
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
/// When the one that was asked for cannot be had, or none can.
pub(crate) fn open(settings: &Settings) -> Result<Opened, Error> {
    open_as(settings.nft_driver, settings)
}

fn open_as(choice: DriverChoice, settings: &Settings) -> Result<Opened, Error> {
    let programs = Programs {
        nft: settings.nft_path.clone(),
        ..Programs::default()
    };
    tidegate_nft::open(choice, Location::Current, programs)
}

/// Opens the driver to work with, and says what is not as one would wish. Where the choice is
/// ours, the exec driver stands by for the library driver.
///
/// # Errors
/// As [`open`].
pub(crate) fn start(settings: &Settings) -> Result<(Box<dyn Driver>, InUse), Error> {
    let opened = open(settings)?;
    warn_about(&opened);
    let description = opened.driver.describe();
    let in_use = InUse::from(info(description, &opened.why));
    let has_standby = settings.nft_driver == DriverChoice::Auto;
    if !has_standby || description.driver != DriverKind::Library {
        return Ok((opened.driver, in_use));
    }
    let settings = settings.clone();
    let standby = Box::new(move || open_as(DriverChoice::Exec, &settings));
    let failover = Failover::new(opened.driver, standby, in_use.clone());
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

/// Logs what is not as one would wish: a fallback, a release with a known fault.
fn warn_about(opened: &Opened) {
    let warning = opened.driver.describe().warning.as_ref();
    for reason in opened.fallback.iter().chain(warning) {
        tracing::warn!("nft driver: {reason}");
    }
}
