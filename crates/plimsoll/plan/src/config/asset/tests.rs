//! What assets can say.

use super::*;
use crate::fixtures;

fn asset(text: &str) -> Result<Asset, String> {
    toml::from_str(text).map_err(|error| error.message().to_owned())
}

#[test]
fn a_mode_is_an_octal_number_of_four_digits_at_most() {
    let mode = |mode: &str| {
        asset(&format!("source = \"a\"\ndest = \"/a\"\nmode = {mode:?}")).map(|it| it.mode)
    };
    assert_eq!(mode("0640"), Ok(0o640));
    assert_eq!(mode("7777"), Ok(0o7777));
    for bad in ["10000", "0o644", "8", ""] {
        let error = mode(bad).expect_err(bad);
        assert!(error.contains("is not an octal number"), "{error}");
    }
    let default = |key: &str| asset(&format!("{key} = \"a\"\ndest = \"/a\"")).map(|it| it.mode);
    assert_eq!(
        (default("binary"), default("library"), default("source")),
        (Ok(0o755), Ok(0o644), Ok(0o644))
    );
}

#[test]
fn an_asset_has_one_source_and_an_absolute_destination() {
    let both = asset("source = \"a\"\nbinary = \"a\"\ndest = \"/a\"");
    let error = both.expect_err("two sources");
    assert!(
        error.contains("needs exactly one of `binary`, `library`, `source` and `generate`"),
        "{error}"
    );
    let relative = asset("source = \"a\"\ndest = \"usr/a\"").expect_err("relative");
    assert!(
        relative.contains("\"usr/a\" is not an absolute path"),
        "{relative}"
    );
}

#[test]
fn a_folder_and_a_ghost_come_from_nowhere() {
    let dir = asset("dir = \"/var/lib/x/\"\nowner = \"x:x\"\nmode = \"0750\"").expect("a folder");
    assert_eq!(
        (dir.source, dir.dest.as_str()),
        (AssetSource::Folder, "/var/lib/x")
    );
    assert_eq!((dir.owner.to_string().as_str(), dir.mode), ("x:x", 0o750));
    let ghost = asset("dest = \"/var/log/x\"\nkind = \"ghost\"").expect("a ghost");
    assert_eq!((ghost.source, ghost.mode), (AssetSource::Ghost, 0o644));
    assert!(ghost.owner.is_root());
    for (keys, fault) in [
        ("dir = \"/a\"\ndest = \"/b\"", "needs one of `dest`"),
        ("source = \"a\"", "needs one of `dest`"),
        (
            "dir = \"/a\"\nsource = \"a\"",
            "is a folder, which has no keys but",
        ),
        (
            "dir = \"/a\"\nkind = \"config\"",
            "is a folder, which has no keys but",
        ),
        (
            "dest = \"/a\"\nkind = \"ghost\"\ngzip = true",
            "is a ghost, which has no keys but",
        ),
        (
            "dest = \"/a/\"\nkind = \"ghost\"",
            "is a ghost, which has no keys but",
        ),
        (
            "source = \"a\"\ndest = \"/a\"\nowner = \"root\"",
            "is not `user:group`",
        ),
    ] {
        let error = asset(keys).expect_err(keys);
        assert!(error.contains(fault), "{error}");
    }
}

#[test]
fn what_a_program_prints_or_a_build_script_writes_is_a_source_too() {
    let printed = asset("generate = [\"{bin:rg}\", \"--man\"]\ndest = \"/m/rg.1\"");
    let printed = match printed.expect("an asset").source {
        AssetSource::Printed(printed) => Some(printed),
        _ => None,
    };
    let printed = printed.expect("what a program prints");
    assert_eq!(printed.words(), ["{bin:rg}", "--man"]);
    let read = asset("generate = [\"scdoc\"]\nstdin = \"rg.scd\"\ndest = \"/m/rg.1\"");
    let read = match read.expect("an asset").source {
        AssetSource::Printed(printed) => printed.words(),
        _ => Vec::new(),
    };
    assert_eq!(read, ["scdoc", "<", "rg.scd"]);
    let written = asset("out-dir = \"ripgrep\"\nsource = \"rg.1\"\ndest = \"/m/\"");
    let expected = AssetSource::OutDir {
        package: "ripgrep".to_owned(),
        pattern: "rg.1".to_owned(),
    };
    assert_eq!(written.expect("an asset").source, expected);
    for (keys, fault) in [
        (
            "generate = [\"rg\"]\ndest = \"/m/rg.1\"",
            "must begin with {bin:NAME}",
        ),
        (
            "generate = []\ndest = \"/m/rg.1\"",
            "must begin with {bin:NAME}",
        ),
        (
            "source = \"a\"\nstdin = \"b\"\ndest = \"/m/a\"",
            "has `stdin`, and no `generate`",
        ),
        (
            "generate = [\"{bin:rg}\"]\ndest = \"/m/\"",
            "`dest` must name a file",
        ),
        (
            "generate = [\"{bin:rg}\"]\nsource = \"a\"\ndest = \"/m/a\"",
            "needs exactly one of",
        ),
        (
            "out-dir = \"ripgrep\"\ndest = \"/m/a\"",
            "no `source`, which selects the files",
        ),
    ] {
        let error = asset(keys).expect_err(keys);
        assert!(error.contains(fault), "{error}");
    }
}

#[test]
fn a_file_goes_where_its_asset_says() {
    for (keys, dest) in [
        ("dest = \"/x/\"", "/x/a.bash"),
        ("dest = \"/x/b\"", "/x/b"),
        ("dest = \"/x/b\"\ngzip = true", "/x/b.gz"),
        ("dest = \"/x/\"\nstrip-suffix = \".bash\"", "/x/a"),
        (
            "dest = \"/x/\"\nstrip-suffix = \".zsh\"\ngzip = true",
            "/x/a.bash.gz",
        ),
    ] {
        let asset = asset(&format!("source = \"a.bash\"\n{keys}")).expect("an asset");
        assert_eq!(asset.dest_of("a.bash"), dest, "{keys}");
    }
}

#[test]
fn an_asset_is_in_the_formats_that_it_names_or_in_all() {
    let some = asset("source = \"a\"\ndest = \"/a\"\nformats = [\"deb\"]").expect("an asset");
    let all = asset("source = \"a\"\ndest = \"/a\"").expect("an asset");
    assert!(some.is_in(FormatName::DEB) && !some.is_in(FormatName::RPM));
    assert!(all.is_in(FormatName::DEB) && all.is_in(FormatName::RPM));
}

#[test]
fn configuration_files_are_those_that_the_packages_of_a_format_hold_by_name() {
    let mut config = fixtures::config();
    let of = |text: &str| asset(text).expect("an asset");
    config.asset.extend([
        of("source = \"c/*.conf\"\ndest = \"/etc/\"\nkind = \"config\""),
        of("source = \"c/a?.conf\"\ndest = \"/etc/\"\nkind = \"config\""),
        of("source = \"c/[ab].conf\"\ndest = \"/etc/\"\nkind = \"config\""),
        of("binary = \"sample\"\ndest = \"/etc/sample\"\nkind = \"config\""),
        of("source = \"c/b.conf\"\ndest = \"/etc/\"\nkind = \"config\"\nformats = [\"rpm\"]"),
    ]);
    let own = "/etc/sample/sampled.toml";
    assert_eq!(config.configuration(FormatName::DEB), [own]);
    assert_eq!(config.configuration(FormatName::RPM), [own, "/etc/b.conf"]);
}

#[test]
fn a_link_leads_to_the_name_that_its_target_gets() {
    for (keys, text) in [
        ("dest = \"/x/\"", "a.bash"),
        ("dest = \"/x/b\"\ngzip = true", "a.bash.gz"),
        (
            "dest = \"/x/\"\nstrip-suffix = \".bash\"\ngzip = true",
            "a.gz",
        ),
    ] {
        let asset = asset(&format!("source = \"l\"\n{keys}")).expect("an asset");
        assert_eq!(asset.link_to("a.bash"), text, "{keys}");
    }
}
