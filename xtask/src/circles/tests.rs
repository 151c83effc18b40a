use std::io;
use std::path::Path;

use super::modules::modules;
use super::order::{circles, told};

/// The circles of a made-up crate of these files.
fn found(files: &[(&str, &str)]) -> Vec<String> {
    let read = |path: &Path| {
        let file = files.iter().find(|(name, _)| Path::new(name) == path);
        let text = file.map(|(_, text)| (*text).to_owned());
        text.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    };
    let modules = modules(Path::new("lib.rs"), &read).unwrap();
    told(&circles(&modules), Path::new(""))
}

const NONE: [&str; 0] = [];

#[test]
fn files_that_need_each_other_are_named_with_what_they_name() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c; mod d;"),
        ("a.rs", "use crate::b::B; pub struct A(B);"),
        ("b.rs", "pub struct B; pub fn c() { crate::c::run() }"),
        ("c.rs", "use super::a; pub fn run() { a::A(crate::b::B); }"),
        ("d.rs", "use crate::a::A;"),
    ];
    let expected = "files need each other:\n  \
        a.rs names crate::b::B of b.rs\n  \
        b.rs names crate::c::run of c.rs\n  \
        c.rs names a::A of a.rs";
    assert_eq!(found(&files), [expected]);
}

#[test]
fn files_whose_arrows_run_one_way_are_not_a_circle() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c;"),
        (
            "a.rs",
            "use crate::{b::B, c::C}; use std::io; pub struct A(B, C, io::Error);",
        ),
        ("b.rs", "use crate::c::C; pub struct B(C);"),
        (
            "c.rs",
            "pub struct C; #[cfg(test)] mod tests { use crate::a::A; }",
        ),
    ];
    assert_eq!(found(&files), NONE);
}

#[test]
fn a_parent_and_its_child_may_know_each_other() {
    let files = [
        (
            "lib.rs",
            "mod a; pub use a::A; pub struct Root; fn run() { a::child::run() }",
        ),
        (
            "a.rs",
            "pub mod child; pub struct A(child::Child, crate::Root);",
        ),
        (
            "a/child.rs",
            "use super::A; pub struct Child; pub fn run(given: A) -> A { given }",
        ),
    ];
    assert_eq!(found(&files), NONE);
}

#[test]
fn a_file_needs_the_file_that_defines_what_its_parent_exports_again() {
    let files = [
        ("lib.rs", "mod a; mod b; pub use a::*; pub use b::B;"),
        ("a/mod.rs", "mod inner; pub use inner::A;"),
        ("a/inner.rs", "pub struct A(crate::B);"),
        ("b.rs", "use super::A; pub struct B(A);"),
    ];
    let expected = "files need each other:\n  \
        a/inner.rs names crate::B of b.rs\n  \
        b.rs names super::A of a/inner.rs";
    assert_eq!(found(&files), [expected]);
}

#[test]
fn what_stands_in_macros_and_attributes_counts_and_a_module_in_a_file_is_part_of_it() {
    let files = [
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", r#"#[error("{}", crate::b::B)] pub struct A;"#),
        (
            "b.rs",
            "mod inner { pub fn run() { assert!(crate::a::A, 1) } } pub const B: u8 = 1;",
        ),
    ];
    let expected = "files need each other:\n  \
        a.rs names crate::b::B of b.rs\n  \
        b.rs names crate::a::A of a.rs";
    assert_eq!(found(&files), [expected]);
}

#[test]
fn children_of_two_modules_make_a_circle_of_the_two() {
    let files = [
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "pub mod one; pub mod two;"),
        ("a/one.rs", "use crate::b::B;"),
        ("a/two.rs", "pub struct Two;"),
        ("b.rs", "pub struct B(crate::a::two::Two);"),
    ];
    let expected = "files need each other:\n  \
        a/one.rs names crate::b::B of b.rs\n  \
        b.rs names crate::a::two::Two of a/two.rs";
    assert_eq!(found(&files), [expected]);
}

#[test]
fn this_workspace_has_none() {
    assert_eq!(super::check().map_err(|error| error.to_string()), Ok(()));
}
