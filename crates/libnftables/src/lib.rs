//! A safe context over libnftables.
