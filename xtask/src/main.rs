//! Project tasks: probe, dist, test.

fn main() {}
