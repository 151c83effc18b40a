use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use error_hint::Hint;
use plimsoll_plan::config;
use plimsoll_plan::fixtures::{DIST, formats};
use tempfile::TempDir;

use super::*;

/// A source tree, in a folder whose path holds characters of a pattern.
fn tree(files: &[&str], links: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::Builder::new().prefix("a [1] *").tempdir();
    let folder = folder.expect("a folder");
    let place = |name: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        path
    };
    for name in files {
        fs::write(place(name), name).expect("written");
    }
    for (name, text) in links {
        symlink(text, place(name)).expect("linked");
    }
    folder
}

/// What a package holds of the assets: each a path, with the text of a link.
fn packaged(tree: &TempDir, assets: &[&str]) -> Result<Vec<String>, AssetError> {
    let before = DIST.split("[[asset]]").next().expect("a start");
    let assets = assets.iter().map(|asset| format!("[[asset]]\n{asset}\n"));
    let text = format!("{before}{}", assets.collect::<String>());
    let config = config::parse(&text, Path::new("dist.toml"), &formats().names());
    let config = config.expect("sound");
    let placed = placed(
        &config,
        tree.path(),
        FormatName::DEB,
        Some(&Made::default()),
    )?;
    let shown = placed
        .iter()
        .map(|it| &it.file)
        .map(|file| match &file.link {
            Some(text) => format!("{} -> {text}", file.dest),
            None => file.dest.clone(),
        });
    Ok(shown.collect())
}

/// What is wrong, without the place, and the hint.
fn refused(tree: &TempDir, assets: &[&str]) -> (String, String) {
    let error = packaged(tree, assets).expect_err("refused");
    let hint = error.hint().expect("a hint").into_owned();
    (error.to_string(), hint)
}

#[test]
fn a_pattern_matches_files_in_name_order_and_must_match() {
    let tree = tree(&["b.1", "a.1", "c.8"], &[]);
    let found = packaged(&tree, &["source = \"*.1\"\ndest = \"/m/\""]);
    assert_eq!(found.expect("matches"), ["/m/a.1", "/m/b.1"]);
    let (error, _) = refused(&tree, &["source = \"*.5\"\ndest = \"/m/\""]);
    let line = DIST
        .split("[[asset]]")
        .next()
        .expect("a start")
        .lines()
        .count()
        + 3;
    assert_eq!(
        error,
        format!("packaging/dist.toml:{line}: asset source \"*.5\" matches no file")
    );
}

#[test]
fn a_path_that_is_there_is_no_pattern() {
    let tree = tree(&["notes [1].md", "notes 1.md"], &[]);
    let found = packaged(&tree, &["source = \"notes [1].md\"\ndest = \"/d/\""]);
    assert_eq!(found.expect("matches"), ["/d/notes [1].md"]);
}

#[test]
fn a_tree_keeps_its_folders() {
    let tree = tree(&["data/a/x.js", "data/b/x.js", "data/top"], &[]);
    let found = packaged(&tree, &["source = \"data/**/*\"\ndest = \"/d/\""]);
    assert_eq!(
        found.expect("matches"),
        ["/d/a/x.js", "/d/b/x.js", "/d/top"]
    );
    let (error, hint) = refused(&tree, &["source = \"data/*/*\"\ndest = \"/d/\""]);
    assert!(
        error.contains("asset /d/x.js has the same destination as the asset in line "),
        "{error}"
    );
    assert!(hint.contains("`**` keep their folders"), "{hint}");
    let (error, hint) = refused(&tree, &["source = \"data\"\ndest = \"/d/\""]);
    assert!(
        error.ends_with("asset source \"data\" is a folder"),
        "{error}"
    );
    assert_eq!(hint, "write \"data/**/*\" to take all files below it");
}

#[test]
fn links_stay_links_and_follow_what_is_renamed() {
    let tree = tree(
        &["man/a.1", "lib/p.so.1", "elsewhere/q"],
        &[
            ("man/b.1", "a.1"),
            ("lib/p.so", "p.so.1"),
            ("lib/system", "/usr/lib/os-release"),
            ("lib/other", "../../javascript/jquery.js"),
            ("lib/folder", "../elsewhere"),
        ],
    );
    let man = "source = \"man/*\"\ndest = \"/usr/share/man/man1/\"\ngzip = true";
    assert_eq!(
        packaged(&tree, &[man]).expect("matches"),
        [
            "/usr/share/man/man1/a.1.gz",
            "/usr/share/man/man1/b.1.gz -> a.1.gz"
        ]
    );
    let whole = "source = \"**/*\"\ndest = \"/usr/share/sample/\"";
    let found = packaged(&tree, &[whole]).expect("matches");
    for wanted in [
        "/usr/share/sample/lib/p.so -> p.so.1",
        "/usr/share/sample/lib/system -> /usr/lib/os-release",
        "/usr/share/sample/lib/other -> ../../javascript/jquery.js",
        "/usr/share/sample/lib/folder -> ../elsewhere",
    ] {
        assert!(found.contains(&wanted.to_owned()), "{wanted} in {found:?}");
    }
    let behind = found.iter().any(|file| file.contains("lib/folder/"));
    assert!(!behind, "{found:?}");
}

#[test]
fn a_link_to_what_the_package_should_hold_is_refused_by_name() {
    let tree = tree(
        &["LICENSE"],
        &[
            ("lib/p.so", "p.so.1"),
            ("crates/x/LICENSE", "../../LICENSE"),
        ],
    );
    let (error, hint) = refused(
        &tree,
        &["source = \"lib/p.so\"\ndest = \"/usr/lib/sample/\""],
    );
    let wanted = "asset /usr/lib/sample/p.so is a link to p.so.1, but the package has no file \
                  /usr/lib/sample/p.so.1";
    assert!(error.ends_with(wanted), "{error}");
    assert!(hint.starts_with("add its target to the assets"), "{hint}");
    let license = "source = \"crates/x/LICENSE\"\ndest = \"/usr/share/licenses/sample/\"";
    let (error, _) = refused(&tree, &[license]);
    assert!(
        error.ends_with("the package has no file /usr/share/LICENSE"),
        "{error}"
    );
}

#[test]
fn one_path_is_one_file() {
    let tree = tree(&["a", "b"], &[]);
    let first = "source = \"a\"\ndest = \"/usr/lib/sample\"";
    let (error, _) = refused(
        &tree,
        &[first, "source = \"b\"\ndest = \"/usr/lib/sample\""],
    );
    assert!(
        error.contains("asset /usr/lib/sample has the same destination as the asset in line "),
        "{error}"
    );
    let (error, _) = refused(
        &tree,
        &[first, "source = \"b\"\ndest = \"/usr/lib/sample/\""],
    );
    assert!(
        error.contains("asset /usr/lib/sample/b is below /usr/lib/sample"),
        "{error}"
    );
}

#[test]
fn a_unit_that_no_package_installs_is_named_with_its_line() {
    let tree = tree(&["a.service", "a@.service"], &[]);
    let checked = |unit: &str| {
        let before = DIST.split("[[asset]]").next().expect("a start");
        let text = format!(
            "{before}[unit.\"{unit}\"]\nstart = false\n[[asset]]\nsource = \"*.service\"\n\
             dest = \"/usr/lib/systemd/system/\"\n[[asset]]\nbinary = \"sampled\"\ndest = \"/usr/bin/sampled\"\n"
        );
        let config = config::parse(&text, Path::new("dist.toml"), &formats().names());
        check(&config.expect("sound"), tree.path())
    };
    checked("a.service").expect("a unit of the package");
    for unit in ["b.service", "a@.service"] {
        let error = checked(unit).expect_err("refused");
        let text = DIST.split("[[asset]]").next().expect("a start");
        let line = text.lines().count() + 1;
        let wanted =
            format!("packaging/dist.toml:{line}: [unit.\"{unit}\"] is no unit of the packages");
        assert_eq!(error.to_string(), wanted);
        assert!(
            error
                .hint()
                .expect("a hint")
                .starts_with("name a unit that")
        );
    }
}

#[test]
fn an_owner_is_there_or_made_by_the_package() {
    let tree = tree(&["users.conf"], &[]);
    std::fs::write(tree.path().join("users.conf"), "u own -\n").expect("written");
    let users = "source = \"users.conf\"\ndest = \"/usr/lib/sysusers.d/own.conf\"";
    let folder = |owner: &str| format!("dir = \"/var/lib/own\"\nowner = \"{owner}\"");
    let ghost = "dest = \"/var/lib/own/log\"\nkind = \"ghost\"\nowner = \"own:adm\"";
    let found = packaged(&tree, &[users, &folder("own:own"), ghost]);
    let wanted = [
        "/usr/lib/sysusers.d/own.conf",
        "/var/lib/own",
        "/var/lib/own/log",
    ];
    assert_eq!(found.expect("sound"), wanted);
    for (owner, what) in [("root:none", "group none"), ("none:own", "user none")] {
        let (error, hint) = refused(&tree, &[users, &folder(owner)]);
        let fault =
            format!("asset /var/lib/own is owned by {what}, which is neither on every system");
        assert!(error.contains(&fault), "{error}");
        assert!(hint.contains("none -\""), "{hint}");
    }
}

#[test]
fn each_alternative_of_a_pattern_must_match() {
    let tree = tree(&["a.1", "b.1", "{x,y}"], &[]);
    let found =
        |source: &str| packaged(&tree, &[&format!("source = \"{source}\"\ndest = \"/m/\"")]);
    assert_eq!(found("{b,[ab]}.1").expect("matches"), ["/m/b.1", "/m/a.1"]);
    assert_eq!(found("{x,y}").expect("a path"), ["/m/{x,y}"]);
    let error = found("{a,c}.1").expect_err("refused").to_string();
    assert!(
        error.contains("asset source \"c.1\" matches no file"),
        "{error}"
    );
}

#[test]
fn an_elf_file_is_refused_in_a_package_for_every_architecture() {
    let tree = tree(&["script"], &[]);
    fs::copy(
        std::env::current_exe().expect("a path"),
        tree.path().join("tool"),
    )
    .expect("copied");
    let checked = |source: &str| {
        let before = DIST.split("[[asset]]").next().expect("a start");
        let text = format!(
            "architecture = \"all\"\n{before}[[asset]]\nsource = \"{source}\"\ndest = \"/usr/bin/\"\n\
             mode = \"0755\"\n"
        );
        let text = text.replace("program = \"sampled\"", "program = \"x\"");
        let config = config::parse(&text, Path::new("dist.toml"), &formats().names());
        check(&config.expect("sound"), tree.path())
    };
    checked("script").expect("sound");
    let error = checked("tool").expect_err("refused");
    let fault = "asset /usr/bin/tool is an ELF file, and `architecture` is \"all\"";
    assert!(error.to_string().ends_with(fault), "{error}");
    assert!(error.hint().is_some());
}

#[test]
fn an_alternative_is_a_file_of_the_package_and_its_link_is_not() {
    let tree = tree(&["x"], &[]);
    let checked = |link: &str, path: &str| {
        let before = DIST.split("[[asset]]").next().expect("a start");
        let text = format!(
            "{before}[[alternative]]\nname = \"e\"\nlink = \"{link}\"\npath = \"{path}\"\npriority = 1\n\
             [[asset]]\nsource = \"x\"\ndest = \"/usr/bin/x\"\n"
        );
        let text = text.replace("program = \"sampled\"", "program = \"x\"");
        let config = config::parse(&text, Path::new("dist.toml"), &formats().names());
        check(&config.expect("sound"), tree.path()).map_err(|error| error.to_string())
    };
    assert_eq!(checked("/usr/bin/e", "/usr/bin/x"), Ok(()));
    let error = checked("/usr/bin/e", "/usr/bin/y").expect_err("refused");
    assert!(
        error.ends_with("the alternative's /usr/bin/y is no file of the package"),
        "{error}"
    );
    let error = checked("/usr/bin/x", "/usr/bin/x").expect_err("refused");
    assert!(
        error.ends_with("the alternative's link /usr/bin/x is a file of the package"),
        "{error}"
    );
}

/// Faulty assets, a part of their hint, and what the assets are once somebody follows it: each way that it names.
#[test]
fn each_hint_leads_to_a_package() {
    let tree = tree(
        &["a", "b", "data/x/y", "lib/p.so.1", "[odd]"],
        &[("lib/p.so", "p.so.1")],
    );
    let link = "source = \"lib/p.so\"\ndest = \"/usr/lib/sample/\"";
    for (faulty, wanted, mended) in [
        (
            &["source = \"*.5\"\ndest = \"/d/\""][..],
            "correct `source`, or create the file",
            &[&["source = \"a\"\ndest = \"/d/\""][..]][..],
        ),
        (
            &["source = \"[a\"\ndest = \"/d/\""],
            "correct `source`",
            &[&["source = \"[ab]\"\ndest = \"/d/\""]],
        ),
        (
            &["source = \"data\"\ndest = \"/d/\""],
            "write \"data/**/*\" to take all files below it",
            &[&["source = \"data/**/*\"\ndest = \"/d/\""]],
        ),
        (
            &[
                "source = \"a\"\ndest = \"/d\"",
                "source = \"b\"\ndest = \"/d\"",
            ],
            "give one of them another `dest`",
            &[&[
                "source = \"a\"\ndest = \"/d\"",
                "source = \"b\"\ndest = \"/e\"",
            ]],
        ),
        (
            &[
                "source = \"a\"\ndest = \"/d\"",
                "source = \"b\"\ndest = \"/d/\"",
            ],
            "give one of them another `dest`",
            &[&[
                "source = \"a\"\ndest = \"/d\"",
                "source = \"b\"\ndest = \"/e/\"",
            ]],
        ),
        (
            &[link],
            "add its target to the assets, name the target itself as `source`, or make the link absolute",
            &[
                &[link, "source = \"lib/p.so.1\"\ndest = \"/usr/lib/sample/\""],
                &["source = \"lib/p.so.1\"\ndest = \"/usr/lib/sample/\""],
            ],
        ),
    ] {
        let (error, hint) = refused(&tree, faulty);
        assert!(hint.contains(wanted), "{error}: {hint}");
        for assets in mended {
            packaged(&tree, assets).expect(wanted);
        }
    }
    fs::remove_file(tree.path().join("lib/p.so")).expect("removed");
    symlink("/usr/lib/p.so.1", tree.path().join("lib/p.so")).expect("made absolute");
    packaged(&tree, &[link]).expect("an absolute link");
}
