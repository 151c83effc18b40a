use std::path::Path;

use error_hint::Hint;

use crate::check;
use crate::complaint::{Complaint, Complaints};
use crate::config;
use crate::fixtures::{DIST, formats};

/// What is wrong in a configuration, with the line.
fn found(text: &str) -> Vec<String> {
    complaints(text)
        .into_iter()
        .map(|it| it.to_string())
        .collect()
}

fn complaints(text: &str) -> Vec<crate::complaint::Found> {
    let path = Path::new("dist.toml");
    let config = config::parse(text, path, &formats().names()).expect("it can be read");
    let complaints = check::config(&config, &formats()).into_iter();
    complaints
        .map(|it| Complaint::found(it, path, text))
        .collect()
}

/// The fixture with one text in the place of another, and the line of it.
fn planted(old: &str, new: &str) -> (String, usize) {
    assert!(DIST.contains(old), "{old}");
    let before = DIST.split(old).next().expect("a start").lines().count();
    (DIST.replacen(old, new, 1), before)
}

#[test]
fn a_sound_configuration_has_no_fault() {
    assert_eq!(found(DIST), [""; 0]);
}

#[test]
fn each_fault_is_named_with_its_line() {
    for (old, new, offset, what) in [
        (
            "name = \"sample\"",
            "name = \"my_sample\"",
            1,
            "Debian refuses the name \"my_sample\"",
        ),
        (
            "\"Shows what a project declares\"",
            "\"One\\ntwo\"",
            0,
            "the summary has more than one line",
        ),
        (
            "\"Shows what a project declares\"",
            "\" \"",
            0,
            "the summary is empty",
        ),
        (
            "section = \"net\"",
            "section = \"network\"",
            1,
            "Debian has no section \"network\"",
        ),
        (
            "section = \"net\"",
            "section = \"net\"\ndepends = [\"a, b\"]",
            2,
            "Debian refuses a package that depends on \"a, b\"",
        ),
        (
            "[rpm]",
            "[deb.on.debian-13]\nprovides = [\n  \"aa\",\n  \"bb (>= 1)\",\n]\n[rpm]",
            4,
            "Debian refuses a package that provides \"bb (>= 1)\"",
        ),
        (
            "section = \"net\"",
            "section = \"net\"\ndepends = [\"aa | sample (>= 2)\"]\nconflicts = [\"sample\"]",
            2,
            "Debian refuses a package that depends on \"aa | sample (>= 2)\"",
        ),
        (
            "section = \"net\"",
            "section = \"net\"\nepoch = 2147483648",
            2,
            "Debian refuses the epoch 2147483648",
        ),
        (
            "[rpm]",
            "[deb.on.fedora]\ndepends = []\n[rpm]",
            1,
            "[deb.on.fedora] is for no package: those of fedora are .rpm",
        ),
        (
            "[rpm]",
            "[rpm.on.rhel-9]\nconflicts = [\"(a if b)\"]\n[rpm]",
            2,
            "rpm refuses a package that conflicts with \"(a if b)\"",
        ),
        (
            "\"/etc/sample/sampled.toml\"",
            "\"/usr/share/sample/sampled.toml\"",
            0,
            "configuration file /usr/share/sample/sampled.toml is not below /etc",
        ),
        (
            "\"/usr/sbin/sampled\"",
            "\"/sbin/sampled\"",
            0,
            "asset /sbin/sampled is below /sbin, where no package has files",
        ),
        (
            "\"/usr/sbin/sampled\"",
            "\"/usr//sbin/sampled\"",
            0,
            "asset destination \"/usr//sbin/sampled\" is not a plain path",
        ),
        (
            "\"/usr/sbin/sampled\"",
            "\"/usr/sbin/sampled\"\nmode = \"0644\"",
            0,
            "program /usr/sbin/sampled has mode 0644: nobody may run it",
        ),
        (
            "\"/usr/sbin/sampled\"",
            "\"/usr/sbin/sampled\"\nmode = \"0777\"",
            0,
            "asset /usr/sbin/sampled has mode 0777: everybody may write to it",
        ),
    ] {
        let (text, before) = planted(old, new);
        assert_eq!(
            found(&text),
            [format!("dist.toml:{}: {what}", before + offset)]
        );
    }
}

#[test]
fn a_fault_of_a_further_package_is_named_once_with_its_line() {
    let further = "\n[package.sample-cli]\nsummary = \"One\\ntwo\"\ndescription = \"It asks.\"\n\
                   [package.sample-cli.deb]\ndepends = [\"a, b\"]\n";
    let cli = "binary = \"sample\"\n";
    let text = DIST.replacen(cli, &format!("{cli}package = \"sample-cli\"\n"), 1) + further;
    let line = |of: &str| {
        1 + text
            .lines()
            .position(|line| line.starts_with(of))
            .expect(of)
    };
    let (summary, depends) = (line("summary = \"One"), line("depends = [\"a"));
    assert_eq!(
        found(&text),
        [
            format!("dist.toml:{summary}: the summary has more than one line"),
            format!("dist.toml:{depends}: Debian refuses a package that depends on \"a, b\""),
        ]
    );
    // What the further package has from the main one is said of that alone.
    let text = text.replacen("section = \"net\"", "section = \"network\"", 1);
    let sections = found(&text).into_iter().filter(|it| it.contains("section"));
    assert_eq!(sections.count(), 1);
    let named = text.replace("sample-cli", "sample_cli");
    let line = 1 + named
        .lines()
        .position(|line| line == "[package.sample_cli]")
        .expect("there");
    let fault = format!("dist.toml:{line}: Debian refuses the name \"sample_cli\"");
    assert!(found(&named).contains(&fault), "{:?}", found(&named));
}

#[test]
fn packages_that_belong_together_are_made_in_the_same_formats() {
    let further = "\n[package.sample-cli]\nsummary = \"Asks\"\ndescription = \"It asks.\"\n";
    let cli = "binary = \"sample\"\n";
    let only_deb = format!("{cli}package = \"sample-cli\"\nformats = [\"deb\", \"tar\"]\n");
    let revision = "revision = \"1\"\n";
    let same = format!("{revision}same-version = [\"sample-cli\"]\n");
    let text = DIST
        .replacen(cli, &only_deb, 1)
        .replacen(revision, &same, 1)
        + further;
    let line = 1 + text
        .lines()
        .position(|line| line.starts_with("same"))
        .expect("there");
    let fault = "package sample is to be installed with sample-cli, which has no asset in .rpm";
    assert_eq!(found(&text), [format!("dist.toml:{line}: {fault}")]);
}

#[test]
fn a_missing_section_is_in_the_line_of_its_table() {
    let (text, line) = planted("section = \"net\"\n", "");
    assert_eq!(
        found(&text),
        [format!("dist.toml:{line}: [deb] has no `section`")]
    );
}

#[test]
fn a_file_below_etc_is_a_configuration_file() {
    let (text, _) = planted("kind = \"config\"\n", "");
    let found = found(&text);
    assert_eq!(found.len(), 1);
    let wanted = "asset /etc/sample/sampled.toml is below /etc, and no configuration file";
    assert!(found[0].ends_with(wanted), "{found:?}");
}

#[test]
fn every_package_has_a_program() {
    let (text, _) = planted(
        "dest = \"/usr/bin/sample\"",
        "dest = \"/usr/bin/sample\"\nformats = [\"tar\"]",
    );
    assert_eq!(found(&text), [""; 0]);
    let text = text.replace("binary = \"sampled\"\n", "source = \"sampled\"\n");
    let text = text.replace("program = \"sampled\"\n", "program = \"sample\"\n");
    let line = DIST
        .lines()
        .position(|line| line.starts_with("packages"))
        .expect("there")
        + 1;
    assert_eq!(
        found(&text),
        [
            format!("dist.toml:{line}: no .deb package has a program or library that Cargo builds"),
            format!("dist.toml:{line}: no .rpm package has a program or library that Cargo builds"),
        ]
    );
}

#[test]
fn a_revision_is_of_debians_characters_and_no_other_revision_has_its_file_names() {
    let (text, before) = planted("revision = \"1\"", "revision = \"1_2\"");
    let line = before + 1;
    assert_eq!(
        found(&text),
        [
            format!("dist.toml:{line}: Debian refuses the revision \"1_2\""),
            format!(
                "dist.toml:{line}: the file names of revision \"1_2\" could be another revision's"
            ),
        ]
    );
}

#[test]
fn what_rpm_refuses_is_named() {
    let (text, _) = planted("name = \"sample\"", "name = \"sample~\"");
    assert!(
        found(&text)
            .iter()
            .any(|it| it.contains("rpm refuses the name \"sample~\""))
    );
}

#[test]
fn all_faults_are_said_at_once_with_their_hints() {
    let (text, _) = planted("name = \"sample\"", "name = \"my_sample\"");
    let one = Complaints::check(complaints(&text)).expect_err("one");
    assert!(
        one.hint()
            .expect("a hint")
            .starts_with("use two or more lower-case")
    );
    let text = text.replace("section = \"net\"", "section = \"network\"");
    let two = Complaints::check(complaints(&text)).expect_err("two");
    assert_eq!(two.hint(), None);
    let shown = two.to_string();
    assert!(
        shown.starts_with("2 faults in what the packages say\n  dist.toml:"),
        "{shown}"
    );
    assert_eq!(shown.matches("\n    hint: ").count(), 2, "{shown}");
    assert_eq!(Complaints::check(Vec::new()), Ok(()));
}

#[test]
fn folders_and_ghosts_may_be_where_files_may_not() {
    for (asset, is_sound) in [
        ("dest = \"/run/x.pid\"\nkind = \"ghost\"", true),
        ("dest = \"/usr/local/x\"\nkind = \"ghost\"", false),
        ("dir = \"/etc/x.d\"", true),
        ("dir = \"/run/x\"", false),
        ("dir = \"/var/spool/x\"\nmode = \"1777\"", true),
        ("dir = \"/var/spool/x\"\nmode = \"0777\"", false),
    ] {
        let found = found(&format!("{DIST}\n[[asset]]\n{asset}\n"));
        assert_eq!(found.is_empty(), is_sound, "{asset}: {found:?}");
    }
}

#[test]
fn a_summary_has_80_characters_at_most_and_a_description_says_something() {
    let summary = "\"Shows what a project declares\"";
    let of = |length: usize| found(&planted(summary, &format!("{:?}", "ä".repeat(length))).0);
    assert_eq!(of(80), [""; 0]);
    let long = of(81);
    assert!(
        long[0].ends_with("the summary has 81 characters, and 80 fit"),
        "{long:?}"
    );
    let (text, _) = planted("\"A daemon and a program that hold nothing.\"", "\" \"");
    let empty = found(&text);
    assert!(empty[0].ends_with("the description is empty"), "{empty:?}");
}

#[test]
fn a_file_that_is_compressed_has_no_suffix_of_its_own() {
    let (text, _) = planted(
        "dest = \"/usr/share/man/man8/\"",
        "dest = \"/usr/share/man/man8/sample.8.gz\"",
    );
    let wanted =
        "asset /usr/share/man/man8/sample.8.gz gets the suffix .gz from `gzip`, and has it already";
    let found = found(&text);
    assert!(found.len() == 1 && found[0].ends_with(wanted), "{found:?}");
}

#[test]
fn a_section_may_be_of_another_area_of_the_archive() {
    let of =
        |section: &str| found(&planted("section = \"net\"", &format!("section = {section:?}")).0);
    for sound in ["contrib/net", "non-free/net", "non-free-firmware/net"] {
        assert_eq!(of(sound), [""; 0], "{sound}");
    }
    for unknown in ["main/net", "contrib/", "netx"] {
        assert_eq!(of(unknown).len(), 1, "{unknown}");
    }
}

#[test]
fn a_package_for_every_architecture_has_no_program() {
    let with = |text: &str| {
        text.replacen(
            "revision = \"1\"",
            "revision = \"1\"\narchitecture = \"all\"",
            1,
        )
    };
    let found = found(&with(DIST));
    assert_eq!(found.len(), 2, "{found:?}");
    for (found, name) in found.iter().zip(["sampled", "sample"]) {
        let fault = format!("{name} is for one processor, and `architecture` is \"all\"");
        assert!(found.ends_with(&fault), "{found}");
    }
}

#[test]
fn alternatives_and_triggers_are_as_their_programs_take_them() {
    let alternative = |name: &str, link: &str, path: &str| {
        let text = format!(
            "{DIST}\n[[alternative]]\nname = \"{name}\"\nlink = \"{link}\"\npath = \"{path}\"\npriority = 1\n"
        );
        found(&text).join("\n")
    };
    assert_eq!(alternative("e", "/usr/bin/e", "/usr/bin/x"), "");
    let line = DIST.lines().count() + 3;
    for ((name, link, path), what) in [
        (("a b", "/usr/bin/e", "/usr/bin/x"), "its name is none of"),
        (
            ("e", "usr/bin/e", "/usr/bin/x"),
            "\"usr/bin/e\" is not a plain path",
        ),
        (
            ("e", "/usr/bin/e", "/usr/bin/$x"),
            "\"/usr/bin/$x\" is not a plain path",
        ),
        (
            ("e", "/usr/bin/e", "/usr/bin/e"),
            "its link is the file itself",
        ),
    ] {
        let found = alternative(name, link, path);
        let start = format!("dist.toml:{line}: alternative {name:?}: {what}");
        assert!(found.starts_with(&start), "{found}");
    }
    let (text, line) = planted(
        "section = \"net\"",
        "section = \"net\"\ntriggers = [\"watch /usr\"]",
    );
    let wanted = format!(
        "dist.toml:{}: dpkg refuses the trigger \"watch /usr\"",
        line + 2
    );
    assert_eq!(found(&text), [wanted]);
}
