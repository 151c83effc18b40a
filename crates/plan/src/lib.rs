//! From desired and known state to a transaction and link steps; pure.
