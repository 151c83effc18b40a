//! Finds libnftables with pkg-config and links it.

use std::process::ExitCode;

/// The first release whose functions are the ones declared here and behave as they are used.
const MINIMUM: &str = "0.9.3";

const HINT: &str = "install libnftables-dev (Debian, Ubuntu), nftables-devel (Fedora, RHEL with \
    CodeReady Builder) or libnftables-devel (openSUSE), and pkg-config; or build without the \
    feature `libnftables`: the exec driver needs no library";

fn main() -> ExitCode {
    println!("cargo:rerun-if-changed=build.rs");
    match pkg_config::Config::new()
        .atleast_version(MINIMUM)
        .probe("libnftables")
    {
        Ok(library) => {
            // Whoever depends on this crate reads it as DEP_NFTABLES_VERSION.
            println!("cargo:version={}", library.version);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("libnftables {MINIMUM} or later was not found: {error}\nhint: {HINT}");
            ExitCode::FAILURE
        }
    }
}
