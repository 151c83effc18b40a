//! The Tidegate networking daemon.

fn main() {}
