//! `cargo xtask dist`: builds the flavours that the probe allows and makes packages of them.

/// Arguments of `cargo xtask dist`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Plans, builds and packages.
///
/// # Errors
/// Where something cannot be built, with what mends it.
pub(crate) fn run(_args: &Args) -> anyhow::Result<()> {
    anyhow::bail!("packages cannot be made yet")
}
