//! Takes the place of the library driver in a build without libnftables.

use super::Error;
use super::entry::Entry;
use crate::kind::Kind;

/// It never opens.
pub(super) const ENTRY: Entry = Entry {
    name: "library",
    is_built: false,
    open: |_, _| {
        let error = Error::new(Kind::Unsupported, "this build has no library driver");
        Err(error.with_hint("choose the driver exec, or install a build with the library driver"))
    },
};
