//! Takes the place of the library driver in a build without libnftables.

use tidegate_nft::{Error, Kind};

use crate::entry::Entry;

/// It never opens.
pub(super) const ENTRY: Entry = Entry {
    name: "library",
    is_built: false,
    open: |_, _| {
        let error = Error::new(Kind::Unsupported, "this build has no library driver");
        Err(error.with_hint("choose the driver exec, or install a build with the library driver"))
    },
};
