//! What a run over several distributions tells of each.

use plimsoll_build::engine::Engine;
use plimsoll_build::manifest::Manifest;
use plimsoll_plan::distro::Departure;
use serde::Serialize;

/// What became of one distribution.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// The entry of the list.
    pub(super) distro: String,
    /// What it was built in; none where nothing could.
    pub(super) engine: Option<Engine>,
    /// Set where the flavour is not the expected one.
    pub(super) departure: Option<Departure>,
    /// What was made.
    pub(super) manifest: Option<Manifest>,
    /// Why nothing was.
    pub(super) error: Option<String>,
    /// What mends that.
    pub(super) hint: Option<String>,
}
