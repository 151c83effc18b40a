//! Operations in the two languages that libnftables reads.

pub(crate) mod json;
pub(crate) mod text;
