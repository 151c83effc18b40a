use error_hint::Hint;

use super::*;

const NO_VARIABLES: [(&str, &str); 0] = [];

fn ours(text: &str) -> ConfigFile {
    let path = std::path::Path::new("/w/.cargo/config.toml");
    ConfigFile::parse(path, true, text).expect("TOML")
}

fn outside(text: &str) -> ConfigFile {
    let path = std::path::Path::new("/home/.cargo/config.toml");
    ConfigFile::parse(path, false, text).expect("TOML")
}

fn settings(files: &[ConfigFile], variables: &[(&str, &str)]) -> Result<Settings, SettingError> {
    with_profile("release", files, variables)
}

fn with_profile(
    profile: &str,
    files: &[ConfigFile],
    variables: &[(&str, &str)],
) -> Result<Settings, SettingError> {
    let variables = variables.iter();
    let variables = variables.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Settings::of(files, &variables.collect(), profile)
}

fn refused(files: &[ConfigFile], variables: &[(&str, &str)]) -> String {
    let error = settings(files, variables).expect_err("refused");
    assert!(error.hint().is_some(), "{error}");
    error.to_string()
}

#[test]
fn what_the_project_sets_is_honoured_and_listed() {
    let text = r#"
        [build]
        rustflags = ["--cfg", "one"]
        rustc = "/opt/rustc"
        target-dir = "elsewhere"
        [target.x86_64-unknown-linux-gnu]
        rustflags = "--cfg two"
        linker = "clang"
        runner = "qemu"
        [env]
        PKG_CONFIG_PATH = "/opt"
        ROOT = { value = "vendor", relative = true }
        [profile.release]
        lto = true
        [profile.dev]
        debug = 0
        [alias]
        x = "run"
    "#;
    let settings = settings(&[ours(text)], &NO_VARIABLES).expect("honoured");
    assert_eq!(settings.rustflags_for("other"), ["--cfg", "one"]);
    let gnu = settings.rustflags_for("x86_64-unknown-linux-gnu");
    assert_eq!(gnu, ["--cfg", "two"]);
    let env: Vec<_> = settings
        .env
        .iter()
        .map(|(k, v)| format!("{k}={v}"))
        .collect();
    let linker = "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER=clang";
    let wanted = [
        linker,
        "PKG_CONFIG_PATH=/opt",
        "ROOT=/w/vendor",
        "RUSTC=/opt/rustc",
    ];
    assert_eq!(env, wanted);
    let keys: Vec<&str> = settings.honoured.keys().map(String::as_str).collect();
    let wanted = [
        "build.rustc",
        "build.rustflags",
        "env.PKG_CONFIG_PATH",
        "env.ROOT",
        "profile.release",
        "target.x86_64-unknown-linux-gnu.linker",
        "target.x86_64-unknown-linux-gnu.rustflags",
    ];
    assert_eq!(keys, wanted);
}

#[test]
fn what_bends_a_build_from_outside_of_the_project_is_refused_by_name() {
    for (key, text) in [
        ("build.rustflags", "[build]\nrustflags = []"),
        ("build.rustc", "[build]\nrustc = \"x\""),
        ("build.rustc-wrapper", "[build]\nrustc-wrapper = \"x\""),
        ("build.target", "[build]\ntarget = \"x\""),
        ("target.x.rustflags", "[target.x]\nrustflags = []"),
        ("target.x.linker", "[target.x]\nlinker = \"x\""),
        ("env.CFLAGS", "[env]\nCFLAGS = \"-O0\""),
        ("profile.release", "[profile.release]\nopt-level = 0"),
        ("patch", "[patch.crates-io]\nx = { path = \"x\" }"),
        ("paths", "paths = [\"/x\"]"),
    ] {
        let message = format!(
            "{key} in /home/.cargo/config.toml changes what is built, and is not part of the project"
        );
        assert_eq!(refused(&[ours(""), outside(text)], &NO_VARIABLES), message);
    }
    let harmless =
        "[net]\noffline = true\n[build]\njobs = 1\ntarget-dir = \"/t\"\n[profile.dev]\ndebug = 1";
    let settings = settings(&[outside(harmless)], &NO_VARIABLES).expect("harmless");
    assert_eq!(settings, Settings::default());
}

/// Source: *The Cargo Book*, "Configuration", `build.rustflags` and `target.<cfg>.rustflags`.
#[test]
fn flags_for_another_system_are_passed_over_and_those_for_every_linux_are_honoured() {
    let text = r#"
        [build]
        rustflags = ["--cfg", "general"]
        [target.'cfg(all(windows, target_env = "msvc"))']
        rustflags = ["-Ctarget-feature=+crt-static"]
        linker = "link.exe"
        runner = "wine"
        [target.'cfg(target_os = "linux")']
        rustflags = ["--cfg", "linux"]
        [target.x86_64-unknown-linux-gnu]
        rustflags = ["--cfg", "gnu"]
    "#;
    let settings = settings(&[ours(text)], &NO_VARIABLES).expect("honoured");
    assert_eq!(
        settings.rustflags_for("x86_64-unknown-linux-musl"),
        ["--cfg", "linux"]
    );
    let gnu = settings.rustflags_for("x86_64-unknown-linux-gnu");
    assert_eq!(gnu, ["--cfg", "gnu", "--cfg", "linux"]);
    let honoured: Vec<_> = settings
        .honoured
        .keys()
        .filter(|key| key.contains("cfg("))
        .collect();
    assert_eq!(honoured, ["target.cfg(target_os = \"linux\").rustflags"]);
    let outside = outside("[target.'cfg(windows)']\nrustflags = [\"--cfg=x\"]\n");
    assert!(crate::settings::Settings::of(&[outside], &BTreeMap::new(), "release").is_ok());
}

#[test]
fn what_cannot_be_honoured_is_refused_wherever_it_is() {
    for (key, text) in [
        ("include", "include = [\"x.toml\"]"),
        (
            "target.cfg(target_env = \"musl\").rustflags",
            "[target.'cfg(target_env = \"musl\")']\nrustflags = []",
        ),
        ("target.x.z", "[target.x.z]\nrustc-link-lib = [\"z\"]"),
        ("env.X", "[env]\nX = { value = \"\", force = true }"),
    ] {
        let start = format!("{key} in /w/.cargo/config.toml cannot be honoured: ");
        let refused = refused(&[ours(text)], &NO_VARIABLES);
        assert!(refused.starts_with(&start), "{refused}");
    }
}

#[test]
fn a_variable_that_bends_the_build_alone_is_refused_by_name() {
    for name in [
        "CARGO_BUILD_RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS",
        "CARGO_PROFILE_RELEASE_OPT_LEVEL",
        "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS",
        "RUSTFLAGS",
    ] {
        let start = format!("{name} is set, which changes what is built");
        let refused = refused(&[], &[(name, "x")]);
        assert!(refused.starts_with(&start), "{refused}");
    }
    let error = settings(&[], &[("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")]).expect_err("refused");
    let hint = "unset CARGO_PROFILE_RELEASE_OPT_LEVEL, or set profile.release.opt-level in \
                .cargo/config.toml of the workspace";
    assert_eq!(error.hint().as_deref(), Some(hint));
}

#[test]
fn a_variable_that_everything_hears_is_listed_and_wins_over_the_files() {
    let file = ours("[env]\nCC = \"gcc\"\nX = \"file\"");
    let variables = [
        ("CARGO_TARGET_DIR", "/t"),
        ("CC", "clang"),
        ("HOST_CFLAGS", "-O2"),
        ("PATH", "/bin"),
        ("TARGET_PKG_CONFIG_PATH", "/p"),
    ];
    let settings = settings(&[file], &variables).expect("heard");
    assert_eq!(settings.env.keys().collect::<Vec<_>>(), ["X"]);
    assert_eq!(settings.honoured["CC"], "clang");
    let of = |name: &str| settings.honoured.contains_key(name);
    assert!(of("HOST_CFLAGS") && of("TARGET_PKG_CONFIG_PATH"));
    assert!(!of("PATH") && !of("CARGO_TARGET_DIR"));
}

#[test]
fn the_nearer_of_two_files_counts() {
    let near = ours("[build]\nrustflags = [\"near\"]");
    let far = ours("[build]\nrustflags = [\"far\"]\ntarget = \"x\"");
    let settings = settings(&[near, far], &NO_VARIABLES).expect("honoured");
    assert_eq!(settings.rustflags, ["far", "near"]);
    assert_eq!(settings.target.as_deref(), Some("x"));
}

#[test]
fn what_a_profile_of_the_project_may_inherit_is_refused_from_outside_and_listed_from_inside() {
    for (variable, key) in [
        ("CARGO_PROFILE_DIST_OPT_LEVEL", "profile.NAME.KEY"),
        ("CARGO_PROFILE_SMALL_DIST_LTO", "profile.NAME.KEY"),
        ("CARGO_PROFILE_RELEASE_LTO", "profile.release.lto"),
        ("CARGO_PROFILE_DEV_OPT_LEVEL", "profile.dev.opt-level"),
    ] {
        let error = with_profile("dist", &[], &[(variable, "0")]).expect_err("refused");
        assert!(error.to_string().starts_with(variable), "{error}");
        let hint = error.hint().expect("a hint");
        assert!(hint.contains(&format!("set {key} in")), "{hint}");
    }
    let text = "[profile.dist]\ninherits = \"dev\"\n[profile.dev]\nopt-level = 1\n";
    let listed = with_profile("dist", &[ours(text)], &NO_VARIABLES).expect("honoured");
    let keys: Vec<&str> = listed.honoured.keys().map(String::as_str).collect();
    assert_eq!(keys, ["profile.dev", "profile.dist"]);
    let error = with_profile("dist", &[outside(text)], &NO_VARIABLES).expect_err("refused");
    assert!(error.to_string().starts_with("profile.d"), "{error}");
}

#[test]
fn a_release_build_heeds_no_other_profile() {
    let text = "[profile.dist]\nlto = true\n";
    let variables = [
        ("CARGO_PROFILE_DIST_LTO", "true"),
        ("CARGO_PROFILE_DEV_DEBUG", "0"),
    ];
    let settings = settings(&[outside(text)], &variables).expect("honoured");
    assert!(settings.honoured.is_empty(), "{settings:?}");
}
