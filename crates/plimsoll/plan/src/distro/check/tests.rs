//! Each rule for entries, at its edges.

use std::path::Path;

use error_hint::Hint;

use crate::distro::{DistroError, DistroList, parse};
use crate::fixtures::{DISTROS, formats};

fn parsed(text: &str) -> Result<DistroList, DistroError> {
    parse(text, Path::new("distros.toml"), &formats())
}

/// The list after an edit at the first place that fits.
fn edited(from: &str, to: &str) -> Result<DistroList, DistroError> {
    assert!(DISTROS.contains(from), "{from}");
    parsed(&DISTROS.replacen(from, to, 1))
}

fn refused(from: &str, to: &str, what: &str) {
    let error = edited(from, to).expect_err("refused").to_string();
    assert!(error.contains(what), "{from} -> {to}: {error}");
}

#[test]
fn the_family_of_an_entry_is_described() {
    let start = DISTROS.find("[family.suse]").expect("a family");
    let end = DISTROS.find("[[distro]]").expect("an entry");
    let text = [&DISTROS[..start], &DISTROS[end..]].concat();
    let error = parsed(&text).expect_err("refused").to_string();
    assert!(
        error.ends_with("distribution opensuse-tumbleweed is of a family that is not described"),
        "{error}"
    );
}

#[test]
fn an_id_begins_with_a_letter_and_has_no_characters_of_paths() {
    let id = |id: &str| edited("id = \"debian-11\"", &format!("id = {id:?}"));
    for fits in ["debian", "d", "debian-11.5", "a1"] {
        assert!(id(fits).is_ok(), "{fits}");
    }
    for bad in [
        "",
        "9debian",
        "-debian",
        "debian_11",
        "debian 11",
        "build",
        "work",
        "ä",
    ] {
        let error = id(bad).expect_err(bad).to_string();
        assert!(error.contains("cannot be the name of a folder"), "{error}");
    }
}

#[test]
fn a_revision_suffix_begins_as_its_format_takes_it_and_says_something() {
    let of_deb = |suffix: &str| edited("\"~debian.11\"", &format!("{suffix:?}"));
    let of_rpm = |suffix: &str| edited("\".fc43\"", &format!("{suffix:?}"));
    for fits in ["~x", "+deb11u1", "~debian.11~2"] {
        assert!(of_deb(fits).is_ok(), "{fits}");
    }
    assert!(of_rpm(".f").is_ok());
    for (result, format) in [
        (of_deb("~"), "deb"),
        (of_deb(".x"), "deb"),
        (of_deb("~a/b"), "deb"),
        (of_rpm("."), "rpm"),
        (of_rpm("~fc43"), "rpm"),
        (of_rpm(".fc-43"), "rpm"),
    ] {
        let error = result.expect_err("refused").to_string();
        assert!(
            error.contains(&format!("which {format} does not take")),
            "{error}"
        );
    }
}

#[test]
fn a_format_that_every_distribution_can_share_is_none_for_a_family() {
    let error = edited("format = \"rpm\"", "format = \"tar\"").expect_err("refused");
    let text = error.to_string();
    assert!(
        text.contains("fedora-43 is packaged as tar, which every distribution can share"),
        "{text}"
    );
    let hint = error.hint();
    assert_eq!(
        hint.as_deref(),
        Some("give its family the format deb or rpm")
    );
}

#[test]
fn a_root_of_the_debian_family_needs_a_suite_and_an_archive() {
    let what = "debian-11 lacks `suite` or `archive`";
    refused("suite = \"bullseye\"\n", "", what);
    refused("archive = \"http://deb.debian.org/debian\"\n", "", what);
    let archive = "archive = \"http://download.example/pub/fedora/linux\"\n";
    assert!(edited(archive, "").is_ok(), "of another family");
}

#[test]
fn a_profile_base_is_an_entry_that_a_root_can_be_made_of() {
    let base = "profile-base = \"debian-13\"";
    assert!(edited(base, "profile-base = \"ubuntu-24.04\"").is_ok());
    for other in ["fedora-43", "debian-99"] {
        let what = format!(
            "fedora-43 has a family whose `profile-base` {other:?} is not an entry of the Debian family"
        );
        refused(base, &format!("profile-base = {other:?}"), &what);
    }
}

#[test]
fn the_first_fault_is_reported_with_the_line_of_its_entry() {
    let error = edited("id = \"debian-11\"", "id = \"Debian\"").expect_err("refused");
    let line = 1 + DISTROS
        .lines()
        .position(|line| line == "id = \"debian-11\"")
        .expect("there");
    assert!(
        error
            .to_string()
            .starts_with(&format!("distros.toml:{line}: ")),
        "{error}"
    );
}

#[test]
fn a_family_of_an_unknown_format_is_named_with_its_line() {
    let line = 1 + DISTROS
        .lines()
        .position(|line| line == "format = \"rpm\"")
        .expect("there");
    let error = edited("format = \"rpm\"", "format = \"apk\"").expect_err("refused");
    assert_eq!(
        error.to_string(),
        format!("distros.toml:{line}: unknown package format \"apk\": expected deb, rpm or tar")
    );
}
