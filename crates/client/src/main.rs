//! The Tidegate client.

fn main() {}
