//! Tries the hints about owners, inputs, alternatives and units: each fault is planted, its error gives the hint, and the files can
//! be listed once it is followed.

use std::fs;
use std::path::Path;

use error_hint::Hint;
use plimsoll_plan::config;
use plimsoll_plan::fixtures::{DIST, formats};
use tempfile::TempDir;

use super::check;

/// One fault: assets and other tables of `packaging/dist.toml`, a part of the hint, and what somebody writes who follows it: each way
/// that it names.
struct Fault {
    wrong: &'static str,
    hint: &'static str,
    mended: &'static [&'static str],
}

const FAULTS: &[Fault] = &[
    Fault {
        wrong: "[[asset]]\nsource = \"data/one\"\ndest = \"/usr/share/s\"\nowner = \"tide:root\"",
        hint: "make it with a line \"u tide -\" in a file of /usr/lib/sysusers.d among the assets",
        mended: &[
            "[[asset]]\nsource = \"data/one\"\ndest = \"/usr/share/s\"\nowner = \"tide:root\"\n\
                   [[asset]]\nsource = \"users\"\ndest = \"/usr/lib/sysusers.d/s.conf\"",
        ],
    },
    Fault {
        wrong: "[[asset]]\ndir = \"/var/lib/s\"\nowner = \"root:swell\"",
        hint: "make it with a line \"g swell -\" in a file of /usr/lib/sysusers.d among the assets",
        mended: &["[[asset]]\ndir = \"/var/lib/s\"\nowner = \"root:swell\"\n\
                   [[asset]]\nsource = \"users\"\ndest = \"/usr/lib/sysusers.d/s.conf\""],
    },
    Fault {
        wrong: "[[asset]]\ngenerate = [\"cat\"]\nstdin = \"page\"\ndest = \"/usr/share/s\"",
        hint: "correct `stdin`: it is a path relative to the workspace",
        mended: &["[[asset]]\ngenerate = [\"cat\"]\nstdin = \"data/one\"\ndest = \"/usr/share/s\""],
    },
    Fault {
        wrong: "[[alternative]]\nname = \"s\"\nlink = \"/usr/bin/s\"\npath = \"/usr/bin/simple\"\npriority = 1",
        hint: "correct `path`, or add the file to the assets",
        mended: &[
            "[[alternative]]\nname = \"s\"\nlink = \"/usr/bin/s\"\npath = \"/usr/bin/sample\"\npriority = 1",
            "[[alternative]]\nname = \"s\"\nlink = \"/usr/bin/s\"\npath = \"/usr/bin/simple\"\npriority = 1\n\
             [[asset]]\nsource = \"data/one\"\ndest = \"/usr/bin/simple\"",
        ],
    },
    Fault {
        wrong: "[[alternative]]\nname = \"s\"\nlink = \"/usr/bin/sample\"\npath = \"/usr/sbin/sampled\"\npriority = 1",
        hint: "install the file under another name, and name that in `path`",
        mended: &[
            "[[alternative]]\nname = \"s\"\nlink = \"/usr/bin/s\"\npath = \"/usr/bin/sample\"\npriority = 1",
        ],
    },
    Fault {
        wrong: "[unit.\"tide.service\"]\nenable = false",
        hint: "name a unit that an asset puts into /usr/lib/systemd/system; a template (x@.service) is neither enabled nor started",
        mended: &["[unit.\"s.service\"]\nenable = false\n\
                   [[asset]]\nsource = \"s.service\"\ndest = \"/usr/lib/systemd/system/\""],
    },
    Fault {
        wrong: "[unit.\"s@.service\"]\nenable = false\n\
                [[asset]]\nsource = \"s.service\"\ndest = \"/usr/lib/systemd/system/s@.service\"",
        hint: "a template (x@.service) is neither enabled nor started",
        mended: &[
            "[[asset]]\nsource = \"s.service\"\ndest = \"/usr/lib/systemd/system/s@.service\"",
        ],
    },
];

fn tree() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("data")).expect("made");
    for (name, text) in [
        ("data/one", "1"),
        ("s.service", "[Service]\n"),
        ("users", "u tide -\ng swell -\n"),
    ] {
        fs::write(at(name), text).expect("written");
    }
    folder
}

/// What is wrong with these tables beside two programs, as it is shown.
fn refusal(tree: &TempDir, tables: &str) -> Result<(), String> {
    let mut parts = DIST.split("[[asset]]");
    let before = parts.next().expect("a start");
    let programs = "[[asset]]\nbinary = \"sampled\"\ndest = \"/usr/sbin/sampled\"\n\
                    [[asset]]\nbinary = \"sample\"\ndest = \"/usr/bin/sample\"\n";
    let text = format!("{before}{programs}{tables}\n");
    let config = config::parse(&text, Path::new("dist.toml"), &formats().names());
    let config = config.expect("sound");
    check(&config, tree.path()).map_err(|error| {
        let hint = error.hint().expect("a hint").into_owned();
        format!("{error}\nhint: {hint}")
    })
}

#[test]
fn hints_about_owners_inputs_alternatives_and_units_lead_to_files_that_can_be_listed() {
    let tree = tree();
    for Fault {
        wrong,
        hint,
        mended,
    } in FAULTS
    {
        let error = refusal(&tree, wrong).expect_err(wrong);
        let (_, shown) = error.rsplit_once("hint: ").expect("a hint");
        assert!(shown.contains(hint), "{wrong}: {error}");
        for mended in *mended {
            assert_eq!(refusal(&tree, mended), Ok(()), "{wrong} -> {mended}");
        }
    }
}
