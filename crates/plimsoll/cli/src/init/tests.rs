use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use error_hint::Hint;
use plimsoll_build::format::Formats;
use plimsoll_plan::complaint::Complaint;
use plimsoll_plan::config::{self, Config, ConfigError};
use plimsoll_plan::{check, distro};
use serde_json::json;

use super::facts::{Built, Facts, Found, Native, Package, Printed, PrintedKind};
use super::{Args, built, files, read, run_in, words};

fn parsed(text: &str) -> Result<Config, ConfigError> {
    let names = Formats::standard().rules().names();
    config::parse(text, Path::new("dist.toml"), &names)
}

/// A workspace with one program.
fn facts(files: &[&str], native: &[Native]) -> Facts {
    let package = Package {
        name: "sample".into(),
        description: Some("A program that samples. It has options.".into()),
        license: Some("MIT".into()),
        authors: vec!["A <a@example.org>".into()],
        homepage: Some("https://example.org".into()),
        programs: vec!["sample".into()],
        native: native.to_vec(),
        ..Package::default()
    };
    Facts {
        packages: vec![package],
        files: files.iter().map(|&file| file.to_owned()).collect(),
        ..Facts::default()
    }
}

fn native(name: &str, feature: Option<&str>) -> Native {
    Native {
        name: name.into(),
        links: name.into(),
        features: ["pkg-config".to_owned()].into(),
        feature: feature.map(str::to_owned),
    }
}

/// The text of dist.toml, which the toolkit takes without a complaint.
fn sound(facts: &Facts) -> (String, Config) {
    let [(_, text), (_, distros)] = files(facts).unwrap();
    let formats = Formats::standard();
    let list = distro::parse(&distros, Path::new("distros.toml"), formats.rules()).unwrap();
    let config = sound_text(&text);
    distro::check_names(&list, &config, Path::new("distros.toml"), &distros).unwrap();
    (text, config)
}

fn sound_text(text: &str) -> Config {
    let formats = Formats::standard();
    let config = parsed(text).expect(text);
    let complaints = check::config(&config, formats.rules()).into_iter();
    let found: Vec<String> = complaints
        .map(|it: Complaint| it.found(Path::new("dist.toml"), text).to_string())
        .collect();
    assert_eq!(found, [""; 0], "{text}");
    config
}

#[test]
fn a_program_without_a_library_needs_only_its_stamp() {
    let (text, config) = sound(&facts(&["CHANGELOG.md", "doc/sample.1", "LICENSE"], &[]));
    assert_eq!(config.summary, "Program that samples");
    let questions = words::questions(&text);
    assert_eq!(
        questions,
        ["does the program print its version with these arguments? Else leave out [stamp]"]
    );
    let dests: Vec<&str> = config.asset.iter().map(|it| it.dest.as_str()).collect();
    assert_eq!(
        dests,
        [
            "/usr/bin/sample",
            "/usr/share/licenses/sample/",
            "/usr/share/man/man1/",
            "/usr/share/doc/sample/changelog",
        ]
    );
}

#[test]
fn known_libraries_are_declared_and_others_asked_for() {
    let linked = [
        native("libz-sys", None),
        native("pcap", Some("live")),
        native("strange-sys", None),
        native("rayon-core", None),
    ];
    let (text, config) = sound(&facts(&["CHANGELOG.md", "sample.1"], &linked));
    assert!(config.native_dep["zlib"].required);
    let feature = config.native_dep["libpcap"].cargo_feature.as_ref();
    assert_eq!(feature.unwrap().feature, "live");
    assert_eq!(config.flavour.len(), 2);
    let questions = words::questions(&text).join("\n");
    assert!(questions.contains("crate strange-sys links"), "{questions}");
    assert!(!questions.contains("rayon"), "{questions}");
}

#[test]
fn files_of_a_daemon_go_where_the_system_looks_for_them() {
    let (_, config) = sound(&facts(
        &[
            "CHANGELOG.md",
            "contrib/sample.service",
            "contrib/sysusers/sample.conf",
            "complete/_sample",
            "complete/sample.bash",
            "man/sample.8",
        ],
        &[],
    ));
    let dests: Vec<&str> = config.asset.iter().map(|it| it.dest.as_str()).collect();
    for dest in [
        "/usr/lib/systemd/system/",
        "/usr/lib/sysusers.d/",
        "/usr/share/zsh/vendor-completions/",
        "/usr/share/bash-completion/completions/",
        "/usr/share/man/man8/",
    ] {
        assert!(dests.contains(&dest), "{dest}: {dests:?}");
    }
}

#[test]
fn a_unit_that_starts_a_program_elsewhere_is_asked_about() {
    let mut facts = facts(&["CHANGELOG.md", "a.1", "sample.service"], &[]);
    for (program, count) in [
        ("/usr/local/bin/sample", 1),
        ("/usr/bin/sample", 0),
        ("/bin/sh", 0),
    ] {
        let started = vec![program.to_owned()];
        facts.units = [("sample.service".to_owned(), started)].into();
        let (text, _) = sound(&facts);
        let questions = words::questions(&text);
        let about = questions
            .iter()
            .filter(|it| it.contains("sample.service starts"));
        assert_eq!(about.count(), count, "{program}: {questions:?}");
    }
}

#[test]
fn a_file_is_packaged_once_and_files_beside_code_are_not() {
    let files = [
        "CHANGELOG.md",
        "LICENSE",
        "README.md",
        "code/complete/a.fish",
        "code/complete/a.rs",
        "doc/sample.1",
    ];
    let mut facts = facts(&files, &[]);
    facts.packages[0].deb = json!({ "assets": [
        ["README.md", "usr/share/doc/sample/README", "644"],
        ["LICENSE", "usr/share/doc/sample/", "644"],
        ["CHANGELOG.md", "usr/share/doc/sample/", "644"],
    ] });
    let (_, config) = sound(&facts);
    let dests: Vec<&str> = config.asset.iter().map(|it| it.dest.as_str()).collect();
    assert_eq!(
        dests,
        [
            "/usr/bin/sample",
            "/usr/share/doc/sample/README",
            "/usr/share/licenses/sample/",
            "/usr/share/man/man1/",
            "/usr/share/doc/sample/changelog",
        ]
    );
}

#[test]
fn metadata_of_other_tools_becomes_keys() {
    let mut facts = facts(
        &["CHANGELOG.md", "sample.conf", "sample.1", "sample.service"],
        &[],
    );
    facts.packages[0].deb = json!({
        "section": "net",
        "systemd-units": { "start": false },
        "depends": "$auto, adduser",
        "assets": [
            ["target/release/sample", "usr/sbin/", "755"],
            ["sample.conf", "etc/sample/", "640"],
            { "source": "target/release/sample.1", "dest": "usr/share/man/man1/" },
        ],
    });
    facts.packages[0].deb["breaks"] = json!("sample-tools (<< 1.2~)");
    facts.packages[0].rpm = json!({
        "requires": { "shadow-utils": "*" },
        "obsoletes": { "sample-tools": "< 1.2" },
    });
    let (text, config) = sound(&facts);
    assert_eq!(config.deb.section.as_deref(), Some("net"));
    assert_eq!(config.asset[0].dest, "/usr/sbin/sample");
    assert_eq!(config.asset[1].mode, 0o640);
    assert!(text.contains("depends = [\"adduser\"]"), "{text}");
    assert!(text.contains("requires = [\"shadow-utils\"]"), "{text}");
}

#[test]
fn a_value_that_must_be_filled_in_is_refused_with_its_question() {
    let mut facts = facts(&["CHANGELOG.md"], &[]);
    facts.packages[0].description = None;
    facts.packages[0].authors = Vec::new();
    let [(_, text), _] = files(&facts).unwrap();
    let error = parsed(&text).expect_err("a question");
    let message = error.to_string();
    assert!(
        message.starts_with("dist.toml:5: what is the program, in one line"),
        "{message}"
    );
    assert!(error.hint().is_some());
    let questions = words::questions(&text).join("\n");
    assert!(questions.contains("who maintains"), "{questions}");
}

#[test]
fn programs_of_any_names_are_packaged_and_libraries_say_which_link_them() {
    let mut facts = facts(&[], &[native("pcre2-sys", Some("pcre2"))]);
    facts.packages[0].programs = vec!["rg".into(), "rgx".into()];
    facts.packages[0].license = Some("Unlicense/MIT".into());
    let (_, config) = sound(&facts);
    assert_eq!(config.programs(), ["rg", "rgx"]);
    assert_eq!(config.native_dep["pcre2"].linked_by, ["rg", "rgx"]);
    assert_eq!(config.license.as_deref(), Some("Unlicense OR MIT"));
    assert_eq!(config.changelog, None);
}

#[test]
fn every_library_of_the_table_is_a_sound_declaration() {
    let table = super::library::table().unwrap();
    let crates: BTreeSet<&String> = table.values().flat_map(|it| it.crates.keys()).collect();
    for name in crates {
        sound(&facts(&["CHANGELOG.md"], &[native(name, None)]));
    }
}

/// What a build of the program shows: what it needs, and that it prints its version.
fn built_with(needed: &[&str]) -> Built {
    let needed = needed.iter().map(|&it| it.to_owned()).collect();
    Built {
        needed: [("sample".to_owned(), needed)].into(),
        version: [("sample".to_owned(), vec!["-V".to_owned()])].into(),
        ..Built::default()
    }
}

#[test]
fn a_build_tells_which_libraries_are_linked_and_which_are_copies() {
    let linked = ["libz-sys", "openssl-sys", "zstd-sys", "onig_sys"];
    let mut facts = facts(
        &["CHANGELOG.md", "a.1"],
        &linked.map(|name| native(name, None)),
    );
    // No crate is known to bring libpcap.
    let mut built = built_with(&["libz.so.1", "libcrypto.so.3", "libpcap.so.0.8"]);
    for name in ["zstd-sys", "onig_sys"] {
        let library = format!("static={name}");
        built.linking.insert(name.into(), vec![library]);
    }
    facts.built = Some(built);
    let (text, config) = sound(&facts);
    let names: Vec<&str> = config.native_dep.keys().map(String::as_str).collect();
    assert_eq!(names, ["libcrypto", "libpcap", "zlib"]);
    assert!(
        text.contains("into the programs: onig_sys, zstd-sys."),
        "{text}"
    );
    assert_eq!(config.stamp.expect("a stamp").arguments, ["-V"]);
    assert_eq!(words::questions(&text), [""; 0]);
}

#[test]
fn an_unknown_library_is_declared_as_the_building_system_has_it() {
    let mut facts = facts(&["CHANGELOG.md", "a.1"], &[native("strange-sys", None)]);
    let mut built = built_with(&["libstrange-2.so.0"]);
    let found = Found {
        family: "debian".into(),
        runtime: "libstrange0".into(),
        devel: Some(("strange".into(), "libstrange-dev".into())),
    };
    built.found.insert("libstrange-2.so.0".into(), found);
    facts.built = Some(built);
    let [(_, text), _] = files(&facts).unwrap();
    assert!(
        text.contains("[native-dep.strange-2]\npkg-config = \"strange\"\n"),
        "{text}"
    );
    let error = parsed(&text).expect_err("a question").to_string();
    assert!(
        error.ends_with("which package holds headers and .pc file?"),
        "{error}"
    );
    sound_text(&text.replace("\"?\"", "\"strange\""));
}

#[test]
fn what_the_build_and_the_programs_make_is_packaged() {
    let mut facts = facts(&["CHANGELOG.md"], &[]);
    facts.packages[0].deb = json!({ "assets": [
        ["deploy/sample.1", "usr/share/man/man1/sample.1", "644"],
        ["deploy/sample.txt", "usr/share/sample/", "644"],
    ] });
    let mut built = built_with(&[]);
    let kinds = [(PrintedKind::Zsh, "zsh"), (PrintedKind::Manual, "man")];
    built.printed = kinds
        .map(|(kind, argument)| Printed {
            program: "sample".into(),
            arguments: vec![argument.into()],
            kind,
        })
        .into();
    let out = ["gen/sample.bash", "bindings.rs"].map(str::to_owned);
    built.out.insert("sample".into(), out.into());
    facts.built = Some(built);
    let (text, config) = sound(&facts);
    let dests: Vec<&str> = config.asset.iter().map(|it| it.dest.as_str()).collect();
    assert_eq!(
        dests,
        [
            "/usr/bin/sample",
            "/usr/share/bash-completion/completions/",
            "/usr/share/zsh/site-functions/_sample",
            "/usr/share/zsh/vendor-completions/_sample",
            "/usr/share/man/man1/sample.1",
            "/usr/share/doc/sample/changelog",
        ]
    );
    let questions = words::questions(&text);
    assert_eq!(questions.len(), 1, "{questions:?}");
    assert!(
        questions[0].contains("packs deploy/sample.txt"),
        "{questions:?}"
    );
}

#[test]
fn a_feature_that_only_brings_a_copy_needs_no_answer() {
    let with = |features: &[&str]| Native {
        features: features.iter().map(|&it| it.to_owned()).collect(),
        ..native("libsqlite3-sys", Some("sqlite-bundled"))
    };
    let (text, config) = sound(&facts(&["CHANGELOG.md", "a.1"], &[with(&["bundled"])]));
    assert!(config.native_dep.is_empty());
    assert_eq!(words::questions(&text).len(), 1, "{text}");
    let (_, config) = sound(&facts(&["CHANGELOG.md"], &[with(&["bundled_bindings"])]));
    assert!(config.native_dep.contains_key("sqlite3"));
}

/// A workspace of Cargo packages without dependencies: names, further lines of their manifests, and their programs.
fn workspace(packages: &[(&str, &str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<&str> = packages.iter().map(|(name, _, _)| *name).collect();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write(
        "Cargo.toml",
        &format!("[workspace]\nresolver = \"3\"\nmembers = {names:?}\n"),
    );
    for (name, further, program) in packages {
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"1.2.3\"\nedition = \"2024\"\nlicense = \"MIT\"\n\
             description = \"Says things. Says more.\"\nhomepage = \"https://a.example\"\nauthors = [\"A <a@a.example>\"]\n{further}\n"
        );
        write(&format!("{name}/Cargo.toml"), &manifest);
        write(&format!("{name}/src/main.rs"), program);
    }
    folder
}

const SILENT: &str = "fn main() {}\n";

fn chosen(folder: &Path, asked: &[&str]) -> Vec<String> {
    let asked: Vec<String> = asked.iter().map(|&it| it.to_owned()).collect();
    let (_, facts) = read::facts(folder, &asked).unwrap();
    facts.packages.into_iter().map(|it| it.name).collect()
}

#[test]
fn packages_for_users_are_told_from_the_others_of_a_workspace() {
    let publish = "publish = false";
    let folder = workspace(&[
        ("tool", "", SILENT),
        ("helper", "", SILENT),
        ("demo", publish, SILENT),
        ("xtask", "", SILENT),
    ]);
    assert_eq!(chosen(folder.path(), &[]), ["helper", "tool"]);
    assert_eq!(chosen(folder.path(), &["tool", "demo"]), ["tool", "demo"]);
    let asked = ["library".to_owned()];
    let error = read::facts(folder.path(), &asked).expect_err("no such package");
    assert!(
        error
            .to_string()
            .contains("no package library with a program"),
        "{error}"
    );
    assert!(error.hint.unwrap().contains("demo, helper, tool, xtask"));
    let (_, facts) = read::facts(folder.path(), &[]).unwrap();
    let (text, _) = sound(&facts);
    assert!(text.contains("are all of them for users?"), "{text}");
    assert!(
        text.contains("Left out, though they have programs: demo, xtask."),
        "{text}"
    );
}

#[test]
fn a_crate_of_a_library_is_known_without_links() {
    let further = "[dependencies]\npcre2-sys = { path = \"../pcre2-sys\", optional = true }\n\
                   [features]\nall = [\"regex\"]\nregex = [\"dep:pcre2-sys\"]";
    let folder = workspace(&[("tool", further, SILENT)]);
    let library = folder.path().join("pcre2-sys");
    fs::create_dir_all(library.join("src")).unwrap();
    let manifest = "[package]\nname = \"pcre2-sys\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    fs::write(library.join("Cargo.toml"), manifest).unwrap();
    fs::write(library.join("src/lib.rs"), "").unwrap();
    fs::write(library.join("build.rs"), SILENT).unwrap();
    let (_, facts) = read::facts(folder.path(), &[]).unwrap();
    let (_, config) = sound(&facts);
    let feature = config.native_dep["pcre2"].cargo_feature.as_ref().unwrap();
    assert_eq!(
        (feature.package.as_str(), feature.feature.as_str()),
        ("tool", "regex")
    );
}

/// A workspace like that of `workspace`, of which these packages have a cdylib in the place of a program.
fn with_libraries(programs: &[&str], libraries: &[&str]) -> tempfile::TempDir {
    let cdylib = "[lib]\ncrate-type = [\"cdylib\"]\n";
    let programs = programs.iter().map(|name| (*name, "", SILENT));
    let libraries = libraries.iter();
    let packages: Vec<_> = programs
        .chain(libraries.clone().map(|name| (*name, cdylib, SILENT)))
        .collect();
    let folder = workspace(&packages);
    for name in libraries {
        let source = folder.path().join(name).join("src");
        fs::rename(source.join("main.rs"), source.join("lib.rs")).unwrap();
    }
    folder
}

#[test]
fn a_workspace_of_a_shared_library_is_packaged_and_one_beside_programs_asked_about() {
    let folder = with_libraries(&[], &["my-plugin"]);
    let (root, mut facts) = read::facts(folder.path(), &[]).unwrap();
    facts.built = Some(built::look(&root, &facts).unwrap());
    let (text, config) = sound(&facts);
    let asset = "[[asset]]\nlibrary = \"my_plugin\"\ndest = \"/usr/lib/my-plugin/\"\n";
    assert!(text.contains(asset), "{text}");
    assert!(words::questions(&text).len() == 1, "{text}");
    assert_eq!(config.asset.len(), 1);

    let folder = with_libraries(&["tool"], &["my-plugin"]);
    assert_eq!(chosen(folder.path(), &[]), ["tool"]);
    let (_, facts) = read::facts(folder.path(), &[]).unwrap();
    let (text, _) = sound(&facts);
    let question =
        "Cargo package my-plugin builds the shared library libmy_plugin.so: is it for users?";
    assert!(text.contains(question), "{text}");
    let both = ["tool", "my-plugin"];
    assert_eq!(chosen(folder.path(), &both), both);
    let (_, facts) = read::facts(folder.path(), &both.map(str::to_owned)).unwrap();
    let (text, _) = sound(&facts);
    assert!(
        text.contains("library = \"my_plugin\"\ndest = \"/usr/lib/tool/\"\n"),
        "{text}"
    );

    // Beside a program of the same package.
    let mut facts = facts;
    facts.packages[0].libraries = vec!["tool".into()];
    let (text, _) = sound(&facts);
    let question = "Cargo builds the shared library libtool.so: is it for users?";
    assert!(text.contains(question), "{text}");
}

#[test]
fn existing_metadata_says_what_is_packaged() {
    let deb = "[package.metadata.deb]\nassets = [[\"data.txt\", \"usr/share/tool/\", \"644\"]]";
    let folder = workspace(&[("tool", deb, SILENT), ("helper", "", SILENT)]);
    fs::write(folder.path().join("tool/data.txt"), "").unwrap();
    assert_eq!(chosen(folder.path(), &[]), ["tool"]);
    let (_, facts) = read::facts(folder.path(), &[]).unwrap();
    let (text, _) = sound(&facts);
    assert!(
        text.contains("source = \"tool/data.txt\"\ndest = \"/usr/share/tool/\""),
        "{text}"
    );
}

/// Prints its version, and completions for zsh.
const TALKATIVE: &str = r##"fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["--version"] => println!("tool 1.2.3"),
        ["--help"] => println!("Commands:\n  completions <SHELL>\n"),
        ["completions", "zsh"] => println!("#compdef tool"),
        _ => std::process::exit(1),
    }
}
"##;

#[test]
fn a_program_is_built_and_asked_and_its_build_script_is_looked_at() {
    let folder = workspace(&[("tool", "", TALKATIVE)]);
    let script = "fn main() { let out = std::env::var(\"OUT_DIR\").unwrap();\n\
                  std::fs::write(out + \"/tool.1\", \".TH\").unwrap(); }\n";
    fs::write(folder.path().join("tool/build.rs"), script).unwrap();
    let (root, mut facts) = read::facts(folder.path(), &[]).unwrap();
    facts.built = Some(built::look(&root, &facts).unwrap());
    let (text, config) = sound(&facts);
    assert_eq!(words::questions(&text), [""; 0], "{text}");
    let dests: Vec<&str> = config.asset.iter().map(|it| it.dest.as_str()).collect();
    assert_eq!(
        dests,
        [
            "/usr/bin/tool",
            "/usr/share/man/man1/",
            "/usr/share/zsh/site-functions/_tool",
            "/usr/share/zsh/vendor-completions/_tool",
        ]
    );
    assert!(config.native_dep.is_empty());
}

#[test]
fn a_build_that_fails_says_what_people_read() {
    let folder = workspace(&[("tool", "", "fn main() { nothing }")]);
    let (root, facts) = read::facts(folder.path(), &[]).unwrap();
    let error = built::look(&root, &facts).expect_err("it cannot be built");
    let text = error.to_string();
    assert!(text.contains("nothing"), "{text}");
    assert!(!text.contains("{\"reason\""), "{text}");
}

#[test]
fn a_file_that_is_there_stays_as_it_is() {
    let folder = workspace(&[("tool", "", SILENT)]);
    let path = folder.path().join("packaging/dist.toml");
    let args = Args {
        package: Vec::new(),
        no_build: true,
        print: false,
    };
    let formats = Formats::standard();
    run_in(folder.path(), &args, &formats).unwrap();
    let written = fs::read_to_string(&path).unwrap();
    assert!(written.contains("name = \"tool\""), "{written}");
    let error = run_in(folder.path(), &args, &formats).expect_err("there already");
    assert!(
        error.message.ends_with("dist.toml is there already"),
        "{error}"
    );
    assert!(error.hint.unwrap().contains("init --print"));
    assert_eq!(fs::read_to_string(&path).unwrap(), written);
    // Where one is missing, `dist` says that `init` writes it.
    for name in ["packaging/distros.toml", "packaging/dist.toml"] {
        let missing = folder.path().join(name);
        let before = fs::read_to_string(&missing).unwrap();
        fs::remove_file(&missing).unwrap();
        run_in(folder.path(), &args, &formats).unwrap();
        assert_eq!(fs::read_to_string(&missing).unwrap(), before);
    }
}
