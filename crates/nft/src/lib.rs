//! Typed nftables model, transactions and drivers.
