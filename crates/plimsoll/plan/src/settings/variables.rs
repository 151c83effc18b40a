//! The variables of the environment.

use std::collections::BTreeMap;

use super::{Profile, SettingError, Settings};

/// Variables that change what is built and that the build, its scripts and the probe all hear.
const HEARD: [&str; 11] = [
    "AR",
    "CC",
    "CFLAGS",
    "CXX",
    "CXXFLAGS",
    "LDFLAGS",
    "LIBRARY_PATH",
    "RUSTC",
    "RUSTC_BOOTSTRAP",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
];

/// Starts of names of the same kind: `CC_x86_64-unknown-linux-gnu`, `PKG_CONFIG_PATH`.
const HEARD_STARTS: [&str; 6] = ["AR_", "CC_", "CFLAGS_", "CXXFLAGS_", "CXX_", "PKG_CONFIG"];

/// Adds the variables that are heard everywhere.
///
/// # Errors
/// Names a variable that would bend the build alone.
pub(super) fn add_to(
    settings: &mut Settings,
    variables: &BTreeMap<String, String>,
    profile: Profile<'_>,
) -> Result<(), SettingError> {
    for (name, value) in variables {
        if let Some(key) = key(name, profile) {
            let name = name.clone();
            return Err(SettingError::Variable { name, key });
        }
        match name.as_str() {
            "CARGO_BUILD_TARGET" => settings.target = Some(value.clone()),
            "CARGO_BUILD_RUSTC" => {
                settings.env.insert("RUSTC".to_owned(), value.clone());
            }
            _ => {}
        }
        if is_heard(name) {
            settings.honoured.insert(name.clone(), value.clone());
        }
    }
    Ok(())
}

/// The key that a variable stands for, where it changes the programs and nothing else hears it.
fn key(name: &str, profile: Profile<'_>) -> Option<String> {
    if let Some(rest) = name.strip_prefix("CARGO_PROFILE_") {
        return of_profile(rest, profile);
    }
    if let Some(rest) = name.strip_prefix("CARGO_TARGET_") {
        let is_flags = rest.ends_with("_RUSTFLAGS");
        return is_flags.then(|| "target.TRIPLE.rustflags".to_owned());
    }
    let is_flags = matches!(
        name,
        "RUSTFLAGS" | "CARGO_ENCODED_RUSTFLAGS" | "CARGO_BUILD_RUSTFLAGS"
    );
    is_flags.then(|| "build.rustflags".to_owned())
}

/// The key that `CARGO_PROFILE_` and this rest stand for. The name of a profile of the project may hold more underscores, so the
/// key of one that is not Cargo's own cannot be told apart from it.
fn of_profile(rest: &str, profile: Profile<'_>) -> Option<String> {
    let lower = rest.to_lowercase();
    let (name, key) = lower.split_once('_')?;
    let key = match name {
        "bench" | "dev" | "release" | "test" => format!("{name}.{}", key.replace('_', "-")),
        _ => "NAME.KEY".to_owned(),
    };
    profile.heeds(name).then(|| format!("profile.{key}"))
}

fn is_heard(name: &str) -> bool {
    let is_linker = name.starts_with("CARGO_TARGET_") && name.ends_with("_LINKER");
    let of_build = matches!(
        name,
        "CARGO_BUILD_RUSTC"
            | "CARGO_BUILD_RUSTC_WRAPPER"
            | "CARGO_BUILD_RUSTC_WORKSPACE_WRAPPER"
            | "CARGO_BUILD_TARGET"
    );
    // HOST_ and TARGET_ go before names of C tools and of pkg-config.
    let bare = ["HOST_", "TARGET_"]
        .iter()
        .find_map(|it| name.strip_prefix(it));
    let bare = bare.unwrap_or(name);
    let is_tool = HEARD.contains(&bare) || HEARD_STARTS.iter().any(|it| bare.starts_with(it));
    is_linker || of_build || is_tool
}
