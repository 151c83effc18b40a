//! Raw bindings to libnftables (LIBNFTABLES_1 symbols only).
