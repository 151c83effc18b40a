//! Network-namespace guards and helpers for tests.
