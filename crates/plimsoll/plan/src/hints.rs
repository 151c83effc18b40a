//! Tries the hints of the files' errors: each fault is planted in the example, its error gives the hint, and the file is sound
//! again once the hint is followed.

mod faults;

use std::path::Path;

use error_hint::Hint;

use self::faults::{ALTERNATIVES, COMPLAINTS, DECLARATIONS, ENTRIES, Fault, NAMES, RELATIONS};
use crate::complaint::Complaints;
use crate::config::Config;
use crate::examples::{DIST, DISTROS};
use crate::settings::{ConfigFile, SettingError, Settings};
use crate::{check, config, distro, fixtures};

/// What is wrong with a `packaging/dist.toml`, as it is shown.
fn configured(text: &str) -> Result<Config, String> {
    let formats = fixtures::formats();
    let mut names = formats.names();
    names.push("ipk".parse().expect("a name"));
    let path = Path::new("packaging/dist.toml");
    let config = config::parse(text, path, &names).map_err(|error| shown(&error))?;
    let complaints = check::config(&config, &formats).into_iter();
    let found = complaints.map(|it| it.found(path, text)).collect();
    Complaints::check(found).map_err(|error| shown(&error))?;
    Ok(config)
}

/// What is wrong with the two files.
fn refusal(dist: &str, distros: &str) -> Result<(), String> {
    let config = configured(dist)?;
    let path = Path::new("packaging/distros.toml");
    let list = distro::parse(distros, path, &fixtures::formats()).map_err(|error| shown(&error))?;
    distro::check_names(&list, &config, path, distros).map_err(|error| shown(&error))
}

/// Several complaints have their hints in the message.
fn shown(error: &impl Hint) -> String {
    let hint = error.hint();
    format!(
        "{error}{}",
        hint.map(|hint| format!("\nhint: {hint}"))
            .unwrap_or_default()
    )
}

fn try_each(text: &str, faults: &[Fault], refusal: impl Fn(&str) -> Result<(), String>) {
    for Fault {
        from,
        to,
        hint,
        mended,
    } in faults
    {
        let with = |new: &str| {
            assert!(text.contains(from), "{from}");
            refusal(&text.replacen(from, new, 1))
        };
        let error = with(to).expect_err(from);
        let (_, shown) = error.rsplit_once("hint: ").expect(&error);
        assert!(shown.contains(hint), "{from} -> {to}: {error}");
        for mended in *mended {
            assert_eq!(with(mended), Ok(()), "{from} -> {to} -> {mended}");
        }
    }
}

#[test]
fn hints_about_declarations_lead_to_a_sound_file() {
    try_each(DIST, DECLARATIONS, |text| configured(text).map(drop));
}

#[test]
fn hints_about_what_package_managers_refuse_lead_to_a_sound_file() {
    for faults in [COMPLAINTS, RELATIONS, ALTERNATIVES] {
        try_each(DIST, faults, |text| configured(text).map(drop));
    }
}

#[test]
fn hints_about_distributions_lead_to_a_sound_file() {
    try_each(DISTROS, ENTRIES, |text| refusal(DIST, text));
    try_each(DIST, NAMES, |text| refusal(text, DISTROS));
}

#[test]
fn a_name_under_packages_replaces_a_missing_one_of_the_family() {
    let dist = DIST.replacen("rhel = \"libpcap-devel\", ", "", 1);
    let named = "[distro.packages.pcap]\ndevel = \"libpcap-devel\"\n";
    let others = DISTROS.replacen("[distro.packages.pcap]\n", named, 1);
    // The other distribution of the family needs the name too.
    let zlib = "[distro.packages.zlib]\n";
    let both = others.replacen(zlib, &format!("{named}\n{zlib}"), 1);
    assert_eq!(refusal(&dist, &both), Ok(()));
}

/// Files of Cargo and variables that are refused, the hint, and what follows from it.
#[test]
fn hints_about_settings_of_cargo_lead_to_a_build() {
    let of = |outside: &str, own: &str, variables: &[(&str, &str)]| {
        let file = |path: &str, is_ours, text: &str| {
            ConfigFile::parse(Path::new(path), is_ours, text).expect("TOML")
        };
        let files = [
            file("/w/.cargo/config.toml", true, own),
            file("/home/.cargo/config.toml", false, outside),
        ];
        let variables = variables.iter();
        let variables = variables.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Settings::of(&files, &variables.collect(), "release").map(drop)
    };
    let hint = |result: Result<(), SettingError>| {
        let error = result.expect_err("refused");
        error.hint().map(|hint| hint.into_owned()).expect("a hint")
    };
    let flags = "[build]\nrustflags = [\"--cfg\", \"one\"]\n";
    let moved = "move it to .cargo/config.toml of the workspace, or remove it";
    assert_eq!(hint(of(flags, "", &[])), moved);
    of("", flags, &[]).expect("moved");
    let variable = ("CARGO_PROFILE_RELEASE_LTO", "fat");
    let unset = hint(of("", "", &[variable]));
    assert!(unset.starts_with("unset CARGO_PROFILE_RELEASE_LTO, or set profile.release.lto in "));
    of("", "[profile.release]\nlto = \"fat\"\n", &[]).expect("set there");
    for (own, wanted, mended) in [
        (
            "include = \"other.toml\"\n",
            "move their keys to this file",
            flags,
        ),
        (
            "[target.'cfg(target_env = \"musl\")']\nrustflags = \"--cfg one\"\n",
            "name the target: [target.x86_64-unknown-linux-gnu]",
            "[target.x86_64-unknown-linux-gnu]\nrustflags = \"--cfg one\"\n",
        ),
        (
            "[target.x86_64-unknown-linux-gnu.z]\nrustc-link-lib = [\"z\"]\n",
            "remove it: the library is declared in packaging/dist.toml",
            "",
        ),
        (
            "[env]\nX = { value = \"1\", force = true }\n",
            "leave out `force`",
            "[env]\nX = { value = \"1\" }\n",
        ),
    ] {
        assert_eq!(hint(of("", own, &[])), wanted);
        of("", mended, &[]).expect(wanted);
    }
}
