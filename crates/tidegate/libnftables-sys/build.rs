//! Finds libnftables with pkg-config and links it.

use std::process::ExitCode;

/// Where the project declares what it needs of the library, once for everything that asks.
const DECLARATION: &str = "../../../packaging/dist.toml";

const HINT: &str = "`cargo xtask probe` says what to install on this host; without the feature \
    `libnftables` no library is needed: the exec driver remains";

fn main() -> ExitCode {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={DECLARATION}");
    match find() {
        Ok(library) => {
            // Build scripts of dependent crates read it as DEP_NFTABLES_VERSION.
            println!("cargo:version={}", library.version);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("libnftables cannot be linked: {error}\nhint: {HINT}");
            ExitCode::FAILURE
        }
    }
}

fn find() -> Result<pkg_config::Library, Box<dyn std::error::Error>> {
    let declared: toml::Table = std::fs::read_to_string(DECLARATION)?.parse()?;
    let text = |key: &str| {
        let dependency = declared.get("native-dep")?.get("libnftables")?;
        dependency.get(key)?.as_str()
    };
    let missing = || format!("{DECLARATION} does not declare it with pkg-config and min-version");
    let name = text("pkg-config").ok_or_else(missing)?;
    let minimum = text("min-version").ok_or_else(missing)?;
    Ok(pkg_config::Config::new()
        .atleast_version(minimum)
        .probe(name)?)
}
