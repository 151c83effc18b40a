//! The ELF reader on files that the compiler makes here.

#![expect(clippy::unwrap_used, reason = "a test reports a failure by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;

use plimsoll_build::elf::{self, ElfError, ElfFacts, Linkage};

/// Compiles an empty program.
fn compiled(folder: &Path, arguments: &[&str]) -> PathBuf {
    let source = folder.join("empty.rs");
    let program = folder.join("empty");
    std::fs::write(&source, "fn main() {}").unwrap();
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .args(arguments)
        .arg("-o")
        .arg(&program)
        .arg(&source)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    program
}

fn facts(arguments: &[&str]) -> ElfFacts {
    let folder = tempfile::tempdir().unwrap();
    elf::read(&compiled(folder.path(), arguments)).unwrap()
}

#[test]
fn a_dynamic_program_names_its_libraries_its_loader_and_its_glibc() {
    for strip in ["none", "symbols"] {
        let facts = facts(&["-C", &format!("strip={strip}")]);
        assert_eq!(facts.linkage, Linkage::Dynamic);
        assert!(
            facts.interpreter.as_deref().unwrap().contains("ld-"),
            "{facts:?}"
        );
        assert!(facts.needs("libc.so.6"), "{facts:?}");
        assert!(!facts.needs("libnftables.so.1"));
        assert_eq!(facts.ceiling("GLIBC").unwrap().numbers[0], 2);
        assert_eq!(facts.soname, None);
    }
}

#[test]
fn a_static_program_needs_nothing() {
    for (relocation, linkage) in [("pic", Linkage::StaticPie), ("static", Linkage::Static)] {
        let model = format!("relocation-model={relocation}");
        let facts = facts(&["-C", "target-feature=+crt-static", "-C", &model]);
        assert_eq!(facts.linkage, linkage);
        assert_eq!((facts.needed.len(), facts.interpreter), (0, None));
        assert!(facts.version_needs.is_empty());
    }
}

#[test]
fn a_shared_library_has_a_name_and_is_not_static() {
    let flags = [
        "--crate-type",
        "cdylib",
        "-C",
        "link-arg=-Wl,-soname,libempty.so.1",
    ];
    let facts = facts(&flags);
    assert_eq!(facts.soname.as_deref(), Some("libempty.so.1"));
    assert_eq!(facts.linkage, Linkage::Dynamic);
}

#[test]
fn folders_that_are_searched_for_libraries_are_known() {
    assert_eq!(facts(&[]).search, [""; 0]);
    for tags in ["--enable-new-dtags", "--disable-new-dtags"] {
        let rpath = format!("link-arg=-Wl,{tags},-rpath,/home/me/lib:$ORIGIN");
        assert_eq!(facts(&["-C", &rpath]).search, ["/home/me/lib", "$ORIGIN"]);
    }
}

#[test]
fn other_files_and_damaged_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text");
    std::fs::write(&text, "#!/bin/sh\n").unwrap();
    assert!(matches!(elf::read(&text), Err(ElfError::NotElf { .. })));

    let whole = std::fs::read(compiled(folder.path(), &[])).unwrap();
    let cut = folder.path().join("cut");
    std::fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    assert!(elf::read(&cut).is_err());

    assert!(matches!(
        elf::read(&folder.path().join("none")),
        Err(ElfError::Io { .. })
    ));
}

/// sstrip-like tools remove the section headers: what such a file needs cannot be read, and
/// must not be taken for nothing.
#[test]
fn a_dynamic_program_without_section_headers_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = std::fs::read(compiled(folder.path(), &[])).unwrap();
    // e_shoff, e_shnum and e_shstrndx of an Elf64_Ehdr, see elf(5).
    bytes[0x28..0x30].fill(0);
    bytes[0x3c..0x40].fill(0);
    let program = folder.path().join("no-sections");
    std::fs::write(&program, bytes).unwrap();
    assert!(matches!(
        elf::read(&program),
        Err(ElfError::NoSections { .. })
    ));
}
