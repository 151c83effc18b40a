//! The drivers that there are.

use crate::entry::Entry;
use crate::{exec, library};

/// Every driver, the best first. A further one is a folder beside the others, and a line here.
pub static DRIVERS: [Entry; 2] = [library::ENTRY, exec::ENTRY];
