//! The nft driver that the settings ask for.

use tidegate_model::api::DriverInfo;
use tidegate_nft::{Error, Location, Opened};

use crate::config::Settings;

/// Opens the driver in the caller's network namespace.
///
/// # Errors
/// When the one that was asked for cannot be had, or none can.
pub(crate) fn open(settings: &Settings) -> Result<Opened, Error> {
    tidegate_nft::open(
        settings.nft_driver,
        Location::Current,
        settings.nft_path.clone(),
    )
}

/// What an open driver is, for people.
pub(crate) fn info(opened: &Opened) -> DriverInfo {
    let description = opened.driver.describe();
    DriverInfo {
        name: description.driver.to_string(),
        mode: format!("{}: {}", description.mode, description.why),
        version: description
            .version
            .clone()
            .unwrap_or_else(|| "could not tell".into()),
        json: description.json.to_string(),
        why: opened.why.clone(),
    }
}

/// Logs what is not as one would wish: a fallback, a release with a known fault.
pub(crate) fn warn_about(opened: &Opened) {
    let warning = opened.driver.describe().warning.as_ref();
    for reason in opened.fallback.iter().chain(warning) {
        tracing::warn!("nft driver: {reason}");
    }
}
