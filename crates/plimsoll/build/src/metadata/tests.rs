use std::fs;
use std::os::unix::fs::symlink;

use expect_test::expect;
use plimsoll_plan::config;
use plimsoll_plan::fixtures::{self, DIST};
use tempfile::TempDir;

use super::*;

const MANIFEST: &str = "\
[package] # kept
name = \"sampled\"

# Kept too.
[package.metadata.docs.rs]
all-features = true

[features]
libnftables = []
";

const FILES: &[&str] = &[
    "packaging/deb/postrm",
    "packaging/sampled.toml",
    "packaging/sysusers.conf",
    "packaging/man/sampled.8",
    "packaging/completions/sample.bash",
    "packaging/completions/_sample",
    "packaging/units/a.service",
];

fn workspace() -> TempDir {
    let workspace = tempfile::tempdir().expect("a folder");
    for name in FILES {
        let path = workspace.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        fs::write(path, "").expect("written");
    }
    workspace
}

/// What becomes of a manifest in `daemon/`, with further assets.
fn written(workspace: &Path, manifest: &str, assets: &str) -> String {
    written_from(&format!("{DIST}\n{assets}"), workspace, manifest)
}

fn written_from(dist: &str, workspace: &Path, manifest: &str) -> String {
    let formats = Formats::standard();
    let config = config::parse(dist, Path::new("dist.toml"), &formats.rules().names());
    let site = Site {
        workspace,
        manifest: &workspace.join("daemon/Cargo.toml"),
    };
    let config = config.expect("sound");
    let tables = tables(&formats, &config, &fixtures::source(), &site).expect("tables");
    with_tables(manifest, &tables).expect("a manifest")
}

#[test]
fn the_tables_follow_what_is_there_and_are_written_once() {
    let workspace = workspace();
    let text = written(workspace.path(), MANIFEST, "");
    let (before, after) = text.split_once("\n# Written").expect("a comment");
    assert_eq!(before, MANIFEST);
    expect![[r#"
         from packaging/dist.toml, which is what to edit. For `cargo deb`: the flavour dynamic-exec.
        # What cannot be said here, and `dist` does:
        # - the summary is the `description` of the Cargo package
        # - the changelog of the package, made from the project's; checksums of the files
        # - flavour, commit and reason in the program, and a failure where dependencies cannot be derived
        [package.metadata.deb]
        name = "sample"
        maintainer = "A <a@example.org>"
        section = "net"
        revision = "1"
        extended-description = "A daemon and a program that hold nothing."
        depends = ["$auto", "nftables", "systemd | systemd-standalone-sysusers | systemd-sysusers"]
        maintainer-scripts = "../packaging/deb"
        systemd-units = { enable = true, start = true, restart-after-upgrade = true, stop-on-upgrade = false }
        conf-files = ["/etc/sample/sampled.toml"]
        assets = [
            ["target/release/sampled", "usr/sbin/sampled", "755"],
            ["target/release/sample", "usr/bin/sample", "755"],
            ["../packaging/sampled.toml", "etc/sample/sampled.toml", "644"],
            ["../packaging/sysusers.conf", "usr/lib/sysusers.d/sample.conf", "644"],
            ["../packaging/man/*.8", "usr/share/man/man8/", "644"],
            ["../packaging/completions/sample.bash", "usr/share/bash-completion/completions/sample", "644"],
            ["../packaging/completions/_*", "usr/share/zsh/vendor-completions/", "644"],
        ]

        # Written from packaging/dist.toml, which is what to edit. For `cargo generate-rpm`: the flavour dynamic-exec.
        # What cannot be said here, and `dist` does:
        # - the build, which comes first: `cargo build --release --config 'profile.release.strip="symbols"'`
        # - group, packager, description and changelog of the package; which files are licences
        # - compression of man pages; the folders that the package owns
        # - flavour, commit and reason in the program, and the audit of what it needs
        # - names of packages on distributions other than Fedora
        [package.metadata.generate-rpm]
        name = "sample"
        summary = "Shows what a project declares"
        version = "0.1.0"
        release = "1"
        url = "https://example.org/"
        requires = { nftables = "*", systemd = "*" }
        require-sh = true
        post_install_script = """
        if [ -x /usr/bin/systemd-sysusers ]; then
            /usr/bin/systemd-sysusers sample.conf >/dev/null 2>&1 || :
        fi
        """
        assets = [
            { source = "target/release/sampled", dest = "/usr/sbin/sampled", mode = "755" },
            { source = "target/release/sample", dest = "/usr/bin/sample", mode = "755" },
            { source = "../packaging/sampled.toml", dest = "/etc/sample/sampled.toml", mode = "644", config = "noreplace" },
            { source = "../packaging/sysusers.conf", dest = "/usr/lib/sysusers.d/sample.conf", mode = "644" },
            { source = "../packaging/man/*.8", dest = "/usr/share/man/man8/", mode = "644", doc = true },
            { source = "../packaging/completions/sample.bash", dest = "/usr/share/bash-completion/completions/sample", mode = "644" },
        ]
    "#]]
    .assert_eq(after);
    assert_eq!(
        written(workspace.path(), &text, ""),
        text,
        "nothing is added"
    );
    let outdated = text.replace("section = \"net\"", "section = \"misc\"");
    assert_eq!(written(workspace.path(), &outdated, ""), text);
}

#[test]
fn links_and_deep_patterns_are_said_file_by_file_or_named_as_unsaid() {
    let workspace = workspace();
    symlink("sampled.8", workspace.path().join("packaging/man/sample.8")).expect("linked");
    let asset = "[[asset]]\nsource = \"packaging/units/**/*\"\ndest = \"/usr/share/sample/\"\n\
                 [[asset]]\nsource = \"packaging/sampled.toml\"\ndest = \"/usr/share/sample/t\"\ngzip = true";
    let text = written(workspace.path(), MANIFEST, asset);
    for said in [
        r#"{ dest = "usr/share/man/man8/sample.8.gz", link_name = "sampled.8.gz" }"#,
        r#"["../packaging/units/a.service", "usr/share/sample/a.service", "644"]"#,
        "# - compression of files other than man pages and changelogs\n",
        "# - symbolic links\n",
    ] {
        assert!(text.contains(said), "{said} is not in {text}");
    }
}

#[test]
fn a_required_library_and_the_settings_of_cargo_bring_features() {
    let workspace = workspace();
    let with = DIST.replace(
        "min-version = \"0.9.3\"",
        "min-version = \"0.9.3\"\nrequired = true",
    );
    let cargo = "[cargo]\nfeatures = [\"all\"]\ndefault-features = false\nprofile = \"dist\"\n\
                 rustflags = [\"--cfg\", \"x\"]";
    let with = with.replace("[cargo]", cargo);
    let text = written_from(&with, workspace.path(), MANIFEST);
    for said in [
        "features = [\"all\", \"sampled/libnftables\"]\ndefault-features = false\nprofile = \"dist\"",
        "`cargo build --profile dist --config 'profile.dist.strip=\"symbols\"' --no-default-features --features all,sampled/libnftables`",
        "# - flags of rustc: --cfg x\n",
    ] {
        assert!(text.contains(said), "{said} is not in {text}");
    }
}

#[test]
fn files_that_are_made_are_named_as_unsaid() {
    let workspace = workspace();
    let asset = "[[asset]]\ngenerate = [\"{bin:sample}\", \"man\"]\ndest = \"/usr/share/man/man1/sample.1\"\n\
                 [[asset]]\nout-dir = \"sample\"\nsource = \"x\"\ndest = \"/usr/share/sample/x\"";
    let text = written(workspace.path(), MANIFEST, asset);
    let unsaid = "# - files that the build or a program makes: /usr/share/man/man1/sample.1, /usr/share/sample/x\n";
    assert_eq!(text.matches(unsaid).count(), 2, "{text}");
}

#[test]
fn a_manifest_without_a_package_is_refused() {
    let error = with_tables("[workspace]\n", &Tables::new()).expect_err("no package");
    assert_eq!(
        error.to_string(),
        "`package` of the Cargo manifest is not a table"
    );
}

#[test]
fn relations_are_said_and_those_without_a_place_are_named() {
    let workspace = workspace();
    let deb = "[deb]\nepoch = 2\npre-depends = [\"aa\"]\nbreaks = [\"bb (<< 1)\"]";
    let rpm = "[deb.on.debian-13]\nsuggests = [\"cc\"]\n[rpm]\nepoch = 2\nrequires-pre = [\"gg\"]\n\
               requires = [\"dd >= 1\", \"dd < 3\", \"(ee if ff)\"]\nobsoletes = [\"hh < 2\"]";
    let dist = DIST.replace("[deb]", deb).replace("[rpm]", rpm);
    let text = written_from(&dist, workspace.path(), MANIFEST);
    for said in [
        "pre-depends = [\"aa\"]\n",
        "breaks = [\"bb (<< 1)\"]\n",
        "# - the epoch of the version: `cargo deb --deb-version 2:0.1.0-1`\n",
        "# - relations of packages for debian-13, if they are not the family that the table is for\n",
        "\nepoch = 2\n",
        "requires = { \"(ee if ff)\" = \"*\", dd = \"< 3\", nftables = \"*\"",
        "obsoletes = { hh = \"< 2\" }\n",
        "# - relations without a place: it depends on dd >= 1; it requires (pre) gg\n",
    ] {
        assert!(text.contains(said), "{said} is not in {text}");
    }
}

/// A further package with one program, which the main one's scripts, units and relations do not concern.
const FURTHER: &str = r#"
[package.sample-cli]
summary = "Shows it on a terminal"
description = "The program alone."
same-version = ["sample"]
"#;

#[test]
fn a_further_package_is_a_variant_that_takes_nothing_over() {
    let workspace = workspace();
    let dist = DIST.replacen(
        "binary = \"sample\"\n",
        "binary = \"sample\"\npackage = \"sample-cli\"\n",
        1,
    );
    let dist = dist
        .replacen("[deb]\n", "[deb]\nconflicts = [\"old-sample\"]\n", 1)
        .replacen(
            "[rpm]\n",
            "[rpm]\nobsoletes = [\"old-sample < {version}\"]\n",
            1,
        );
    let text = written_from(&format!("{dist}{FURTHER}"), workspace.path(), MANIFEST);
    let variant = |tool: &str| {
        let head = format!("[package.metadata.{tool}.variants.sample-cli]\n");
        let (before, rest) = text.split_once(&head).expect("a variant");
        let comment = before.rsplit_once("\n\n").expect("a comment").1;
        format!("{comment}{}", rest.split("\n\n").next().expect("a table"))
    };
    expect![[r#"
        # Written from packaging/dist.toml, which is what to edit. For `cargo deb --variant sample-cli`: the flavour dynamic-exec.
        name = "sample-cli"
        maintainer = "A <a@example.org>"
        section = "net"
        revision = "1"
        extended-description = "The program alone."
        depends = ["$auto", "sample (= 0.1.0-1)"]
        conf-files = []
        assets = [
            ["target/release/sample", "usr/bin/sample", "755"],
        ]
        conflicts = []
        maintainer-scripts = "none"
        systemd-units = []"#]]
    .assert_eq(&variant("deb"));
    expect![[r#"
        # Written from packaging/dist.toml, which is what to edit. For `cargo generate-rpm --variant sample-cli`: the flavour dynamic-exec.
        # What cannot be said here, and `dist` does:
        # - that it has no scripts: those here do nothing, in the place of the main package's
        name = "sample-cli"
        summary = "Shows it on a terminal"
        version = "0.1.0"
        release = "1"
        url = "https://example.org/"
        requires = { sample = "= 0.1.0-1" }
        require-sh = true
        assets = [
            { source = "target/release/sample", dest = "/usr/bin/sample", mode = "755" },
        ]
        obsoletes = {}
        post_install_script = ":"
    "#]]
    .assert_eq(&variant("generate-rpm"));
    assert!(!text.contains("further packages"), "{text}");
    assert!(text.contains("# - dependencies on libraries of another package of the build\n"));
    let again = written_from(&format!("{dist}{FURTHER}"), workspace.path(), &text);
    assert_eq!(again, text);
}
