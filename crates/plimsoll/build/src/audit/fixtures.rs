//! Programs for the audits' tests.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_probe::{Answer, Ownership};

use crate::elf::{ElfFacts, Linkage};
use crate::program::{BuiltProgram, Identity};

fn program(elf: ElfFacts) -> BuiltProgram {
    BuiltProgram {
        name: "sampled".to_owned(),
        path: "sampled".into(),
        dest: None,
        libraries: Vec::new(),
        elf,
        identity: Identity::default(),
    }
}

/// Whose the libraries are on the system that built these programs.
#[must_use]
pub fn owners() -> BTreeMap<String, Ownership> {
    let yes = |source: &str| Answer::yes(format!("of {source}"));
    let no = |source: &str| Answer::no(format!("of {source}"));
    let owners = [
        ("libc.so.6", "libc6", yes("glibc")),
        ("libstdc++.so.6", "libstdc++6", yes("gcc-12")),
        ("libnftables.so.1", "libnftables1", no("nftables")),
        ("libz.so.1", "zlib1g", no("zlib")),
        ("libssl.so.3", "libssl3", no("openssl")),
    ];
    let owners = owners.map(|(soname, package, toolchain)| {
        let package = Some(package.to_owned());
        (soname.to_owned(), Ownership { package, toolchain })
    });
    owners.into()
}

fn versions(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Linked to libnftables and glibc.
#[must_use]
pub fn daemon() -> BuiltProgram {
    let mut daemon = exec_daemon();
    daemon.libraries = vec!["libnftables".to_owned()];
    daemon.elf.needed.insert(0, "libnftables.so.1".to_owned());
    let needs = &mut daemon.elf.version_needs;
    needs.insert("libnftables.so.1".to_owned(), versions(&["LIBNFTABLES_1"]));
    daemon
}

/// Linked to glibc alone.
#[must_use]
pub fn exec_daemon() -> BuiltProgram {
    program(ElfFacts {
        is_64_bit: true,
        linkage: Linkage::Dynamic,
        interpreter: Some("/lib64/ld-linux-x86-64.so.2".to_owned()),
        soname: None,
        needed: vec!["libc.so.6".to_owned()],
        search: Vec::new(),
        version_needs: BTreeMap::from([(
            "libc.so.6".to_owned(),
            versions(&["GLIBC_2.2.5", "GLIBC_2.34"]),
        )]),
    })
}

/// Linked to nothing.
#[must_use]
pub fn static_daemon() -> BuiltProgram {
    program(ElfFacts {
        is_64_bit: true,
        linkage: Linkage::StaticPie,
        interpreter: None,
        soname: None,
        needed: Vec::new(),
        search: Vec::new(),
        version_needs: BTreeMap::new(),
    })
}
