//! The Tidegate networking daemon. One engine owns the state, an nft driver, the host's links and the store. An HTTP
//! API on a unix socket gives it commands.

pub mod api;
mod backoff;
mod build_info;
mod claim;
mod collector;
pub mod config;
mod counter;
mod custodian;
mod driver;
pub mod engine;
mod guard;
pub mod inherited;
mod last;
pub mod listen;
mod logging;
mod metrics;
mod pace;
mod program;
mod reload;
pub mod resolver;
mod reviver;
mod run;
pub mod store;
mod sweeper;
mod timing;
mod version;
mod waiter;
mod watchdog;
mod worker;

pub use build_info::build;
pub use claim::ClaimError;
pub use driver::InUse;
pub use reload::InForce;
pub use run::{StartError, check_config, run};
pub use version::version;
