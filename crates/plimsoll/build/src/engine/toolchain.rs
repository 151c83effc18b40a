//! The Rust toolchain of a build.

use std::path::PathBuf;

/// Where the Rust toolchain comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Toolchain {
    /// An image laid out as the official `rust` image is: toolchains under
    /// `/usr/local/rustup/toolchains`, Cargo's home in `/usr/local/cargo`.
    Image(String),
    /// A folder with `bin/cargo` in it, as `rustc --print sysroot` names it. The crates come from
    /// the registry in the host's Cargo home, and nothing is fetched during the build.
    Folder(PathBuf),
}

impl Toolchain {
    /// What `--toolchain` names: a folder that is there, else an image.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let folder = PathBuf::from(text);
        match folder.join("bin/cargo").is_file() {
            true => Self::Folder(folder),
            false => Self::Image(text.to_owned()),
        }
    }

    /// The official image of the channel in a `rust-toolchain.toml`; none where that names none.
    #[must_use]
    pub fn image_of(rust_toolchain: &str) -> Option<Self> {
        let table: toml::Table = rust_toolchain.parse().ok()?;
        let channel = table.get("toolchain")?.get("channel")?.as_str()?;
        Some(Self::Image(format!(
            "docker.io/library/rust:{channel}-slim"
        )))
    }
}
