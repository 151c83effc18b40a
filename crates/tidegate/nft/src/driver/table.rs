//! The drivers that there are.

use super::entry::Entry;
use super::{exec, library};

/// Every driver, the best first. A further one is a folder beside the others, and a line here.
pub static DRIVERS: [Entry; 2] = [library::ENTRY, exec::ENTRY];
