//! Writes .deb, .rpm and tar files from a package description.

fn main() {}
