//! The packaging toolkit as others get it: its crates as they are published.

use plimsoll::run;

/// The toolkit's crates. Cargo finds out which needs which.
const CRATES: [&str; 7] = [
    "plimsoll",
    "plimsoll-build",
    "plimsoll-plan",
    "plimsoll-probe",
    "plimsoll-spec",
    "plimsoll-verify",
    "plimsoll-writer",
];

/// Makes their documentation, as docs.rs does, and takes a warning as an error.
///
/// # Errors
/// Where Cargo or rustdoc finds a fault; the reason is above.
pub(crate) fn document() -> anyhow::Result<()> {
    let warnings = "build.rustdocflags=[\"--deny=warnings\"]";
    let what = ["doc", "--no-deps", "--features", "plimsoll/writer"];
    cargo(what.into_iter().chain(["--config", warnings]))
}

/// Makes a package file of each, builds what is in it against those of the others, and stops before anything is uploaded. What
/// the index of crates.io says of their versions is asked for.
///
/// # Errors
/// Where one could not be published; the reason is above.
pub(crate) fn publish() -> anyhow::Result<()> {
    // A target folder of its own: by default, each crate is built with its dependencies in a folder of its own.
    let places = ["--target-dir", "target/publish"];
    let lean = ["--config", "profile.dev.debug=false"];
    let what = ["publish", "--dry-run", "--allow-dirty", "--quiet"];
    cargo(what.into_iter().chain(places).chain(lean))
}

fn cargo<'a>(arguments: impl Iterator<Item = &'a str>) -> anyhow::Result<()> {
    let crates = CRATES.into_iter().flat_map(|name| ["--package", name]);
    let arguments: Vec<&str> = arguments.chain(crates).collect();
    run::shown(&run::cargo(), &arguments)
}
